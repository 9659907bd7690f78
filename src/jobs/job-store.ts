/**
 * Reads jobs: a record joined with its lease, where one exists.
 *
 * No statement here takes a lock. Rows arrive with text for times and numbers above 32 bits.
 */
import { type SQL, sql } from "drizzle-orm";
import { array, instant, type Runner } from "../db/database.ts";
import type { Job, JobKind, JobStatus } from "./job.ts";

/** A job as its columns read. Columns that no lease and no record fills are null. */
export interface JobRow {
  readonly tenant: string;
  readonly id: string;
  readonly kind: JobKind;
  readonly name: string;
  readonly target_name: string;
  readonly outcome: "completed" | "failed" | "cancelled" | null;
  readonly is_leased: boolean;
  readonly held: boolean;
  readonly progress: number;
  readonly priority: number;
  readonly attempt: number;
  readonly max_attempts: number;
  readonly event_seq: string;
  readonly created_at: string;
  readonly run_after: string | null;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly expires_at: string | null;
  readonly timeout_ms: string | null;
  readonly lease_token: string | null;
  readonly result_digest: Uint8Array | null;
  readonly retry_of: string | null;
  readonly base_model_version: number | null;
  readonly output_model_version: number | null;
  readonly rows_written: string | null;
  readonly worker_id: string | null;
  readonly progress_message: string | null;
  readonly error_message: string | null;
  readonly cancel_reason: string | null;
  readonly snapshot_id: string | null;
  readonly checkpoint: string | null;
  readonly concurrency_key: string | null;
  readonly request_id: string | null;
  readonly base_model_name: string | null;
  readonly output_model_name: string | null;
  readonly labels: Readonly<Record<string, string>> | null;
  readonly spec_json: string;
  readonly metrics_json: string | null;
}

/** A uuid as ids are told: 32 lower-case hex digits. */
export function hexOf(uuid: string): string {
  return uuid.replaceAll("-", "");
}

/** Makes a job of its row. */
export function jobOf(row: JobRow): Job {
  return {
    tenant: row.tenant,
    id: hexOf(row.id),
    kind: row.kind,
    name: row.name,
    targetName: row.target_name,
    status: row.outcome ?? (row.is_leased ? "running" : "queued"),
    progress: row.progress,
    progressMessage: row.progress_message ?? "",
    specJson: row.spec_json,
    metricsJson: row.metrics_json ?? undefined,
    errorMessage: row.error_message ?? "",
    cancelReason: row.cancel_reason ?? "",
    rowsWritten: row.rows_written === null ? undefined : BigInt(row.rows_written),
    snapshotId: row.snapshot_id ?? "",
    checkpoint: row.checkpoint ?? "",
    priority: row.priority,
    held: row.held,
    attempt: row.attempt,
    maxAttempts: row.max_attempts,
    workerId: row.worker_id ?? "",
    labels: row.labels ?? {},
    baseModel: row.base_model_name === null ? undefined : { name: row.base_model_name, version: row.base_model_version ?? 0 },
    outputModel:
      row.output_model_name === null ? undefined : { name: row.output_model_name, version: row.output_model_version ?? 0 },
    concurrencyKey: row.concurrency_key ?? "",
    requestId: row.request_id ?? "",
    timeoutMs: row.timeout_ms === null ? undefined : Number(row.timeout_ms),
    retryOf: row.retry_of === null ? "" : hexOf(row.retry_of),
    createdAt: instant(row.created_at),
    runAfter: row.run_after === null ? undefined : instant(row.run_after),
    startedAt: row.started_at === null ? undefined : instant(row.started_at),
    finishedAt: row.finished_at === null ? undefined : instant(row.finished_at),
    leaseExpiresAt: row.expires_at === null ? undefined : instant(row.expires_at),
    eventSeq: BigInt(row.event_seq),
  };
}

/** The columns of a `JobRow`, of a record `j` and its lease `l`: while a lease exists, it knows better. */
export const jobColumns: SQL = sql.raw(`
  j.tenant, j.id, j.kind, j.name, j.target_name, j.outcome, l.job_id IS NOT NULL AS is_leased, j.held,
  coalesce(l.progress, j.progress) AS progress, j.priority, coalesce(l.attempt, j.attempt) AS attempt, j.max_attempts,
  coalesce(l.event_seq, j.event_seq) AS event_seq, j.created_at, j.run_after,
  coalesce(l.started_at, j.started_at) AS started_at, j.finished_at, l.expires_at, j.timeout_ms,
  coalesce(l.lease_token, j.lease_token) AS lease_token, j.result_digest, j.retry_of, j.base_model_version,
  j.output_model_version, j.rows_written, coalesce(l.worker_id, j.worker_id) AS worker_id,
  coalesce(l.progress_message, j.progress_message) AS progress_message, j.error_message,
  coalesce(l.cancel_reason, j.cancel_reason) AS cancel_reason, j.snapshot_id,
  coalesce(l.checkpoint, j.checkpoint) AS checkpoint, j.concurrency_key, j.request_id, j.base_model_name,
  j.output_model_name, j.labels, j.spec_json, coalesce(l.metrics_json, j.metrics_json) AS metrics_json`);

const leaseOfRecord = sql.raw("LEFT JOIN job_leases l ON l.tenant = j.tenant AND l.job_id = j.id");

/** Names a job. */
export interface JobKey {
  readonly tenant: string;
  readonly id: string;
}

/**
 * Finds jobs, in the order of `keys`; absent ones are left out.
 *
 * Reads `jobs_pkey` and `job_leases_pkey` once per key.
 */
export async function findJobs(runner: Runner, keys: readonly JobKey[]): Promise<(JobRow & { ord: string })[]> {
  const tenants = array(keys.map((key) => key.tenant), "text[]");
  const ids = array(keys.map((key) => key.id), "uuid[]");
  return await runner.run<JobRow & { ord: string }>(sql`
    SELECT x.ord, ${jobColumns}
    FROM unnest(${tenants}, ${ids}) WITH ORDINALITY AS x(tenant, id, ord)
    JOIN jobs j ON j.tenant = x.tenant AND j.id = x.id
    ${leaseOfRecord}
    ORDER BY x.ord`);
}

/** Finds one job. Reads `jobs_pkey`. */
export async function findJob(runner: Runner, { tenant, id }: JobKey): Promise<JobRow | undefined> {
  const [row] = await runner.run<JobRow>(sql`
    SELECT ${jobColumns} FROM jobs j ${leaseOfRecord} WHERE j.tenant = ${tenant} AND j.id = ${id}::uuid`);
  return row;
}

/** Which jobs to list; empty sets and undefined mean any. */
export interface JobFilter {
  readonly tenant: string;
  readonly kinds: readonly JobKind[];
  readonly statuses: readonly JobStatus[];
  readonly name: string;
  readonly targetName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAfter: Date | undefined;
  readonly createdBefore: Date | undefined;
}

/** Where a page begins: behind this job. `createdAt` is the column's own text, to the microsecond. */
export interface JobCursor {
  readonly createdAt: string;
  readonly id: string;
}

/**
 * Lists up to `countMax` jobs behind `after`, newest first or oldest first.
 *
 * Reads `jobs_list_idx` in order; with labels, PostgreSQL may take `jobs_labels_idx`; running jobs alone are found from
 * the small table of leases.
 */
export async function listJobs(
  runner: Runner,
  filter: JobFilter,
  page: { readonly after: JobCursor | undefined; readonly countMax: number; readonly isOldestFirst: boolean },
): Promise<JobRow[]> {
  const { after, countMax, isOldestFirst } = page;
  const isRunningOnly = filter.statuses.length > 0 && filter.statuses.every((status) => status === "running");
  const source = isRunningOnly
    ? sql`job_leases l JOIN jobs j ON j.tenant = l.tenant AND j.id = l.job_id`
    : sql`jobs j ${leaseOfRecord}`;
  const conditions = [
    isRunningOnly ? sql`l.tenant = ${filter.tenant} AND j.tenant = ${filter.tenant}` : sql`j.tenant = ${filter.tenant}`,
    ...conditionsOf(filter),
  ];
  if (after !== undefined) {
    const beyond = isOldestFirst ? sql.raw(">") : sql.raw("<");
    conditions.push(sql`(j.created_at, j.id) ${beyond} (${after.createdAt}::timestamptz, ${after.id}::uuid)`);
  }
  const order = sql.raw(isOldestFirst ? "j.created_at, j.id" : "j.created_at DESC, j.id DESC");
  return await runner.run<JobRow>(sql`
    SELECT ${jobColumns} FROM ${source} WHERE ${sql.join(conditions, sql` AND `)} ORDER BY ${order} LIMIT ${countMax}`);
}

function conditionsOf(filter: JobFilter): SQL[] {
  const conditions: SQL[] = [];
  if (filter.kinds.length > 0) conditions.push(sql`j.kind = ANY(${array(filter.kinds, "text[]")})`);
  if (filter.name !== "") conditions.push(sql`j.name = ${filter.name}`);
  if (filter.targetName !== "") conditions.push(sql`j.target_name = ${filter.targetName}`);
  if (Object.keys(filter.labels).length > 0) {
    conditions.push(sql`j.labels IS NOT NULL AND j.labels @> ${JSON.stringify(filter.labels)}::text::jsonb`);
  }
  if (filter.createdAfter !== undefined) conditions.push(sql`j.created_at >= ${filter.createdAfter.toISOString()}::timestamptz`);
  if (filter.createdBefore !== undefined) conditions.push(sql`j.created_at < ${filter.createdBefore.toISOString()}::timestamptz`);
  if (filter.statuses.length > 0) conditions.push(sql`(${sql.join(filter.statuses.map(conditionOf), sql` OR `)})`);
  return conditions;
}

function conditionOf(status: JobStatus): SQL {
  if (status === "queued") return sql`(j.outcome IS NULL AND l.job_id IS NULL)`;
  if (status === "running") return sql`l.job_id IS NOT NULL`;
  return sql`j.outcome = ${status}`;
}
