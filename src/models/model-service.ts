/**
 * Registers, refreshes and updates versions, by a call or by the completion of a job.
 *
 * Whoever writes a model holds the lock on its name until the commit: numbers are given one after the other, and what
 * was read stays true. The version, its event and the answer of the request are one transaction.
 */
import type { Tx } from "../db/database.ts";
import { invalidField, Problem } from "../problem.ts";
import { findJobBase, saveJobOutput } from "./job-model-store.ts";
import {
  type Artifact,
  artifactFault,
  type ArtifactWriter,
  canMove,
  hasTooManyLabels,
  headlineMetrics,
  labelsAfter,
  type ModelFields,
  type ModelKey,
  type ModelRef,
  type ModelStatus,
  type ModelVersion,
  outputModelFaults,
  VERSION_MAX,
  versionSelector,
} from "./model.ts";
import {
  ensureName,
  findVisible,
  insertVersion,
  lockName,
  lockOwn,
  type NewVersion,
  patchVersion,
  refreshVersion,
  takeVersion,
} from "./model-store.ts";
import { logVersions, type ModelDeps, modelNotFound, type Repeatable, write, type Writer } from "./write-service.ts";

/** A version to register, or to refresh when it is there; version 0 takes the next number. */
export interface Registration extends ModelRef, ModelFields {
  readonly baseModel: ModelRef | undefined;
}

/** A version as it stands after a registration. */
export interface Registered {
  readonly version: ModelVersion;
  /** False when it was refreshed. */
  readonly isNew: boolean;
}

/** How a call is made besides what it asks for. */
export interface CallOptions {
  readonly request: Repeatable;
  readonly isDryRun: boolean;
}

/** Registers or refreshes a version of the writer's own model. */
export async function registerModel(deps: ModelDeps, writer: Writer, registration: Registration, options: CallOptions): Promise<Registered> {
  return await write(deps, writer, (tx) => registerIn(tx, writer, registration), options);
}

async function registerIn(tx: Tx, writer: Writer, registration: Registration): Promise<Registered> {
  const { name, baseModel } = registration;
  await lockName(tx, writer.tenant, name);
  const base = baseModel === undefined ? undefined : await findBase(tx, writer.tenant, baseModel);
  const given = { ...registration, tenant: writer.tenant, base, sourceJobId: undefined, metrics: {} };
  return await storeVersion(tx, writer, given, "call");
}

/** The version that a reference to a base model means; refuses one that the tenant cannot see. */
export async function findBase(tx: Tx, tenant: string, { name, version }: ModelRef): Promise<ModelKey> {
  const found = await findVisible(tx, { tenant, name, selector: versionSelector(version) }, false);
  if (found === undefined) throw baseUnavailable({ name, version });
  return { tenant: found.tenant, name, version: found.version };
}

/** Stores a version whose name is locked: a new one, or over the one of that number. */
async function storeVersion(tx: Tx, writer: Writer, given: NewVersion, by: ArtifactWriter): Promise<Registered> {
  const stored = given.version === 0 ? undefined : await lockOwn(tx, { ...given, selector: versionSelector(given.version) });
  if (stored !== undefined) refuseArtifact(stored, given, by);
  await ensureName(tx, given.tenant, given.name);
  const version = await takeVersion(tx, given);
  if (version > VERSION_MAX) throw numbersUsedUp(given.name);
  const numbered = withoutOwnBase({ ...given, version }, by);
  const result = stored === undefined ? await insertVersion(tx, numbered) : await refreshVersion(tx, numbered);
  await logVersions(tx, writer, { type: stored === undefined ? "registered" : "updated", versions: [result] });
  return { version: result, isNew: stored === undefined };
}

/** A job may train a version further in place; a call that says a version was made from itself is wrong. */
function withoutOwnBase(given: NewVersion, by: ArtifactWriter): NewVersion {
  const { base, tenant, name, version } = given;
  if (base === undefined || base.tenant !== tenant || base.name !== name || base.version !== version) return given;
  if (by === "call") throw invalidField("base_model", "must be another version than the one it is the base of");
  return { ...given, base: undefined };
}

function refuseArtifact(stored: ModelVersion, given: NewVersion, by: ArtifactWriter): void {
  const before: Artifact & { sourceJobId: string | null } = {
    uri: stored.artifactUri,
    digest: stored.artifactDigest,
    sourceJobId: stored.sourceJobId,
  };
  const fault = artifactFault(before, { uri: given.artifactUri, digest: given.artifactDigest }, by);
  if (fault === undefined) return;
  const why = fault === "sealed" ? "it is sealed by its digest" : `only the completion of its job sets it`;
  throw new Problem("ARTIFACT_IMMUTABLE", `Cannot change the artifact of model "${stored.name}" version ${stored.version}: ${why}`, {
    facts: { name: stored.name, version: String(stored.version), artifact_digest: stored.artifactDigest ?? "" },
  });
}

/** What a job that is being completed made. */
export interface JobOutput {
  readonly tenant: string;
  /** As 32 hex digits. */
  readonly jobId: string;
  readonly outputModel: ModelRef & ModelFields;
  /** The metrics that the job ends with; its top-level numbers become headline metrics. */
  readonly metricsJson: string;
  readonly actor: string;
}

/**
 * Registers or refreshes the version that a job made, inside the transaction that ends the job. Keyed by tenant, name and
 * version: a job writes no other tenant's model. The job's reference to the name becomes one to the version.
 *
 * `lockName(tx, tenant, outputModel.name)` must have run before the transaction's first write.
 */
export async function completeWithModel(tx: Tx, output: JobOutput): Promise<ModelVersion> {
  const { tenant, jobId, outputModel, actor } = output;
  const faults = outputModelFaults(outputModel, "output_model");
  if (faults.length > 0) throw new Problem("INVALID_FIELD", `${faults[0]!.field}: ${faults[0]!.description}`, { violations: faults });
  const base = await findJobBase(tx, tenant, jobId);
  const given = { ...outputModel, tenant, base, sourceJobId: jobId, metrics: headlineMetrics(output.metricsJson) };
  const { version } = await storeVersion(tx, { tenant, isAdmin: true, actor }, given, "job");
  await saveJobOutput(tx, { tenant, jobId, name: version.name, version: version.version });
  return version;
}

/** What to change about an own version; version 0 is the highest. */
export interface VersionUpdate extends ModelRef {
  /** All labels, or only some keys of them. */
  readonly labels: { readonly given: Readonly<Record<string, string>>; readonly keys: readonly string[] | "all" } | undefined;
  /** Null clears it. */
  readonly configJson: string | null | undefined;
  readonly status: ModelStatus | undefined;
  /** Empty means any. */
  readonly etag: string;
}

/** Changes labels, configuration or status of an own version. */
export async function updateVersion(deps: ModelDeps, writer: Writer, update: VersionUpdate): Promise<ModelVersion> {
  return await write(deps, writer, async (tx) => {
    await lockName(tx, writer.tenant, update.name);
    const stored = await lockOwn(tx, { tenant: writer.tenant, name: update.name, selector: versionSelector(update.version) });
    if (stored === undefined) throw modelNotFound(update.name, update.version);
    if (update.etag !== "" && update.etag !== stored.etag) throw etagMismatch(stored);
    if (update.status !== undefined && !canMove(stored.status, update.status)) throw illegalMove(stored, update.status);
    const labels = labelsOf(stored, update);
    if (labels !== undefined && hasTooManyLabels(labels)) throw invalidField("labels", "must be at most 64 with those that are stored");
    const { configJson, status } = update;
    const patched = await patchVersion(tx, stored, { labels, configJson, status });
    await logVersions(tx, writer, { type: "updated", versions: [patched] });
    return patched;
  });
}

function labelsOf(stored: ModelVersion, { labels }: VersionUpdate): Record<string, string> | undefined {
  if (labels === undefined) return undefined;
  return labels.keys === "all" ? { ...labels.given } : labelsAfter(stored.labels, labels.given, labels.keys);
}

/** The refusal of a change to a record that has changed since it was read. */
export function etagMismatch({ name, version, etag }: ModelRef & { readonly etag: string }): Problem {
  return new Problem("ETAG_MISMATCH", `Cannot change model "${name}" version ${version}: it has changed since it was read; read it again`, {
    facts: { name, version: String(version), etag },
  });
}

function illegalMove({ name, version, status }: ModelVersion, to: ModelStatus): Problem {
  return new Problem("ILLEGAL_STATE_TRANSITION", `Cannot move model "${name}" version ${version} from ${status} to ${to}`, {
    facts: { name, version: String(version), from: status, to },
  });
}

/** The refusal of a base model that is absent, or a peer's. */
export function baseUnavailable({ name, version }: ModelRef): Problem {
  const which = version === 0 ? "" : ` version ${version}`;
  return new Problem("BASE_MODEL_UNAVAILABLE", `Cannot start from model "${name}"${which}: there is no such model`, {
    facts: { name, version: String(version) },
  });
}

function numbersUsedUp(name: string): Problem {
  return new Problem("QUOTA_EXCEEDED", `Cannot give model "${name}" another version: all numbers are used up; name a free one`, {
    facts: { name },
  });
}
