/** The one mapping from what was thrown to what the caller reads. */
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../../gen/ts/google/rpc/error_details_pb.ts";
import { invalidField, Problem, type Reason, reasons } from "../../src/problem.ts";
import { codeOf, isDefect, itemProblem, statusOf } from "../../src/wire/status.ts";

const contract: Partial<Record<keyof typeof Code, Reason[]>> = {
  InvalidArgument: ["INVALID_FIELD"],
  NotFound: reasons.filter((reason) => reason.endsWith("_NOT_FOUND")),
  AlreadyExists: ["REQUEST_ID_REUSED", "MODEL_VERSION_EXISTS"],
  FailedPrecondition: [
    "JOB_TERMINAL",
    "LEASE_LOST",
    "MODEL_REFERENCED",
    "ARTIFACT_IMMUTABLE",
    "BASE_MODEL_UNAVAILABLE",
    "EMBEDDING_CHANGE_REQUIRES_ACK",
    "NO_ACTIVE_PROFILE",
    "ILLEGAL_STATE_TRANSITION",
  ],
  Aborted: ["TRANSACTION_CONFLICT", "ETAG_MISMATCH", "ALIAS_MOVED"],
  OutOfRange: ["RESUME_TOKEN_EXPIRED", "SEQUENCE_IN_FUTURE"],
  ResourceExhausted: ["QUOTA_EXCEEDED", "WATCHERS_EXCEEDED"],
  Unavailable: ["DATABASE_UNAVAILABLE", "SHUTTING_DOWN"],
  PermissionDenied: ["TENANT_NOT_ALLOWED", "ADMIN_ONLY"],
  Unauthenticated: ["CREDENTIALS_MISSING"],
};

/** What Drizzle throws: its message is the statement and the caller's values. */
class DrizzleQueryError extends Error {
  readonly query = "insert into jobs values ($1)";
  readonly params = ["canary-value"];

  constructor(cause: unknown) {
    super("Failed query: insert into jobs values ($1)\nparams: canary-value", { cause });
  }
}

function everythingTold(status: ConnectError): string {
  const details = [ErrorInfoSchema, BadRequestSchema, RetryInfoSchema].flatMap((schema) =>
    status.findDetails<never>(schema as never),
  );
  return JSON.stringify([status.message, [...status.metadata], details], (_, value) =>
    typeof value === "bigint" ? `${value}` : value,
  );
}

describe("codeOf", () => {
  test.each(Object.entries(contract))("gives %s to the reasons that the contract lists for it", (code, listed) => {
    expect(listed.map(codeOf)).toEqual(listed.map(() => Code[code as keyof typeof Code]));
  });
});

describe("statusOf", () => {
  test("tells a problem with its reason, facts, fields and the time to wait", () => {
    const problem = new Problem("QUOTA_EXCEEDED", "Cannot submit", {
      facts: { limit: "3" },
      violations: [{ field: "requests[3].name", description: "is too much" }],
      retryAfterMs: 1_500,
    });

    const status = statusOf(problem, "r-1");

    expect(status).toMatchObject({ code: Code.ResourceExhausted, rawMessage: "Cannot submit" });
    expect(status.findDetails(ErrorInfoSchema)).toMatchObject([
      { reason: "QUOTA_EXCEEDED", domain: "millwright.dev", metadata: { limit: "3" } },
    ]);
    expect(status.findDetails(BadRequestSchema)).toMatchObject([
      { fieldViolations: [{ field: "requests[3].name", description: "is too much" }] },
    ]);
    expect(status.findDetails(RetryInfoSchema)).toMatchObject([{ retryDelay: { seconds: 1n, nanos: 500_000_000 } }]);
    expect(status.metadata.get("x-request-id")).toBe("r-1");
  });

  test.each([
    ["a Drizzle error", new DrizzleQueryError(new Error('duplicate key value violates unique constraint "jobs_pkey"'))],
    ["a plain error", new Error("canary-value at jobs_pkey")],
    ["a ConnectError made of a driver's words", ConnectError.from(new Error("canary-value jobs_pkey"))],
    ["an INTERNAL ConnectError", new ConnectError("canary-value jobs_pkey", Code.Internal)],
    ["a string", "canary-value jobs_pkey"],
    ["undefined", undefined],
  ])("says of %s nothing but Internal error and the request id", (_, thrown) => {
    const status = statusOf(thrown, "r-2");

    expect(status).toMatchObject({ code: Code.Internal, rawMessage: "Internal error" });
    expect(status.findDetails(ErrorInfoSchema)).toMatchObject([
      { reason: "INTERNAL", metadata: { request_id: "r-2" } },
    ]);
    expect(everythingTold(status)).not.toMatch(/canary|jobs_pkey|insert into|\.ts:/);
  });

  test("keeps the cause of a defect for the log", () => {
    const cause = new Error("broken");

    expect(statusOf(cause, "r").cause).toBe(cause);
    expect(isDefect(statusOf(cause, "r"))).toBe(true);
  });

  test.each([
    ["CANCELLED", "the caller hung up", new ConnectError("x", Code.Canceled), Code.Canceled],
    ["DEADLINE_EXCEEDED", "the deadline passed", new ConnectError("x", Code.DeadlineExceeded), Code.DeadlineExceeded],
    ["DEADLINE_EXCEEDED", "a timeout signal fired", new DOMException("x", "TimeoutError"), Code.DeadlineExceeded],
    ["UNAVAILABLE", "the server stops", new Problem("SHUTTING_DOWN", "x"), Code.Unavailable],
  ])("is %s when %s, whatever the handler threw because of it", (_, __, reason, code) => {
    const abort = new AbortController();
    abort.abort(reason);

    expect(statusOf(new DrizzleQueryError(new Error("57014")), "r", abort.signal).code).toBe(code);
  });

  test("is CANCELLED for an AbortError without a reason", () => {
    expect(statusOf(new DOMException("x", "AbortError"), "r").code).toBe(Code.Canceled);
  });

  test("prefers what a handler refused to the cancel that came with it", () => {
    const abort = new AbortController();
    abort.abort();

    expect(statusOf(new Problem("JOB_NOT_FOUND", "x"), "r", abort.signal).code).toBe(Code.NotFound);
  });

  test("fits into the headers that C-core clients accept, however much is wrong", () => {
    const long = "字".repeat(5_000);
    const problem = new Problem("INVALID_FIELD", long, {
      facts: Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`fact${i}`, "x".repeat(400)])),
      violations: Array.from({ length: 1_000 }, (_, i) => ({ field: `requests[${i}].name`, description: long })),
    });

    const status = statusOf(problem, "r");
    const details = Buffer.byteLength(everythingTold(status)) - Buffer.byteLength(JSON.stringify(status.message));
    expect(encodeURI(status.rawMessage).length + (details * 4) / 3).toBeLessThan(8_192);
    expect(status.findDetails(BadRequestSchema)[0]?.fieldViolations.length).toBeGreaterThan(0);
  });

  test("stays well-formed when half a character is quoted or cut off", () => {
    const problem = invalidField("name", `${"x".repeat(1_000)}${"😀".repeat(100)}\ud800`);

    const status = statusOf(problem, "r");

    expect(status.rawMessage.isWellFormed()).toBe(true);
    expect(everythingTold(status)).not.toMatch(/\\ud8/);
  });
});

describe("itemProblem", () => {
  test("gives one item's refusal its code, reason and sentence", () => {
    expect(itemProblem(new Problem("LEASE_LOST", "Lost"))).toEqual({ code: 9, reason: "LEASE_LOST", message: "Lost" });
  });

  test("says no more of a defect than a call would", () => {
    expect(itemProblem(new DrizzleQueryError(null))).toEqual({
      code: 13,
      reason: "INTERNAL",
      message: "Internal error",
    });
  });
});
