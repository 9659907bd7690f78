/**
 * The rules of a model: its identity, what its name and fields may hold, which artifact a version keeps, how its status
 * moves.
 *
 * Pure: no clock, no database, no protobuf.
 *
 * Invariants:
 *   - The catalogue key is rendered here and nowhere read.
 *   - A version with a digest never gets another artifact, and nothing clears one.
 */
import type { Violation } from "../problem.ts";

/** The reserved tenant: everybody reads its models, only admins write them. */
export const GLOBAL_TENANT = "global";

/** Where a version stands; plays no part in resolving a name. */
export type ModelStatus = "registered" | "loaded" | "failed" | "archived";

/** What a model can do, as callers and the database spell it. */
export const tasks = [
  "text_embedding",
  "image_embedding",
  "audio_embedding",
  "classification",
  "ner",
  "regression",
] as const;

/** Highest number that a version can have. */
export const VERSION_MAX = 2_147_483_647;

/** A model by name and number; 0 is said where it is used. */
export interface ModelRef {
  readonly name: string;
  readonly version: number;
}

/** A version by its identity. */
export interface ModelKey extends ModelRef {
  readonly tenant: string;
}

/** One version as the stores answer it. It survives a trip through JSON: times are PostgreSQL's text. */
export interface ModelVersion extends ModelKey {
  readonly modelType: string;
  readonly backend: string;
  readonly task: string;
  readonly status: ModelStatus;
  readonly baseTenant: string | null;
  readonly baseName: string | null;
  readonly baseVersion: number | null;
  readonly artifactUri: string | null;
  readonly artifactDigest: string | null;
  /** Null also where it was not asked for. */
  readonly configJson: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly aliases: readonly string[];
  /** As 32 hex digits. */
  readonly sourceJobId: string | null;
  readonly metrics: Readonly<Record<string, number>>;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly etag: string;
}

/** What a registration says of a version; undefined leaves what is stored. */
export interface ModelFields {
  readonly modelType: string;
  readonly backend: string;
  readonly task: string;
  readonly artifactUri: string | undefined;
  readonly artifactDigest: string | undefined;
  readonly configJson: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

/** The key that catalogues show. Two identities can render alike, so nothing may be looked up by it. */
export function catalogPk({ tenant, name, version }: ModelKey): string {
  return tenant === GLOBAL_TENANT ? `${name}::${version}` : `${tenant}::${name}::${version}`;
}

/** An artifact as it is stored or carried by a request. */
export interface Artifact {
  readonly uri: string | null | undefined;
  readonly digest: string | null | undefined;
}

/** Where a version's artifact comes from: `call` is RegisterModel, `job` the completion of the job that made it. */
export type ArtifactWriter = "call" | "job";

/** Why `carried` may not become the artifact of a version, or undefined when it may. */
export function artifactFault(
  stored: Artifact & { readonly sourceJobId: string | null },
  carried: Artifact,
  writer: ArtifactWriter,
): "sealed" | "owned by a job" | undefined {
  if (carried.uri == null && carried.digest == null) return undefined;
  if (stored.digest != null) return isSameArtifact(stored, carried) ? undefined : "sealed";
  return writer === "call" && stored.sourceJobId !== null ? "owned by a job" : undefined;
}

function isSameArtifact(stored: Artifact, carried: Artifact): boolean {
  return (carried.uri == null || carried.uri === stored.uri) && (carried.digest == null || carried.digest === stored.digest);
}

const moves: Record<ModelStatus, readonly ModelStatus[]> = {
  registered: ["loaded", "failed", "archived"],
  loaded: ["registered", "failed", "archived"],
  failed: ["registered", "loaded", "archived"],
  archived: ["registered"],
};

/** Tells whether a version may move so; to where it stands it always may. */
export function canMove(from: ModelStatus, to: ModelStatus): boolean {
  return from === to || moves[from].includes(to);
}

const LABELS_MAX = 64;

/** The labels after a partial update: `keys` are set from `given` or, where it has none, removed. */
export function labelsAfter(
  stored: Readonly<Record<string, string>>,
  given: Readonly<Record<string, string>>,
  keys: readonly string[],
): Record<string, string> {
  const labels = new Map(Object.entries(stored));
  for (const key of keys) {
    if (Object.hasOwn(given, key)) labels.set(key, given[key]!);
    else labels.delete(key);
  }
  return Object.fromEntries(labels);
}

/** Tells whether a version may have so many labels. */
export function hasTooManyLabels(labels: Readonly<Record<string, string>>): boolean {
  return Object.keys(labels).length > LABELS_MAX;
}

// The expressions of the contract, for names that come another way than in a registry request.
const improperName = /[\p{C}\p{Zl}\p{Zp}\\@]|^\p{Z}|\p{Z}$|(^|\/)[.]{0,2}(\/|$)/u;
const properUri = /^[A-Za-z][A-Za-z0-9+.-]*:[^\p{C}\p{Z}\\]+$/u;
const improperUri = /^[^:]*:\/\/[^/?#]*@|[:/][.][.]([/?#]|$)/;
const properDigest = /^(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}|blake3:[0-9a-f]{64})$/;
const NAME_CHARS_MAX = 256;

/** What is wrong with a model's name, or undefined. */
export function nameFault(name: string): string | undefined {
  if ([...name].length > NAME_CHARS_MAX) return `must be at most ${NAME_CHARS_MAX} characters`;
  if (!improperName.test(name)) return undefined;
  return "must be a name: no control character, @ or backslash, no outer space, no empty, . or .. path segment";
}

/** What is wrong with a task, or undefined; none is a task. */
export function taskFault(task: string): string | undefined {
  if (task === "" || tasks.some((known) => known === task)) return undefined;
  return `must be one of ${tasks.join(", ")}`;
}

/** What is wrong with what a job says of the model it made; `field` is the path of the message. */
export function outputModelFaults(output: ModelRef & ModelFields, field: string): Violation[] {
  const { artifactUri, artifactDigest } = output;
  const isUri = artifactUri === undefined || (properUri.test(artifactUri) && !improperUri.test(artifactUri));
  const isDigest = artifactDigest === undefined || properDigest.test(artifactDigest);
  const faults: [string, string | undefined][] = [
    ["name", nameFault(output.name)],
    ["task", taskFault(output.task)],
    ["artifact_uri", isUri ? undefined : "must be an absolute URI without user info, spaces and .. segments"],
    ["artifact_digest", isDigest ? undefined : "must be sha256, sha384, sha512 or blake3, a colon and lower-case hex"],
  ];
  return faults.flatMap(([name, description]) => (description === undefined ? [] : [{ field: `${field}.${name}`, description }]));
}

const METRIC_COUNT_MAX = 1_000;
const METRIC_CHARS_MAX = 128;

/** The headline numbers in a job's metrics: the finite numbers at the top of the JSON object, if it is one. */
export function headlineMetrics(metricsJson: string): Record<string, number> {
  const metrics: unknown = JSON.parse(metricsJson);
  if (typeof metrics !== "object" || metrics === null || Array.isArray(metrics)) return {};
  return Object.fromEntries(
    Object.entries(metrics)
      .filter((entry): entry is [string, number] => typeof entry[1] === "number" && Number.isFinite(entry[1]))
      .filter(([key]) => key !== "" && key.length <= METRIC_CHARS_MAX && !/\p{C}/u.test(key))
      .slice(0, METRIC_COUNT_MAX),
  );
}

/** Which version of a model is asked for. */
export type Selector =
  | { readonly by: "latest" }
  | { readonly by: "version"; readonly version: number }
  | { readonly by: "alias"; readonly alias: string };

/** The selector of a number, of which 0 is the newest. */
export function versionSelector(version: number): Selector {
  return version === 0 ? { by: "latest" } : { by: "version", version };
}

/** The selector of an alias; `latest` is the newest version. */
export function aliasSelector(alias: string): Selector {
  return alias === "latest" ? { by: "latest" } : { by: "alias", alias };
}

/** Splits `name@3`, `name@champion` or a plain name; undefined when the number is none that a version can have. */
export function splitName(text: string): { name: string; selector: Selector | undefined } | undefined {
  const at = text.indexOf("@");
  if (at < 0) return { name: text, selector: undefined };
  const [name, suffix] = [text.slice(0, at), text.slice(at + 1)];
  if (!/^[0-9]+$/.test(suffix)) return { name, selector: aliasSelector(suffix) };
  const version = Number(suffix);
  return version >= 1 && version <= VERSION_MAX ? { name, selector: { by: "version", version } } : undefined;
}
