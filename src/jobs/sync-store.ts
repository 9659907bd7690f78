/** What workers report while they run: leases renewed, progress, metrics and checkpoints stored, events appended. */
import { type SQL, sql } from "drizzle-orm";
import { array, type Runner } from "../db/database.ts";
import type { JobKey } from "./job-store.ts";

/** A lease that a worker declares, with what it reports; undefined keeps what is stored. */
export interface DeclaredLease {
  readonly tenant: string;
  /** 32 hex digits. */
  readonly jobId: string;
  /** 32 hex digits. */
  readonly leaseToken: string;
  readonly progress: number | undefined;
  readonly message: string | undefined;
  readonly metricsJson: string | undefined;
  readonly checkpoint: string | undefined;
  readonly points: readonly MetricPoint[];
}

/** One value of one metric. */
export interface MetricPoint {
  readonly key: string;
  readonly step: bigint;
  readonly value: number;
}

/** What became of a declared lease that still held. */
export interface RenewedRow {
  /** Position in the batch, from 1. */
  readonly ord: string;
  readonly expires_at: string;
  readonly lease_ms: number;
  readonly is_cancelling: boolean;
  readonly cancel_reason: string | null;
  /** Progress that was stored and not yet told, because the last event is too fresh. */
  readonly progress_pending: boolean;
  readonly has_events: boolean;
}

/** Dense progress is told at most this often per job. Rule J40. */
export const PROGRESS_EVENT_MS = 50;

const isQuiet = sql.raw(`(l.progress_event_at IS NULL
  OR l.progress_event_at <= now() - interval '${PROGRESS_EVENT_MS} ms')`);
const isChanged = sql.raw(`(l.progress_pending OR x.progress <> l.progress
  OR x.message IS DISTINCT FROM coalesce(l.progress_message, '') AND x.message IS NOT NULL)`);

/**
 * Renews leases by token and stores what they report, with its events; leases that are lost are left out of the answer.
 *
 * Locks the leases it renews, and reads `job_leases_pkey` once per lease and `jobs_pkey` once per event. `expires_at` and the counters are in no index,
 * so the update stays in its page (HOT). A cancel deadline is never moved.
 */
export async function renewLeases(runner: Runner, leases: readonly DeclaredLease[]): Promise<RenewedRow[]> {
  return await runner.run<RenewedRow>(sql`
    WITH x AS MATERIALIZED (
      SELECT * FROM unnest(${columnsOf(leases)}) WITH ORDINALITY
        AS x(tenant, job_id, lease_token, progress, message, metrics_json, checkpoint, points, ord)
    ), renewed AS (
      UPDATE job_leases l SET
        expires_at = now() + l.lease_ms * interval '1 ms',
        declared = true,
        progress = coalesce(x.progress, l.progress),
        progress_message = coalesce(x.message, l.progress_message),
        metrics_json = coalesce(x.metrics_json, l.metrics_json),
        checkpoint = coalesce(x.checkpoint, l.checkpoint),
        progress_pending = ${isChanged} IS TRUE AND NOT ${isQuiet},
        progress_event_at = CASE WHEN ${isChanged} AND ${isQuiet} THEN now() ELSE l.progress_event_at END,
        event_seq = l.event_seq + (CASE WHEN ${isChanged} AND ${isQuiet} THEN 1 ELSE 0 END)
          + (x.points IS NOT NULL)::int + (x.checkpoint IS NOT NULL)::int
      FROM x
      WHERE l.tenant = x.tenant AND l.job_id = x.job_id AND l.lease_token = x.lease_token
      RETURNING x.ord, x.points, x.checkpoint AS new_checkpoint, old.event_seq AS seq_before,
        new.progress_event_at IS DISTINCT FROM old.progress_event_at AS tells_progress, new.*
    ), news AS MATERIALIZED (
      SELECT r.*, e.place, e.type, e.message, e.metrics
      FROM renewed r CROSS JOIN LATERAL (
        SELECT 1 AS place, 'progress' AS type, r.progress_message AS message, NULL AS metrics WHERE r.tells_progress
        UNION ALL
        SELECT 1 + r.tells_progress::int, 'metrics', NULL, r.points WHERE r.points IS NOT NULL
        UNION ALL
        SELECT 1 + r.tells_progress::int + (r.points IS NOT NULL)::int, 'checkpoint', r.new_checkpoint, NULL
        WHERE r.new_checkpoint IS NOT NULL) e
    ), told AS (
      INSERT INTO job_events (tenant, job_id, seq, type, message, metrics, started_at, run_after, attempt, progress, held,
        worker_id, progress_message, checkpoint)
      SELECT n.tenant, n.job_id, n.seq_before + n.place, n.type, n.message, n.metrics, n.started_at, j.run_after, n.attempt,
        n.progress, j.held, n.worker_id, n.progress_message, n.checkpoint
      FROM news n JOIN jobs j ON j.tenant = n.tenant AND j.id = n.job_id
    ), points AS (
      INSERT INTO job_metrics (tenant, job_id, key, step, value)
      SELECT DISTINCT ON (r.tenant, r.job_id, p.key, p.step) r.tenant, r.job_id, p.key, p.step, p.value
      FROM renewed r CROSS JOIN LATERAL (
        SELECT e.point ->> 0 AS key, (e.point ->> 1)::bigint AS step, (e.point ->> 2)::double precision AS value, e.place
        FROM json_array_elements(r.points::json) WITH ORDINALITY AS e(point, place)) p
      WHERE r.points IS NOT NULL
      ORDER BY r.tenant, r.job_id, p.key, p.step, p.place DESC
      ON CONFLICT (tenant, job_id, key, step) DO UPDATE SET value = excluded.value, at = excluded.at
    )
    SELECT ord, coalesce(cancel_deadline_at, expires_at) AS expires_at, lease_ms,
      cancel_deadline_at IS NOT NULL AS is_cancelling, cancel_reason, progress_pending, event_seq > seq_before AS has_events
    FROM renewed`);
}

function columnsOf(leases: readonly DeclaredLease[]): SQL {
  return sql.join(
    [
      array(leases.map((lease) => lease.tenant), "text[]"),
      array(leases.map((lease) => lease.jobId), "uuid[]"),
      array(leases.map((lease) => lease.leaseToken), "uuid[]"),
      array(leases.map((lease) => lease.progress ?? null), "smallint[]"),
      array(leases.map((lease) => lease.message ?? null), "text[]"),
      array(leases.map((lease) => lease.metricsJson ?? null), "text[]"),
      array(leases.map((lease) => lease.checkpoint ?? null), "text[]"),
      array(leases.map(({ points }) => (points.length === 0 ? null : pointsText(points))), "text[]"),
    ],
    sql`, `,
  );
}

/** Points as `[["loss",10,0.5],...]`: steps keep all their digits. */
function pointsText(points: readonly MetricPoint[]): string {
  return `[${points.map(({ key, step, value }) => `[${JSON.stringify(key)},${step},${JSON.stringify(value)}]`).join(",")}]`;
}

/**
 * Tells progress that waited for its turn. Answers with the jobs whose log grew.
 *
 * Locks the leases it tells of, and reads `job_leases_pkey` once per job.
 */
export async function tellPendingProgress(runner: Runner, keys: readonly JobKey[]): Promise<JobKey[]> {
  const tenants = array(keys.map((key) => key.tenant), "text[]");
  const ids = array(keys.map((key) => key.id), "uuid[]");
  return await runner.run<{ tenant: string; id: string }>(sql`
    WITH x AS MATERIALIZED (SELECT * FROM unnest(${tenants}, ${ids}) AS x(tenant, job_id)),
    told AS (
      UPDATE job_leases l SET progress_pending = false, progress_event_at = now(), event_seq = l.event_seq + 1
      FROM x
      WHERE l.tenant = x.tenant AND l.job_id = x.job_id AND l.progress_pending AND ${isQuiet}
      RETURNING l.*
    ), events AS (
      INSERT INTO job_events (tenant, job_id, seq, type, message, started_at, run_after, attempt, progress, held, worker_id,
        progress_message, checkpoint)
      SELECT t.tenant, t.job_id, t.event_seq, 'progress', t.progress_message, t.started_at, j.run_after, t.attempt,
        t.progress, j.held, t.worker_id, t.progress_message, t.checkpoint
      FROM told t JOIN jobs j ON j.tenant = t.tenant AND j.id = t.job_id
    )
    SELECT tenant, replace(job_id::text, '-', '') AS id FROM told`);
}

/** Finds jobs whose progress waits although its turn has long come: the server that stored it is gone. */
export async function findStaleProgress(runner: Runner, countMax: number): Promise<JobKey[]> {
  return await runner.run<{ tenant: string; id: string }>(sql`
    SELECT tenant, job_id AS id FROM job_leases
    WHERE progress_pending AND progress_event_at < now() - interval '1 s' LIMIT ${countMax}`);
}
