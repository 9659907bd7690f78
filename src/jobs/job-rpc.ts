/** JobService for those who submit, look and operate. Reads go straight to the store; writes have a service each. */
import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import type { Job as JobMessage } from "../../gen/ts/millwright/v1/job_pb.ts";
import {
  JobOrder,
  type JobService as JobServiceDesc,
  type ListJobsRequest,
  ListJobsRequestSchema,
  type SubmitJobRequest,
  type WatchJobResponse,
  WatchJobResponseSchema,
} from "../../gen/ts/millwright/v1/job_service_pb.ts";
import { batched } from "../batch.ts";
import { type Database, withSignal } from "../db/database.ts";
import { invalidField, Problem } from "../problem.ts";
import { share } from "../wire/grpc-codec.ts";
import {
  type Caller,
  callerOf,
  queryOf,
  readDuration,
  readJobId,
  readJson,
  readPageSize,
  readPageToken,
  readTimestamp,
  type TokenScope,
  writePageToken,
} from "../wire/request.ts";
import { jobNotFound } from "./finish-service.ts";
import { readKind, readStatus, wireEvent, wireJob } from "./job-message.ts";
import type { Job } from "./job.ts";
import type { JobService } from "./job-service.ts";
import { findJobs, type JobCursor, type JobFilter, type JobKey, jobOf, type JobRow, listJobs } from "./job-store.ts";
import type { JobEvent } from "./job-event.ts";
import type { JobWatch } from "./job-watch.ts";
import type { SubmitService } from "./submit-service.ts";
import type { Submission } from "./submit-store.ts";

const MAX_ATTEMPTS_DEFAULT = 3;
const READ_LANE_COUNT = 2;
const READ_COUNT_MAX = 200;

/** What the handlers need. */
export interface JobRpcDeps {
  readonly db: Database;
  readonly submits: SubmitService;
  readonly jobs: JobService;
  readonly watch: JobWatch;
  /** Signs page tokens; shared by all servers. */
  readonly pageTokenKey: Uint8Array;
  readonly jsonBytesMax: number;
  readonly watchHeartbeatMs: number;
  readonly watchAgeMs: number;
}

type Handlers = Pick<
  ServiceImpl<typeof JobServiceDesc>,
  "submitJob" | "submitJobs" | "getJob" | "listJobs" | "cancelJob" | "holdJob" | "releaseHold" | "watchJob"
>;

/** The handlers. */
export function jobRpc(deps: JobRpcDeps): Handlers {
  const { submits, jobs, jsonBytesMax } = deps;
  const find = batchedFind(deps.db);
  return {
    async submitJob(request, context) {
      const submission = readSubmission(request, callerOf(context), "", jsonBytesMax);
      if (request.validateOnly) return { job: (await submits.previewJobs([submission])).map(wirePreview)[0]! };
      return { job: wireJob(await submits.submitJob(submission)) };
    },

    async submitJobs({ requests }, context) {
      const caller = callerOf(context);
      const submissions = requests.map((request, i) => readSubmission(request, caller, `requests[${i}].`, jsonBytesMax));
      const isPreview = requests[0]!.validateOnly;
      const odd = requests.findIndex(({ validateOnly }) => validateOnly !== isPreview);
      if (odd !== -1) throw invalidField(`requests[${odd}].validate_only`, "must be the same for all requests");
      if (isPreview) return { jobs: (await submits.previewJobs(submissions)).map(wirePreview) };
      return { jobs: (await submits.submitJobs(submissions)).map(wireJob) };
    },

    async getJob({ id }, context) {
      const key = keyOf(id, callerOf(context));
      const row = await find(key);
      if (row === undefined) throw jobNotFound(key.id);
      return { job: wireJob(jobOf(row)) };
    },

    listJobs: (request, context) => withSignal(context.signal, () => listPage(deps, request, callerOf(context))),

    async cancelJob({ id, reason, grace }, context) {
      const graceMs = grace === undefined ? 0 : readDuration(grace);
      return { job: wireJob(await jobs.cancelJob(keyOf(id, callerOf(context)), { reason, graceMs })) };
    },

    async holdJob({ id }, context) {
      return { job: wireJob(await jobs.holdJob(keyOf(id, callerOf(context)))) };
    },

    async releaseHold({ id }, context) {
      return { job: wireJob(await jobs.releaseHold(keyOf(id, callerOf(context)))) };
    },

    async *watchJob({ id, afterSeq, follow }, context) {
      const from = {
        afterSeq,
        follow: follow ?? true,
        heartbeatMs: deps.watchHeartbeatMs,
        ageMs: deps.watchAgeMs,
      };
      let lastSeq = afterSeq;
      for await (const watched of deps.watch.watchJob(keyOf(id, callerOf(context)), from, context.signal)) {
        if ("heartbeat" in watched) yield create(WatchJobResponseSchema, { lastSeq });
        else for (const event of watched.events) yield wireWatched(event);
        if ("events" in watched) lastSeq = watched.events.at(-1)!.seq;
      }
    },
  };
}

/** Callers of one turn that look for jobs share a statement. */
function batchedFind(db: Database): (key: JobKey) => Promise<JobRow | undefined> {
  return batched(
    (keys: JobKey[]) =>
      withSignal(undefined, async () => {
        const rows: (JobRow | undefined)[] = keys.map(() => undefined);
        for (const row of await findJobs(db, keys)) rows[Number(row.ord) - 1] = row;
        return rows;
      }),
    { laneCount: READ_LANE_COUNT, itemCountMax: READ_COUNT_MAX },
  );
}

// An event is one object for all its watchers, and so is its message: it is made, and encoded, once.
const watchedMessages = new WeakMap<JobEvent, WatchJobResponse>();

function wireWatched(event: JobEvent): WatchJobResponse {
  const known = watchedMessages.get(event);
  if (known !== undefined) return known;
  const message = share(create(WatchJobResponseSchema, { event: wireEvent(event), lastSeq: event.seq }));
  watchedMessages.set(event, message);
  return message;
}

/** Names a job of the caller's. */
export function keyOf(id: string, { tenant }: Caller): JobKey {
  return { tenant, id: readJobId(id, "id") };
}

function readSubmission(request: SubmitJobRequest, { tenant }: Caller, path: string, jsonBytesMax: number): Submission {
  const { baseModel, timeout, runAfter } = request;
  if (baseModel !== undefined) throw baseModelUnavailable(baseModel.name, baseModel.version);
  return {
    tenant,
    kind: readKind(request.kind),
    name: request.name,
    targetName: request.targetName,
    specJson: readJson(request.specJson, `${path}spec_json`, jsonBytesMax),
    priority: request.priority,
    maxAttempts: request.maxAttempts || MAX_ATTEMPTS_DEFAULT,
    runAfter: runAfter === undefined ? undefined : readTimestamp(runAfter),
    timeoutMs: timeout === undefined ? undefined : readDuration(timeout),
    held: request.held,
    labels: request.labels,
    baseModel: undefined,
    outputModelName: request.outputModelName,
    concurrencyKey: request.concurrencyKey,
    requestId: request.requestId,
    retryOf: "",
  };
}

function baseModelUnavailable(name: string, version: number): Problem {
  return new Problem("BASE_MODEL_UNAVAILABLE", `Cannot submit: there is no model "${name}" version ${version} to start from`, {
    facts: { name, version: String(version) },
  });
}

/** A job that was not made has no time of creation. */
function wirePreview(job: Job): JobMessage {
  const message = wireJob(job);
  delete message.createdAt;
  return message;
}

async function listPage(deps: JobRpcDeps, request: ListJobsRequest, caller: Caller) {
  const scope: TokenScope = { key: deps.pageTokenKey, tenant: caller.tenant, query: queryOf(ListJobsRequestSchema, request) };
  const cursor = readPageToken(request.pageToken, scope);
  const after: JobCursor | undefined = cursor && { createdAt: cursor[0]!, id: cursor[1]! };
  const countMax = readPageSize(request.pageSize);
  const isOldestFirst = request.order === JobOrder.OLDEST_FIRST;
  // One more than the page shows whether there is another.
  const rows = await listJobs(deps.db, filterOf(request, caller), { after, countMax: countMax + 1, isOldestFirst });
  const page = rows.slice(0, countMax);
  const last = page.at(-1);
  return {
    jobs: page.map((row) => wireJob(jobOf(row))),
    nextPageToken: rows.length > countMax && last ? writePageToken([last.created_at, last.id], scope) : "",
  };
}

/** The filter that a request to list means. */
export function filterOf(request: ListJobsRequest, { tenant }: Caller): JobFilter {
  return {
    tenant,
    kinds: request.kinds.map(readKind),
    statuses: request.statuses.map(readStatus),
    name: request.name,
    targetName: request.targetName,
    labels: request.labels,
    createdAfter: request.createdAfter && readTimestamp(request.createdAfter),
    createdBefore: request.createdBefore && readTimestamp(request.createdBefore),
  };
}
