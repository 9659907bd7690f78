/** Writes new jobs, and remembers which request made which. */
import { sql } from "drizzle-orm";
import { array, type Runner } from "../db/database.ts";
import type { JobKind, ModelRef } from "./job.ts";

/** A job to be made; empty strings and undefined mean not set. */
export interface Submission {
  readonly tenant: string;
  readonly kind: JobKind;
  readonly name: string;
  readonly targetName: string;
  readonly specJson: string;
  readonly priority: number;
  readonly maxAttempts: number;
  readonly runAfter: Date | undefined;
  readonly timeoutMs: number | undefined;
  readonly held: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly baseModel: ModelRef | undefined;
  readonly outputModelName: string;
  readonly concurrencyKey: string;
  readonly requestId: string;
  readonly retryOf: string;
}

/** What the database adds to a submission. */
export interface InsertedJob {
  /** Position in the batch, from 1. */
  readonly ord: string;
  readonly id: string;
  readonly created_at: string;
}

/** A submission with the digest of what it asks for, by which a repeated request is known. */
export interface DigestedSubmission {
  readonly submission: Submission;
  readonly digest: Uint8Array;
}

/**
 * Inserts jobs with their dispatch rows: ready, scheduled when `run_after` lies ahead, neither when held.
 *
 * A submission whose request id was used before inserts nothing and is left out of the answer; one in another open
 * transaction is waited for. Request ids are taken in their order, so that two batches never wait for each other.
 */
export async function insertJobs(runner: Runner, batch: readonly DigestedSubmission[]): Promise<InsertedJob[]> {
  return await runner.run<InsertedJob>(sql`
    WITH x AS MATERIALIZED (
      SELECT uuidv7() AS id, x.* FROM unnest(${columnsOf(batch)}) WITH ORDINALITY AS x(tenant, kind, name, target_name,
        spec_json, priority, max_attempts, run_after, timeout_ms, held, labels, base_model_name, base_model_version,
        output_model_name, concurrency_key, request_id, retry_of, digest, ord)
    ), request AS (
      INSERT INTO job_requests (tenant, request_id, job_id, payload_digest)
      SELECT tenant, request_id, id, digest FROM x WHERE request_id IS NOT NULL ORDER BY tenant, request_id
      ON CONFLICT DO NOTHING
      RETURNING job_id
    ), fresh AS MATERIALIZED (
      SELECT * FROM x WHERE request_id IS NULL OR id IN (SELECT job_id FROM request)
    ), record AS (
      INSERT INTO jobs (tenant, id, kind, name, target_name, spec_json, priority, max_attempts, run_after, timeout_ms, held,
        labels, base_model_name, base_model_version, output_model_name, concurrency_key, request_id, retry_of)
      SELECT tenant, id, kind, name, target_name, spec_json, priority, max_attempts, run_after, timeout_ms, held,
        labels::jsonb, base_model_name, base_model_version, output_model_name, concurrency_key, request_id, retry_of
      FROM fresh ORDER BY ord
    ), scheduled AS (
      INSERT INTO scheduled_jobs (tenant, job_id, run_at)
      SELECT tenant, id, run_after FROM fresh WHERE NOT held AND run_after > now()
    ), ready AS (
      INSERT INTO ready_jobs (tenant, job_id, kind, name, priority, concurrency_key)
      SELECT tenant, id, kind, name, priority, concurrency_key FROM fresh
      WHERE NOT held AND (run_after IS NULL OR run_after <= now()) ORDER BY ord
    )
    SELECT ord, id, now() AS created_at FROM fresh ORDER BY ord`);
}

function columnsOf(batch: readonly DigestedSubmission[]) {
  const jobs = batch.map(({ submission }) => submission);
  const texts = (pick: (job: Submission) => string | null) => array(jobs.map(pick), "text[]");
  return sql.join(
    [
      texts((job) => job.tenant),
      texts((job) => job.kind),
      texts((job) => job.name),
      texts((job) => job.targetName),
      texts((job) => job.specJson),
      array(jobs.map((job) => job.priority), "int[]"),
      array(jobs.map((job) => job.maxAttempts), "int[]"),
      array(jobs.map((job) => job.runAfter ?? null), "timestamptz[]"),
      array(jobs.map((job) => job.timeoutMs ?? null), "bigint[]"),
      array(jobs.map((job) => job.held), "boolean[]"),
      texts((job) => (Object.keys(job.labels).length === 0 ? null : JSON.stringify(job.labels))),
      texts((job) => job.baseModel?.name ?? null),
      array(jobs.map((job) => job.baseModel?.version ?? null), "int[]"),
      texts((job) => job.outputModelName || null),
      texts((job) => job.concurrencyKey || null),
      texts((job) => job.requestId || null),
      array(jobs.map((job) => job.retryOf || null), "uuid[]"),
      array(batch.map(({ digest, submission }) => (submission.requestId === "" ? null : digest)), "bytea[]"),
    ],
    sql`, `,
  );
}

/** Names a request. */
export interface RequestKey {
  readonly tenant: string;
  readonly requestId: string;
}

/** The job that a request made, and what it asked for. */
export interface RequestRow {
  readonly tenant: string;
  readonly request_id: string;
  readonly job_id: string;
  readonly payload_digest: Uint8Array;
}

/** Finds what earlier requests made. Reads `job_requests_pkey` once per key. */
export async function findRequests(runner: Runner, keys: readonly RequestKey[]): Promise<RequestRow[]> {
  const tenants = array(keys.map((key) => key.tenant), "text[]");
  const requestIds = array(keys.map((key) => key.requestId), "text[]");
  return await runner.run<RequestRow>(sql`
    SELECT r.tenant, r.request_id, r.job_id, r.payload_digest
    FROM unnest(${tenants}, ${requestIds}) AS x(tenant, request_id)
    JOIN job_requests r ON r.tenant = x.tenant AND r.request_id = x.request_id`);
}
