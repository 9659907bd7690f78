/**
 * The tables of the model registry: models, their versions, and everything that refers to them.
 *
 * A row of `models` stands while the name has a version or a job that will make one; what refers to a name refers to it.
 * What refers to a version refers to `model_versions`. Every such edge is a foreign key, with an index that begins with
 * the key, so that a delete finds each edge without reading a table. `model_tenant` is the owner of the model that a
 * row refers to: the row's own tenant or `global`.
 *
 * Where a table has both, the key to `models` comes first: checks run, and lock, in the order of their making.
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
  timestamp,
  uuid,
} from "drizzle-orm/pg-core";

const text = customType<{ data: string }>({ dataType: () => 'text COLLATE "C"' });
const bytea = customType<{ data: Uint8Array }>({ dataType: () => "bytea" });
const xid8 = customType<{ data: string }>({ dataType: () => "xid8" });
const instant = (name: string) => timestamp(name, { withTimezone: true, mode: "string" });
const count = (name: string) => bigint(name, { mode: "bigint" });

const ownOrGlobal = (modelTenant: unknown, tenant: unknown) => sql`${modelTenant} IN (${tenant}, 'global')`;

/** A name that is in use in a tenant. Goes with the last version, unless a job still means to make one. */
export const models = pgTable(
  "models",
  {
    tenant: text("tenant").notNull(),
    name: text("name").notNull(),
    created_at: instant("created_at").notNull().default(sql`now()`),
  },
  (t) => [primaryKey({ name: "models_pkey", columns: [t.tenant, t.name] })],
);

/** The numbers that a name has given so far. Outlives the name, so that no number is given twice. */
export const modelCounters = pgTable(
  "model_counters",
  {
    tenant: text("tenant").notNull(),
    name: text("name").notNull(),
    last_version: count("last_version").notNull().default(sql`0`),
    last_alias_seq: count("last_alias_seq").notNull().default(sql`0`),
  },
  (t) => [primaryKey({ name: "model_counters_pkey", columns: [t.tenant, t.name] })],
);

/** One version of a model. `etag` is new with every change of the record, but not with its headline metrics. */
export const modelVersions = pgTable(
  "model_versions",
  {
    tenant: text("tenant").notNull(),
    name: text("name").notNull(),
    version: integer("version").notNull(),
    status: text("status").notNull().default("registered"),
    created_at: instant("created_at").notNull().default(sql`now()`),
    updated_at: instant("updated_at").notNull().default(sql`now()`),
    etag: uuid("etag").notNull().default(sql`gen_random_uuid()`),
    source_job_id: uuid("source_job_id"),
    base_version: integer("base_version"),
    base_tenant: text("base_tenant"),
    base_name: text("base_name"),
    model_type: text("model_type").notNull().default(""),
    backend: text("backend").notNull().default(""),
    task: text("task").notNull().default(""),
    artifact_uri: text("artifact_uri"),
    artifact_digest: text("artifact_digest"),
    labels: jsonb("labels").notNull().default({}),
    /** Headline numbers: per key the newest that the job or an eval run of the owner reported. */
    metrics: jsonb("metrics").notNull().default({}),
    /** What the job reported, and when: the headline falls back to it when an eval run is deleted. */
    job_metrics: jsonb("job_metrics").notNull().default({}),
    job_metrics_at: instant("job_metrics_at"),
    config_json: text("config_json"),
  },
  (t) => [
    primaryKey({ name: "model_versions_pkey", columns: [t.tenant, t.name, t.version] }),
    foreignKey({ name: "model_versions_model_fkey", columns: [t.tenant, t.name], foreignColumns: [models.tenant, models.name] }),
    foreignKey({
      name: "model_versions_base_fkey",
      columns: [t.base_tenant, t.base_name, t.base_version],
      foreignColumns: [t.tenant, t.name, t.version],
    }),
    index("model_versions_created_idx").on(t.tenant, t.name, t.created_at, t.version),
    index("model_versions_updated_idx").on(t.tenant, t.name, t.updated_at, t.version),
    index("model_versions_base_idx")
      .on(t.base_tenant, t.base_name, t.base_version, t.tenant, t.name, t.version)
      .where(sql`${t.base_name} IS NOT NULL`),
    check("model_versions_version_check", sql`${t.version} > 0`),
    check("model_versions_status_check", sql`${t.status} IN ('registered', 'loaded', 'failed', 'archived')`),
    check(
      "model_versions_task_check",
      sql`${t.task} IN ('', 'text_embedding', 'image_embedding', 'audio_embedding', 'classification', 'ner', 'regression')`,
    ),
    check(
      "model_versions_base_check",
      sql`num_nulls(${t.base_tenant}, ${t.base_name}, ${t.base_version}) IN (0, 3)
        AND (${t.base_tenant} IS NULL OR ${ownOrGlobal(t.base_tenant, t.tenant)})`,
    ),
  ],
);

/** Movable names of versions. */
export const modelAliases = pgTable(
  "model_aliases",
  {
    tenant: text("tenant").notNull(),
    name: text("name").notNull(),
    alias: text("alias").notNull(),
    version: integer("version").notNull(),
    created_at: instant("created_at").notNull().default(sql`now()`),
    updated_at: instant("updated_at").notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "model_aliases_pkey", columns: [t.tenant, t.name, t.alias] }),
    foreignKey({
      name: "model_aliases_version_fkey",
      columns: [t.tenant, t.name, t.version],
      foreignColumns: [modelVersions.tenant, modelVersions.name, modelVersions.version],
    }),
    index("model_aliases_version_idx").on(t.tenant, t.name, t.version, t.alias),
  ],
);

/** Every move of an alias. Refers to nothing: it outlives the alias and the versions. Version 0 is none. */
export const aliasChanges = pgTable(
  "alias_changes",
  {
    tenant: text("tenant").notNull(),
    name: text("name").notNull(),
    seq: count("seq").notNull(),
    at: instant("at").notNull().default(sql`clock_timestamp()`),
    from_version: integer("from_version").notNull(),
    to_version: integer("to_version").notNull(),
    alias: text("alias").notNull(),
    action: text("action").notNull(),
    actor: text("actor").notNull(),
  },
  (t) => [
    primaryKey({ name: "alias_changes_pkey", columns: [t.tenant, t.name, t.seq] }),
    index("alias_changes_alias_idx").on(t.tenant, t.name, t.alias, t.seq),
    check("alias_changes_action_check", sql`${t.action} IN ('set', 'swap', 'rollback', 'delete')`),
  ],
);

/** Tables of results; one that pins no version refers to the name alone. */
export const resultTables = pgTable(
  "result_tables",
  {
    tenant: text("tenant").notNull(),
    table_name: text("table_name").notNull(),
    model_version: integer("model_version"),
    created_at: instant("created_at").notNull().default(sql`now()`),
    updated_at: instant("updated_at").notNull().default(sql`now()`),
    model_tenant: text("model_tenant").notNull(),
    model_name: text("model_name").notNull(),
    row_count: numeric("row_count", { precision: 20, scale: 0 }).notNull(),
    definition_hash: text("definition_hash").notNull().default(""),
  },
  (t) => [
    primaryKey({ name: "result_tables_pkey", columns: [t.tenant, t.table_name] }),
    foreignKey({
      name: "result_tables_model_fkey",
      columns: [t.model_tenant, t.model_name],
      foreignColumns: [models.tenant, models.name],
    }),
    foreignKey({
      name: "result_tables_version_fkey",
      columns: [t.model_tenant, t.model_name, t.model_version],
      foreignColumns: [modelVersions.tenant, modelVersions.name, modelVersions.version],
    }),
    index("result_tables_model_idx").on(t.model_tenant, t.model_name, t.model_version, t.tenant, t.table_name),
    index("result_tables_list_idx").on(t.tenant, t.model_name, t.table_name),
    check("result_tables_scope_check", ownOrGlobal(t.model_tenant, t.tenant)),
  ],
);

/** Evaluations of versions. The id is made under the version's lock, so that its order is theirs. */
export const evalRuns = pgTable(
  "eval_runs",
  {
    tenant: text("tenant").notNull(),
    id: uuid("id").notNull().default(sql`uuidv7()`),
    model_version: integer("model_version").notNull(),
    created_at: instant("created_at").notNull().default(sql`clock_timestamp()`),
    model_tenant: text("model_tenant").notNull(),
    model_name: text("model_name").notNull(),
    eval_type: text("eval_type").notNull(),
    dataset: text("dataset").notNull().default(""),
    metrics: jsonb("metrics").notNull().default({}),
    details_json: text("details_json").notNull().default("{}"),
  },
  (t) => [
    primaryKey({ name: "eval_runs_pkey", columns: [t.tenant, t.id] }),
    foreignKey({
      name: "eval_runs_version_fkey",
      columns: [t.model_tenant, t.model_name, t.model_version],
      foreignColumns: [modelVersions.tenant, modelVersions.name, modelVersions.version],
    }),
    index("eval_runs_model_idx").on(t.model_tenant, t.model_name, t.model_version, t.tenant, t.id),
    index("eval_runs_list_idx").on(t.tenant, t.model_name, t.id),
    check("eval_runs_scope_check", ownOrGlobal(t.model_tenant, t.tenant)),
  ],
);

/** Which version a job starts from. Apart from `jobs`, so that a job without one costs nothing. */
export const jobBaseModels = pgTable(
  "job_base_models",
  {
    tenant: text("tenant").notNull(),
    job_id: uuid("job_id").notNull(),
    model_version: integer("model_version").notNull(),
    model_tenant: text("model_tenant").notNull(),
    model_name: text("model_name").notNull(),
  },
  (t) => [
    primaryKey({ name: "job_base_models_pkey", columns: [t.tenant, t.job_id] }),
    foreignKey({
      name: "job_base_models_version_fkey",
      columns: [t.model_tenant, t.model_name, t.model_version],
      foreignColumns: [modelVersions.tenant, modelVersions.name, modelVersions.version],
    }),
    index("job_base_models_model_idx").on(t.model_tenant, t.model_name, t.model_version, t.tenant, t.job_id),
    check("job_base_models_scope_check", ownOrGlobal(t.model_tenant, t.tenant)),
  ],
);

/** Which model of its own tenant a job makes: by name until it is done, by version from then on. */
export const jobOutputModels = pgTable(
  "job_output_models",
  {
    tenant: text("tenant").notNull(),
    job_id: uuid("job_id").notNull(),
    model_version: integer("model_version"),
    model_name: text("model_name").notNull(),
  },
  (t) => [
    primaryKey({ name: "job_output_models_pkey", columns: [t.tenant, t.job_id] }),
    foreignKey({
      name: "job_output_models_model_fkey",
      columns: [t.tenant, t.model_name],
      foreignColumns: [models.tenant, models.name],
    }),
    foreignKey({
      name: "job_output_models_version_fkey",
      columns: [t.tenant, t.model_name, t.model_version],
      foreignColumns: [modelVersions.tenant, modelVersions.name, modelVersions.version],
    }),
    index("job_output_models_model_idx").on(t.tenant, t.model_name, t.model_version, t.job_id),
  ],
);

/**
 * Everything that was written, by whom: what watchers follow and auditors read. `tenant` is whose log it is.
 *
 * Ordered by (xid, id), and read only below the oldest transaction that is still open: a row can then no longer appear
 * before one that was read. `xid` is taken after the lock on the model's name, so one model's events are in order.
 */
export const modelEvents = pgTable(
  "model_events",
  {
    xid: xid8("xid").notNull().default(sql`pg_current_xact_id()`),
    id: count("id").notNull().generatedAlwaysAsIdentity(),
    at: instant("at").notNull().default(sql`clock_timestamp()`),
    version: integer("version").notNull(),
    tenant: text("tenant").notNull(),
    type: text("type").notNull(),
    model_tenant: text("model_tenant").notNull(),
    name: text("name").notNull(),
    actor: text("actor").notNull(),
    payload: jsonb("payload"),
  },
  (t) => [
    primaryKey({ name: "model_events_pkey", columns: [t.xid, t.id] }),
    index("model_events_tenant_idx").on(t.tenant, t.xid, t.id),
    check(
      "model_events_type_check",
      sql`${t.type} IN ('registered', 'updated', 'deleted', 'alias_moved', 'alias_deleted', 'evaluated',
        'result_table_registered', 'result_table_dropped')`,
    ),
  ],
);

/** Below this transaction the log of models is no longer whole: a watcher that stopped before it cannot resume. */
export const modelEventsFloor = pgTable("model_events_floor", {
  one: boolean("one").primaryKey().default(true),
  xid: xid8("xid").notNull().default(sql`'0'::xid8`),
});

/** What a write with a request id was answered, so that sending it again answers the same. */
export const modelRequests = pgTable(
  "model_requests",
  {
    tenant: text("tenant").notNull(),
    request_id: text("request_id").notNull(),
    created_at: instant("created_at").notNull().default(sql`now()`),
    payload_digest: bytea("payload_digest").notNull(),
    answer: text("answer").notNull(),
  },
  (t) => [
    primaryKey({ name: "model_requests_pkey", columns: [t.tenant, t.request_id] }),
    index("model_requests_created_idx").on(t.created_at),
  ],
);
