/** Callers and workers of Millwright, over native gRPC, in a process of their own. */
import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { JobKind } from "../../gen/ts/millwright/v1/job_pb.ts";
import {
  type FinishJobsResponse,
  JobResultSchema,
  JobService,
  LeaseJobsRequestSchema,
  type LeaseJobsResponse,
  SubmitJobRequestSchema,
} from "../../gen/ts/millwright/v1/job_service_pb.ts";
import { type Channel, openChannel, type RpcClient } from "../../test/support/grpc-client.ts";
import { atOnce, rateOf, serveTasks } from "../support/side.ts";

const QUEUE = "bench";
const SUBMIT_COUNT = 1_000;

let channel: Channel;
let jobs: RpcClient<typeof JobService>;

/** What the process does. Every rate is one of whole jobs, counted when the server has confirmed them. */
const tasks = {
  async connect({ port }: { port: number }): Promise<void> {
    channel?.close();
    channel = openChannel(port);
    jobs = channel.clientOf(JobService);
  },

  /** Submits jobs in thousands, `callers` calls at once. */
  async submitMany({ count, callers }: { count: number; callers: number }): Promise<number> {
    let next = 0;
    return await rateOf(count, () =>
      atOnce(callers, async () => {
        while (next < count) {
          const first = next;
          next += SUBMIT_COUNT;
          const numbers = Array.from({ length: Math.min(SUBMIT_COUNT, count - first) }, (_, i) => first + i);
          await jobs.submitJobs({ requests: numbers.map(submission) });
        }
      }),
    );
  },

  /** Submits jobs one by one. */
  async submitSingly({ count, callers }: { count: number; callers: number }): Promise<number> {
    let next = 0;
    return await rateOf(count, () =>
      atOnce(callers, async () => {
        while (next < count) await jobs.submitJob(submission(next++));
      }),
    );
  },

  /** Leases `size` jobs and finishes them, until `count` are done. */
  async takeMany({ count, workers, size }: { count: number; workers: number; size: number }): Promise<number> {
    let taken = 0;
    return await rateOf(count, () =>
      atOnce(workers, async (i) => {
        const workerId = `worker-${i}`;
        while (taken < count) {
          const { leases } = await jobs.leaseJobs(leaseRequest(workerId, size));
          if (leases.length === 0) break;
          taken += leases.length;
          confirm(await jobs.finishJobs({ workerId, results: leases.map(completed) }), leases.length);
        }
      }),
    ).finally(() => expectCount(taken, count));
  },

  /** Each worker finishes one job and is given the next with the answer, until `count` are done. */
  async takeSingly({ count, workers }: { count: number; workers: number }): Promise<number> {
    let taken = 0;
    return await rateOf(count, () =>
      atOnce(workers, async (i) => {
        const workerId = `worker-${i}`;
        const leaseNext = leaseRequest(workerId, 1);
        let { leases } = await jobs.leaseJobs(leaseNext);
        while (leases.length > 0) {
          taken++;
          // The first workers to see the end ask for no more, so that none takes from a later turn.
          const more = taken < count ? { leaseNext } : {};
          const answer = await jobs.finishJobs({ workerId, results: leases.map(completed), ...more });
          confirm(answer, 1);
          leases = answer.leases;
        }
      }),
    ).finally(() => expectCount(taken, count));
  },
};

export type ClientTasks = typeof tasks;

function submission(i: number) {
  return create(SubmitJobRequestSchema, {
    kind: JobKind.TRAIN,
    name: QUEUE,
    targetName: "target",
    specJson: `{"i":${i}}`,
  });
}

function leaseRequest(workerId: string, maxJobs: number) {
  return create(LeaseJobsRequestSchema, {
    workerId,
    kinds: [JobKind.TRAIN],
    names: [QUEUE],
    maxJobs,
    lease: durationFromMs(60_000),
  });
}

function completed({ job, leaseToken }: LeaseJobsResponse["leases"][number]) {
  return create(JobResultSchema, { jobId: job!.id, leaseToken, result: { case: "completed", value: {} } });
}

function confirm({ outcomes }: FinishJobsResponse, count: number): void {
  const problem = outcomes.find((outcome) => outcome.problem !== undefined)?.problem;
  if (problem !== undefined || outcomes.length !== count) throw new Error(`A result was refused: ${problem?.message}`);
}

function expectCount(actual: number, expected: number): void {
  if (actual !== expected) throw new Error(`${actual} jobs were done instead of ${expected}`);
}

serveTasks(tasks);
