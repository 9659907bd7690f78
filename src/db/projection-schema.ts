/**
 * The tables of vector projection: profiles, projections and their slots, chunks, the queue of work, vectors.
 *
 * Work and vectors name their slot by `slot_no`, which is short, and never used again: a slot that is opened a second
 * time gets another. `projection_sweeps` holds the numbers whose vectors are still to be deleted.
 *
 * Locks are taken in one order everywhere: the kind's advisory lock, chunks by `chunk_id`, the batch, work by
 * `(slot_no, chunk_pk)`, vectors.
 */
import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  customType,
  doublePrecision,
  foreignKey,
  index,
  integer,
  jsonb,
  pgSequence,
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
const bits = customType<{ data: string }>({ dataType: () => "bit varying" });
const instant = (name: string) => timestamp(name, { withTimezone: true, mode: "string" });
const count = (name: string) => bigint(name, { mode: "bigint" });

/** Numbers work in the order it was enqueued; what WaitForSequence waits for. */
export const workSeq = pgSequence("projection_work_seq");

/** Numbers slots for work and vectors. */
export const slotNo = pgSequence("projection_slot_no");

/** Ways to make vectors. All but `endpoint_ref`, `limits` and `probe_vector` never change and make the fingerprint. */
export const embeddingProfiles = pgTable(
  "embedding_profiles",
  {
    tenant: text("tenant").notNull(),
    id: uuid("id").notNull().default(sql`uuidv7()`),
    fingerprint: bytea("fingerprint").notNull(),
    /** Whose model it is: the tenant's own or `global`. Null together with name and version: no model. */
    model_tenant: text("model_tenant"),
    model_name: text("model_name"),
    model_version: integer("model_version"),
    dimension: integer("dimension").notNull(),
    metric: text("metric").notNull(),
    normalize: boolean("normalize").notNull(),
    document_prefix: text("document_prefix").notNull(),
    query_prefix: text("query_prefix").notNull(),
    max_input_tokens: integer("max_input_tokens").notNull(),
    overflow: text("overflow").notNull(),
    embedder: text("embedder").notNull(),
    endpoint_ref: text("endpoint_ref").notNull().default(""),
    limits: jsonb("limits").notNull(),
    /** What the first probe's first text became: a later probe that differs met another model. */
    probe_vector: bytea("probe_vector"),
    created_at: instant("created_at").notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "embedding_profiles_pkey", columns: [t.tenant, t.id] }),
    uniqueIndex("embedding_profiles_fingerprint_idx").on(t.tenant, t.fingerprint),
    // The registry asks which profiles use a model before it is deleted.
    index("embedding_profiles_model_idx").on(t.model_tenant, t.model_name, t.model_version),
    check("embedding_profiles_embedder_check", sql`${t.embedder} IN ('lexical_hash', 'http', 'workers')`),
    check("embedding_profiles_metric_check", sql`${t.metric} IN ('cosine', 'l2', 'dot')`),
    check("embedding_profiles_overflow_check", sql`${t.overflow} IN ('fail', 'truncate')`),
  ],
);

/** Kinds of chunks that are, or were, embedded. */
export const projections = pgTable(
  "projections",
  {
    tenant: text("tenant").notNull(),
    kind: text("kind").notNull(),
    enabled: boolean("enabled").notNull().default(true),
    paused: boolean("paused").notNull().default(false),
    pause_reason: text("pause_reason").notNull().default(""),
    auto_cut_over: boolean("auto_cut_over").notNull().default(true),
    max_failed: integer("max_failed").notNull().default(0),
    /** Discarded items whose rows are purged; the others are counted. */
    discards_purged: count("discards_purged").notNull().default(sql`0`),
    created_at: instant("created_at").notNull().default(sql`now()`),
    updated_at: instant("updated_at").notNull().default(sql`now()`),
  },
  (t) => [primaryKey({ name: "projections_pkey", columns: [t.tenant, t.kind] })],
);

/** What a projection's vectors are made with. `feed_*` tell how far the backfill has enqueued. */
export const projectionSlots = pgTable(
  "projection_slots",
  {
    tenant: text("tenant").notNull(),
    id: uuid("id").notNull().default(sql`uuidv7()`),
    kind: text("kind").notNull(),
    profile_id: uuid("profile_id").notNull(),
    /** Null once retired. */
    slot_no: integer("slot_no"),
    role: text("role").notNull(),
    backfill_job_id: uuid("backfill_job_id"),
    problem: text("problem").notNull().default(""),
    /** The backfill has enqueued chunks up to `feed_after`, and is done at `feed_through`. */
    feed_after: count("feed_after").notNull().default(sql`0`),
    feed_through: count("feed_through").notNull().default(sql`0`),
    feed_total: count("feed_total").notNull().default(sql`0`),
    feed_done: count("feed_done").notNull().default(sql`0`),
    /** Of batches that are purged; those that are not know it themselves. */
    last_completed_at: instant("last_completed_at"),
    created_at: instant("created_at").notNull().default(sql`now()`),
    activated_at: instant("activated_at"),
    retired_at: instant("retired_at"),
  },
  (t) => [
    primaryKey({ name: "projection_slots_pkey", columns: [t.tenant, t.id] }),
    uniqueIndex("projection_slots_profile_idx").on(t.tenant, t.kind, t.profile_id),
    uniqueIndex("projection_slots_active_idx").on(t.tenant, t.kind).where(sql`${t.role} = 'active'`),
    uniqueIndex("projection_slots_building_idx").on(t.tenant, t.kind).where(sql`${t.role} = 'building'`),
    // The projector reads all slots that are not retired, of all tenants.
    uniqueIndex("projection_slots_slot_no_idx").on(t.slot_no).where(sql`${t.slot_no} IS NOT NULL`),
    index("projection_slots_profile_use_idx").on(t.tenant, t.profile_id),
    foreignKey({
      name: "projection_slots_profile_fkey",
      columns: [t.tenant, t.profile_id],
      foreignColumns: [embeddingProfiles.tenant, embeddingProfiles.id],
    }),
    foreignKey({
      name: "projection_slots_projection_fkey",
      columns: [t.tenant, t.kind],
      foreignColumns: [projections.tenant, projections.kind],
    }),
    check("projection_slots_role_check", sql`${t.role} IN ('building', 'active', 'previous', 'retired')`),
    check("projection_slots_retired_has_no_number_check", sql`(${t.role} = 'retired') = (${t.slot_no} IS NULL)`),
  ],
);

/** Texts. `metadata_json` is null for `{}`; search reads it as jsonb through an index of the migration's. */
export const chunks = pgTable(
  "chunks",
  {
    tenant: text("tenant").notNull(),
    kind: text("kind").notNull(),
    chunk_id: text("chunk_id").notNull(),
    chunk_pk: bigint("chunk_pk", { mode: "bigint" }).notNull().generatedAlwaysAsIdentity(),
    tokens: integer("tokens").notNull(),
    canonical_hash: bytea("canonical_hash").notNull(),
    body: text("body").notNull(),
    metadata_json: text("metadata_json"),
    created_at: instant("created_at").notNull().default(sql`now()`),
    updated_at: instant("updated_at").notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "chunks_pkey", columns: [t.tenant, t.kind, t.chunk_id] }),
    uniqueIndex("chunks_pk_idx").on(t.tenant, t.kind, t.chunk_pk),
    check("chunks_canonical_hash_check", sql`octet_length(${t.canonical_hash}) = 32`),
  ],
);

/** One row per slot and chunk that is to be embedded: pending, inflight under a batch, or failed. */
export const projectionWork = pgTable(
  "projection_work",
  {
    tenant: text("tenant").notNull(),
    slot_no: integer("slot_no").notNull(),
    chunk_pk: count("chunk_pk").notNull(),
    seq: count("seq").notNull().default(sql`nextval('projection_work_seq')`),
    priority: integer("priority").notNull(),
    tokens: integer("tokens").notNull(),
    state: text("state").notNull().default("pending"),
    /** How often it came back, and how often it may itself have been the reason. */
    attempts: integer("attempts").notNull().default(0),
    charges: smallint("charges").notNull().default(0),
    batch_id: uuid("batch_id"),
    enqueued_at: instant("enqueued_at").notNull().default(sql`now()`),
    available_at: instant("available_at").notNull().default(sql`now()`),
    canonical_hash: bytea("canonical_hash").notNull(),
    error: text("error"),
  },
  (t) => [
    primaryKey({ name: "projection_work_pkey", columns: [t.tenant, t.slot_no, t.chunk_pk] }),
    index("projection_work_claim_idx").on(t.tenant, t.slot_no, t.priority.desc().nullsFirst(), t.seq, t.chunk_pk)
      .where(sql`${t.state} = 'pending'`),
    index("projection_work_open_idx").on(t.tenant, t.slot_no, t.seq).where(sql`${t.state} IN ('pending', 'inflight')`),
    index("projection_work_batch_idx").on(t.tenant, t.batch_id).where(sql`${t.state} = 'inflight'`),
    index("projection_work_failed_idx").on(t.tenant, t.slot_no, t.seq).where(sql`${t.state} = 'failed'`),
    check("projection_work_state_check", sql`${t.state} IN ('pending', 'inflight', 'failed')`),
    check("projection_work_inflight_has_batch_check", sql`(${t.state} = 'inflight') = (${t.batch_id} IS NOT NULL)`),
  ],
);

/** Leases over work, one row per batch whatever its size. Kept for ten minutes after the end, to answer a re-send. */
export const projectionBatches = pgTable(
  "projection_batches",
  {
    tenant: text("tenant").notNull(),
    id: uuid("id").notNull().default(sql`uuidv7()`),
    slot_no: integer("slot_no").notNull(),
    lease_ms: integer("lease_ms").notNull(),
    expires_at: instant("expires_at").notNull(),
    ended_at: instant("ended_at"),
    processed: integer("processed").notNull().default(0),
    worker_id: text("worker_id").notNull(),
    request_digest: bytea("request_digest"),
    answer: text("answer"),
  },
  (t) => [
    primaryKey({ name: "projection_batches_pkey", columns: [t.tenant, t.id] }),
    index("projection_batches_slot_idx").on(t.tenant, t.slot_no, t.ended_at),
    index("projection_batches_expires_idx").on(t.expires_at),
  ],
);

/** Work that was no longer wanted when somebody held it, or that somebody discarded. Kept for at least a day. */
export const projectionDiscards = pgTable(
  "projection_discards",
  {
    tenant: text("tenant").notNull(),
    kind: text("kind").notNull(),
    discard_no: bigint("discard_no", { mode: "bigint" }).notNull().generatedAlwaysAsIdentity(),
    slot_id: uuid("slot_id").notNull(),
    slot_no: integer("slot_no").notNull(),
    chunk_pk: count("chunk_pk").notNull(),
    priority: integer("priority").notNull(),
    attempts: integer("attempts").notNull(),
    enqueued_at: instant("enqueued_at").notNull(),
    discarded_at: instant("discarded_at").notNull().default(sql`now()`),
    canonical_hash: bytea("canonical_hash").notNull(),
    chunk_id: text("chunk_id"),
    error: text("error").notNull(),
  },
  (t) => [
    primaryKey({ name: "projection_discards_pkey", columns: [t.tenant, t.kind, t.discard_no] }),
    index("projection_discards_age_idx").on(t.discarded_at),
  ],
);

/** Vectors as packed little-endian float32, with the signs of their values beside them for the approximate search. */
export const projectionVectors = pgTable(
  "projection_vectors",
  {
    tenant: text("tenant").notNull(),
    slot_no: integer("slot_no").notNull(),
    chunk_pk: count("chunk_pk").notNull(),
    applied_at: instant("applied_at").notNull().default(sql`now()`),
    canonical_hash: bytea("canonical_hash").notNull(),
    signature: bits("signature").notNull(),
    f4: bytea("f4").notNull(),
  },
  (t) => [primaryKey({ name: "projection_vectors_pkey", columns: [t.tenant, t.slot_no, t.chunk_pk] })],
);

/** Slot numbers of retired slots whose vectors are still to be deleted. */
export const projectionSweeps = pgTable(
  "projection_sweeps",
  { tenant: text("tenant").notNull(), slot_no: integer("slot_no").notNull() },
  (t) => [primaryKey({ name: "projection_sweeps_pkey", columns: [t.tenant, t.slot_no] })],
);

/** How the embedder of a profile does, for all servers: breaker, cool-down, learnt batch size, rate buckets. */
export const embedderStates = pgTable(
  "embedder_states",
  {
    tenant: text("tenant").notNull(),
    profile_id: uuid("profile_id").notNull(),
    state: text("state").notNull().default("ready"),
    failures: integer("failures").notNull().default(0),
    odd_answers: integer("odd_answers").notNull().default(0),
    retry_at: instant("retry_at"),
    /** Whoever claims the one probe call of an open breaker has it until then. */
    probe_until: instant("probe_until"),
    batch_items_max: integer("batch_items_max"),
    successes: integer("successes").notNull().default(0),
    requests_left: doublePrecision("requests_left"),
    tokens_left: doublePrecision("tokens_left"),
    refilled_at: instant("refilled_at").notNull().default(sql`now()`),
    error: text("error").notNull().default(""),
  },
  (t) => [
    primaryKey({ name: "embedder_states_pkey", columns: [t.tenant, t.profile_id] }),
    foreignKey({
      name: "embedder_states_profile_fkey",
      columns: [t.tenant, t.profile_id],
      foreignColumns: [embeddingProfiles.tenant, embeddingProfiles.id],
    }),
    check("embedder_states_state_check", sql`${t.state} IN ('ready', 'cooling_down', 'unavailable', 'misconfigured')`),
  ],
);
