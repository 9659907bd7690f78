/**
 * The closed list of refusals: everything Millwright says no with, by a stable name.
 *
 * A `Problem` is something the caller can act on. It is thrown by services and by `wire/request.ts`, and turned into a
 * gRPC status in one place, `wire/status.ts`. Reasons are part of the contract: they are added, never renamed.
 */

/** Every reason, in the order of the gRPC codes they map to. README lists them for callers. */
export const reasons = [
  "INVALID_FIELD",
  "JOB_NOT_FOUND",
  "MODEL_NOT_FOUND",
  "ALIAS_NOT_FOUND",
  "EVAL_RUN_NOT_FOUND",
  "RESULT_TABLE_NOT_FOUND",
  "PROFILE_NOT_FOUND",
  "PROJECTION_NOT_FOUND",
  "WORK_NOT_FOUND",
  "REQUEST_ID_REUSED",
  "MODEL_VERSION_EXISTS",
  "JOB_TERMINAL",
  "LEASE_LOST",
  "MODEL_REFERENCED",
  "ARTIFACT_IMMUTABLE",
  "BASE_MODEL_UNAVAILABLE",
  "EMBEDDING_CHANGE_REQUIRES_ACK",
  "NO_ACTIVE_PROFILE",
  "ILLEGAL_STATE_TRANSITION",
  "TRANSACTION_CONFLICT",
  "ETAG_MISMATCH",
  "ALIAS_MOVED",
  "RESUME_TOKEN_EXPIRED",
  "SEQUENCE_IN_FUTURE",
  "QUOTA_EXCEEDED",
  "WATCHERS_EXCEEDED",
  "DATABASE_UNAVAILABLE",
  "SHUTTING_DOWN",
  "TENANT_NOT_ALLOWED",
  "ADMIN_ONLY",
  "CREDENTIALS_MISSING",
  "NOT_BUILT",
] as const;

/** Why a call, or one item of a batch, was refused. */
export type Reason = (typeof reasons)[number];

/** A request field that is wrong, by its path in the request (`requests[3].spec_json`). */
export interface Violation {
  readonly field: string;
  readonly description: string;
}

/** Something that must change before the call can succeed, and is the caller's to change. */
export interface Precondition {
  /** What sort of thing it is, for instance the edge of a reference. */
  readonly type: string;
  readonly subject: string;
  readonly description: string;
}

/** What a problem carries besides its sentence. */
export interface ProblemDetails {
  /** Facts for programs: they become `ErrorInfo.metadata`. */
  readonly facts?: Readonly<Record<string, string>>;
  /** Wrong fields: they become `BadRequest.field_violations`. */
  readonly violations?: readonly Violation[];
  /** What stands in the way: becomes `PreconditionFailure.violations`. */
  readonly preconditions?: readonly Precondition[];
  /** How long to wait before trying again, in milliseconds: becomes `RetryInfo`. */
  readonly retryAfterMs?: number;
  /** What went wrong underneath; logged, never sent. */
  readonly cause?: unknown;
}

/** A refusal that the caller can act on: what happened, what stands in the way, what would help. */
export class Problem extends Error {
  readonly reason: Reason;
  readonly facts: Readonly<Record<string, string>>;
  readonly violations: readonly Violation[];
  readonly preconditions: readonly Precondition[];
  readonly retryAfterMs: number | undefined;

  constructor(reason: Reason, message: string, details: ProblemDetails = {}) {
    super(message, { cause: details.cause });
    this.name = "Problem";
    this.reason = reason;
    this.facts = details.facts ?? {};
    this.violations = details.violations ?? [];
    this.preconditions = details.preconditions ?? [];
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** The problem of one wrong field; `field` is its path in the request. */
export function invalidField(field: string, description: string): Problem {
  return new Problem("INVALID_FIELD", `${field}: ${description}`, { violations: [{ field, description }] });
}
