/**
 * How every write of the registry runs: who may write, what is tried again, what a repeated request is answered, and how
 * a check without a write leaves no trace.
 */
import { createHash } from "node:crypto";
import type { Bell } from "../db/bell.ts";
import type { Database, Runner, TransactionMode, Tx } from "../db/database.ts";
import { Problem } from "../problem.ts";
import { appendEvents, type NewEvent } from "./event-store.ts";
import { GLOBAL_TENANT, type ModelKey, type ModelVersion } from "./model.ts";
import { findRequest, insertRequest } from "./request-store.ts";

/** What every service of the registry works with. */
export interface ModelDeps {
  readonly db: Database;
  /** Rung after commits; without one, watchers look by themselves. */
  readonly bell?: Pick<Bell, "ring" | "subscribe"> | undefined;
}

/** Who writes. */
export interface Writer {
  readonly tenant: string;
  readonly isAdmin: boolean;
  /** The authenticated caller, empty where nobody is asked. */
  readonly actor: string;
}

/** A write that is safe to send again. `payload` is all that it asks for. */
export interface Repeatable {
  readonly requestId: string;
  readonly payload: string;
}

/** How one write runs. */
export interface WriteOptions extends TransactionMode {
  readonly request?: Repeatable | undefined;
  /** Do everything, then take it back. */
  readonly isDryRun?: boolean | undefined;
  /** What to say when a foreign key stands in the way for the second time. */
  readonly refusal?: (constraint: string) => Problem | undefined;
}

// The second try sees what stood in the way of the first, and says so in the words of a caller.
const KEY_TRIES_MAX = 2;
// The same request in another transaction: once that has committed, its answer is found.
const REQUEST_KEY = "model_requests_pkey";
const REQUEST_TRIES_MAX = 5;
const brokenKeyCodes = ["23503", "23505"];

/** Topic of the bell for the changes of a tenant's models. */
export function modelTopic(tenant: string): string {
  return `models:${tenant}`;
}

/** Runs a write in one transaction and rings the bell after its commit. */
export async function write<T>({ db, bell }: ModelDeps, writer: Writer, work: (tx: Tx) => Promise<T>, options: WriteOptions = {}): Promise<T> {
  refusePowerless(writer);
  const { request, isDryRun = false } = options;
  const once = async (tx: Tx) => {
    const value = request === undefined || isDryRun ? await work(tx) : await answered(tx, { writer, request }, work);
    if (isDryRun) throw new DryRun(value);
    return value;
  };
  try {
    const value = await tryingKeys(() => db.transaction(once, options), options);
    bell?.ring([modelTopic(writer.tenant)]);
    return value;
  } catch (error) {
    if (error instanceof DryRun) return error.value as T;
    throw error;
  }
}

/** Runs a write that is one statement by itself, without the round trips of a transaction. */
export async function writeOnce<T>({ db }: ModelDeps, writer: Writer, statement: (runner: Runner) => Promise<T>, refusal: (constraint: string) => Problem | undefined): Promise<T> {
  refusePowerless(writer);
  return await tryingKeys(() => statement(db), { refusal });
}

function refusePowerless({ tenant, isAdmin }: Writer): void {
  if (tenant !== GLOBAL_TENANT || isAdmin) return;
  throw new Problem("ADMIN_ONLY", "Cannot write in the tenant global: only an admin may");
}

/** Carries the outcome of a check out of its transaction, which rolls back. */
class DryRun extends Error {
  readonly value: unknown;

  constructor(value: unknown) {
    super("Only a check");
    this.value = value;
  }
}

async function tryingKeys<T>(once: () => Promise<T>, { refusal }: WriteOptions): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await once();
    } catch (error) {
      const constraint = brokenKeyOf(error);
      if (constraint === undefined) throw error;
      if (tries < (constraint === REQUEST_KEY ? REQUEST_TRIES_MAX : KEY_TRIES_MAX)) continue;
      throw refusal?.(constraint) ?? conflict(error);
    }
  }
}

/** The name of the foreign or unique key that a statement broke, or undefined for any other error. */
export function brokenKeyOf(error: unknown): string | undefined {
  for (let at = error; at instanceof Error && !(at instanceof Problem); at = at.cause) {
    const { code, constraint_name: constraint } = at as Error & { code?: unknown; constraint_name?: unknown };
    if (typeof code === "string" && brokenKeyCodes.includes(code) && typeof constraint === "string") return constraint;
  }
  return undefined;
}

function conflict(cause: unknown): Problem {
  return new Problem("TRANSACTION_CONFLICT", "Cannot finish the change: others kept changing the same rows, try again", {
    retryAfterMs: 200,
    cause,
  });
}

/** Answers as the first time, or does the work and remembers its answer. */
async function answered<T>(tx: Tx, { writer, request }: { writer: Writer; request: Repeatable }, work: (tx: Tx) => Promise<T>): Promise<T> {
  const { requestId, payload } = request;
  if (requestId === "") return await work(tx);
  const digest = createHash("sha256").update(payload).digest();
  const before = await findRequest(tx, writer.tenant, requestId);
  if (before !== undefined) {
    if (!digest.equals(before.digest)) throw requestReused(requestId);
    return JSON.parse(before.answer) as T;
  }
  const value = await work(tx);
  await insertRequest(tx, writer.tenant, { requestId, digest, answer: JSON.stringify(value) });
  return value;
}

function requestReused(requestId: string): Problem {
  return new Problem("REQUEST_ID_REUSED", `Cannot repeat: request id "${requestId}" was used for another payload; use a new one`, {
    facts: { request_id: requestId },
  });
}

/** Logs what happened to versions, each with how it stands after it. Configurations are left out: they can be large. */
export async function logVersions(tx: Tx, writer: Writer, { type, versions }: { type: NewEvent["type"]; versions: readonly (ModelKey | ModelVersion)[] }): Promise<void> {
  await appendEvents(tx, versions.map((version) => ({
    tenant: writer.tenant,
    type,
    modelTenant: version.tenant,
    name: version.name,
    version: version.version,
    actor: writer.actor,
    payload: type === "deleted" ? undefined : { ...version, configJson: null },
  })));
}

/** The refusal of a model that is absent, or a peer's. */
export function modelNotFound(name: string, version?: number): Problem {
  const which = version ? ` version ${version}` : "";
  const facts = { name, ...(version ? { version: String(version) } : {}) };
  return new Problem("MODEL_NOT_FOUND", `Cannot find model "${name}"${which}`, { facts });
}
