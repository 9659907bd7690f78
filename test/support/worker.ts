/** What tests of jobs say over and over: submit one, take it, report, finish. All of it through the wire. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { type Job, JobEventTypeSchema, JobKind, type Lease } from "../../gen/ts/millwright/v1/job_pb.ts";
import {
  type FinishOutcome,
  type HeldLeaseSchema,
  type JobResultSchema,
  type JobService,
  type LeaseJobsRequestSchema,
  type LeaseVerdict,
  type SubmitJobRequestSchema,
} from "../../gen/ts/millwright/v1/job_service_pb.ts";
import type { CallOptions, RpcClient } from "./grpc-client.ts";

/** A client of JobService. */
export type Jobs = RpcClient<typeof JobService>;
/** How a test says that a job ended: one member of the oneof. */
export type Ending = NonNullable<MessageInitShape<typeof JobResultSchema>["result"]>;

/** A span of so many seconds. */
export function seconds(count: number) {
  return durationFromMs(count * 1_000);
}

/** Submits a job; of kind `train` unless told. */
export async function submit(jobs: Jobs, init: MessageInitShape<typeof SubmitJobRequestSchema> = {}): Promise<Job> {
  return (await jobs.submitJob({ kind: JobKind.TRAIN, ...init })).job!;
}

/** The job as GetJob tells it. */
export async function get(jobs: Jobs, { id }: { readonly id: string }): Promise<Job> {
  return (await jobs.getJob({ id })).job!;
}

/** The names of the events in a job's log, in order: `["SUBMITTED", "LEASED"]`. */
export async function eventsOf(jobs: Jobs, { id }: { readonly id: string }): Promise<string[]> {
  const names: string[] = [];
  for await (const { event } of jobs.watchJob({ id, follow: false })) if (event) names.push(JobEventTypeSchema.value[event.type]!.localName);
  return names;
}

/** What names a lease in worker calls. */
export function named({ job, leaseToken }: Lease): { jobId: string; leaseToken: string } {
  return { jobId: job!.id, leaseToken };
}

export const completed = (value: Extract<Ending, { case: "completed" }>["value"] = {}): Ending => ({ case: "completed", value });
export const failed = (value: Extract<Ending, { case: "failed" }>["value"] = {}): Ending => ({ case: "failed", value });
export const yielded = (value: Extract<Ending, { case: "yielded" }>["value"] = {}): Ending => ({ case: "yielded", value });
export const cancelled: Ending = { case: "cancelled", value: {} };

let workerCount = 0;

/** A worker with an id of its own, or a given one. */
export class Worker {
  readonly id: string;
  readonly #jobs: Jobs;

  constructor(jobs: Jobs, id = `worker-${++workerCount}`) {
    this.#jobs = jobs;
    this.id = id;
  }

  /** Asks once for up to `maxJobs`, 1 unless told. */
  async lease(ask: MessageInitShape<typeof LeaseJobsRequestSchema> = {}, options?: CallOptions): Promise<Lease[]> {
    return (await this.#jobs.leaseJobs({ workerId: this.id, maxJobs: 1, ...ask }, options)).leases;
  }

  /** Takes one job, and waits for it. */
  async take(ask: MessageInitShape<typeof LeaseJobsRequestSchema> = {}): Promise<Lease> {
    const [lease] = await this.lease({ wait: seconds(10), ...ask });
    if (lease === undefined) throw new Error("There was no job to take");
    return lease;
  }

  /** Declares one lease, with what there is to report. */
  async sync(lease: Lease, report: MessageInitShape<typeof HeldLeaseSchema> = {}): Promise<LeaseVerdict> {
    const { verdicts } = await this.#jobs.syncWorker({ workerId: this.id, held: [{ ...named(lease), ...report }] });
    return verdicts[0]!;
  }

  /** Ends one lease. */
  async finish(lease: Lease, result: Ending): Promise<FinishOutcome> {
    const { outcomes } = await this.#jobs.finishJobs({ workerId: this.id, results: [{ ...named(lease), result }] });
    return outcomes[0]!;
  }
}
