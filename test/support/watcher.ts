/** A watcher that reads in the background and keeps what it was told, and one that comes back until a job has ended. */
import { type JobEvent, JobEventType, JobEventTypeSchema } from "../../gen/ts/millwright/v1/job_pb.ts";
import type { WatchJobResponse } from "../../gen/ts/millwright/v1/job_service_pb.ts";
import { type Answers, RpcError } from "./grpc-client.ts";
import { until } from "./until.ts";
import type { Jobs } from "./worker.ts";

/** Where a watch begins; from the first event, and following, unless told. */
export interface WatchFrom {
  readonly afterSeq?: bigint;
  readonly follow?: boolean;
}

/** One stream, read as fast as it comes. */
export class Watcher {
  readonly events: JobEvent[] = [];
  /** The `last_seq` of each message without an event. */
  readonly heartbeats: bigint[] = [];
  /** The `last_seq` of the newest message: where to resume. */
  lastSeq: bigint;
  /** Resolves when the stream ended: with what it was refused with, or with nothing. */
  readonly ended: Promise<RpcError | undefined>;
  readonly #answers: Answers<WatchJobResponse>;

  constructor(jobs: Jobs, { id }: { readonly id: string }, from: WatchFrom = {}) {
    this.lastSeq = from.afterSeq ?? 0n;
    this.#answers = jobs.watchJob({ id, ...from });
    this.ended = this.#read();
  }

  get seqs(): bigint[] {
    return this.events.map(({ seq }) => seq);
  }

  get names(): string[] {
    return this.events.map(nameOf);
  }

  /** Waits until it was told so many events, or a number. */
  async reached(seq: bigint): Promise<void> {
    await until(() => (this.events.at(-1)?.seq ?? 0n) >= seq, { everyMs: 5, timeoutMs: 20_000 });
  }

  cancel(): void {
    this.#answers.cancel();
  }

  async #read(): Promise<RpcError | undefined> {
    try {
      for await (const { event, lastSeq } of this.#answers) {
        this.lastSeq = lastSeq;
        if (event) this.events.push(event);
        else this.heartbeats.push(lastSeq);
      }
      return undefined;
    } catch (error) {
      if (error instanceof RpcError) return error;
      throw error;
    }
  }
}

/** The event's type without its prefix, such as `LEASED`. */
export function nameOf({ type }: JobEvent): string {
  return JobEventTypeSchema.value[type]!.localName;
}

/** Tells whether an event is the one that ended its job. */
export function isEnd({ type }: JobEvent): boolean {
  return type === JobEventType.COMPLETED || type === JobEventType.FAILED || type === JobEventType.CANCELLED;
}

/** All events behind a number, in one stream that does not follow. */
export async function historyOf(jobs: Jobs, { id }: { readonly id: string }, afterSeq = 0n): Promise<JobEvent[]> {
  const events: JobEvent[] = [];
  for await (const { event } of jobs.watchJob({ id, afterSeq, follow: false })) if (event) events.push(event);
  return events;
}

/** The numbers 1 to `last`. */
export function seqsUpTo(last: number | bigint): bigint[] {
  return Array.from({ length: Number(last) }, (_, i) => BigInt(i + 1));
}
