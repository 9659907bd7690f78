/** Tables of results. Each write is one statement that resolves the model, changes the row and logs it. */
import { type SQL, sql } from "drizzle-orm";
import { array, type Runner } from "../db/database.ts";
import { GLOBAL_TENANT } from "./model.ts";

/** A result table as the stores answer it. */
export interface ResultTable {
  readonly tableName: string;
  readonly tenant: string;
  readonly modelName: string;
  /** Null when it pins none. */
  readonly version: number | null;
  readonly rowCount: string;
  readonly definitionHash: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

const tableColumns = sql`t.table_name AS "tableName", t.tenant, t.model_name AS "modelName", t.model_version AS version,
  t.row_count::text AS "rowCount", t.definition_hash AS "definitionHash", t.created_at AS "createdAt",
  t.updated_at AS "updatedAt"`;

/** A table to be noted; version 0 pins none. */
export interface NewResultTable {
  readonly tenant: string;
  readonly tableName: string;
  readonly modelName: string;
  readonly version: number;
  readonly rowCount: bigint;
  readonly definitionHash: string;
  readonly actor: string;
}

/**
 * Notes a table, or replaces what was noted; undefined when the model is not visible. The model that the statement reads
 * is held by the foreign keys before the statement ends.
 */
export async function saveResultTable(runner: Runner, table: NewResultTable): Promise<ResultTable | undefined> {
  const pinned = table.version === 0 ? sql`` : sql`AND v.version = ${table.version}::int`;
  const [saved] = await runner.run<ResultTable>(sql`
    WITH model AS (
      SELECT o.tenant FROM unnest(${array([table.tenant, GLOBAL_TENANT], "text[]")}) WITH ORDINALITY AS o(tenant, ord)
      WHERE EXISTS (SELECT FROM model_versions v WHERE v.tenant = o.tenant AND v.name = ${table.modelName} ${pinned})
      ORDER BY o.ord LIMIT 1
    ), saved AS (
      INSERT INTO result_tables (tenant, table_name, model_tenant, model_name, model_version, row_count, definition_hash)
      SELECT ${table.tenant}, ${table.tableName}, model.tenant, ${table.modelName}, nullif(${table.version}::int, 0),
        ${table.rowCount.toString()}::numeric, ${table.definitionHash} FROM model
      ON CONFLICT (tenant, table_name) DO UPDATE SET model_tenant = excluded.model_tenant,
        model_name = excluded.model_name, model_version = excluded.model_version, row_count = excluded.row_count,
        definition_hash = excluded.definition_hash, updated_at = clock_timestamp()
      RETURNING *
    ), logged AS (${logged("result_table_registered", table.actor)})
    SELECT ${tableColumns} FROM saved t`);
  return saved;
}

/** Forgets a table and answers with it as it was. Reads `result_tables_pkey`. */
export async function deleteResultTable(runner: Runner, { tenant, tableName, actor }: { tenant: string; tableName: string; actor: string }): Promise<ResultTable | undefined> {
  const [dropped] = await runner.run<ResultTable>(sql`
    WITH saved AS (
      DELETE FROM result_tables WHERE tenant = ${tenant} AND table_name = ${tableName} RETURNING *
    ), logged AS (${logged("result_table_dropped", actor)})
    SELECT ${tableColumns} FROM saved t`);
  return dropped;
}

function logged(type: string, actor: string): SQL {
  return sql`
    INSERT INTO model_events (tenant, type, model_tenant, name, version, actor, payload)
    SELECT tenant, ${type}, model_tenant, model_name, coalesce(model_version, 0), ${actor},
      jsonb_build_object('table_name', table_name) FROM saved`;
}

/** Own tables in order of name, behind `after`; an empty `modelName` means of any. Reads `result_tables_list_idx` or the key. */
export async function listResultTableRows(runner: Runner, tenant: string, query: { modelName: string; after: string; countMax: number }): Promise<ResultTable[]> {
  const named = query.modelName === "" ? sql`` : sql`AND t.model_name = ${query.modelName}`;
  return await runner.run<ResultTable>(sql`
    SELECT ${tableColumns} FROM result_tables t
    WHERE t.tenant = ${tenant} ${named} AND t.table_name > ${query.after} ORDER BY t.table_name LIMIT ${query.countMax}`);
}
