/** The log of a job: read in order, and appended to where no other statement does it. */
import { sql } from "drizzle-orm";
import { array, type Runner, type Tx } from "../db/database.ts";
import type { JobKey } from "./job-store.ts";

/** The words for what happens to a job, as stored. The last three are its possible ends. */
export type JobEventType =
  | "submitted"
  | "leased"
  | "progress"
  | "metrics"
  | "checkpoint"
  | "held"
  | "released"
  | "retry_scheduled"
  | "lease_expired"
  | "yielded"
  | "cancel_requested"
  | "late_result_rejected"
  | "completed"
  | "failed"
  | "cancelled";

/** One entry of a log, with how the job stood after it. */
export interface JobEventRow {
  readonly seq: string;
  readonly type: JobEventType;
  readonly at: string;
  readonly started_at: string | null;
  readonly run_after: string | null;
  readonly attempt: number;
  readonly progress: number;
  readonly held: boolean;
  readonly worker_id: string | null;
  readonly message: string | null;
  readonly progress_message: string | null;
  readonly checkpoint: string | null;
  readonly metrics: string | null;
}

/**
 * Reads up to `countMax` events behind `afterSeq`, in order, in one snapshot.
 *
 * Each branch of the view reads its table's primary key by job.
 */
export async function eventsAfter(runner: Runner, { tenant, id }: JobKey, afterSeq: bigint, countMax: number): Promise<JobEventRow[]> {
  return await runner.run<JobEventRow>(sql`
    SELECT seq, type, at, started_at, run_after, attempt, progress, held, worker_id, message, progress_message,
      checkpoint, metrics
    FROM job_log WHERE tenant = ${tenant} AND job_id = ${id}::uuid AND seq > ${afterSeq.toString()}::bigint
    ORDER BY seq LIMIT ${countMax}`);
}

/** Finds the number of the newest event of each job. Reads `jobs_pkey` and `job_leases_pkey` once per job. */
export async function findLastSeqs(runner: Runner, keys: readonly JobKey[]): Promise<(JobKey & { last_seq: string })[]> {
  const tenants = array(keys.map((key) => key.tenant), "text[]");
  const ids = array(keys.map((key) => key.id), "uuid[]");
  return await runner.run<JobKey & { last_seq: string }>(sql`
    SELECT j.tenant, replace(j.id::text, '-', '') AS id, coalesce(l.event_seq, j.event_seq) AS last_seq
    FROM unnest(${tenants}, ${ids}) AS x(tenant, id)
    JOIN jobs j ON j.tenant = x.tenant AND j.id = x.id
    LEFT JOIN job_leases l ON l.tenant = j.tenant AND l.job_id = j.id`);
}

/** What an operator's call adds to a log. */
export interface Remark {
  readonly type: "held" | "released" | "cancel_requested" | "late_result_rejected";
  readonly message: string;
}

/** Appends to the log of a running job, whose lease counts. Locks the lease; answers false when there is none. */
export async function remarkOnLease(tx: Tx, { tenant, id }: JobKey, { type, message }: Remark): Promise<boolean> {
  const rows = await tx.run(sql`
    WITH counted AS (
      UPDATE job_leases SET event_seq = event_seq + 1 WHERE tenant = ${tenant} AND job_id = ${id}::uuid RETURNING *
    )
    INSERT INTO job_events (tenant, job_id, seq, type, message, started_at, run_after, attempt, progress, held, worker_id,
      progress_message, checkpoint)
    SELECT c.tenant, c.job_id, c.event_seq, ${type}, ${message}, c.started_at, j.run_after, c.attempt, c.progress, j.held,
      c.worker_id, c.progress_message, c.checkpoint
    FROM counted c JOIN jobs j ON j.tenant = c.tenant AND j.id = c.job_id RETURNING seq`);
  return rows.length > 0;
}

/** Appends to the log of a waiting job, whose record counts. The caller holds its dispatch row. Locks the record. */
export async function remarkOnRecord(tx: Tx, { tenant, id }: JobKey, { type, message }: Remark): Promise<boolean> {
  const rows = await tx.run(sql`
    WITH counted AS (
      UPDATE jobs SET event_seq = event_seq + 1
      WHERE tenant = ${tenant} AND id = ${id}::uuid AND outcome IS NULL RETURNING *
    )
    INSERT INTO job_events (tenant, job_id, seq, type, message, run_after, attempt, progress, held, checkpoint)
    SELECT tenant, id, event_seq, ${type}, ${message}, run_after, attempt, 0, held, checkpoint FROM counted
    RETURNING seq`);
  return rows.length > 0;
}

/**
 * Appends to the log of an ended job, whose record does not change any more: the number follows the highest there is.
 * The caller holds the record's lock, so numbers are given one at a time.
 */
export async function remarkOnEnded(tx: Tx, { tenant, id }: JobKey, { type, message }: Remark): Promise<void> {
  await tx.run(sql`
    INSERT INTO job_events (tenant, job_id, seq, type, message, started_at, run_after, attempt, progress, held, worker_id,
      progress_message, checkpoint)
    SELECT j.tenant, j.id, greatest(j.event_seq, (
        SELECT max(e.seq) FROM job_events e WHERE e.tenant = ${tenant} AND e.job_id = ${id}::uuid)) + 1,
      ${type}, ${message}, j.started_at, j.run_after, j.attempt, j.progress, j.held, j.worker_id, j.progress_message, j.checkpoint
    FROM jobs j WHERE j.tenant = ${tenant} AND j.id = ${id}::uuid AND j.outcome IS NOT NULL`);
}

/** Locks a job's record and says whether it has ended; undefined when there is none. */
export async function lockRecord(tx: Tx, { tenant, id }: JobKey): Promise<{ is_ended: boolean } | undefined> {
  const [row] = await tx.run<{ is_ended: boolean }>(sql`
    SELECT outcome IS NOT NULL AS is_ended FROM jobs WHERE tenant = ${tenant} AND id = ${id}::uuid FOR UPDATE`);
  return row;
}
