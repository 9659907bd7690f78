/**
 * Moves aliases: by compare-and-set, by swap, back to where they were. Each move is in the history, in the transaction
 * that makes it, and moves of one model happen one after the other.
 */
import type { Tx } from "../db/database.ts";
import { Problem } from "../problem.ts";
import {
  type AliasAction,
  type AliasChange,
  deleteAlias,
  findLastChange,
  findOwnAliases,
  insertChange,
  type ModelAlias,
  saveAlias,
  swapAliases,
} from "./alias-store.ts";
import { appendEvents } from "./event-store.ts";
import { versionSelector } from "./model.ts";
import { findOwner, lockName, lockOwn } from "./model-store.ts";
import { type ModelDeps, modelNotFound, type Repeatable, write, type Writer } from "./write-service.ts";

/** One alias of one of the writer's own models. */
export interface AliasName {
  readonly name: string;
  readonly alias: string;
}

/** A move that happens only if the alias names `expectedVersion` (0: is absent), or in any case. */
export interface AliasMove extends AliasName {
  readonly expectedVersion: number | undefined;
}

/** Makes an alias or moves it. To where it stands it moves without a trace. */
export async function setAlias(deps: ModelDeps, writer: Writer, move: AliasMove & { readonly version: number }, request: Repeatable): Promise<ModelAlias> {
  const { name, alias, version } = move;
  return await write(deps, writer, async (tx) => {
    const current = await lockAlias(tx, writer, move);
    await requireVersion(tx, writer, { name, version });
    if (current?.version === version) return current;
    return await moveAlias(tx, writer, { name, alias, action: "set", from: current?.version ?? 0, to: version });
  }, { request, refusal: (constraint) => vanished(constraint, { name, version }) });
}

/** Exchanges the versions of two aliases. */
export async function swapModelAliases(deps: ModelDeps, writer: Writer, swap: { name: string; aliasA: string; aliasB: string }, request: Repeatable): Promise<ModelAlias[]> {
  const { name, aliasA, aliasB } = swap;
  return await write(deps, writer, async (tx) => {
    await lockName(tx, writer.tenant, name);
    const before = await findOwnAliases(tx, writer.tenant, { name, aliases: [aliasA, aliasB] });
    for (const alias of [aliasA, aliasB]) {
      if (!before.some((found) => found.alias === alias)) throw await aliasMissing(tx, writer, { name, alias });
    }
    const pair = (aliases: readonly ModelAlias[]) => [aliasA, aliasB].map((alias) => aliases.find((a) => a.alias === alias)!);
    const [a, b] = pair(before);
    if (a!.version === b!.version) return [a!, b!];
    const after = pair(await swapAliases(tx, writer.tenant, swap));
    await note(tx, writer, { name, alias: aliasA, action: "swap", from: a!.version, to: b!.version });
    await note(tx, writer, { name, alias: aliasB, action: "swap", from: b!.version, to: a!.version });
    return after;
  }, { request });
}

/** Deletes an alias and answers with it as it was; undefined when there was none and that is allowed. */
export async function removeAlias(deps: ModelDeps, writer: Writer, move: AliasMove & { readonly allowMissing: boolean }): Promise<ModelAlias | undefined> {
  const { name, alias } = move;
  return await write(deps, writer, async (tx) => {
    await lockName(tx, writer.tenant, name);
    const [current] = await findOwnAliases(tx, writer.tenant, { name, aliases: [alias] });
    if (current === undefined) {
      if (move.allowMissing) return undefined;
      throw await aliasMissing(tx, writer, move);
    }
    refuseMoved(current, move);
    await deleteAlias(tx, writer.tenant, move);
    await note(tx, writer, { name, alias, action: "delete", from: current.version, to: 0 });
    return current;
  });
}

/** Moves an alias back to the version that it named before its last change, also when that deleted it. */
export async function rollBackAlias(deps: ModelDeps, writer: Writer, move: AliasMove, request: Repeatable): Promise<ModelAlias> {
  const { name, alias } = move;
  return await write(deps, writer, async (tx) => {
    const current = await lockAlias(tx, writer, move);
    const last = await findLastChange(tx, writer.tenant, move);
    if (last === undefined) throw await aliasMissing(tx, writer, move);
    const version = last.fromVersion;
    if (version === 0) throw nothingBefore(move, "it named none before");
    const target = await lockOwn(tx, { tenant: writer.tenant, name, selector: versionSelector(version) });
    if (target === undefined) throw nothingBefore(move, `version ${version} was deleted`);
    return await moveAlias(tx, writer, { name, alias, action: "rollback", from: current?.version ?? 0, to: version });
  }, { request, refusal: () => nothingBefore(move, "its version was deleted") });
}

/** Locks the model and finds the alias; refuses when it is not where the move expects it. */
async function lockAlias(tx: Tx, writer: Writer, move: AliasMove): Promise<ModelAlias | undefined> {
  await lockName(tx, writer.tenant, move.name);
  const [current] = await findOwnAliases(tx, writer.tenant, { name: move.name, aliases: [move.alias] });
  refuseMoved(current, move);
  return current;
}

function refuseMoved(current: ModelAlias | undefined, { name, alias, expectedVersion }: AliasMove): void {
  const version = current?.version ?? 0;
  if (expectedVersion === undefined || expectedVersion === version) return;
  const where = version === 0 ? "it is absent" : `it names version ${version}`;
  throw new Problem("ALIAS_MOVED", `Cannot move alias "${alias}" of model "${name}": ${where}, not ${expectedVersion}; read it again`, {
    facts: { name, alias, version: String(version), expected_version: String(expectedVersion) },
  });
}

/** The version must be there, and stay until the alias stands. */
async function requireVersion(tx: Tx, writer: Writer, { name, version }: { name: string; version: number }): Promise<void> {
  const target = await lockOwn(tx, { tenant: writer.tenant, name, selector: versionSelector(version) });
  if (target === undefined) throw modelNotFound(name, version);
}

interface Move extends AliasName {
  readonly action: AliasAction;
  readonly from: number;
  readonly to: number;
}

async function moveAlias(tx: Tx, writer: Writer, move: Move): Promise<ModelAlias> {
  const saved = await saveAlias(tx, { tenant: writer.tenant, name: move.name, alias: move.alias, version: move.to });
  await note(tx, writer, move);
  return saved;
}

/** Writes the move to the history and to the log. */
async function note(tx: Tx, writer: Writer, { name, alias, action, from, to }: Move): Promise<AliasChange> {
  const { tenant, actor } = writer;
  const change = await insertChange(tx, tenant, { name, alias, action, fromVersion: from, toVersion: to, actor });
  const type = to === 0 ? "alias_deleted" : "alias_moved";
  await appendEvents(tx, [{ tenant, type, modelTenant: tenant, name, version: to, actor, payload: change }]);
  return change;
}

async function aliasMissing(tx: Tx, writer: Writer, { name, alias }: AliasName): Promise<Problem> {
  const owner = await findOwner(tx, writer.tenant, name);
  if (owner !== writer.tenant) return modelNotFound(name);
  return aliasNotFound({ name, alias });
}

/** The refusal of an alias that a visible model does not have. */
export function aliasNotFound({ name, alias }: AliasName): Problem {
  return new Problem("ALIAS_NOT_FOUND", `Cannot find alias "${alias}" of model "${name}"`, { facts: { name, alias } });
}

function nothingBefore({ name, alias }: AliasName, why: string): Problem {
  return new Problem("ILLEGAL_STATE_TRANSITION", `Cannot roll back alias "${alias}" of model "${name}": ${why}`, { facts: { name, alias } });
}

function vanished(constraint: string, { name, version }: { name: string; version: number }): Problem | undefined {
  return constraint === "model_aliases_version_fkey" ? modelNotFound(name, version) : undefined;
}
