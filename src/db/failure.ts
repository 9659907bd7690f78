/**
 * What a failure of PostgreSQL or of the driver means: is it worth another try, and may the change have happened.
 *
 * Drizzle wraps statement errors, so codes are looked for along `cause`. A `Problem` is opaque: it is an answer.
 */
import { Problem } from "../problem.ts";

/**
 * What a failed statement calls for.
 *
 * - `conflict`: others changed the same rows; PostgreSQL rolled back, the whole transaction may run again.
 * - `lost`: the connection is gone or never came about.
 * - `refused`: the server stands, but cannot take the statement now (disk or memory full, read-only after a failover).
 * - `other`: a defect, or something that the caller's code knows by its code (23505, 23503).
 */
export type Failure = "conflict" | "lost" | "refused" | "other";

const conflictCodes = new Set(["40001", "40P01", "55P03"]);

// 25P03 and 25P04 end the session, not only the transaction. 57P03 is what a server says that starts or stops.
const lostCodes = new Set([
  ...["08000", "08001", "08003", "08004", "08006", "57P01", "57P02", "57P03", "57P04", "57P05", "25P03", "25P04"],
  ...["CONNECTION_CLOSED", "CONNECTION_DESTROYED", "CONNECTION_ENDED", "CONNECT_TIMEOUT"],
  ...["ECONNRESET", "ECONNREFUSED", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "ENETDOWN", "ENOENT"],
  ...["ENOTFOUND", "EAI_AGAIN", "ERR_STREAM_WRITE_AFTER_END", "ERR_STREAM_DESTROYED"],
]);

const refusedCodes = new Set(["53000", "53100", "53200", "53300", "53400", "25006"]);

/** The first SQLSTATE or driver code along the chain of causes, or `undefined`. */
export function codeOf(error: unknown): string | undefined {
  for (let at = error; at instanceof Error && !(at instanceof Problem); at = at.cause) {
    if ("code" in at && typeof at.code === "string") return at.code;
  }
  return undefined;
}

/** Which of the four kinds `error` is. */
export function failureOf(error: unknown): Failure {
  const code = codeOf(error);
  if (code === undefined) return "other";
  if (conflictCodes.has(code)) return "conflict";
  if (lostCodes.has(code)) return "lost";
  return refusedCodes.has(code) ? "refused" : "other";
}

/** Whether connecting again cannot help: a wrong password, no such database. */
export function isHopeless(error: unknown): boolean {
  const code = codeOf(error) ?? "";
  return code.startsWith("28") || code === "3D000";
}

/** Whether a failed change may nevertheless stand in the database. */
export type Outcome = "UNKNOWN" | "NOT_APPLIED";

/** A connection that was lost, or a server that refused, with what is known of the change. Never leaves `db/`. */
export class ConnectionFailure extends Error {
  readonly outcome: Outcome;

  constructor(outcome: Outcome, cause: unknown) {
    super("The database connection failed", { cause });
    this.name = "ConnectionFailure";
    this.outcome = outcome;
  }
}

const unavailableSentences: Record<Outcome, string> = {
  NOT_APPLIED: "Cannot reach the database: nothing was changed, try again",
  UNKNOWN: "Cannot tell whether the change was made: the database connection was lost, send the same request again",
};

// A full disk is not freed in a second.
const DISK_FULL_RETRY_MS = 5_000;
const UNAVAILABLE_RETRY_MS = 1_000;
const CONFLICT_RETRY_MS = 200;

/** The refusal that a caller sees when the database could not be reached in all tries. */
export function unavailable(failure: ConnectionFailure): Problem {
  return new Problem("DATABASE_UNAVAILABLE", unavailableSentences[failure.outcome], {
    retryAfterMs: codeOf(failure.cause) === "53100" ? DISK_FULL_RETRY_MS : UNAVAILABLE_RETRY_MS,
    facts: { outcome: failure.outcome },
    cause: failure.cause,
  });
}

/** The refusal that a caller sees when every try met a conflict. */
export function conflicted(cause: unknown): Problem {
  const sentence = "Cannot finish the change: others kept changing the same rows, try again";
  return new Problem("TRANSACTION_CONFLICT", sentence, { retryAfterMs: CONFLICT_RETRY_MS, cause });
}
