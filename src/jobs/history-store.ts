/** What is left of jobs: attempts, metric series, counts, and the removal of what ended long ago. */
import { sql } from "drizzle-orm";
import { array, type Runner } from "../db/database.ts";
import type { JobKind, JobOutcome } from "./job.ts";
import type { JobKey } from "./job-store.ts";

/** How an attempt ended; null while it runs. */
export type AttemptOutcome = "completed" | "failed" | "cancelled" | "lease_expired" | "yielded" | "timed_out";

/** One attempt at a job. */
export interface AttemptRow {
  readonly attempt: number;
  readonly worker_id: string;
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly outcome: AttemptOutcome | null;
  readonly error_message: string | null;
  readonly last_progress: number;
}

/** Lists the attempts at a job, oldest first: the ended ones, the running one, and the one the record itself tells. */
export async function listAttempts(runner: Runner, { tenant, id }: JobKey): Promise<AttemptRow[]> {
  return await runner.run<AttemptRow>(sql`
    SELECT attempt, worker_id, started_at, ended_at, outcome, error_message, last_progress FROM (
      SELECT leased_seq, attempt, worker_id, started_at, ended_at, outcome, error_message, last_progress
      FROM job_attempts WHERE tenant = ${tenant} AND job_id = ${id}::uuid
      UNION ALL
      SELECT leased_seq, attempt, worker_id, started_at, NULL, NULL, NULL, progress
      FROM job_leases WHERE tenant = ${tenant} AND job_id = ${id}::uuid
      UNION ALL
      SELECT leased_seq, attempt, worker_id, started_at, finished_at, outcome, error_message, progress
      FROM jobs WHERE tenant = ${tenant} AND id = ${id}::uuid AND leased_seq IS NOT NULL AND outcome IS NOT NULL) a
    ORDER BY leased_seq`);
}

/** One point of a series. */
export interface MetricRow {
  readonly key: string;
  readonly step: string;
  readonly value: number;
  readonly at: string;
}

/**
 * Lists the metric series of a job in order of key and step, each thinned evenly to about `countMax` points; the first
 * and the last point are always there. Reads `job_metrics_pkey` by job.
 */
export async function listMetrics(
  runner: Runner,
  { tenant, id }: JobKey,
  { keys, countMax }: { readonly keys: readonly string[]; readonly countMax: number },
): Promise<MetricRow[]> {
  const isWanted = keys.length === 0 ? sql`true` : sql`key = ANY(${array(keys, "text[]")})`;
  return await runner.run<MetricRow>(sql`
    SELECT key, step, value, at FROM (
      SELECT key, step, value, at, row_number() OVER series AS place, count(*) OVER (PARTITION BY key) AS point_count
      FROM job_metrics WHERE tenant = ${tenant} AND job_id = ${id}::uuid AND ${isWanted}
      WINDOW series AS (PARTITION BY key ORDER BY step)) s
    WHERE (place - 1) % greatest(1, ceil(point_count / ${countMax}::float8)::bigint) = 0 OR place = point_count
    ORDER BY key, step`);
}

/** Counts of one kind and name. */
export interface StatsRow {
  readonly kind: JobKind;
  readonly name: string;
  readonly queued: string;
  readonly running: string;
  readonly held: string;
  readonly scheduled: string;
  readonly completed: string;
  readonly failed: string;
  readonly oldest_queued_ms: string | null;
}

/**
 * Counts jobs by kind and name. What waits is counted from the dispatch tables, what ended within the hour from
 * `jobs_finished_idx`; no statement reads the whole record table.
 */
export async function countJobs(
  runner: Runner,
  tenant: string,
  { kinds, names }: { readonly kinds: readonly JobKind[]; readonly names: readonly string[] },
): Promise<StatsRow[]> {
  const isWanted = sql`(${kinds.length === 0} OR kind = ANY(${array(kinds, "text[]")}))
    AND (${names.length === 0} OR name = ANY(${array(names, "text[]")}))`;
  return await runner.run<StatsRow>(sql`
    SELECT kind, name, sum(queued) AS queued, sum(running) AS running, sum(held) AS held, sum(scheduled) AS scheduled,
      sum(completed) AS completed, sum(failed) AS failed,
      (extract(epoch FROM now() - min(oldest)) * 1000)::bigint AS oldest_queued_ms
    FROM (
      SELECT kind, name, count(*) AS queued, 0 AS running, 0 AS held, 0 AS scheduled, 0 AS completed, 0 AS failed,
        min(due_at) AS oldest
      FROM ready_jobs WHERE tenant = ${tenant} AND ${isWanted} GROUP BY kind, name
      UNION ALL
      SELECT kind, name, 0, count(*), 0, 0, 0, 0, NULL
      FROM job_leases WHERE tenant = ${tenant} AND ${isWanted} GROUP BY kind, name
      UNION ALL
      SELECT j.kind, j.name, 0, 0, 0, count(*), 0, 0, NULL
      FROM scheduled_jobs s JOIN jobs j ON j.tenant = s.tenant AND j.id = s.job_id
      WHERE s.tenant = ${tenant} AND ${isWanted} GROUP BY j.kind, j.name
      UNION ALL
      SELECT kind, name, 0, 0, count(*), 0, 0, 0, NULL
      FROM jobs WHERE tenant = ${tenant} AND held AND outcome IS NULL AND ${isWanted} GROUP BY kind, name
      UNION ALL
      SELECT kind, name, 0, 0, 0, 0, count(*) FILTER (WHERE outcome = 'completed'),
        count(*) FILTER (WHERE outcome = 'failed'), NULL
      FROM jobs WHERE finished_at > now() - interval '1 hour' AND tenant = ${tenant} AND ${isWanted} GROUP BY kind, name
    ) counts
    GROUP BY kind, name ORDER BY kind, name`);
}

/** Which ended jobs to remove. */
export interface PurgeFilter {
  readonly tenant: string;
  readonly outcomes: readonly JobOutcome[];
  readonly olderThanMs: number;
  /** Empty: any. */
  readonly name: string;
}

function isPurged({ tenant, outcomes, olderThanMs, name }: PurgeFilter) {
  return sql`tenant = ${tenant} AND outcome = ANY(${array(outcomes, "text[]")})
    AND finished_at <= now() - ${olderThanMs}::bigint * interval '1 ms' AND (${name} = '' OR name = ${name})`;
}

/** Counts the jobs that a purge would remove. */
export async function countPurged(runner: Runner, filter: PurgeFilter): Promise<number> {
  const [row] = await runner.run<{ count: string }>(sql`SELECT count(*) FROM jobs WHERE ${isPurged(filter)}`);
  return Number(row?.count ?? 0);
}

/** Removes up to `countMax` ended jobs with all that is theirs; answers how many. Locks what it removes. */
export async function purgeJobs(runner: Runner, filter: PurgeFilter, countMax: number): Promise<number> {
  const rows = await runner.run(sql`
    WITH doomed AS MATERIALIZED (
      SELECT tenant, id, request_id FROM jobs WHERE ${isPurged(filter)} LIMIT ${countMax} FOR UPDATE SKIP LOCKED
    ), events AS (
      DELETE FROM job_events x USING doomed d WHERE x.tenant = d.tenant AND x.job_id = d.id
    ), attempts AS (
      DELETE FROM job_attempts x USING doomed d WHERE x.tenant = d.tenant AND x.job_id = d.id
    ), metrics AS (
      DELETE FROM job_metrics x USING doomed d WHERE x.tenant = d.tenant AND x.job_id = d.id
    ), requests AS (
      DELETE FROM job_requests x USING doomed d WHERE x.tenant = d.tenant AND x.request_id = d.request_id
    )
    DELETE FROM jobs x USING doomed d WHERE x.tenant = d.tenant AND x.id = d.id RETURNING x.id`);
  return rows.length;
}

/** Finds jobs that wait, ready, scheduled or held: up to `countMax`, behind `afterId`, in order of their ids. */
export async function findWaiting(runner: Runner, tenant: string, afterId: string, countMax: number): Promise<string[]> {
  const rows = await runner.run<{ id: string }>(sql`
    SELECT replace(id::text, '-', '') AS id FROM (
      (SELECT job_id AS id FROM ready_jobs WHERE tenant = ${tenant} AND job_id > ${afterId}::uuid
        ORDER BY job_id LIMIT ${countMax})
      UNION
      (SELECT job_id FROM scheduled_jobs WHERE tenant = ${tenant} AND job_id > ${afterId}::uuid
        ORDER BY job_id LIMIT ${countMax})
      UNION
      (SELECT id FROM jobs WHERE tenant = ${tenant} AND id > ${afterId}::uuid AND held AND outcome IS NULL
        ORDER BY id LIMIT ${countMax})) w
    ORDER BY id LIMIT ${countMax}`);
  return rows.map((row) => row.id);
}

/** Finds running jobs of a tenant, all or those whose lease is over, in order of their ids. */
export async function findRunning(
  runner: Runner,
  tenant: string,
  { isExpired, afterId, countMax }: { readonly isExpired: boolean; readonly afterId: string; readonly countMax: number },
): Promise<string[]> {
  const rows = await runner.run<{ id: string }>(sql`
    SELECT replace(job_id::text, '-', '') AS id FROM job_leases
    WHERE tenant = ${tenant} AND job_id > ${afterId}::uuid AND (NOT ${isExpired} OR expires_at < now())
    ORDER BY job_id LIMIT ${countMax}`);
  return rows.map((row) => row.id);
}
