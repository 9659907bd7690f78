/**
 * The one picture of all tables: columns, keys, indexes and checks. `drizzle-kit generate` makes migrations from it.
 *
 * A job's record (`jobs`) is written twice, at submit and at the end. In between it has exactly one dispatch row: in
 * `ready_jobs`, `scheduled_jobs` or `job_leases`, or none while it is held. "Running" is the existence of the lease.
 *
 * Locks are taken in one order everywhere: dispatch row first, record last. Keys lead with the tenant.
 *
 * `jobs`, `job_attempts`, `job_events` and `job_metrics` are partitioned by month of the job's id (a UUIDv7 begins with
 * its time), which Drizzle cannot say: the first migration does, and `create_job_partitions` keeps it up.
 */
import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  customType,
  foreignKey,
  index,
  integer,
  jsonb,
  numeric,
  pgTable,
  primaryKey,
  smallint,
  timestamp,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";

/** Text compared byte by byte, whatever the locale of the database. */
const text = customType<{ data: string }>({ dataType: () => 'text COLLATE "C"' });
const bytea = customType<{ data: Uint8Array }>({ dataType: () => "bytea" });
const instant = (name: string) => timestamp(name, { withTimezone: true, mode: "string" });
const count = (name: string) => bigint(name, { mode: "bigint" });

const kindCheck = (column: unknown) =>
  sql`${column} IN ('train', 'backfill', 'feature_refresh', 'drift_compute')`;

/** The record of a job. `outcome` is null until it ends; `ml_jobs` tells the status. */
export const jobs = pgTable(
  "jobs",
  {
    tenant: text("tenant").notNull(),
    id: uuid("id").notNull().default(sql`uuidv7()`),
    kind: text("kind").notNull(),
    name: text("name").notNull().default(""),
    target_name: text("target_name").notNull().default(""),
    outcome: text("outcome"),
    held: boolean("held").notNull().default(false),
    progress: smallint("progress").notNull().default(0),
    priority: integer("priority").notNull().default(0),
    /** Attempts that ended, or that started when it ended with one. */
    attempt: integer("attempt").notNull().default(0),
    max_attempts: integer("max_attempts").notNull().default(3),
    /** The number of the newest event; while a lease exists, the lease counts on from here. */
    event_seq: count("event_seq").notNull().default(sql`1`),
    /** The number of the LEASED event of the attempt that ended the job. */
    leased_seq: count("leased_seq"),
    created_at: instant("created_at").notNull().default(sql`now()`),
    run_after: instant("run_after"),
    started_at: instant("started_at"),
    finished_at: instant("finished_at"),
    timeout_ms: count("timeout_ms"),
    /** The lease under which it ended, and a digest of the result: an identical re-send is answered, not refused. */
    lease_token: uuid("lease_token"),
    result_digest: bytea("result_digest"),
    retry_of: uuid("retry_of"),
    base_model_version: integer("base_model_version"),
    output_model_version: integer("output_model_version"),
    rows_written: numeric("rows_written", { precision: 20, scale: 0 }),
    worker_id: text("worker_id"),
    progress_message: text("progress_message"),
    error_message: text("error_message"),
    cancel_reason: text("cancel_reason"),
    snapshot_id: text("snapshot_id"),
    checkpoint: text("checkpoint"),
    concurrency_key: text("concurrency_key"),
    request_id: text("request_id"),
    base_model_name: text("base_model_name"),
    output_model_name: text("output_model_name"),
    labels: jsonb("labels"),
    spec_json: text("spec_json").notNull().default("{}"),
    metrics_json: text("metrics_json"),
  },
  (t) => [
    primaryKey({ name: "jobs_pkey", columns: [t.tenant, t.id] }),
    index("jobs_list_idx").on(t.tenant, t.created_at.desc().nullsFirst(), t.id.desc().nullsFirst()),
    index("jobs_labels_idx").using("gin", sql`${t.labels} jsonb_path_ops`).where(sql`${t.labels} IS NOT NULL`),
    // BRIN, so that ending a job stays a HOT update: no other index holds a column that the end changes.
    index("jobs_finished_idx").using("brin", t.finished_at).with({ pages_per_range: 16, autosummarize: true }),
    check("jobs_kind_check", kindCheck(t.kind)),
    check("jobs_outcome_check", sql`${t.outcome} IN ('completed', 'failed', 'cancelled')`),
    check("jobs_ended_has_finished_at_check", sql`(${t.outcome} IS NULL) = (${t.finished_at} IS NULL)`),
    check("jobs_progress_check", sql`${t.progress} BETWEEN 0 AND 100`),
  ],
);

/** Jobs that may be leased now. Claims read `ready_jobs_claim_idx`: priority first, then the time they became due. */
export const readyJobs = pgTable(
  "ready_jobs",
  {
    tenant: text("tenant").notNull(),
    job_id: uuid("job_id").notNull(),
    priority: integer("priority").notNull(),
    due_at: instant("due_at").notNull().default(sql`now()`),
    kind: text("kind").notNull(),
    name: text("name").notNull(),
    concurrency_key: text("concurrency_key"),
  },
  (t) => [
    primaryKey({ name: "ready_jobs_pkey", columns: [t.tenant, t.job_id] }),
    index("ready_jobs_claim_idx").on(t.tenant, t.kind, t.name, t.priority.desc().nullsFirst(), t.due_at, t.job_id),
  ],
);

/** Jobs that wait for a time: their `run_after`, or the back-off of a retry. Never on the path of a claim. */
export const scheduledJobs = pgTable(
  "scheduled_jobs",
  {
    tenant: text("tenant").notNull(),
    job_id: uuid("job_id").notNull(),
    run_at: instant("run_at").notNull(),
  },
  (t) => [
    primaryKey({ name: "scheduled_jobs_pkey", columns: [t.tenant, t.job_id] }),
    index("scheduled_jobs_due_idx").on(t.run_at),
  ],
);

/** Who runs what, until when. There is no index on `expires_at`: the reaper reads this small table whole. */
export const jobLeases = pgTable(
  "job_leases",
  {
    tenant: text("tenant").notNull(),
    job_id: uuid("job_id").notNull(),
    lease_token: uuid("lease_token").notNull().default(sql`uuidv7()`),
    attempt: integer("attempt").notNull(),
    lease_ms: integer("lease_ms").notNull(),
    started_at: instant("started_at").notNull().default(sql`now()`),
    expires_at: instant("expires_at").notNull(),
    timeout_at: instant("timeout_at"),
    cancel_deadline_at: instant("cancel_deadline_at"),
    event_seq: count("event_seq").notNull(),
    leased_seq: count("leased_seq").notNull(),
    /** When the last PROGRESS event was appended, and whether a newer value waits for the next one. */
    progress_event_at: instant("progress_event_at"),
    progress: smallint("progress").notNull().default(0),
    progress_pending: boolean("progress_pending").notNull().default(false),
    /** Whether its worker ever declared it: until then the answer that gave it may have been lost. */
    declared: boolean("declared").notNull().default(false),
    kind: text("kind").notNull(),
    name: text("name").notNull(),
    worker_id: text("worker_id").notNull(),
    concurrency_key: text("concurrency_key"),
    cancel_reason: text("cancel_reason"),
    progress_message: text("progress_message"),
    checkpoint: text("checkpoint"),
    metrics_json: text("metrics_json"),
  },
  (t) => [
    primaryKey({ name: "job_leases_pkey", columns: [t.tenant, t.job_id] }),
    index("job_leases_undeclared_idx").on(t.tenant, t.worker_id).where(sql`NOT ${t.declared}`),
    uniqueIndex("job_leases_concurrency_key_idx")
      .on(t.tenant, t.concurrency_key)
      .where(sql`${t.concurrency_key} IS NOT NULL`),
  ],
);

/** Attempts that ended without ending the job. The one that ended it is told by the record itself. */
export const jobAttempts = pgTable(
  "job_attempts",
  {
    tenant: text("tenant").notNull(),
    job_id: uuid("job_id").notNull(),
    leased_seq: count("leased_seq").notNull(),
    attempt: integer("attempt").notNull(),
    lease_token: uuid("lease_token").notNull(),
    worker_id: text("worker_id").notNull(),
    started_at: instant("started_at").notNull(),
    ended_at: instant("ended_at").notNull().default(sql`now()`),
    outcome: text("outcome").notNull(),
    last_progress: smallint("last_progress").notNull(),
    error_message: text("error_message"),
    checkpoint: text("checkpoint"),
    result_digest: bytea("result_digest"),
  },
  (t) => [
    primaryKey({ name: "job_attempts_pkey", columns: [t.tenant, t.job_id, t.leased_seq] }),
    check("job_attempts_outcome_check", sql`${t.outcome} IN ('failed', 'lease_expired', 'yielded', 'timed_out')`),
  ],
);

/**
 * What happened to a job and cannot be told from its rows. SUBMITTED, LEASED and the end are told by record, attempts
 * and lease with the sequence numbers they took; the view `job_log` joins them in order. Each row says how the job
 * stood after it, so that a watcher can start anywhere.
 */
export const jobEvents = pgTable(
  "job_events",
  {
    tenant: text("tenant").notNull(),
    job_id: uuid("job_id").notNull(),
    seq: count("seq").notNull(),
    at: instant("at").notNull().default(sql`now()`),
    started_at: instant("started_at"),
    run_after: instant("run_after"),
    attempt: integer("attempt").notNull(),
    progress: smallint("progress").notNull(),
    held: boolean("held").notNull().default(false),
    type: text("type").notNull(),
    worker_id: text("worker_id"),
    message: text("message"),
    progress_message: text("progress_message"),
    checkpoint: text("checkpoint"),
    /** Points of a METRICS event: a JSON array of `[key, step, value]`. */
    metrics: text("metrics"),
  },
  (t) => [
    primaryKey({ name: "job_events_pkey", columns: [t.tenant, t.job_id, t.seq] }),
    check(
      "job_events_type_check",
      sql`${t.type} IN ('progress', 'metrics', 'checkpoint', 'held', 'released', 'retry_scheduled', 'lease_expired',
        'yielded', 'cancel_requested', 'late_result_rejected')`,
    ),
  ],
);

/** Metric series of jobs; a point sent again replaces the one of the same key and step. */
export const jobMetrics = pgTable(
  "job_metrics",
  {
    tenant: text("tenant").notNull(),
    job_id: uuid("job_id").notNull(),
    key: text("key").notNull(),
    step: count("step").notNull(),
    value: customType<{ data: number }>({ dataType: () => "double precision" })("value").notNull(),
    at: instant("at").notNull().default(sql`now()`),
  },
  (t) => [primaryKey({ name: "job_metrics_pkey", columns: [t.tenant, t.job_id, t.key, t.step] })],
);

/** Which job a request id made, so that sending it again makes no second one. */
export const jobRequests = pgTable(
  "job_requests",
  {
    tenant: text("tenant").notNull(),
    request_id: text("request_id").notNull(),
    job_id: uuid("job_id").notNull(),
    payload_digest: bytea("payload_digest").notNull(),
    created_at: instant("created_at").notNull().default(sql`now()`),
  },
  (t) => [primaryKey({ name: "job_requests_pkey", columns: [t.tenant, t.request_id] })],
);

/** One row that every server touches each second: a gap in it is an outage, during which no worker could sync. */
export const controlClock = pgTable("control_clock", {
  one: boolean("one").primaryKey().default(true),
  beat_at: instant("beat_at").notNull().default(sql`now()`),
});

/** Keys that all servers share, made by the first migration: `page_token` signs page and resume tokens. */
export const serverKeys = pgTable("server_keys", {
  name: text("name").primaryKey(),
  value: bytea("value").notNull(),
});
