/** Eval runs, and the headline numbers that follow from them. */
import { type SQL, sql } from "drizzle-orm";
import type { Runner, Tx } from "../db/database.ts";
import type { ModelKey } from "./model.ts";
import { versionColumns } from "./model-store.ts";
import type { ModelVersion } from "./model.ts";

/** An eval run as the stores answer it. */
export interface EvalRun {
  /** As 32 hex digits. */
  readonly id: string;
  readonly tenant: string;
  readonly modelTenant: string;
  readonly modelName: string;
  readonly modelVersion: number;
  readonly evalType: string;
  readonly dataset: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly detailsJson: string;
  readonly createdAt: string;
}

const runColumns = sql`r.tenant, replace(r.id::text, '-', '') AS id, r.model_tenant AS "modelTenant",
  r.model_name AS "modelName", r.model_version AS "modelVersion", r.eval_type AS "evalType", r.dataset, r.metrics,
  r.details_json AS "detailsJson", r.created_at AS "createdAt"`;

/** A run to be recorded. */
export type NewEvalRun = Omit<EvalRun, "id" | "createdAt">;

/** Inserts a run; its id and time are the statement's, so that under a lock their order is that of the lock. */
export async function insertEvalRun(tx: Tx, run: NewEvalRun): Promise<EvalRun> {
  const [inserted] = await tx.run<EvalRun>(sql`
    INSERT INTO eval_runs AS r (tenant, model_tenant, model_name, model_version, eval_type, dataset, metrics, details_json)
    VALUES (${run.tenant}, ${run.modelTenant}, ${run.modelName}, ${run.modelVersion}, ${run.evalType}, ${run.dataset},
      ${JSON.stringify(run.metrics)}::jsonb, ${run.detailsJson})
    RETURNING ${runColumns}`);
  return inserted!;
}

/** Deletes a run and answers with it. Reads `eval_runs_pkey`. */
export async function deleteEvalRunRow(tx: Tx, tenant: string, id: string): Promise<EvalRun | undefined> {
  const [deleted] = await tx.run<EvalRun>(sql`
    DELETE FROM eval_runs r WHERE r.tenant = ${tenant} AND r.id = ${id}::uuid RETURNING ${runColumns}`);
  return deleted;
}

/** Finds a run. Reads `eval_runs_pkey`. */
export async function findEvalRun(runner: Runner, tenant: string, id: string): Promise<EvalRun | undefined> {
  const [found] = await runner.run<EvalRun>(sql`
    SELECT ${runColumns} FROM eval_runs r WHERE r.tenant = ${tenant} AND r.id = ${id}::uuid`);
  return found;
}

/** Lays the numbers of the newest run over the headline; the record's etag stays. */
export async function addHeadline(tx: Tx, { tenant, name, version }: ModelKey, metrics: Readonly<Record<string, number>>): Promise<ModelVersion> {
  return await headlined(tx, sql`
    UPDATE model_versions v SET metrics = metrics || ${JSON.stringify(metrics)}::jsonb
    WHERE tenant = ${tenant} AND name = ${name} AND version = ${version} RETURNING ${versionColumns({ withConfig: false })}`);
}

/**
 * Gives each of `keys` the newest number that is left: of the owner's eval runs or of the job. Reads `eval_runs_model_idx`
 * backwards, once for each key, as far as the newest run that has it.
 */
export async function restoreHeadline(tx: Tx, { tenant, name, version }: ModelKey, keys: readonly string[]): Promise<ModelVersion> {
  return await headlined(tx, sql`
    UPDATE model_versions v SET metrics = (v.metrics - k.keys) || (
      SELECT coalesce(jsonb_object_agg(left_over.key, left_over.value), '{}') FROM (
        SELECT x.key, CASE WHEN r.created_at IS NULL OR r.created_at < v.job_metrics_at
            THEN coalesce(v.job_metrics -> x.key, r.value) ELSE r.value END AS value
        FROM unnest(k.keys) AS x(key) LEFT JOIN LATERAL (
          SELECT e.metrics -> x.key AS value, e.created_at FROM eval_runs e
          WHERE e.model_tenant = v.tenant AND e.model_name = v.name AND e.model_version = v.version AND e.tenant = v.tenant
            AND e.metrics ? x.key
          ORDER BY e.id DESC LIMIT 1
        ) r ON true
      ) left_over WHERE left_over.value IS NOT NULL
    )
    FROM (SELECT ARRAY(SELECT jsonb_array_elements_text(${JSON.stringify(keys)}::jsonb)) AS keys) k
    WHERE v.tenant = ${tenant} AND v.name = ${name} AND v.version = ${version}
    RETURNING ${versionColumns({ withConfig: false })}`);
}

async function headlined(tx: Tx, statement: SQL): Promise<ModelVersion> {
  const [version] = await tx.run<ModelVersion>(statement);
  return version!;
}

/** Which runs are asked for; they are the asking tenant's own. */
export interface EvalQuery {
  readonly modelName: string | undefined;
  /** 0 means of any version. */
  readonly modelVersion: number;
  /** Empty means of any type. */
  readonly evalType: string;
  /** The id of the last run of the page before. */
  readonly after: string | undefined;
  readonly countMax: number;
}

// Clients take messages of 4 MiB; one run more than these bytes can hold still fits.
const BYTES_MAX = 2 * 1024 * 1024;

/** Runs, newest first, as many as fit in a message; `kept` tells how many there were. Reads `eval_runs_list_idx` or the key. */
export async function listEvalRunRows(runner: Runner, tenant: string, query: EvalQuery): Promise<(EvalRun & { readonly kept: string })[]> {
  const named = query.modelName === undefined ? sql`` : sql`AND r.model_name = ${query.modelName}`;
  const versioned = query.modelVersion === 0 ? sql`` : sql`AND r.model_version = ${query.modelVersion}::int`;
  const typed = query.evalType === "" ? sql`` : sql`AND r.eval_type = ${query.evalType}`;
  const behind = query.after === undefined ? sql`` : sql`AND r.id < ${query.after}::uuid`;
  const bytes = sql`octet_length(r.details_json) + octet_length(r.metrics::text) + 4096`;
  return await runner.run<EvalRun & { readonly kept: string }>(sql`
    WITH kept AS MATERIALIZED (
      SELECT r.* FROM eval_runs r WHERE r.tenant = ${tenant} ${named} ${versioned} ${typed} ${behind}
      ORDER BY r.id DESC LIMIT ${query.countMax + 1}
    )
    SELECT ${runColumns}, (SELECT count(*) FROM kept) AS kept FROM (
      SELECT r.*, row_number() OVER w AS place, sum(${bytes}) OVER w - (${bytes}) AS before
      FROM kept r WINDOW w AS (ORDER BY r.id DESC ROWS UNBOUNDED PRECEDING)
    ) r WHERE r.place <= ${query.countMax} AND r.before < ${BYTES_MAX} ORDER BY r.place`);
}
