/**
 * Takes jobs in: one by one, sharing statements and commits with whoever submits at the same time, or many at once,
 * all or none. A request id makes one job however often, and however many times at once, it is sent.
 */
import { createHash } from "node:crypto";
import { batched } from "../batch.ts";
import type { Bell } from "../db/bell.ts";
import { type Database, instant, type Runner, withSignal } from "../db/database.ts";
import { Problem } from "../problem.ts";
import { queueTopic } from "./job-topic.ts";
import type { Job } from "./job.ts";
import { findJobs, hexOf, jobOf } from "./job-store.ts";
import { type DigestedSubmission, findRequests, insertJobs, type InsertedJob, type Submission } from "./submit-store.ts";

const LANE_COUNT = 2;
const BATCH_COUNT_MAX = 500;

/** Submits jobs; what they hold was checked before. */
export interface SubmitService {
  /** Makes one job, or finds the one that the same request made. Refuses with `REQUEST_ID_REUSED`. */
  submitJob(submission: Submission): Promise<Job>;
  /** Makes all of the jobs or none; answered in order. */
  submitJobs(submissions: readonly Submission[]): Promise<Job[]>;
  /** The jobs as they would be, without ids; refuses what submitting them would refuse, and stores nothing. */
  previewJobs(submissions: readonly Submission[]): Promise<Job[]>;
}

/** What submitting needs. */
export interface SubmitDeps {
  readonly db: Database;
  readonly bell: Bell;
}

/** Opens the service. */
export function openSubmitService({ db, bell }: SubmitDeps): SubmitService {
  const insertOne = batched(
    (batch: DigestedSubmission[]) => withSignal(undefined, async () => inPlace(batch, await insertJobs(db, batch))),
    { laneCount: LANE_COUNT, itemCountMax: BATCH_COUNT_MAX, keyOf: ({ submission }) => requestKeyOf(submission) },
  );

  return {
    async submitJob(submission) {
      const digested = digestedOf(submission);
      const inserted = await insertOne(digested);
      if (inserted === undefined) return onlyOf(await replayedJobs(db, [digested]));
      bell.ring([queueTopic(submission.tenant)]);
      return newJob(submission, inserted);
    },

    async submitJobs(submissions) {
      const batch = submissions.map(digestedOf);
      const { distinct, positions } = distinctRequests(batch);
      const hasRequests = distinct.some(({ submission }) => submission.requestId !== "");
      const submit = (runner: Runner) => submitAll(runner, distinct);
      // Without request ids nothing can be refused once the statement runs, and it is atomic by itself.
      const jobs = hasRequests ? await db.transaction(submit) : await submit(db);
      bell.ring([...new Set(submissions.map(({ tenant }) => queueTopic(tenant)))]);
      return positions.map((position) => jobs[position]!);
    },

    async previewJobs(submissions) {
      const { distinct } = distinctRequests(submissions.map(digestedOf));
      await madeBefore(db, distinct.filter(({ submission }) => submission.requestId !== ""));
      return submissions.map((submission) => newJob(submission, UNMADE));
    },
  };
}

// What the database would have added. Whoever shows a preview leaves it out.
const UNMADE = { id: "", created_at: new Date(0).toISOString() };

async function submitAll(runner: Runner, batch: readonly DigestedSubmission[]): Promise<Job[]> {
  const inserted = inPlace(batch, await insertJobs(runner, batch));
  const repeated = batch.filter((_, i) => inserted[i] === undefined);
  const replayed = repeated.length === 0 ? [] : await replayedJobs(runner, repeated);
  return batch.map(({ submission }, i) => {
    const row = inserted[i];
    return row === undefined ? replayed.shift()! : newJob(submission, row);
  });
}

/** The ids of the jobs that the same requests made, in order; a request that asked for something else is refused. */
async function madeBefore(runner: Runner, batch: readonly DigestedSubmission[]): Promise<(string | undefined)[]> {
  if (batch.length === 0) return [];
  const requests = await findRequests(runner, batch.map(({ submission }) => submission));
  const made = new Map(requests.map((row) => [requestKeyOf({ tenant: row.tenant, requestId: row.request_id }), row]));
  return batch.map(({ submission, digest }) => {
    const row = made.get(requestKeyOf(submission));
    if (row && !Buffer.from(digest).equals(row.payload_digest)) throw requestReused(submission, hexOf(row.job_id));
    return row?.job_id;
  });
}

/** The jobs that the same requests made before, in order. */
async function replayedJobs(runner: Runner, batch: readonly DigestedSubmission[]): Promise<Job[]> {
  const ids = await madeBefore(runner, batch);
  const keys = batch.map(({ submission }, i) => {
    const id = ids[i];
    if (id === undefined) throw requestForgotten(submission);
    return { tenant: submission.tenant, id };
  });
  const jobs = new Map((await findJobs(runner, keys)).map((row) => [row.id, jobOf(row)]));
  return batch.map(({ submission }, i) => {
    const job = jobs.get(keys[i]!.id);
    if (job === undefined) throw requestForgotten(submission);
    return job;
  });
}

/** Rows back in the places of their submissions; undefined where a request had been used. */
function inPlace(batch: readonly DigestedSubmission[], rows: readonly InsertedJob[]): (InsertedJob | undefined)[] {
  const places: (InsertedJob | undefined)[] = batch.map(() => undefined);
  for (const row of rows) places[Number(row.ord) - 1] = row;
  return places;
}

/** The same request twice in one call is one job. */
function distinctRequests(batch: readonly DigestedSubmission[]): { distinct: DigestedSubmission[]; positions: number[] } {
  const distinct: DigestedSubmission[] = [];
  const seen = new Map<string, number>();
  const positions = batch.map((digested) => {
    const key = requestKeyOf(digested.submission);
    const before = key === undefined ? undefined : seen.get(key);
    if (before !== undefined) {
      if (!Buffer.from(digested.digest).equals(distinct[before]!.digest)) throw requestReused(digested.submission, "");
      return before;
    }
    if (key !== undefined) seen.set(key, distinct.length);
    return distinct.push(digested) - 1;
  });
  return { distinct, positions };
}

function requestKeyOf({ tenant, requestId }: { tenant: string; requestId: string }): string | undefined {
  return requestId === "" ? undefined : `${tenant}\0${requestId}`;
}

/** Digests everything a submission asks for, so that the same request with another payload is known. */
function digestedOf(submission: Submission): DigestedSubmission {
  if (submission.requestId === "") return { submission, digest: new Uint8Array() };
  const { labels, runAfter, ...fields } = submission;
  const facts = [Object.entries(fields).sort(byKey), runAfter?.getTime() ?? null, Object.entries(labels).sort(byKey)];
  return { submission, digest: createHash("sha256").update(JSON.stringify(facts)).digest() };
}

function byKey([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}

function onlyOf<T>([item]: readonly T[]): T {
  return item!;
}

/** The job as `insertJobs` stored it, without reading it back. */
export function newJob(submission: Submission, row: { readonly id: string; readonly created_at: string }): Job {
  const { outputModelName, ...kept } = submission;
  return {
    ...kept,
    id: hexOf(row.id),
    status: "queued",
    progress: 0,
    progressMessage: "",
    metricsJson: undefined,
    errorMessage: "",
    cancelReason: "",
    rowsWritten: undefined,
    snapshotId: "",
    checkpoint: "",
    attempt: 0,
    workerId: "",
    outputModel: outputModelName === "" ? undefined : { name: outputModelName, version: 0 },
    createdAt: instant(row.created_at),
    startedAt: undefined,
    finishedAt: undefined,
    leaseExpiresAt: undefined,
    eventSeq: 1n,
  };
}

function requestReused({ requestId }: Submission, jobId: string): Problem {
  return new Problem(
    "REQUEST_ID_REUSED",
    `Cannot submit: request id "${requestId}" was used for a job with another payload; use a new one`,
    { facts: { request_id: requestId, ...(jobId === "" ? {} : { job_id: jobId }) } },
  );
}

function requestForgotten({ requestId }: Submission): Problem {
  return new Problem(
    "REQUEST_ID_REUSED",
    `Cannot submit: request id "${requestId}" was used for a job that has been purged; use a new one`,
    { facts: { request_id: requestId } },
  );
}
