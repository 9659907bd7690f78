/**
 * Follows a job's events over gRPC, from the first to the terminal one, each exactly once.
 *
 * A stream that is cut, or that the server ends because of its age, is opened again after the last number delivered.
 */
import { setTimeout as delay } from "node:timers/promises";
import { type Client, Code, ConnectError } from "@connectrpc/connect";
import { JobEventType, type JobEvent } from "../../gen/ts/millwright/v1/job_pb.ts";
import type { JobService } from "../../gen/ts/millwright/v1/job_service_pb.ts";

const RETRY_MS = 250;
const TERMINAL = new Set<JobEventType>([JobEventType.COMPLETED, JobEventType.FAILED, JobEventType.CANCELLED]);
// A server or proxy that goes away resets its streams with any of these.
const CUT = new Set([Code.Unavailable, Code.Canceled, Code.DeadlineExceeded, Code.Aborted, Code.Internal, Code.Unknown]);

/** Yields the events of job `id`; ends after the terminal one. */
export async function* watchJob(
  client: Client<typeof JobService>,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<JobEvent> {
  // Leaving a `for await` early does not end the call on its own.
  const left = new AbortController();
  const either = AbortSignal.any([signal, left.signal]);
  let lastSeq = 0n;
  try {
    for (;;) {
      try {
        for await (const { event, lastSeq: seq } of client.watchJob({ id, afterSeq: lastSeq }, { signal: either })) {
          lastSeq = seq;
          if (event === undefined) continue;
          yield event;
          if (TERMINAL.has(event.type)) return;
        }
      } catch (error) {
        if (signal.aborted || !(error instanceof ConnectError) || !CUT.has(error.code)) throw error;
      }
      await delay(RETRY_MS, undefined, { signal });
    }
  } finally {
    left.abort();
  }
}
