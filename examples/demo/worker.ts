/**
 * A worker process: leases the demo's training jobs over gRPC, runs them one at a time, and reports.
 *
 * Usage: node examples/demo/worker.ts --server http://127.0.0.1:50051 --artifacts <folder>
 * SIGTERM gives a running job back with its checkpoint. Whoever kills the process loses at most a second of training.
 */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { type Client, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { JobKind } from "../../gen/ts/millwright/v1/job_pb.ts";
import { JobService } from "../../gen/ts/millwright/v1/job_service_pb.ts";
import { type HeldJob, isTransient, type JobResult, LeaseKeeper } from "./lease-keeper.ts";
import { removeCheckpoints, trainJob, type TrainJobOptions } from "./train-job.ts";

/** The jobs this worker can run. */
const JOB_NAME = "train_topic_classifier";
/** Short, so that a killed worker's job is soon taken over. */
const LEASE_MS = 3_000;
const WAIT_MS = 20_000;
/** Why a result may come too late; the job is no longer this worker's to fail. */
const OVERTAKEN = new Set(["LEASE_LOST", "JOB_TERMINAL", "JOB_NOT_FOUND"]);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { server: { type: "string" }, artifacts: { type: "string" }, id: { type: "string" } },
  });
  if (values.server === undefined || values.artifacts === undefined) throw new Error("--server and --artifacts are needed");
  const client = createClient(JobService, createGrpcTransport({ baseUrl: values.server }));
  // A restarted worker is another worker: its id is never used again.
  const workerId = `${values.id ?? "worker"}-${randomUUID().slice(0, 8)}`;
  const keeper = new LeaseKeeper({ client, workerId, leaseMs: LEASE_MS });
  const shutdown = shutdownSignal();
  const kept = new AbortController();
  const keeping = keeper.run(kept.signal);
  const corpusFolder = join(import.meta.dirname, "../../node_modules");
  const options = { keeper, corpusFolder, artifactFolder: values.artifacts, shutdown };
  while (!shutdown.aborted) {
    const job = keeper.next() ?? (await leaseJob(client, { workerId, keeper, shutdown }));
    if (job !== undefined) await runJob(job, options);
  }
  kept.abort();
  await keeping;
}

/** Waits for a job; `undefined` when there is none yet. */
async function leaseJob(
  client: Client<typeof JobService>,
  { workerId, keeper, shutdown }: { workerId: string; keeper: LeaseKeeper; shutdown: AbortSignal },
): Promise<HeldJob | undefined> {
  const request = {
    workerId,
    kinds: [JobKind.TRAIN],
    names: [JOB_NAME],
    maxJobs: 1,
    lease: durationFromMs(LEASE_MS),
    wait: durationFromMs(WAIT_MS),
  };
  try {
    const { leases } = await client.leaseJobs(request, { signal: shutdown, timeoutMs: WAIT_MS + LEASE_MS });
    keeper.take(leases);
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    if (shutdown.aborted) return undefined;
    console.error(`No answer to LeaseJobs: ${error.message}`);
    await delay(LEASE_MS / 3);
    // The answer that was lost may have held a lease.
    await keeper.sync();
  }
  return keeper.next();
}

async function runJob(job: HeldJob, options: TrainJobOptions): Promise<void> {
  const id = job.lease.job?.id ?? "";
  const result = await trainJob(job, options).catch((error: unknown) => {
    console.error(error);
    return { case: "failed" as const, value: { errorMessage: String(error), retryable: true } };
  });
  if (result === undefined) return console.error(`Job ${id}: the lease is lost, the work is dropped`);
  const isRecorded = await handIn(job, result, options.keeper);
  console.error(`Job ${id}: ${result.case}${isRecorded ? "" : ", not recorded"}`);
  if (isRecorded && result.case === "completed") await removeCheckpoints(options.artifactFolder, id);
}

/** Tells whether the server recorded the result. */
async function handIn(job: HeldJob, result: JobResult, keeper: LeaseKeeper): Promise<boolean> {
  try {
    const { problem } = await keeper.finish(job, result);
    if (problem === undefined) return true;
    if (!OVERTAKEN.has(problem.reason)) throw new Error(problem.message);
    console.error(`Too late: ${problem.message}`);
    return false;
  } catch (error) {
    console.error(`FinishJobs did not record the result: ${String(error)}`);
    if (isTransient(error)) return false;
    // A result that is refused for good is a failure of this attempt, and of every other.
    const errorMessage = `the result was refused: ${String(error)}`;
    await keeper.finish(job, { case: "failed", value: { errorMessage, retryable: false } });
    return false;
  }
}

/** Aborts on SIGTERM and SIGINT. */
function shutdownSignal(): AbortSignal {
  const shutdown = new AbortController();
  for (const event of ["SIGTERM", "SIGINT"] as const) process.once(event, () => shutdown.abort());
  return shutdown.signal;
}

await main();
// The idle connection to the server would keep the process alive.
process.exit();
