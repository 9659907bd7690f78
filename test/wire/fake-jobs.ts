/** A few handlers of JobService without a database: each shows one thing that the wire must carry. */
import { create } from "@bufbuild/protobuf";
import {
  JobService,
  type WatchJobsResponse,
  WatchJobsResponseSchema,
} from "../../gen/ts/millwright/v1/job_service_pb.ts";
import { Problem } from "../../src/problem.ts";
import { share } from "../../src/wire/grpc-codec.ts";
import { callerOf, readJobId } from "../../src/wire/request.ts";
import { type Service, serviceOf } from "../../src/wire/service.ts";

/** What handlers were seen to do; tests wait on it. */
export interface Seen {
  readonly started: string[];
  /** By what handlers' signals were aborted. */
  readonly aborted: unknown[];
  /** How many watch generators have ended. */
  ended: number;
  /** Lets `holdJob` answer. */
  release(): void;
  readonly released: Promise<void>;
  /** What `watchJobs` sends to everybody, and how often it has. */
  readonly shared: WatchJobsResponse;
  sharedCount: number;
}

/** JobService with its handlers and what they saw. */
export function fakeJobs(): { service: Service; seen: Seen } {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const shared = share(create(WatchJobsResponseSchema, { resumeToken: "x".repeat(16 * 1024) }));
  const seen: Seen = { started: [], aborted: [], ended: 0, release, released, shared, sharedCount: 0 };
  const service = serviceOf(JobService, {
    /** Answers with the caller's tenant, or refuses. */
    getJob({ id }, context) {
      seen.started.push(id);
      const caller = callerOf(context);
      if (id === "defect") throw new Error("canary: relation jobs does not exist");
      if (id === "missing") {
        throw new Problem("JOB_NOT_FOUND", `Cannot find job "${id}" – 100 %`, { facts: { id }, retryAfterMs: 250 });
      }
      return { job: { id: readJobId(id, "id"), tenant: caller.tenant, name: caller.requestId } };
    },
    /** Answers once released. */
    async holdJob({ id }, { signal }) {
      seen.started.push(id);
      const note = () => seen.aborted.push(signal.reason);
      signal.addEventListener("abort", note);
      await seen.released;
      signal.removeEventListener("abort", note);
      return { job: { id } };
    },
    /** Answers never, but stops at the abort of its signal. */
    async releaseHold({ id }, { signal }) {
      seen.started.push(id);
      await aborted(signal);
      seen.aborted.push(signal.reason);
      signal.throwIfAborted();
      return {};
    },
    submitJob: ({ specJson }) => ({ job: { specJson } }),
    /** `after_seq` messages at once, then silence; the id decides how it ends. */
    async *watchJob({ id, afterSeq }, { signal }) {
      seen.started.push(id);
      try {
        if (id === "missing") throw new Problem("JOB_NOT_FOUND", "Cannot find it");
        for (let seq = 1n; seq <= afterSeq; seq++) yield { lastSeq: seq };
        if (id === "broken") throw new Problem("JOB_TERMINAL", "It broke");
        if (id === "finite") return;
        await aborted(signal);
        seen.aborted.push(signal.reason);
      } finally {
        seen.ended++;
      }
    },
    /** The same message of 16 KiB, over and over. */
    async *watchJobs(_, { signal }) {
      try {
        for (; !signal.aborted; seen.sharedCount++) yield seen.shared;
      } finally {
        seen.ended++;
      }
    },
  });
  return { service, seen };
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}
