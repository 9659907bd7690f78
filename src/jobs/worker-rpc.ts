/** JobService for workers: three unary calls that any proxy passes. A refused item is an outcome, not an error. */
import { createHash } from "node:crypto";
import { toBinary } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  Directive,
  type HeldLease,
  type JobResult,
  JobResultSchema,
  type JobService as JobServiceDesc,
  type LeaseJobsRequest,
  Verdict,
} from "../../gen/ts/millwright/v1/job_service_pb.ts";
import { invalidField, Problem } from "../problem.ts";
import { type Caller, callerOf, notBuilt, readDuration, readJobId, readJson } from "../wire/request.ts";
import { itemProblem } from "../wire/status.ts";
import type { FinishOutcome, FinishService, Result } from "./finish-service.ts";
import { readKind, syncIntervalMs, wireJob, wireLease } from "./job-message.ts";
import { storedProgress } from "./job.ts";
import type { LeaseAsk, LeaseService } from "./lease-service.ts";
import type { SyncService, SyncVerdict } from "./sync-service.ts";
import type { DeclaredLease } from "./sync-store.ts";

/** What the handlers need. */
export interface WorkerRpcDeps {
  readonly leases: LeaseService;
  readonly syncs: SyncService;
  readonly finishes: FinishService;
  /** How long a lease lasts when the worker names no span. */
  readonly leaseMs: number;
  /** How many syncs fit into a lease. */
  readonly syncDivisor: number;
  readonly jsonBytesMax: number;
}

type Handlers = Pick<ServiceImpl<typeof JobServiceDesc>, "leaseJobs" | "syncWorker" | "finishJobs">;

/** The handlers. */
export function workerRpc(deps: WorkerRpcDeps): Handlers {
  const { leases, syncs, finishes, syncDivisor } = deps;
  return {
    async leaseJobs(request, context) {
      const ask = readAsk(request, callerOf(context), { path: "", workerId: request.workerId, leaseMs: deps.leaseMs });
      const given = await leases.leaseJobs(ask, context.signal);
      return { leases: given.map((lease) => wireLease(lease, syncDivisor)) };
    },

    async syncWorker({ workerId, held }, context) {
      const { tenant } = callerOf(context);
      const declared = held.map((lease, i) => readDeclared(lease, tenant, `held[${i}].`, deps.jsonBytesMax));
      refuseTwice(declared);
      const answer = await syncs.syncWorker({ tenant, workerId, held: declared });
      return {
        verdicts: answer.verdicts.map((verdict, i) => wireVerdict(declared[i]!.jobId, verdict)),
        redelivered: answer.redelivered.map((lease) => wireLease(lease, syncDivisor)),
        nextSyncIn: durationFromMs(syncIntervalMs(answer.leaseMsMin ?? deps.leaseMs, syncDivisor)),
      };
    },

    async finishJobs({ workerId, results, leaseNext }, context) {
      const caller = callerOf(context);
      const read = results.map((result, i) => readResult(result, caller.tenant, `results[${i}].`, deps.jsonBytesMax));
      const next = leaseNext && readAsk(leaseNext, caller, {
        path: "lease_next.",
        workerId: leaseNext.workerId || workerId,
        leaseMs: deps.leaseMs,
      });
      const outcomes = await finishes.finishJobs(read);
      // The results stand whether or not there is more to do: their acknowledgement does not wait.
      const given = next ? await leases.leaseJobs({ ...next, waitMs: 0 }, context.signal) : [];
      return {
        outcomes: outcomes.map((outcome, i) => wireOutcome(read[i]!.jobId, outcome)),
        leases: given.map((lease) => wireLease(lease, syncDivisor)),
      };
    },
  };
}

function readAsk(
  request: LeaseJobsRequest,
  caller: Caller,
  { path, workerId, leaseMs }: { readonly path: string; readonly workerId: string; readonly leaseMs: number },
): LeaseAsk {
  if (workerId === "") throw invalidField(`${path}worker_id`, "must name the worker");
  if (request.tenants.length > 0 && !caller.isAdmin) {
    throw new Problem("ADMIN_ONLY", "Cannot lease jobs of other tenants: only an admin may name tenants");
  }
  return {
    tenants: request.tenants.length > 0 ? request.tenants : [caller.tenant],
    kinds: request.kinds.map(readKind),
    names: request.names,
    workerId,
    leaseMs: request.lease === undefined ? leaseMs : readDuration(request.lease),
    countMax: request.maxJobs,
    waitMs: request.wait === undefined ? 0 : readDuration(request.wait),
  };
}

const tokenForm = /^[0-9a-f]{32}$/;
// A token that was never given matches no lease: it is answered as any other that is lost.
const NO_TOKEN = "0".repeat(32);

function readToken(text: string): string {
  const token = text.toLowerCase();
  return tokenForm.test(token) ? token : NO_TOKEN;
}

function readDeclared(lease: HeldLease, tenant: string, path: string, jsonBytesMax: number): DeclaredLease {
  const { progress, metricsJson } = lease;
  return {
    tenant,
    jobId: readJobId(lease.jobId, `${path}job_id`),
    leaseToken: readToken(lease.leaseToken),
    progress: progress === undefined ? undefined : storedProgress(progress),
    message: lease.message || undefined,
    metricsJson: metricsJson === undefined ? undefined : readJson(metricsJson, `${path}metrics_json`, jsonBytesMax),
    checkpoint: lease.checkpoint || undefined,
    points: lease.metrics,
  };
}

function refuseTwice(declared: readonly DeclaredLease[]): void {
  const seen = new Set<string>();
  declared.forEach(({ jobId }, i) => {
    if (seen.has(jobId)) throw invalidField(`held[${i}].job_id`, "must be declared once");
    seen.add(jobId);
  });
}

function readResult(result: JobResult, tenant: string, path: string, jsonBytesMax: number): Result {
  const ended = {
    tenant,
    jobId: readJobId(result.jobId, `${path}job_id`),
    leaseToken: readToken(result.leaseToken),
    digest: createHash("sha256").update(toBinary(JobResultSchema, result)).digest(),
  };
  const { case: type, value } = result.result;
  switch (type) {
    case "completed": {
      if (value.outputModel !== undefined) throw notBuilt("FinishJobs with an output model");
      const { metricsJson } = value;
      return {
        ...ended,
        type,
        metricsJson: metricsJson === undefined ? undefined : readJson(metricsJson, `${path}completed.metrics_json`, jsonBytesMax),
        rowsWritten: value.rowsWritten,
        snapshotId: value.snapshotId,
      };
    }
    case "failed":
      return {
        ...ended,
        type,
        error: value.errorMessage,
        isRetryable: value.retryable,
        retryDelayMs: value.retryDelay === undefined ? undefined : readDuration(value.retryDelay),
      };
    case "yielded":
      return { ...ended, type, reason: value.reason, checkpoint: value.checkpoint };
    case "cancelled":
      return { ...ended, type };
    case undefined:
      throw invalidField(`${path}result`, "must say how the job ended");
  }
}

function wireVerdict(jobId: string, verdict: SyncVerdict) {
  if (!verdict.isHeld) return { jobId, verdict: Verdict.LOST, directive: Directive.CANCEL };
  return {
    jobId,
    verdict: Verdict.OK,
    directive: verdict.isCancelling ? Directive.CANCEL : Directive.CONTINUE,
    deadline: timestampFromDate(verdict.deadline),
    reason: verdict.reason,
  };
}

function wireOutcome(jobId: string, { job, problem }: FinishOutcome) {
  return {
    jobId,
    ...(job ? { job: wireJob(job) } : {}),
    ...(problem ? { problem: itemProblem(problem) } : {}),
  };
}
