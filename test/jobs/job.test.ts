/** The rules of a job, every case of them. No clock, no database. */
import { describe, expect, test } from "vitest";
import {
  afterLoss,
  type Aftermath,
  backoffMs,
  durationMs,
  isTerminal,
  jobKinds,
  jobStatuses,
  type Loss,
  statusNamed,
  storedProgress,
} from "../../src/jobs/job.ts";

describe("jobKinds", () => {
  test("are exactly four (J2)", () => {
    expect(jobKinds).toEqual(["train", "backfill", "feature_refresh", "drift_compute"]);
  });
});

describe("statusNamed", () => {
  test("knows the five statuses and no sixth (J3)", () => {
    expect(jobStatuses).toEqual(["queued", "running", "completed", "failed", "cancelled"]);
    expect(jobStatuses.map(statusNamed)).toEqual(jobStatuses);
  });

  test.each([["pending", "queued"], ["succeeded", "completed"]])("reads %s as %s (J3)", (word, status) => {
    expect(statusNamed(word)).toBe(status);
  });

  test.each(["", "QUEUED", "Queued", " queued", "queued ", "canceled", "done", "unspecified", "0", "constructor", "toString", "__proto__"])(
    "does not know %j (J3)",
    (word) => {
      expect(statusNamed(word)).toBeUndefined();
    },
  );
});

describe("isTerminal", () => {
  test.each([["queued", false], ["running", false], ["completed", true], ["failed", true], ["cancelled", true]] as const)(
    "of %s is %s (J3)",
    (status, isFinal) => {
      expect(isTerminal(status)).toBe(isFinal);
    },
  );
});

describe("storedProgress", () => {
  test.each([[0, 0], [1, 1], [99, 99], [100, 100], [101, 100], [256, 100], [300, 100], [65_536, 100], [2_147_483_647, 100]])(
    "of %i is %i (J6)",
    (sent, stored) => {
      expect(storedProgress(sent)).toBe(stored);
    },
  );
});

describe("durationMs", () => {
  const at = (ms: number) => new Date(ms);

  test.each([
    ["no start", undefined, at(10), undefined],
    ["no end", at(10), undefined, undefined],
    ["neither", undefined, undefined, undefined],
    ["an end before the start", at(11), at(10), undefined],
    ["an end at the start", at(10), at(10), 0],
    ["an end after the start", at(10), at(1_510), 1_500],
  ])("with %s", (_, startedAt, finishedAt, expected) => {
    expect(durationMs(startedAt, finishedAt)).toBe(expected);
  });
});

describe("afterLoss", () => {
  const losses: Record<string, Loss> = {
    "a retryable failure": { cause: "reported", error: "out of memory", isRetryable: true },
    "a final failure": { cause: "reported", error: "out of memory", isRetryable: false },
    "an expired lease": { cause: "lease_expired" },
    "a timeout": { cause: "timed_out", timeoutMs: 1_500 },
  };
  const exhausted = "lease expired after exhausting max attempts";
  const requeue = (error: string): Aftermath => ({ next: "requeue", error });
  const fail = (error: string): Aftermath => ({ next: "failed", error });

  const table: [loss: string, attempts: "left" | "used up", Aftermath][] = [
    ["a retryable failure", "left", requeue("out of memory")],
    ["a retryable failure", "used up", fail("out of memory")],
    ["a final failure", "left", fail("out of memory")],
    ["a final failure", "used up", fail("out of memory")],
    ["an expired lease", "left", requeue("lease expired")],
    ["an expired lease", "used up", fail(exhausted)],
    ["a timeout", "left", requeue("job timed out after 1500ms")],
    ["a timeout", "used up", fail("job timed out after 1500ms")],
  ];

  test.each(table)("of %s with attempts %s (J23, J24, J27)", (loss, attempts, expected) => {
    for (const [attempt, maxAttempts] of attempts === "left" ? [[1, 2], [1, 100], [99, 100]] : [[1, 1], [2, 2], [101, 100]]) {
      expect(afterLoss(losses[loss]!, { attempt: attempt!, maxAttempts: maxAttempts!, isCancelRequested: false })).toEqual(expected);
    }
  });

  test.each(table)("of %s with attempts %s is a cancel once one was asked for (J25)", (loss, attempts) => {
    const maxAttempts = attempts === "left" ? 2 : 1;

    expect(afterLoss(losses[loss]!, { attempt: 1, maxAttempts, isCancelRequested: true })).toEqual({ next: "cancelled" });
  });
});

describe("backoffMs", () => {
  const justBelowOne = 1 - Number.EPSILON;

  test.each([[1, 1_000], [2, 2_000], [3, 4_000], [4, 8_000], [8, 128_000], [9, 256_000], [10, 300_000], [100, 300_000]])(
    "after attempt %i is drawn from 0 to %i ms (J24)",
    (attempt, spanMs) => {
      expect(backoffMs(attempt, 0)).toBe(0);
      expect(backoffMs(attempt, 0.5)).toBe(spanMs / 2);
      expect(backoffMs(attempt, justBelowOne)).toBe(spanMs - 1);
    },
  );

  test("is a whole number of milliseconds", () => {
    for (let draw = 0; draw < 1; draw += 0.013) expect(Number.isInteger(backoffMs(3, draw))).toBe(true);
  });
});
