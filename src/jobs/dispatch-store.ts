/** The dispatch rows of jobs that wait: locked, removed, put back. */
import { sql } from "drizzle-orm";
import { type Runner, type Tx } from "../db/database.ts";
import type { JobKey } from "./job-store.ts";

/** Locks the dispatch row of a waiting job, or its record while it is held; false when it does not wait. */
export async function lockWaiting(tx: Tx, { tenant, id }: JobKey): Promise<boolean> {
  const dispatched = await tx.run(sql`
    WITH ready AS (SELECT FROM ready_jobs WHERE tenant = ${tenant} AND job_id = ${id}::uuid FOR UPDATE),
      scheduled AS (SELECT FROM scheduled_jobs WHERE tenant = ${tenant} AND job_id = ${id}::uuid FOR UPDATE)
    SELECT 1 FROM ready UNION ALL SELECT 1 FROM scheduled`);
  if (dispatched.length > 0) return true;
  const held = await tx.run(sql`
    SELECT FROM jobs j WHERE j.tenant = ${tenant} AND j.id = ${id}::uuid AND j.held AND j.outcome IS NULL
      AND NOT EXISTS (SELECT FROM job_leases l WHERE l.tenant = ${tenant} AND l.job_id = ${id}::uuid) FOR UPDATE OF j`);
  return held.length > 0;
}

/** Removes the dispatch row of a waiting job, so that no worker takes it. */
export async function removeWaiting(tx: Tx, { tenant, id }: JobKey): Promise<void> {
  await tx.run(sql`
    WITH ready AS (DELETE FROM ready_jobs WHERE tenant = ${tenant} AND job_id = ${id}::uuid)
    DELETE FROM scheduled_jobs WHERE tenant = ${tenant} AND job_id = ${id}::uuid`);
}

/** Ends a job that waits; the caller holds its dispatch row. Locks the record; false when it had ended. */
export async function cancelWaiting(tx: Tx, { tenant, id }: JobKey, reason: string): Promise<boolean> {
  const rows = await tx.run(sql`
    UPDATE jobs SET outcome = 'cancelled', cancel_reason = ${reason}, finished_at = now(), event_seq = event_seq + 1
    WHERE tenant = ${tenant} AND id = ${id}::uuid AND outcome IS NULL RETURNING id`);
  return rows.length > 0;
}

/** Fails a job that waits; the caller holds its dispatch row. Locks the record; false when it had ended. */
export async function failWaiting(tx: Tx, { tenant, id }: JobKey, error: string): Promise<boolean> {
  const rows = await tx.run(sql`
    UPDATE jobs SET outcome = 'failed', error_message = ${error}, finished_at = now(), event_seq = event_seq + 1
    WHERE tenant = ${tenant} AND id = ${id}::uuid AND outcome IS NULL RETURNING id`);
  return rows.length > 0;
}

/** Asks the worker of a running job to stop by a deadline; an earlier deadline stays. The caller holds the lease. */
export async function requestCancel(tx: Tx, { tenant, id }: JobKey, reason: string, graceMs: number): Promise<void> {
  await tx.run(sql`
    UPDATE job_leases SET cancel_reason = ${reason},
      cancel_deadline_at = least(cancel_deadline_at, now() + ${graceMs}::bigint * interval '1 ms')
    WHERE tenant = ${tenant} AND job_id = ${id}::uuid`);
}

/** Sets or clears the hold of a job that has not ended. Locks the record; false when nothing changed. */
export async function setHeld(tx: Tx, { tenant, id }: JobKey, held: boolean): Promise<boolean> {
  const rows = await tx.run(sql`
    UPDATE jobs SET held = ${held}
    WHERE tenant = ${tenant} AND id = ${id}::uuid AND outcome IS NULL AND held <> ${held} RETURNING id`);
  return rows.length > 0;
}

/** Makes the dispatch row of a job that was held: scheduled when its time lies ahead, else ready since it was made. */
export async function dispatchReleased(tx: Tx, { tenant, id }: JobKey): Promise<void> {
  await tx.run(sql`
    WITH job AS (SELECT * FROM jobs WHERE tenant = ${tenant} AND id = ${id}::uuid),
    scheduled AS (
      INSERT INTO scheduled_jobs (tenant, job_id, run_at) SELECT tenant, id, run_after FROM job WHERE run_after > now()
    )
    INSERT INTO ready_jobs (tenant, job_id, kind, name, priority, due_at, concurrency_key)
    SELECT tenant, id, kind, name, priority, coalesce(run_after, created_at), concurrency_key FROM job
    WHERE run_after IS NULL OR run_after <= now()`);
}

/**
 * Moves up to `countMax` jobs whose time has come to the ready ones; answers with their tenants, one for each.
 *
 * Locks only what it moves and skips what others hold. Reads `scheduled_jobs_due_idx`.
 */
export async function promoteDueJobs(runner: Runner, countMax: number): Promise<string[]> {
  const rows = await runner.run<{ tenant: string }>(sql`
    WITH due AS (
      DELETE FROM scheduled_jobs WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM scheduled_jobs WHERE run_at <= now() ORDER BY run_at LIMIT ${countMax} FOR UPDATE SKIP LOCKED))
      RETURNING tenant, job_id, run_at
    )
    INSERT INTO ready_jobs (tenant, job_id, kind, name, priority, due_at, concurrency_key)
    SELECT d.tenant, d.job_id, j.kind, j.name, j.priority, d.run_at, j.concurrency_key
    FROM due d JOIN jobs j ON j.tenant = d.tenant AND j.id = d.job_id
    RETURNING tenant`);
  return rows.map((row) => row.tenant);
}

/** How long until the next scheduled job is due, in milliseconds; undefined when none is scheduled. */
export async function msUntilDue(runner: Runner): Promise<number | undefined> {
  const [row] = await runner.run<{ ms: string | null }>(sql`
    SELECT (SELECT extract(epoch FROM run_at - now()) * 1000 FROM scheduled_jobs ORDER BY run_at LIMIT 1) AS ms`);
  return row?.ms == null ? undefined : Math.max(0, Number(row.ms));
}

/** Extends every lease by a span during which no worker could sync. */
export async function extendLeases(tx: Tx, spanMs: number): Promise<number> {
  const rows = await tx.run(sql`
    UPDATE job_leases SET expires_at = expires_at + ${spanMs}::bigint * interval '1 ms' RETURNING job_id`);
  return rows.length;
}

/** Touches the shared clock; answers how long it had not been touched by any server, in milliseconds. */
export async function beatClock(tx: Tx): Promise<number> {
  const [row] = await tx.run<{ gap_ms: string }>(sql`
    UPDATE control_clock SET beat_at = clock_timestamp()
    RETURNING extract(epoch FROM new.beat_at - old.beat_at) * 1000 AS gap_ms`);
  return Number(row?.gap_ms ?? 0);
}
