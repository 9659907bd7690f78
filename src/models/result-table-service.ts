/** Notes and forgets tables of results: references by name, or by the version that they pin. */
import { Problem } from "../problem.ts";
import { deleteResultTable, type NewResultTable, type ResultTable, saveResultTable } from "./result-table-store.ts";
import { type ModelDeps, modelNotFound, writeOnce, type Writer } from "./write-service.ts";

/** Notes that a table holds results of a visible model. */
export async function registerResultTable(deps: ModelDeps, writer: Writer, table: Omit<NewResultTable, "tenant" | "actor">): Promise<ResultTable> {
  const absent = () => modelNotFound(table.modelName, table.version);
  const row = { ...table, tenant: writer.tenant, actor: writer.actor };
  const saved = await writeOnce(deps, writer, (runner) => saveResultTable(runner, row), absent);
  if (saved === undefined) throw absent();
  return saved;
}

/** Forgets an own table and answers with it; undefined when there was none and that is allowed. */
export async function dropResultTable(deps: ModelDeps, writer: Writer, { tableName, allowMissing }: { tableName: string; allowMissing: boolean }): Promise<ResultTable | undefined> {
  const table = { tenant: writer.tenant, tableName, actor: writer.actor };
  const dropped = await writeOnce(deps, writer, (runner) => deleteResultTable(runner, table), () => undefined);
  if (dropped === undefined && !allowMissing) {
    throw new Problem("RESULT_TABLE_NOT_FOUND", `Cannot find result table "${tableName}"`, { facts: { table_name: tableName } });
  }
  return dropped;
}
