/**
 * What callers are told when a call does not succeed: the one place where refusals get their gRPC codes and details.
 *
 * A `Problem` and a violated rule are told in full, in `google.rpc` details. A call that was cancelled says so.
 * Whatever else was thrown is a defect: the caller reads "Internal error" and a request id, the log reads the cause. No
 * statement, constraint, stack or driver message passes here.
 */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  PreconditionFailureSchema,
  RetryInfoSchema,
} from "../../gen/ts/google/rpc/error_details_pb.ts";
import { ProblemSchema } from "../../gen/ts/millwright/v1/job_service_pb.ts";
import { type Precondition, Problem, type Reason, type Violation } from "../problem.ts";

// Total over `Reason`: a new reason does not compile until it has a code.
const codes: Record<Reason, Code> = {
  INVALID_FIELD: Code.InvalidArgument,
  JOB_NOT_FOUND: Code.NotFound,
  MODEL_NOT_FOUND: Code.NotFound,
  ALIAS_NOT_FOUND: Code.NotFound,
  EVAL_RUN_NOT_FOUND: Code.NotFound,
  RESULT_TABLE_NOT_FOUND: Code.NotFound,
  PROFILE_NOT_FOUND: Code.NotFound,
  PROJECTION_NOT_FOUND: Code.NotFound,
  WORK_NOT_FOUND: Code.NotFound,
  REQUEST_ID_REUSED: Code.AlreadyExists,
  MODEL_VERSION_EXISTS: Code.AlreadyExists,
  JOB_TERMINAL: Code.FailedPrecondition,
  // Not ABORTED, which some clients retry by themselves.
  LEASE_LOST: Code.FailedPrecondition,
  MODEL_REFERENCED: Code.FailedPrecondition,
  ARTIFACT_IMMUTABLE: Code.FailedPrecondition,
  BASE_MODEL_UNAVAILABLE: Code.FailedPrecondition,
  EMBEDDING_CHANGE_REQUIRES_ACK: Code.FailedPrecondition,
  NO_ACTIVE_PROFILE: Code.FailedPrecondition,
  ILLEGAL_STATE_TRANSITION: Code.FailedPrecondition,
  TRANSACTION_CONFLICT: Code.Aborted,
  ETAG_MISMATCH: Code.Aborted,
  ALIAS_MOVED: Code.Aborted,
  RESUME_TOKEN_EXPIRED: Code.OutOfRange,
  SEQUENCE_IN_FUTURE: Code.OutOfRange,
  QUOTA_EXCEEDED: Code.ResourceExhausted,
  WATCHERS_EXCEEDED: Code.ResourceExhausted,
  DATABASE_UNAVAILABLE: Code.Unavailable,
  SHUTTING_DOWN: Code.Unavailable,
  TENANT_NOT_ALLOWED: Code.PermissionDenied,
  ADMIN_ONLY: Code.PermissionDenied,
  CREDENTIALS_MISSING: Code.Unauthenticated,
  NOT_BUILT: Code.Unimplemented,
};

const DOMAIN = "millwright.dev";
const INTERNAL = "INTERNAL";
const INTERNAL_MESSAGE = "Internal error";

// A status travels in response headers, which C-core clients limit to 8 KiB. Percent-encoding and base64 take their
// share of that.
const MESSAGE_BYTES_MAX = 1_024;
const DETAIL_BYTES_MAX = 2_560;
const VALUE_BYTES_MAX = 384;
// Each of the seven edges that can stand in the way of a delete must fit, whatever the model is called.
const SUBJECT_BYTES_MAX = 128;

/** The gRPC code of a reason. */
export function codeOf(reason: Reason): Code {
  return codes[reason];
}

/** Tells whether an error is the service's fault and none of the caller's: such are logged with their cause. */
export function isDefect(error: ConnectError): boolean {
  return error.code === Code.Internal || error.code === Code.Unknown || error.code === Code.DataLoss;
}

// What was made here passes here again on its way out, and is not taken for somebody else's.
const statuses = new WeakSet<ConnectError>();

/**
 * Makes of anything thrown the status that the caller is sent.
 *
 * `signal` is the call's: once it is aborted, whatever was thrown is taken for a consequence of that.
 */
export function statusOf(error: unknown, requestId: string, signal?: AbortSignal): ConnectError {
  if (error instanceof Problem) return problemStatus(error, requestId);
  if (error instanceof ConnectError && statuses.has(error)) return error;
  if (signal?.aborted) return endedStatus(signal.reason, requestId);
  if (isAbort(error)) return endedStatus(error, requestId);
  // Said on purpose, by the protocol or by introspection. An unknown or internal one may repeat a driver's words.
  if (error instanceof ConnectError && !isDefect(error)) return withRequestId(error, requestId);
  return internalStatus(error, requestId);
}

/** The problem of one item of a batch, as `FinishOutcome.problem` holds it. */
export function itemProblem(error: unknown): MessageInitShape<typeof ProblemSchema> {
  if (!(error instanceof Problem)) return { code: Code.Internal, reason: INTERNAL, message: INTERNAL_MESSAGE };
  return { code: codes[error.reason], reason: error.reason, message: shorten(error.message, MESSAGE_BYTES_MAX) };
}

function problemStatus(problem: Problem, requestId: string): ConnectError {
  const budget = { left: DETAIL_BYTES_MAX };
  const violations = problem.violations.map(shortViolation).filter((v) => spend(budget, v.field, v.description));
  const preconditions = problem.preconditions
    .map(shortPrecondition)
    .filter((p) => spend(budget, p.type, p.subject, p.description));
  const facts = Object.entries(problem.facts)
    .map(([key, value]) => [key, shorten(value, VALUE_BYTES_MAX)] as const)
    .filter(([key, value]) => spend(budget, key, value));
  const details: Detail[] = [errorInfo(problem.reason, Object.fromEntries(facts))];
  if (violations.length > 0) details.push({ desc: BadRequestSchema, value: { fieldViolations: violations } });
  if (preconditions.length > 0) details.push({ desc: PreconditionFailureSchema, value: { violations: preconditions } });
  if (problem.retryAfterMs !== undefined) {
    details.push({ desc: RetryInfoSchema, value: { retryDelay: durationFromMs(Math.ceil(problem.retryAfterMs)) } });
  }
  return newStatus(problem.message, codes[problem.reason], details, requestId, problem.cause ?? problem);
}

function internalStatus(cause: unknown, requestId: string): ConnectError {
  const details = [errorInfo(INTERNAL, { request_id: requestId })];
  return newStatus(INTERNAL_MESSAGE, Code.Internal, details, requestId, cause);
}

/** What a call that was ended from outside is told: its deadline, its caller, or the server's shutdown. */
function endedStatus(reason: unknown, requestId: string): ConnectError {
  if (reason instanceof Problem) return problemStatus(reason, requestId);
  const isLate =
    (reason instanceof ConnectError && reason.code === Code.DeadlineExceeded) ||
    (reason instanceof Error && reason.name === "TimeoutError");
  if (isLate) return newStatus("The deadline passed before the call was done", Code.DeadlineExceeded, [], requestId);
  return newStatus("The call was cancelled", Code.Canceled, [], requestId);
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === "AbortError" || error.name === "TimeoutError");
}

type Detail = ConstructorParameters<typeof ConnectError>[3] extends (infer T)[] | undefined ? T : never;

function errorInfo(reason: string, metadata: Record<string, string>): Detail {
  return { desc: ErrorInfoSchema, value: create(ErrorInfoSchema, { reason, domain: DOMAIN, metadata }) };
}

function newStatus(message: string, code: Code, details: Detail[], requestId: string, cause?: unknown): ConnectError {
  const error = new ConnectError(shorten(message, MESSAGE_BYTES_MAX), code, undefined, details, cause);
  statuses.add(error);
  return withRequestId(error, requestId);
}

function withRequestId(error: ConnectError, requestId: string): ConnectError {
  if (requestId !== "") error.metadata.set("x-request-id", requestId);
  return error;
}

function shortViolation(violation: Violation): Violation {
  return {
    field: shorten(violation.field, VALUE_BYTES_MAX),
    description: shorten(violation.description, VALUE_BYTES_MAX),
  };
}

function shortPrecondition({ type, subject, description }: Precondition): Precondition {
  return { type, subject: shorten(subject, VALUE_BYTES_MAX), description: shorten(description, VALUE_BYTES_MAX) };
}

function spend(budget: { left: number }, ...texts: string[]): boolean {
  const cost = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (cost > budget.left) return false;
  budget.left -= cost;
  return true;
}

/** Cuts a text that quotes a caller, between characters: half a surrogate pair cannot be encoded. */
function shorten(text: string, bytesMax: number): string {
  // A UTF-16 unit takes at most 3 bytes.
  if (text.length * 3 <= bytesMax) return text.toWellFormed();
  const bytes = Buffer.from(text);
  return bytes.length <= bytesMax
    ? bytes.toString()
    : `${bytes.toString("utf8", 0, bytesMax - 3).replace(/\uFFFD$/, "")}…`;
}
