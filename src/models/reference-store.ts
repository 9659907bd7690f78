/**
 * Everything that refers to a model: each edge by the name that callers know, its foreign keys, and the scan of them all.
 *
 * The scan reads indexes only and at most eleven rows per edge and range: under SERIALIZABLE a count, or a read of a
 * whole table, would conflict with every writer of references.
 */
import { type SQL, sql } from "drizzle-orm";
import type { Runner } from "../db/database.ts";
import { GLOBAL_TENANT } from "./model.ts";

/** The edges, by their exact names, in the order in which they are reported. */
export type EdgeName =
  | "result_tables"
  | "training_jobs.output_model_id"
  | "training_jobs.base_model_id"
  | "eval_runs"
  | "aliases"
  | "embedding_profiles"
  | "model_bases";

/** Which edge a foreign key stands behind: what is said when only the key noticed a reference. */
const edgesOfConstraints: Record<string, EdgeName | undefined> = {
  result_tables_model_fkey: "result_tables",
  result_tables_version_fkey: "result_tables",
  job_output_models_model_fkey: "training_jobs.output_model_id",
  job_output_models_version_fkey: "training_jobs.output_model_id",
  job_base_models_version_fkey: "training_jobs.base_model_id",
  eval_runs_version_fkey: "eval_runs",
  model_aliases_version_fkey: "aliases",
  model_versions_base_fkey: "model_bases",
};

/** The edge behind a constraint, or undefined when it is none. */
export function edgeOf(constraint: string): EdgeName | undefined {
  return edgesOfConstraints[constraint];
}

/** The versions whose references are looked for: one, or all of a name. */
export interface Referenced {
  readonly tenant: string;
  readonly name: string;
  readonly version: number | "all";
}

/** One reference that was found; `isOwn` when the asking tenant made it. */
export interface ReferenceRow {
  readonly edge: EdgeName;
  readonly sample: string;
  readonly isOwn: boolean;
}

/** How many rows of one range are read: one more than are counted out. */
export const ROWS_MAX = 11;

/** A table whose rows refer to models. */
interface Edge {
  readonly name: EdgeName;
  readonly table: SQL;
  /** Who made the reference; only global models have references of more than one tenant. */
  readonly owner: SQL;
  readonly model: { readonly tenant: SQL; readonly name: SQL; readonly version: SQL };
  /** Whether a row may refer to the name alone, and so to every version of it. */
  readonly mayPinNone: boolean;
  readonly sample: SQL;
}

const modelColumns = { tenant: sql`e.model_tenant`, name: sql`e.model_name`, version: sql`e.model_version` };
const jobSample = sql`replace(e.job_id::text, '-', '')`;

const edges: readonly Edge[] = [
  { name: "result_tables", table: sql`result_tables`, owner: sql`e.tenant`, model: modelColumns, mayPinNone: true, sample: sql`e.table_name` },
  {
    name: "training_jobs.output_model_id",
    table: sql`job_output_models`,
    owner: sql`e.tenant`,
    model: { ...modelColumns, tenant: sql`e.tenant` },
    mayPinNone: true,
    sample: jobSample,
  },
  { name: "training_jobs.base_model_id", table: sql`job_base_models`, owner: sql`e.tenant`, model: modelColumns, mayPinNone: false, sample: jobSample },
  {
    name: "eval_runs",
    table: sql`eval_runs`,
    owner: sql`e.tenant`,
    model: modelColumns,
    mayPinNone: false,
    sample: sql`replace(e.id::text, '-', '')`,
  },
  {
    name: "aliases",
    table: sql`model_aliases`,
    owner: sql`e.tenant`,
    model: { tenant: sql`e.tenant`, name: sql`e.name`, version: sql`e.version` },
    mayPinNone: false,
    sample: sql`e.alias`,
  },
  {
    name: "model_bases",
    table: sql`model_versions`,
    owner: sql`e.tenant`,
    model: { tenant: sql`e.base_tenant`, name: sql`e.base_name`, version: sql`e.base_version` },
    mayPinNone: false,
    sample: sql`e.name || '@' || e.version`,
  },
];

/**
 * All references to `model` that `tenant` made and, when it is the global tenant that asks, those of all the others.
 * One statement; rows come edge by edge.
 */
export async function findReferences(runner: Runner, tenant: string, model: Referenced): Promise<ReferenceRow[]> {
  const ranges = edges.flatMap((edge) => rangesOf(edge, tenant, model));
  return await runner.run<ReferenceRow>(sql.join(ranges, sql` UNION ALL `));
}

function rangesOf(edge: Edge, tenant: string, { tenant: owner, name, version }: Referenced): SQL[] {
  const { model } = edge;
  const named = sql`${model.tenant} = ${owner} AND ${model.name} = ${name}`;
  if (version === "all") return [rangeOf(edge, tenant, sql`${named} ${exceptAmong(edge, owner, name)} ${whose(edge, tenant, owner)}`)];
  const pins = [sql`${model.version} = ${version}::int`];
  if (edge.mayPinNone) pins.push(sql`${model.version} IS NULL`);
  const owners = [sql`${edge.owner} = ${tenant}`];
  // Two ranges of the index: what stands before and after the tenant's own rows.
  if (isAskedByGlobal(tenant, owner)) owners.push(sql`${edge.owner} < ${tenant}`, sql`${edge.owner} > ${tenant}`);
  return pins.flatMap((pin) => owners.map((own) => rangeOf(edge, tenant, sql`${named} AND ${pin} AND ${own}`)));
}

function rangeOf(edge: Edge, tenant: string, condition: SQL): SQL {
  return sql`(SELECT ${edge.name} AS edge, ${edge.sample} AS sample, ${edge.owner} = ${tenant} AS "isOwn"
    FROM ${edge.table} e WHERE ${condition} LIMIT ${ROWS_MAX})`;
}

/** References of the versions among themselves do not stand in the way of deleting them all. */
function exceptAmong(edge: Edge, owner: string, name: string): SQL {
  return edge.name === "model_bases" ? sql`AND NOT (e.tenant = ${owner} AND e.name = ${name})` : sql``;
}

function whose(edge: Edge, tenant: string, owner: string): SQL {
  return isAskedByGlobal(tenant, owner) ? sql`` : sql`AND ${edge.owner} = ${tenant}`;
}

function isAskedByGlobal(tenant: string, owner: string): boolean {
  return tenant === GLOBAL_TENANT && owner === GLOBAL_TENANT;
}
