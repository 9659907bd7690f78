/**
 * Deletes versions for good, unless something refers to them; and tells what does.
 *
 * One SERIALIZABLE transaction resolves the versions, scans every edge and deletes. The foreign keys are what makes it
 * safe whatever others do; the scan is what can name every edge at once. A reference that came in between is noticed by
 * its key, and named by the scan of the next try.
 */
import type { Tx } from "../db/database.ts";
import { type Precondition, Problem } from "../problem.ts";
import { appendEvents } from "./event-store.ts";
import type { ModelKey, ModelRef } from "./model.ts";
import { versionSelector } from "./model.ts";
import { etagMismatch } from "./model-service.ts";
import { deleteUnusedName, deleteVersions, findOwnKeys, findVisible, lockName, lockNameRow } from "./model-store.ts";
import { type EdgeName, edgeOf, findReferences, type Referenced, type ReferenceRow, ROWS_MAX } from "./reference-store.ts";
import { type ModelDeps, modelNotFound, write, type Writer } from "./write-service.ts";

/** Which own versions to delete; version 0 is the highest. */
export interface Deletion extends ModelRef {
  readonly isAll: boolean;
  readonly allowMissing: boolean;
  /** Empty means any. */
  readonly etag: string;
  readonly isDryRun: boolean;
}

/** Everything of one sort that refers to a version. */
export interface Reference {
  readonly edge: EdgeName;
  readonly count: number;
  readonly isLowerBound: boolean;
  /** Of the asking tenant. */
  readonly samples: readonly string[];
  /** How many of `count` belong to other tenants. */
  readonly hiddenCount: number;
}

type Outcome =
  | { readonly kind: "deleted"; readonly deleted: readonly ModelRef[] }
  | { readonly kind: "missing" }
  | { readonly kind: "changed"; readonly key: ModelKey & { readonly etag: string } }
  | { readonly kind: "referenced"; readonly subject: string; readonly references: readonly Reference[] };

/** Deletes own versions and answers with them, in order of version; refuses while anything refers to them. */
export async function deleteModel(deps: ModelDeps, writer: Writer, deletion: Deletion): Promise<readonly ModelRef[]> {
  const outcome = await write(deps, writer, (tx) => deleteIn(tx, writer, deletion), {
    isolation: "serializable",
    isDryRun: deletion.isDryRun,
    refusal: (constraint) => keyRefusal(constraint, deletion),
  });
  switch (outcome.kind) {
    case "deleted":
      return outcome.deleted;
    case "missing":
      if (deletion.allowMissing) return [];
      throw modelNotFound(deletion.name, deletion.version);
    case "changed":
      throw etagMismatch(outcome.key);
    case "referenced":
      throw referenced(deletion, outcome.subject, outcome.references);
  }
}

/** Refusals are values: what a SERIALIZABLE transaction has read holds only once it has committed. */
async function deleteIn(tx: Tx, writer: Writer, deletion: Deletion): Promise<Outcome> {
  const { tenant } = writer;
  const { name, isAll, etag } = deletion;
  const keys = await findOwnKeys(tx, tenant, deletion);
  const [first] = keys;
  if (first === undefined) return { kind: "missing" };
  if (etag !== "" && etag !== first.etag) return { kind: "changed", key: first };
  const target: Referenced = { tenant, name, version: isAll ? "all" : first.version };
  const references = summarised(await findReferences(tx, tenant, target));
  if (references.length > 0) return { kind: "referenced", subject: subjectOf(target), references };
  // Not before the scan: the snapshot of a transaction that begins with a wait is older than what it waited for.
  await lockName(tx, tenant, name);
  await lockNameRow(tx, tenant, name);
  await deleteVersions(tx, tenant, { name, versions: keys.map((key) => key.version) });
  await deleteUnusedName(tx, tenant, name);
  await appendEvents(tx, keys.map(({ version }) => (
    { tenant, type: "deleted", modelTenant: tenant, name, version, actor: writer.actor, payload: undefined }
  )));
  return { kind: "deleted", deleted: keys.map(({ version }) => ({ name, version })) };
}

/** What refers to a visible version, and which version that is. Refuses one that is absent. */
export async function listReferences({ db }: ModelDeps, tenant: string, { name, version }: ModelRef): Promise<{ model: ModelRef; references: Reference[] }> {
  const found = await findVisible(db, { tenant, name, selector: versionSelector(version) }, false);
  if (found === undefined) throw modelNotFound(name, version);
  const rows = await findReferences(db, tenant, { tenant: found.tenant, name, version: found.version });
  return { model: { name, version: found.version }, references: summarised(rows) };
}

function summarised(rows: readonly ReferenceRow[]): Reference[] {
  return [...Map.groupBy(rows, (row) => row.edge)].map(([edge, all]) => {
    const own = all.filter((row) => row.isOwn);
    const count = Math.min(all.length, ROWS_MAX);
    return {
      edge,
      count,
      isLowerBound: all.length >= ROWS_MAX,
      samples: own.slice(0, ROWS_MAX - 1).map((row) => row.sample),
      hiddenCount: Math.min(all.length - own.length, count),
    };
  });
}

function subjectOf({ name, version }: Referenced): string {
  return version === "all" ? name : `${name}@${version}`;
}

function referenced({ name, isAll }: Deletion, subject: string, references: readonly Reference[]): Problem {
  const told = references.map((reference) => `${reference.edge} (${countOf(reference)})`).join(", ");
  const preconditions: Precondition[] = references.map((reference) => (
    { type: reference.edge, subject, description: descriptionOf(reference) }
  ));
  const which = isAll ? `model "${name}"` : `model "${name}" version ${subject.slice(name.length + 1)}`;
  return new Problem("MODEL_REFERENCED", `Cannot delete ${which}: ${told} still ${verbOf(references)} to it`, {
    facts: {
      name,
      edges: references.map((reference) => reference.edge).join(","),
      ...Object.fromEntries(references.map((reference) => [reference.edge, countOf(reference)])),
    },
    preconditions,
  });
}

function verbOf(references: readonly Reference[]): string {
  return references.length === 1 && references[0]!.count === 1 ? "refers" : "refer";
}

function countOf({ count, isLowerBound }: Reference): string {
  return isLowerBound ? `${count} or more` : String(count);
}

function descriptionOf(reference: Reference): string {
  const hidden = reference.hiddenCount > 0 ? `, ${reference.hiddenCount} of them of other tenants` : "";
  return `${countOf(reference)}${hidden}`;
}

/** A reference that came in between, twice: only its key is known. */
function keyRefusal(constraint: string, deletion: Deletion): Problem | undefined {
  const edge = edgeOf(constraint);
  if (edge === undefined) return undefined;
  const { name, version, isAll } = deletion;
  const subject = isAll || version === 0 ? name : `${name}@${version}`;
  return new Problem("MODEL_REFERENCED", `Cannot delete model "${name}": ${edge} refers to it`, {
    facts: { name, edges: edge, [edge]: "1 or more" },
    preconditions: [{ type: edge, subject, description: "1 or more" }],
  });
}
