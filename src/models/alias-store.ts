/** Aliases and their history. */
import { sql } from "drizzle-orm";
import { array, type Runner, type Tx } from "../db/database.ts";
import { GLOBAL_TENANT } from "./model.ts";

/** An alias as the stores answer it. */
export interface ModelAlias {
  readonly name: string;
  readonly alias: string;
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** What moved an alias. */
export type AliasAction = "set" | "swap" | "rollback" | "delete";

/** One entry of an alias's history; version 0 is none. */
export interface AliasChange {
  readonly seq: string;
  readonly name: string;
  readonly alias: string;
  readonly action: AliasAction;
  readonly fromVersion: number;
  readonly toVersion: number;
  readonly actor: string;
  readonly at: string;
}

const aliasColumns = sql`a.name, a.alias, a.version, a.created_at AS "createdAt", a.updated_at AS "updatedAt"`;
const changeColumns = sql`c.seq::text AS seq, c.name, c.alias, c.action, c.from_version AS "fromVersion",
  c.to_version AS "toVersion", c.actor, c.at`;

/** Own aliases of a model by name. The model's name must be locked. Reads `model_aliases_pkey`. */
export async function findOwnAliases(tx: Tx, tenant: string, { name, aliases }: { name: string; aliases: readonly string[] }): Promise<ModelAlias[]> {
  return await tx.run<ModelAlias>(sql`
    SELECT ${aliasColumns} FROM model_aliases a
    WHERE a.tenant = ${tenant} AND a.name = ${name} AND a.alias = ANY(${array(aliases, "text[]")})`);
}

/** Where an alias shall point. */
export interface AliasTarget {
  readonly tenant: string;
  readonly name: string;
  readonly alias: string;
  readonly version: number;
}

/** Makes an alias or moves it. */
export async function saveAlias(tx: Tx, { tenant, name, alias, version }: AliasTarget): Promise<ModelAlias> {
  const [saved] = await tx.run<ModelAlias>(sql`
    INSERT INTO model_aliases AS a (tenant, name, alias, version) VALUES (${tenant}, ${name}, ${alias}, ${version})
    ON CONFLICT (tenant, name, alias) DO UPDATE SET version = excluded.version, updated_at = clock_timestamp()
    RETURNING ${aliasColumns}`);
  return saved!;
}

/** Exchanges the versions of two aliases in one statement: no snapshot holds half of it. */
export async function swapAliases(tx: Tx, tenant: string, { name, aliasA, aliasB }: { name: string; aliasA: string; aliasB: string }): Promise<ModelAlias[]> {
  return await tx.run<ModelAlias>(sql`
    UPDATE model_aliases a SET version = other.version, updated_at = clock_timestamp()
    FROM model_aliases other
    WHERE a.tenant = ${tenant} AND a.name = ${name} AND other.tenant = a.tenant AND other.name = a.name
      AND ((a.alias = ${aliasA} AND other.alias = ${aliasB}) OR (a.alias = ${aliasB} AND other.alias = ${aliasA}))
    RETURNING ${aliasColumns}`);
}

/** Deletes an alias. */
export async function deleteAlias(tx: Tx, tenant: string, { name, alias }: { name: string; alias: string }): Promise<void> {
  await tx.run(sql`DELETE FROM model_aliases WHERE tenant = ${tenant} AND name = ${name} AND alias = ${alias}`);
}

/** A move to be noted. */
export type NewChange = Pick<AliasChange, "name" | "alias" | "action" | "fromVersion" | "toVersion" | "actor">;

/** Notes a move under the model's next number. */
export async function insertChange(tx: Tx, tenant: string, change: NewChange): Promise<AliasChange> {
  const [inserted] = await tx.run<AliasChange>(sql`
    WITH counter AS (
      INSERT INTO model_counters AS m (tenant, name, last_alias_seq) VALUES (${tenant}, ${change.name}, 1)
      ON CONFLICT (tenant, name) DO UPDATE SET last_alias_seq = m.last_alias_seq + 1
      RETURNING m.last_alias_seq
    )
    INSERT INTO alias_changes AS c (tenant, name, seq, alias, action, from_version, to_version, actor)
    SELECT ${tenant}, ${change.name}, last_alias_seq, ${change.alias}, ${change.action}, ${change.fromVersion}::int,
      ${change.toVersion}::int, ${change.actor} FROM counter
    RETURNING ${changeColumns}`);
  return inserted!;
}

/** The newest move of an own alias. Reads `alias_changes_alias_idx`. */
export async function findLastChange(tx: Tx, tenant: string, { name, alias }: { name: string; alias: string }): Promise<AliasChange | undefined> {
  const [change] = await tx.run<AliasChange>(sql`
    SELECT ${changeColumns} FROM alias_changes c
    WHERE c.tenant = ${tenant} AND c.name = ${name} AND c.alias = ${alias} ORDER BY c.seq DESC LIMIT 1`);
  return change;
}

/** Aliases of a model that `owner` has, in order, behind `after`. Reads `model_aliases_pkey`. */
export async function listAliases(runner: Runner, owner: string, { name, after, countMax }: { name: string; after: string; countMax: number }): Promise<ModelAlias[]> {
  return await runner.run<ModelAlias>(sql`
    SELECT ${aliasColumns} FROM model_aliases a
    WHERE a.tenant = ${owner} AND a.name = ${name} AND a.alias > ${after} ORDER BY a.alias LIMIT ${countMax}`);
}

/** Which part of a history is asked for. */
export interface HistoryQuery {
  readonly name: string;
  /** Empty means all aliases of the model. */
  readonly alias: string;
  readonly changedBefore: Date | undefined;
  /** The seq of the last entry of the page before. */
  readonly after: string | undefined;
  readonly countMax: number;
}

/** Moves of aliases that `owner` has made, newest first. Reads `alias_changes_pkey` or `alias_changes_alias_idx`. */
export async function listChanges(runner: Runner, owner: string, query: HistoryQuery): Promise<AliasChange[]> {
  const ofAlias = query.alias === "" ? sql`` : sql`AND c.alias = ${query.alias}`;
  const before = query.changedBefore === undefined ? sql`` : sql`AND c.at < ${query.changedBefore}`;
  const behind = query.after === undefined ? sql`` : sql`AND c.seq < ${query.after}::bigint`;
  return await runner.run<AliasChange>(sql`
    SELECT ${changeColumns} FROM alias_changes c
    WHERE c.tenant = ${owner} AND c.name = ${query.name} ${ofAlias} ${before} ${behind} ORDER BY c.seq DESC LIMIT ${query.countMax}`);
}

/** Whose history a caller sees under a name: its own if it has any, else the global one. Histories outlive models. */
export async function findHistoryOwner(runner: Runner, tenant: string, name: string): Promise<string> {
  const [found] = await runner.run<{ isOwn: boolean }>(sql`
    SELECT EXISTS (SELECT FROM alias_changes c WHERE c.tenant = ${tenant} AND c.name = ${name})
      OR EXISTS (SELECT FROM model_versions v WHERE v.tenant = ${tenant} AND v.name = ${name}) AS "isOwn"`);
  return found!.isOwn ? tenant : GLOBAL_TENANT;
}
