/** Hands out ready jobs under leases, and finds leases that may never have reached their worker. */
import { type SQL, sql } from "drizzle-orm";
import { array, type Runner } from "../db/database.ts";
import { jobColumns, type JobRow } from "./job-store.ts";
import type { JobKind } from "./job.ts";

/** One queue: the ready jobs of a tenant with one kind and name. */
export interface Queue {
  readonly tenant: string;
  readonly kind: JobKind;
  readonly name: string;
}

/** A worker's share of a claim: up to `countMax` jobs. */
export interface Share {
  readonly workerId: string;
  readonly leaseMs: number;
  readonly countMax: number;
}

/** A job with the lease that was just given on it. */
export interface ClaimedRow extends JobRow {
  readonly lease_token: string;
  readonly expires_at: string;
  readonly lease_ms: number;
  readonly worker_id: string;
}

/** The queues a claim looks into: given ones, or all of the tenants that match. */
export interface QueueFilter {
  readonly tenants: readonly string[];
  /** Empty: every kind. */
  readonly kinds: readonly JobKind[];
  /** Empty: every name. */
  readonly names: readonly string[];
}

/**
 * Leases ready jobs to workers: highest priority first, then longest due; shares are filled in order.
 *
 * Locks only the ready rows it takes and skips rows that others hold: claimants never wait for each other, unless two
 * jobs of one concurrency key are claimed at once. Of those the unique index lets one through; the other stays ready.
 * Reads `ready_jobs_claim_idx` and, once per job, `jobs_pkey`.
 */
export async function claimJobs(runner: Runner, filter: QueueFilter, shares: readonly Share[]): Promise<ClaimedRow[]> {
  const countMax = shares.reduce((sum, share) => sum + share.countMax, 0);
  return await runner.run<ClaimedRow>(sql`
    WITH ${pickedJobs(filter, countMax)},
    facts AS MATERIALIZED (
      SELECT p.place, row_number() OVER (ORDER BY p.priority DESC, p.due_at, p.job_id) AS ord, uuidv7() AS token, j.*
      FROM picked p JOIN jobs j ON j.tenant = p.tenant AND j.id = p.job_id
    ), shared AS MATERIALIZED (
      SELECT f.*, s.worker, s.lease_ms
      FROM facts f JOIN unnest(${sharesOf(shares)}) AS s(worker, lease_ms, low, high) ON f.ord > s.low AND f.ord <= s.high
    ), given AS (
      INSERT INTO job_leases (tenant, job_id, lease_token, attempt, lease_ms, expires_at, timeout_at, event_seq, leased_seq,
        kind, name, worker_id, concurrency_key, checkpoint)
      SELECT tenant, id, token, attempt + 1, lease_ms, now() + lease_ms * interval '1 ms',
        now() + timeout_ms * interval '1 ms', event_seq + 1, event_seq + 1, kind, name, worker, concurrency_key, checkpoint
      FROM shared
      ON CONFLICT (tenant, concurrency_key) WHERE concurrency_key IS NOT NULL DO NOTHING
      RETURNING job_id
    ), won AS MATERIALIZED (
      SELECT * FROM shared WHERE concurrency_key IS NULL OR id IN (SELECT job_id FROM given)
    ), gone AS (
      DELETE FROM ready_jobs WHERE ctid = ANY (ARRAY(SELECT place FROM won))
    )
    SELECT tenant, id, kind, name, target_name, NULL AS outcome, true AS is_leased, held, 0 AS progress, priority,
      attempt + 1 AS attempt, max_attempts, event_seq + 1 AS event_seq, created_at, run_after, now() AS started_at,
      NULL AS finished_at, now() + lease_ms * interval '1 ms' AS expires_at, timeout_ms, token AS lease_token,
      NULL AS result_digest, retry_of, base_model_version, output_model_version, NULL AS rows_written,
      worker AS worker_id, NULL AS progress_message, error_message, NULL AS cancel_reason, NULL AS snapshot_id, checkpoint,
      concurrency_key, request_id, base_model_name, output_model_name, labels, spec_json, NULL AS metrics_json, lease_ms
    FROM won ORDER BY ord`);
}

/** Shares as ranges of the claim's order: the first worker's jobs are those above `low` up to `high`. */
function sharesOf(shares: readonly Share[]): SQL {
  let end = 0;
  const highs = shares.map(({ countMax }) => (end += countMax));
  return sql.join(
    [
      array(shares.map(({ workerId }) => workerId), "text[]"),
      array(shares.map(({ leaseMs }) => leaseMs), "int[]"),
      array(highs.map((high, i) => high - shares[i]!.countMax), "bigint[]"),
      array(highs, "bigint[]"),
    ],
    sql`, `,
  );
}

/** A job whose concurrency key runs already is passed over. */
const keyIsFree = sql.raw(`(r.concurrency_key IS NULL OR NOT EXISTS (
  SELECT FROM job_leases l WHERE l.tenant = r.tenant AND l.concurrency_key = r.concurrency_key))`);

/**
 * The ready rows to take, locked. One queue is read in its index order; of several, the best of each are compared, and
 * only the winners are locked.
 */
function pickedJobs(filter: QueueFilter, countMax: number): SQL {
  const { tenants, kinds, names } = filter;
  if (tenants.length === 1 && kinds.length === 1 && names.length === 1) {
    return sql`picked AS MATERIALIZED (
      SELECT r.ctid AS place, r.tenant, r.job_id, r.priority, r.due_at
      FROM ready_jobs r
      WHERE r.tenant = ${tenants[0]} AND r.kind = ${kinds[0]} AND r.name = ${names[0]} AND ${keyIsFree}
      ORDER BY r.priority DESC, r.due_at, r.job_id LIMIT ${countMax} FOR UPDATE SKIP LOCKED)`;
  }
  return sql`${queuesOf(filter)}, best AS MATERIALIZED (
      SELECT b.place FROM queues q CROSS JOIN LATERAL (
        SELECT r.ctid AS place, r.priority, r.due_at, r.job_id
        FROM ready_jobs r
        WHERE r.tenant = q.tenant AND r.kind = q.kind AND r.name = q.name AND ${keyIsFree}
        ORDER BY r.priority DESC, r.due_at, r.job_id LIMIT ${countMax}) b
      ORDER BY b.priority DESC, b.due_at, b.job_id LIMIT ${countMax}
    ), picked AS MATERIALIZED (
      SELECT r.ctid AS place, r.tenant, r.job_id, r.priority, r.due_at
      FROM ready_jobs r WHERE r.ctid = ANY (ARRAY(SELECT place FROM best)) FOR UPDATE SKIP LOCKED)`;
}

/**
 * The queues that a filter means: those named, or those that have ready jobs, found by hopping through
 * `ready_jobs_claim_idx` from one queue to the next.
 */
function queuesOf({ tenants, kinds, names }: QueueFilter): SQL {
  if (kinds.length > 0 && names.length > 0) {
    return sql`queues AS MATERIALIZED (
      SELECT DISTINCT t.tenant, k.kind, n.name FROM unnest(${array(tenants, "text[]")}) AS t(tenant),
        unnest(${array(kinds, "text[]")}) AS k(kind), unnest(${array(names, "text[]")}) AS n(name))`;
  }
  const isWanted = sql.join(
    [
      sql`tenant IS NOT NULL`,
      ...(kinds.length > 0 ? [sql`kind = ANY(${array(kinds, "text[]")})`] : []),
      ...(names.length > 0 ? [sql`name = ANY(${array(names, "text[]")})`] : []),
    ],
    sql` AND `,
  );
  return sql`RECURSIVE hops AS (
      SELECT h.* FROM unnest(${array(tenants, "text[]")}) AS t(tenant) CROSS JOIN LATERAL (
        SELECT r.tenant, r.kind, r.name FROM ready_jobs r WHERE r.tenant = t.tenant
        ORDER BY r.tenant, r.kind, r.name LIMIT 1) h
      UNION ALL
      SELECT n.* FROM hops h CROSS JOIN LATERAL (
        SELECT r.tenant, r.kind, r.name FROM ready_jobs r
        WHERE r.tenant = h.tenant AND (r.kind, r.name) > (h.kind, h.name)
        ORDER BY r.tenant, r.kind, r.name LIMIT 1) n
    ), queues AS MATERIALIZED (SELECT tenant, kind, name FROM hops WHERE ${isWanted})`;
}

/** A lease as it is handed to its worker again. */
export interface RedeliveredRow extends JobRow {
  readonly lease_token: string;
  readonly expires_at: string;
  readonly lease_ms: number;
}

/**
 * Finds leases that their worker never declared, given at least `ageMs` ago (at most a third of the lease): the answer
 * that gave them was lost. Reads `job_leases_undeclared_idx`.
 */
export async function findUndeclaredLeases(
  runner: Runner,
  worker: { readonly tenant: string; readonly workerId: string },
  ageMs: number,
): Promise<RedeliveredRow[]> {
  return await runner.run<RedeliveredRow>(sql`
    SELECT ${jobColumns}, l.lease_ms
    FROM job_leases l JOIN jobs j ON j.tenant = l.tenant AND j.id = l.job_id
    WHERE l.tenant = ${worker.tenant} AND l.worker_id = ${worker.workerId} AND NOT l.declared
      AND l.started_at <= now() - least(${ageMs}::int, l.lease_ms / 3) * interval '1 ms'
    ORDER BY l.started_at, l.job_id`);
}
