/** Rows of models and versions: how they are found, written and deleted. One statement per function. */
import { type SQL, sql } from "drizzle-orm";
import { array, type Runner, type Tx } from "../db/database.ts";
import { GLOBAL_TENANT, type ModelFields, type ModelKey, type ModelRef, type ModelStatus, type ModelVersion, type Selector } from "./model.ts";

/** Columns of a version `v`, named as in `ModelVersion`. The configuration can be large: lists of the basic view leave it out. */
export function versionColumns({ withConfig = true } = {}): SQL {
  return sql`v.tenant, v.name, v.version, v.model_type AS "modelType", v.backend, v.task, v.status,
    v.base_tenant AS "baseTenant", v.base_name AS "baseName", v.base_version AS "baseVersion",
    v.artifact_uri AS "artifactUri", v.artifact_digest AS "artifactDigest", v.labels,
    ${withConfig ? sql`v.config_json` : sql`NULL`} AS "configJson",
    ARRAY(
      SELECT a.alias FROM model_aliases a
      WHERE a.tenant = v.tenant AND a.name = v.name AND a.version = v.version ORDER BY a.alias
    ) AS aliases,
    replace(v.source_job_id::text, '-', '') AS "sourceJobId", v.metrics, v.created_at AS "createdAt",
    v.updated_at AS "updatedAt", replace(v.etag::text, '-', '') AS etag`;
}

/**
 * Locks a model's name until the transaction ends: whoever writes the model waits, readers do not.
 *
 * It must come before the transaction's first write. A transaction's number is then taken under the lock, and the order
 * of numbers, in which watchers are told, is the order in which things happened to the model.
 */
export async function lockName(tx: Tx, tenant: string, name: string): Promise<void> {
  await tx.run(sql`SELECT pg_advisory_xact_lock(hashtextextended(${name}, hashtextextended(${tenant}, 0)))`);
}

/** A model that a caller in `tenant` asks for. */
export interface ModelQuery {
  readonly tenant: string;
  readonly name: string;
  readonly selector: Selector;
}

/** A version that was found, and whether a global model of its name hides behind it. */
export type FoundVersion = ModelVersion & { readonly shadowsGlobal: boolean };

/** The version that a name, number or alias resolves to: the caller's own before a global one. Reads primary keys. */
export async function findVisible(runner: Runner, { tenant, name, selector }: ModelQuery, withConfig = true): Promise<FoundVersion | undefined> {
  const [found] = await runner.run<FoundVersion>(sql`
    SELECT ${versionColumns({ withConfig })}, v.tenant <> ${GLOBAL_TENANT} AND EXISTS (
        SELECT FROM model_versions g WHERE g.tenant = ${GLOBAL_TENANT} AND g.name = v.name
      ) AS "shadowsGlobal"
    FROM (
      (${rowsOf(sql`${tenant}`, name, selector)}) UNION ALL (${rowsOf(sql`${GLOBAL_TENANT}`, name, selector)})
    ) v
    ORDER BY v.tenant = ${tenant} DESC LIMIT 1`);
  return found;
}

/** An own version, locked for a change. Reads the primary key. */
export async function lockOwn(tx: Tx, { tenant, name, selector }: ModelQuery): Promise<ModelVersion | undefined> {
  const [found] = await tx.run<ModelVersion>(sql`
    SELECT ${versionColumns()} FROM model_versions v
    WHERE (v.tenant, v.name, v.version) = (SELECT o.tenant, o.name, o.version FROM (${rowsOf(sql`${tenant}`, name, selector)}) o)
    FOR NO KEY UPDATE OF v`);
  return found;
}

function rowsOf(tenant: SQL, name: string, selector: Selector): SQL {
  const own = sql`m.tenant = ${tenant} AND m.name = ${name}`;
  switch (selector.by) {
    case "latest":
      return sql`SELECT m.* FROM model_versions m WHERE ${own} ORDER BY m.version DESC LIMIT 1`;
    case "version":
      return sql`SELECT m.* FROM model_versions m WHERE ${own} AND m.version = ${selector.version}`;
    case "alias":
      return sql`SELECT m.* FROM model_versions m
        JOIN model_aliases ma ON ma.tenant = m.tenant AND ma.name = m.name AND ma.version = m.version
        WHERE ${own} AND ma.tenant = ${tenant} AND ma.name = ${name} AND ma.alias = ${selector.alias}`;
  }
}

/** Whose versions a caller sees under a name: its own tenant, `global`, or nobody's. Reads the primary key. */
export async function findOwner(runner: Runner, tenant: string, name: string): Promise<string | undefined> {
  const [owner] = await runner.run<{ tenant: string }>(sql`
    SELECT o.tenant FROM unnest(${array([tenant, GLOBAL_TENANT], "text[]")}) WITH ORDINALITY AS o(tenant, ord)
    WHERE EXISTS (SELECT FROM model_versions v WHERE v.tenant = o.tenant AND v.name = ${name})
    ORDER BY o.ord LIMIT 1`);
  return owner?.tenant;
}

/** Versions by number, the own one of a number before the global one; those that are absent are left out. */
export async function findVersions(runner: Runner, tenant: string, { name, versions }: { name: string; versions: readonly number[] }): Promise<ModelVersion[]> {
  return await runner.run<ModelVersion>(sql`
    SELECT DISTINCT ON (v.version) ${versionColumns({ withConfig: false })}
    FROM unnest(${array([tenant, GLOBAL_TENANT], "text[]")}) AS o(tenant), unnest(${array(versions, "int[]")}) AS x(version)
    JOIN model_versions v ON v.name = ${name} AND v.version = x.version
    WHERE v.tenant = o.tenant
    ORDER BY v.version, v.tenant = ${tenant} DESC`);
}

/** Puts a name in use, if it is not, so that it can be referred to. */
export async function ensureName(tx: Tx, tenant: string, name: string): Promise<void> {
  await tx.run(sql`INSERT INTO models (tenant, name) VALUES (${tenant}, ${name}) ON CONFLICT DO NOTHING`);
}

/** Takes the next version number of a name, or notes that `version` was given; answers with the number. */
export async function takeVersion(tx: Tx, { tenant, name, version }: ModelKey): Promise<number> {
  const [counter] = await tx.run<{ taken: string }>(sql`
    INSERT INTO model_counters AS c (tenant, name, last_version) VALUES (${tenant}, ${name}, greatest(${version}::bigint, 1))
    ON CONFLICT (tenant, name) DO UPDATE SET last_version =
      CASE WHEN ${version}::bigint = 0 THEN c.last_version + 1 ELSE greatest(c.last_version, ${version}::bigint) END
    RETURNING CASE WHEN ${version}::bigint = 0 THEN c.last_version ELSE ${version}::bigint END AS taken`);
  return Number(counter!.taken);
}

/** A version to be written, with what it was made from and by. */
export interface NewVersion extends ModelKey, ModelFields {
  readonly base: ModelKey | undefined;
  readonly sourceJobId: string | undefined;
  /** The headline numbers that the job reported. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** Inserts a version. The name must be in use. */
export async function insertVersion(tx: Tx, model: NewVersion): Promise<ModelVersion> {
  const { base } = model;
  const metrics = sql`${JSON.stringify(model.metrics)}::jsonb`;
  const [inserted] = await tx.run<ModelVersion>(sql`
    INSERT INTO model_versions AS v (tenant, name, version, model_type, backend, task, base_tenant, base_name, base_version,
      artifact_uri, artifact_digest, config_json, labels, source_job_id, metrics, job_metrics, job_metrics_at)
    VALUES (${model.tenant}, ${model.name}, ${model.version}, ${model.modelType}, ${model.backend}, ${model.task},
      ${base?.tenant ?? null}, ${base?.name ?? null}, ${base?.version ?? null}::int, ${model.artifactUri ?? null},
      ${model.artifactDigest ?? null}, ${model.configJson ?? null}, ${JSON.stringify(model.labels)}::jsonb,
      ${model.sourceJobId ?? null}::uuid, ${metrics}, ${metrics},
      CASE WHEN ${model.sourceJobId ?? null}::uuid IS NOT NULL THEN clock_timestamp() END)
    RETURNING ${versionColumns()}`);
  return inserted!;
}

/** Replaces the descriptive fields of a version; what the new ones lack (base, artifact, configuration, job) is kept. */
export async function refreshVersion(tx: Tx, model: NewVersion): Promise<ModelVersion> {
  const { base } = model;
  const metrics = sql`${JSON.stringify(model.metrics)}::jsonb`;
  const isByJob = sql`${model.sourceJobId ?? null}::uuid IS NOT NULL`;
  const [refreshed] = await tx.run<ModelVersion>(sql`
    UPDATE model_versions v SET model_type = ${model.modelType}, backend = ${model.backend}, task = ${model.task},
      base_tenant = coalesce(${base?.tenant ?? null}, base_tenant), base_name = coalesce(${base?.name ?? null}, base_name),
      base_version = coalesce(${base?.version ?? null}::int, base_version),
      artifact_uri = coalesce(${model.artifactUri ?? null}, artifact_uri),
      artifact_digest = coalesce(${model.artifactDigest ?? null}, artifact_digest),
      config_json = coalesce(${model.configJson ?? null}, config_json), labels = ${JSON.stringify(model.labels)}::jsonb,
      source_job_id = coalesce(${model.sourceJobId ?? null}::uuid, source_job_id),
      metrics = CASE WHEN ${isByJob} THEN metrics || ${metrics} ELSE metrics END,
      job_metrics = CASE WHEN ${isByJob} THEN ${metrics} ELSE job_metrics END,
      job_metrics_at = CASE WHEN ${isByJob} THEN clock_timestamp() ELSE job_metrics_at END,
      updated_at = clock_timestamp(), etag = gen_random_uuid()
    WHERE tenant = ${model.tenant} AND name = ${model.name} AND version = ${model.version}
    RETURNING ${versionColumns()}`);
  return refreshed!;
}

/** What an update changes; undefined leaves what is stored, a null configuration clears it. */
export interface VersionPatch {
  readonly labels: Readonly<Record<string, string>> | undefined;
  readonly configJson: string | null | undefined;
  readonly status: ModelStatus | undefined;
}

/** Changes a version that was locked before. */
export async function patchVersion(tx: Tx, { tenant, name, version }: ModelKey, patch: VersionPatch): Promise<ModelVersion> {
  const [patched] = await tx.run<ModelVersion>(sql`
    UPDATE model_versions v SET updated_at = clock_timestamp(), etag = gen_random_uuid(),
      labels = coalesce(${patch.labels === undefined ? null : JSON.stringify(patch.labels)}::jsonb, labels),
      status = coalesce(${patch.status ?? null}, status),
      config_json = CASE WHEN ${patch.configJson === undefined} THEN config_json ELSE ${patch.configJson ?? null} END
    WHERE tenant = ${tenant} AND name = ${name} AND version = ${version}
    RETURNING ${versionColumns()}`);
  return patched!;
}

/** The versions that a delete is about: one, the highest, or all; each with its etag, in order of version. */
export async function findOwnKeys(tx: Tx, tenant: string, { name, version, isAll }: ModelRef & { isAll: boolean }): Promise<(ModelKey & { etag: string })[]> {
  const rows = isAll
    ? sql`SELECT m.* FROM model_versions m WHERE m.tenant = ${tenant} AND m.name = ${name} ORDER BY m.version`
    : rowsOf(sql`${tenant}`, name, version === 0 ? { by: "latest" } : { by: "version", version });
  return await tx.run<ModelKey & { etag: string }>(sql`
    SELECT o.tenant, o.name, o.version, replace(o.etag::text, '-', '') AS etag FROM (${rows}) o ORDER BY o.version`);
}

/**
 * Locks the row of a name before its versions are deleted, in the order in which checks of new references lock: whoever
 * is about to refer to the name is waited for, and never waits for us while we wait for them.
 */
export async function lockNameRow(tx: Tx, tenant: string, name: string): Promise<void> {
  await tx.run(sql`SELECT FROM models WHERE tenant = ${tenant} AND name = ${name} FOR UPDATE`);
}

/** Deletes versions for good. Checks every foreign key that leads to them. */
export async function deleteVersions(tx: Tx, tenant: string, { name, versions }: { name: string; versions: readonly number[] }): Promise<void> {
  await tx.run(sql`
    DELETE FROM model_versions WHERE tenant = ${tenant} AND name = ${name} AND version = ANY(${array(versions, "int[]")})`);
}

/** Takes a name out of use if no version has it. Its counters stay. Checks every foreign key that leads to it. */
export async function deleteUnusedName(tx: Tx, tenant: string, name: string): Promise<void> {
  await tx.run(sql`
    DELETE FROM models m WHERE m.tenant = ${tenant} AND m.name = ${name}
      AND NOT EXISTS (SELECT FROM model_versions v WHERE v.tenant = m.tenant AND v.name = m.name)`);
}
