/** Records and deletes eval runs, and keeps the headline numbers of the owner's versions in step with them. */
import { Problem } from "../problem.ts";
import { addHeadline, deleteEvalRunRow, type EvalRun, findEvalRun, insertEvalRun, restoreHeadline } from "./eval-store.ts";
import { appendEvents } from "./event-store.ts";
import { type ModelRef, type ModelVersion, versionSelector } from "./model.ts";
import { findVisible, lockName } from "./model-store.ts";
import { type ModelDeps, modelNotFound, type Repeatable, write, type Writer } from "./write-service.ts";
import type { Tx } from "../db/database.ts";

/** An evaluation of a visible version; version 0 is the newest. */
export interface Evaluation {
  readonly model: ModelRef;
  readonly evalType: string;
  readonly dataset: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly detailsJson: string;
}

/** Records a run. Of a global model it is the writer's own note: the global headline does not change. */
export async function recordEvalRun(deps: ModelDeps, writer: Writer, evaluation: Evaluation, request: Repeatable): Promise<EvalRun> {
  const { tenant } = writer;
  const { name, version } = evaluation.model;
  return await write(deps, writer, async (tx) => {
    await lockName(tx, tenant, name);
    const found = await findVisible(tx, { tenant, name, selector: versionSelector(version) }, false);
    if (found === undefined) throw modelNotFound(name, version);
    const { evalType, dataset, metrics, detailsJson } = evaluation;
    const target = { modelTenant: found.tenant, modelName: name, modelVersion: found.version };
    const run = await insertEvalRun(tx, { tenant, ...target, evalType, dataset, metrics, detailsJson });
    await logEvaluated(tx, writer, found.tenant === tenant ? await addHeadline(tx, found, metrics) : found);
    return run;
  }, { request, refusal: () => modelNotFound(name, version) });
}

/** Deletes an own run and answers with it; undefined when there was none and that is allowed. */
export async function removeEvalRun(deps: ModelDeps, writer: Writer, { id, allowMissing }: { id: string; allowMissing: boolean }): Promise<EvalRun | undefined> {
  const { tenant } = writer;
  return await write(deps, writer, async (tx) => {
    const found = await findEvalRun(tx, tenant, id);
    if (found !== undefined) await lockName(tx, tenant, found.modelName);
    const run = found && (await deleteEvalRunRow(tx, tenant, id));
    if (run === undefined) {
      if (allowMissing) return undefined;
      throw new Problem("EVAL_RUN_NOT_FOUND", `Cannot find eval run ${id}`, { facts: { id } });
    }
    const { modelTenant, modelName: name, modelVersion: version } = run;
    const key = { tenant: modelTenant, name, version };
    const after = modelTenant === tenant
      ? await restoreHeadline(tx, key, Object.keys(run.metrics))
      : await findVisible(tx, { tenant: modelTenant, name, selector: versionSelector(version) }, false);
    if (after !== undefined) await logEvaluated(tx, writer, after);
    return run;
  });
}

async function logEvaluated(tx: Tx, writer: Writer, version: ModelVersion): Promise<void> {
  await appendEvents(tx, [{
    tenant: writer.tenant,
    type: "evaluated",
    modelTenant: version.tenant,
    name: version.name,
    version: version.version,
    actor: writer.actor,
    payload: version,
  }]);
}
