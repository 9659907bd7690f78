/**
 * Reads what a request says: who calls, ids, JSON, page tokens, times. The malformed is refused here, by field.
 *
 * With the services, this is where problems are made.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { type DescMessage, type MessageShape, toJson } from "@bufbuild/protobuf";
import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import { type ContextValues, createContextKey } from "@connectrpc/connect";
import { invalidField, Problem, type Violation } from "../problem.ts";

/** Who calls. Without authentication everybody is an admin and says which tenant they act for. */
export interface Caller {
  readonly tenant: string;
  readonly isAdmin: boolean;
  readonly requestId: string;
}

/** Carries the tenant on a server that does not authenticate. */
export const TENANT_HEADER = "x-millwright-tenant";

const DEFAULT_TENANT = "default";
const tenantForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const callerKey = createContextKey<Caller | undefined>(undefined, { description: "caller" });

/** Reads the caller from the tenant header; absent or empty is the tenant `default`. */
export function readCaller(tenant: string | null, requestId: string): Caller {
  if (!tenant) return { tenant: DEFAULT_TENANT, isAdmin: true, requestId };
  if (!tenantForm.test(tenant)) {
    throw invalidField(
      TENANT_HEADER,
      "must be 1 to 64 letters, digits, dots, dashes or underscores, and begin with a letter or digit",
    );
  }
  return { tenant, isAdmin: true, requestId };
}

/** Notes the caller where `callerOf` finds it. */
export function setCaller(values: ContextValues, caller: Caller): void {
  values.set(callerKey, caller);
}

/** The caller of the call that a handler serves. */
export function callerOf(context: { readonly values: ContextValues }): Caller {
  const caller = context.values.get(callerKey);
  if (caller === undefined) throw new Error("The call reached its handler without a caller");
  return caller;
}

const jobIdForm = /^[0-9A-Fa-f]{32}$/;

/** A job id in its one spelling: 32 lower-case hex digits. */
export function readJobId(text: string, field: string): string {
  if (!jobIdForm.test(text)) throw invalidField(field, "must be a job id: 32 hex digits");
  return text.toLowerCase();
}

// Python's parser gives up near 1,000 levels: a deeper spec would kill one worker after another.
const JSON_DEPTH_MAX = 512;

/** JSON text as it was sent; empty means `{}`. Checked, never changed. */
export function readJson(text: string, field: string, bytesMax: number): string {
  if (text === "") return "{}";
  // A UTF-16 unit takes at most 3 bytes: most texts need no counting.
  if (text.length * 3 > bytesMax && Buffer.byteLength(text) > bytesMax) {
    throw invalidField(field, `must be at most ${bytesMax} bytes`);
  }
  try {
    JSON.parse(text);
  } catch {
    throw invalidField(field, "must be JSON text");
  }
  if (text.length > JSON_DEPTH_MAX * 2 && depthOf(text) > JSON_DEPTH_MAX) {
    throw invalidField(field, `must not nest deeper than ${JSON_DEPTH_MAX} levels`);
  }
  return text;
}

/** How deep valid JSON text nests. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '"') i = endOfString(text, i);
    else if (char === "{" || char === "[") deepest = Math.max(deepest, ++depth);
    else if (char === "}" || char === "]") depth--;
  }
  return deepest;
}

function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === '"') return i;
  }
  return text.length;
}

/** What a page or resume token is bound to: another key, tenant or query cannot open it. */
export interface TokenScope {
  /** Shared by all replicas. */
  readonly key: Uint8Array;
  readonly tenant: string;
  /** From `queryOf`. */
  readonly query: string;
}

const TOKEN_VERSION = 1;
const MAC_BYTES = 16;

/** A token that holds `cursor`, readable by its scope only in the sense that no other can present it. */
export function writePageToken(cursor: readonly string[], scope: TokenScope): string {
  const body = Buffer.from(JSON.stringify(cursor));
  return Buffer.concat([Buffer.of(TOKEN_VERSION), macOf(body, scope), body]).toString("base64url");
}

/** The cursor of a token, or undefined for the empty one; a foreign, altered or outdated token is refused. */
export function readPageToken(token: string, scope: TokenScope, field = "page_token"): string[] | undefined {
  if (token === "") return undefined;
  const bytes = Buffer.from(token, "base64url");
  const mac = bytes.subarray(1, 1 + MAC_BYTES);
  const body = bytes.subarray(1 + MAC_BYTES);
  const isOurs =
    bytes[0] === TOKEN_VERSION &&
    mac.length === MAC_BYTES &&
    timingSafeEqual(mac, macOf(body, scope)) &&
    // base64url has several spellings of the same bytes; only ours is accepted.
    bytes.toString("base64url") === token;
  if (!isOurs) throw invalidField(field, "must be a token that this query was answered with");
  return JSON.parse(body.toString()) as string[];
}

function macOf(body: Uint8Array, { key, tenant, query }: TokenScope): Buffer {
  const mac = createHmac("sha256", key);
  // Lengths keep the parts apart: no tenant can pass for the beginning of a query.
  for (const part of [Buffer.of(TOKEN_VERSION), Buffer.from(tenant), Buffer.from(query), body]) {
    mac.update(`${part.length}:`).update(part);
  }
  return mac.digest().subarray(0, MAC_BYTES);
}

/** A request as one string that does not depend on the order of fields and map keys, without its page fields. */
export function queryOf<Desc extends DescMessage>(schema: Desc, request: MessageShape<Desc>): string {
  const fields = toJson(schema, request, { useProtoFieldName: true }) as Record<string, unknown>;
  const { page_size, page_token, resume_token, ...query } = fields;
  return JSON.stringify([schema.typeName, query], inKeyOrder);
}

function inKeyOrder(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A page size with its default; the contract's rules have refused what is out of bounds. */
export function readPageSize(size: number, fallback = 50): number {
  return size === 0 ? fallback : size;
}

/** A span in milliseconds, rounded up so that a positive one never becomes none. */
export function readDuration(duration: Duration): number {
  return Number(duration.seconds) * 1_000 + Math.ceil(duration.nanos / 1_000_000);
}

/** A time to the millisecond. */
export function readTimestamp(timestamp: Timestamp): Date {
  return new Date(Number(timestamp.seconds) * 1_000 + Math.floor(timestamp.nanos / 1_000_000));
}

/** The refusal of a request that breaks rules of the contract; the sentence tells the first. */
export function invalidRequest(violations: readonly Violation[]): Problem {
  const [first, ...others] = violations;
  const sentence = [first?.field, first?.description].filter((part) => part).join(": ");
  const rest = others.length > 0 ? ` (and ${others.length} more)` : "";
  return new Problem("INVALID_FIELD", sentence + rest, { violations });
}

/** The refusal of bytes that are no message of the type that the RPC takes. */
export function malformedMessage(typeName: string): Problem {
  return new Problem("INVALID_FIELD", `The request is not a valid ${typeName}`);
}

/** The refusal of an RPC that this version describes but does not serve yet. */
export function notBuilt(method: string): Problem {
  return new Problem("NOT_BUILT", `${method} is not built yet`);
}

/** The refusal of a stream beyond a limit on open ones. */
export function watchersExceeded(openMax: number, scope: "tenant" | "server"): Problem {
  const whose = scope === "tenant" ? "the tenant" : "this server";
  return new Problem(
    "WATCHERS_EXCEEDED",
    `Cannot open another stream: ${whose} has ${openMax} open; close some or try another replica`,
    {
      retryAfterMs: 5_000,
      facts: { limit: String(openMax), scope },
    },
  );
}

/** What a stream ends with, and a call is refused with, while the server drains. */
export function shuttingDown(): Problem {
  return new Problem("SHUTTING_DOWN", "The server is shutting down: connect again and resume", { retryAfterMs: 200 });
}
