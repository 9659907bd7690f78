/**
 * Keeps a worker's leases: declares each of them at the server's interval until its finish is acknowledged, carries
 * what the work reports, and tells the work when to stop.
 *
 * Work that hears nothing from the server for a whole lease stops by itself: by then another worker may have the job.
 */
import { setTimeout as delay } from "node:timers/promises";
import { type Client, Code, ConnectError } from "@connectrpc/connect";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import type { Lease } from "../../gen/ts/millwright/v1/job_pb.ts";
import {
  Directive,
  type FinishOutcome,
  HeldLeaseSchema,
  type JobResultSchema,
  type JobService,
  type LeaseVerdict,
  Verdict,
} from "../../gen/ts/millwright/v1/job_service_pb.ts";

/** Why work has to stop: the lease is another's by now, or someone cancelled the job. */
export type StopReason = "lost" | "cancelled";

/** One reading of one metric. */
export interface MetricReading {
  key: string;
  step: number;
  value: number;
}

/** What work says about itself; the newest value of each wins, and metrics add up. */
export interface Report {
  progress?: number;
  message?: string;
  checkpoint?: string;
  metrics?: MetricReading[];
}

/** A job that this process runs. */
export interface HeldJob {
  readonly lease: Lease;
  /** Aborts with a `StopReason`. */
  readonly stop: AbortSignal;
  /** The newest checkpoint that the server knows of; older ones are of no more use. */
  readonly checkpoint: string;
}

/** What a job's result may be; `case` is `completed`, `failed`, `yielded` or `cancelled`. */
export type JobResult = NonNullable<MessageInitShape<typeof JobResultSchema>["result"]>;

interface Entry extends HeldJob {
  checkpoint: string;
  pending: Report & { metrics: MetricReading[] };
  abort: AbortController;
  renewedAt: number;
  isStarted: boolean;
  isFinishing: boolean;
}

/** How the keeper talks to the server. */
export interface LeaseKeeperOptions {
  client: Client<typeof JobService>;
  workerId: string;
  leaseMs: number;
}

/** More points than this do not fit in one sync; the rest goes with the next. */
const METRICS_PER_SYNC_MAX = 1000;

const TRANSIENT = new Set([Code.Unavailable, Code.DeadlineExceeded, Code.Aborted, Code.ResourceExhausted]);

/** Tells whether the server may have done what it was asked and lost the answer, or may do it yet. */
export function isTransient(error: unknown): boolean {
  return error instanceof ConnectError && TRANSIENT.has(error.code);
}

/** The leases of one worker process. */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  readonly #entries = new Map<string, Entry>();
  #syncMs: number;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
    this.#syncMs = options.leaseMs / 3;
  }

  /** Takes leases on; from now on they are declared. */
  take(leases: Lease[]): void {
    for (const lease of leases) {
      const abort = new AbortController();
      const state = { pending: { metrics: [] }, renewedAt: performance.now(), isStarted: false, isFinishing: false };
      const jobId = lease.job?.id ?? "";
      this.#entries.set(jobId, { lease, stop: abort.signal, checkpoint: lease.checkpoint, abort, ...state });
      if (lease.syncInterval !== undefined) this.#syncMs = durationMs(lease.syncInterval);
    }
  }

  /** A job that nobody works on yet. */
  next(): HeldJob | undefined {
    const entry = [...this.#entries.values()].find((candidate) => !candidate.isStarted);
    if (entry !== undefined) entry.isStarted = true;
    return entry;
  }

  /** Says something about a job with the next sync. */
  report(job: HeldJob, report: Report): void {
    const { pending } = job as Entry;
    Object.assign(pending, report, { metrics: [...pending.metrics, ...(report.metrics ?? [])] });
  }

  /** Ends a job. Asks again when the answer is lost: the same result counts once. */
  async finish(job: HeldJob, result: JobResult): Promise<FinishOutcome> {
    const { client, workerId, leaseMs } = this.#options;
    const entry = job as Entry;
    const jobId = job.lease.job?.id ?? "";
    entry.isFinishing = true;
    // Work that is done is worth waiting for; a job that is given back goes to another worker anyway.
    const patienceMs = leaseMs * (result.case === "completed" ? 10 : 1);
    try {
      for (;;) {
        try {
          const results = [{ jobId, leaseToken: job.lease.leaseToken, result }];
          const { outcomes } = await client.finishJobs({ workerId, results }, { timeoutMs: leaseMs });
          if (outcomes[0] === undefined) throw new Error("FinishJobs answered without an outcome");
          return outcomes[0];
        } catch (error) {
          if (!isTransient(error) || performance.now() > entry.renewedAt + patienceMs) throw error;
          await delay(this.#syncMs);
        }
      }
    } finally {
      this.#entries.delete(jobId);
    }
  }

  /** Syncs at the server's interval until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await delay(this.#syncMs, undefined, { signal }).catch(() => undefined);
      if (this.#entries.size > 0 && !signal.aborted) await this.sync();
    }
  }

  /** One sync. Without leases it only asks for those whose answer was lost. */
  async sync(): Promise<void> {
    const { client, workerId, leaseMs } = this.#options;
    const sentAt = performance.now();
    const sent = [...this.#entries.values()].map((entry) => ({ entry, report: takePending(entry) }));
    const held = sent.map(({ entry, report }) => heldLease(entry, report));
    try {
      const answer = await client.syncWorker({ workerId, held }, { timeoutMs: Math.ceil(leaseMs / 2) });
      if (answer.nextSyncIn !== undefined) this.#syncMs = durationMs(answer.nextSyncIn);
      for (const [index, verdict] of answer.verdicts.entries()) {
        const about = sent[index];
        if (about !== undefined) this.#heed(about.entry, verdict, { ...about.report, sentAt });
      }
      this.take(answer.redelivered);
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      console.error(`No answer to SyncWorker: ${error.message}`);
      for (const { entry, report } of sent) this.#keepForNextSync(entry, report);
    }
  }

  #heed(entry: Entry, verdict: LeaseVerdict, sent: Report & { sentAt: number }): void {
    // The finish may have been recorded while this sync was under way; then the lease is gone for a good reason.
    if (entry.isFinishing) return;
    if (verdict.verdict === Verdict.LOST) {
      this.#entries.delete(verdict.jobId);
      entry.abort.abort("lost" satisfies StopReason);
      return;
    }
    entry.renewedAt = sent.sentAt;
    entry.checkpoint = sent.checkpoint ?? entry.checkpoint;
    if (verdict.directive === Directive.CANCEL) entry.abort.abort("cancelled" satisfies StopReason);
  }

  #keepForNextSync(entry: Entry, report: Entry["pending"]): void {
    entry.pending = { ...report, ...entry.pending, metrics: [...report.metrics, ...entry.pending.metrics] };
    if (entry.isFinishing || performance.now() < entry.renewedAt + this.#options.leaseMs) return;
    this.#entries.delete(entry.lease.job?.id ?? "");
    entry.abort.abort("lost" satisfies StopReason);
  }
}

function takePending(entry: Entry): Entry["pending"] {
  const { metrics, ...rest } = entry.pending;
  entry.pending = { metrics: metrics.slice(METRICS_PER_SYNC_MAX) };
  return { ...rest, metrics: metrics.slice(0, METRICS_PER_SYNC_MAX) };
}

function heldLease({ lease }: Entry, report: Entry["pending"]): MessageInitShape<typeof HeldLeaseSchema> {
  const metrics = report.metrics.map(({ key, step, value }) => ({ key, step: BigInt(step), value }));
  return create(HeldLeaseSchema, { jobId: lease.job?.id ?? "", leaseToken: lease.leaseToken, ...report, metrics });
}
