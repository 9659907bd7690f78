/** WatchJob on one server: what it replays, what it follows, what each event says, and where it ends. */
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { sql } from "drizzle-orm";
import { describe, expect } from "vitest";
import { type Job, type JobEvent, JobEventType, JobStatus } from "../../gen/ts/millwright/v1/job_pb.ts";
import { JobService } from "../../gen/ts/millwright/v1/job_service_pb.ts";
import { appTest } from "../support/app.ts";
import { refusalOf } from "../support/grpc-client.ts";
import { historyOf, isEnd, nameOf, seqsUpTo, Watcher } from "../support/watcher.ts";
import { cancelled, completed, failed, get, type Jobs, seconds, submit, Worker, yielded } from "../support/worker.ts";

/** Runs a job to its end with a few events of several sorts. */
async function finishedJob(jobs: Jobs): Promise<Job> {
  const { id } = await submit(jobs, { specJson: '{"epochs": 3}' });
  const worker = new Worker(jobs);
  const lease = await worker.take();
  await worker.sync(lease, { progress: 10, message: "epoch 1" });
  await worker.sync(lease, { metrics: [{ key: "loss", step: 1n, value: 0.5 }] });
  await worker.sync(lease, { checkpoint: "s3://c/1" });
  const { job } = await worker.finish(lease, completed({ metricsJson: '{"loss":0.5}' }));
  return { ...job!, id };
}

describe("WatchJob", () => {
  appTest("replays what happened, follows what happens, and ends after the terminal event (J41)", async ({ jobs }) => {
    const job = await submit(jobs);
    const worker = new Worker(jobs);
    const lease = await worker.take();
    const watcher = new Watcher(jobs, job);
    await watcher.reached(2n);

    await worker.sync(lease, { progress: 40 });
    await watcher.reached(3n);
    await worker.finish(lease, completed());

    expect(await watcher.ended).toBeUndefined();
    expect(watcher.names).toEqual(["SUBMITTED", "LEASED", "PROGRESS", "COMPLETED"]);
    expect(watcher.seqs).toEqual(seqsUpTo(4));
    expect(watcher.lastSeq).toBe(4n);
  });

  appTest("gives the history to a watcher that starts after the end (J41)", async ({ jobs }) => {
    const job = await finishedJob(jobs);
    const watcher = new Watcher(jobs, job);

    expect(await watcher.ended).toBeUndefined();
    expect(watcher.names).toEqual(["SUBMITTED", "LEASED", "PROGRESS", "METRICS", "CHECKPOINT", "COMPLETED"]);
    expect(watcher.events.at(-1)!.job).toEqual(await get(jobs, job));
  });

  appTest("resumes behind any number without a miss or a repeat (J41)", async ({ jobs }) => {
    const job = await finishedJob(jobs);
    const all = await historyOf(jobs, job);

    for (const afterSeq of [0n, ...all.map(({ seq }) => seq)]) {
      const watcher = new Watcher(jobs, job, { afterSeq });
      expect(await watcher.ended).toBeUndefined();
      expect(watcher.events).toEqual(all.slice(Number(afterSeq)));
    }
  });

  appTest("ends at once behind the terminal event", async ({ jobs }) => {
    const job = await finishedJob(jobs);
    const watcher = new Watcher(jobs, job, { afterSeq: 6n });

    expect(await watcher.ended).toBeUndefined();
    expect([watcher.events, watcher.heartbeats]).toEqual([[], []]);
  });

  appTest("refuses a number that no event has yet, on a running job and on an ended one", async ({ jobs }) => {
    const ended = await finishedJob(jobs);
    const running = await submit(jobs);

    for (const [{ id }, afterSeq] of [[ended, 7n], [running, 2n], [running, 9_000_000_000_000_000_000n]] as const) {
      expect(await refusalOf(jobs.watchJob({ id, afterSeq }))).toMatchObject({
        code: "OUT_OF_RANGE",
        reason: "SEQUENCE_IN_FUTURE",
        facts: { job_id: id, after_seq: String(afterSeq) },
      });
    }
  });

  appTest("ends after the replay when it is told not to follow", async ({ jobs }) => {
    const job = await submit(jobs);
    await new Worker(jobs).take();

    expect((await historyOf(jobs, job)).map(nameOf)).toEqual(["SUBMITTED", "LEASED"]);
    expect(await historyOf(jobs, job, 2n)).toEqual([]);
  });

  appTest("replays a history of many pages in order", async ({ jobs }) => {
    const job = await submit(jobs);
    const worker = new Worker(jobs);
    const lease = await worker.take();
    for (let step = 1; step <= 300; step++) {
      await worker.sync(lease, { metrics: [{ key: "loss", step: BigInt(step), value: 1 }], checkpoint: String(step) });
    }

    expect((await historyOf(jobs, job)).map(({ seq }) => seq)).toEqual(seqsUpTo(602));
    await worker.finish(lease, completed());
    const watcher = new Watcher(jobs, job, { afterSeq: 1n });
    await watcher.ended;
    expect(watcher.seqs).toEqual(seqsUpTo(603).slice(1));
    expect(watcher.events.flatMap(({ metrics }) => metrics).map(({ step }) => step)).toEqual(seqsUpTo(300));
  });

  appTest("takes an id in either letter case, and tells it in lower case", async ({ jobs }) => {
    const { id } = await submit(jobs);

    const [event] = await historyOf(jobs, { id: id.toUpperCase() });
    expect([event!.jobId, event!.job!.id]).toEqual([id, id]);
  });

  appTest("refuses what is no id, and a negative number", async ({ jobs }) => {
    const { id } = await submit(jobs);

    expect((await refusalOf(jobs.watchJob({ id: `0x${id.slice(2)}` }))).violations).toMatchObject([{ field: "id" }]);
    expect((await refusalOf(jobs.watchJob({ id, afterSeq: -1n }))).violations).toMatchObject([{ field: "after_seq" }]);
  });
});

describe("another tenant's job", () => {
  appTest("is as absent to WatchJob as one that never was", async ({ jobs, served }) => {
    const { id } = await submit(jobs);
    const peer = served.channel.with({ "x-millwright-tenant": "peer" }).clientOf(JobService);
    const absent = id.replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));

    const refusals = await Promise.all([id, absent].map((one) => refusalOf(peer.watchJob({ id: one }))));
    for (const refusal of refusals) expect(refusal).toMatchObject({ code: "NOT_FOUND", reason: "JOB_NOT_FOUND" });
    expect(refusals[0]!.message.replace(id, "")).toBe(refusals[1]!.message.replace(absent, ""));
    // A number in the future would tell that the job exists.
    expect(await refusalOf(peer.watchJob({ id, afterSeq: 99n }))).toMatchObject({ reason: "JOB_NOT_FOUND" });
  });

  appTest("with the same id, as an import can bring it, is not mixed up with one's own", async ({ jobs, served, db, tenant }) => {
    const { id } = await submit(jobs, { name: "mine" });
    await db.run(sql`INSERT INTO jobs (tenant, id, kind, name) VALUES (${`${tenant}-peer`}, ${id}::uuid, 'train', 'theirs')`);
    const peer = served.channel.with({ "x-millwright-tenant": `${tenant}-peer` }).clientOf(JobService);
    const own = new Watcher(jobs, { id });
    await own.reached(1n);
    const theirs = new Watcher(peer, { id });
    await theirs.reached(1n);

    await jobs.cancelJob({ id, reason: "mine alone" });
    await own.ended;

    expect(own.names).toEqual(["SUBMITTED", "CANCELLED"]);
    expect((await historyOf(peer, { id })).map(({ job }) => job!.name)).toEqual(["theirs"]);
    expect(theirs.events.map(({ job }) => job!.name)).toEqual(["theirs"]);
    theirs.cancel();
  });
});

/**
 * A job as events tell it: the spec comes with the first, metrics with the last, the end of a lease that a sync will
 * move never, and the reason of a cancel with that event and with the end.
 */
function asTold(job: Job, { type }: JobEvent): Job {
  const told: Job = { ...job };
  if (type !== JobEventType.SUBMITTED && job.finishedAt === undefined) told.specJson = "";
  if (job.finishedAt === undefined) delete told.metricsJson;
  if (type !== JobEventType.CANCEL_REQUESTED && job.finishedAt === undefined) told.cancelReason = "";
  delete told.leaseExpiresAt;
  return told;
}

describe("an event", () => {
  appTest("says how the job stood after it, live and in every later replay", async ({ jobs }) => {
    const job = await submit(jobs, {
      specJson: '{"a": 1}',
      held: true,
      runAfter: timestampFromMs(1_700_000_000_000),
      labels: { team: "a" },
      maxAttempts: 5,
      priority: 7,
      outputModelName: "bert",
    });
    const watcher = new Watcher(jobs, job);
    const stood: Job[] = [];
    const worker = new Worker(jobs);
    let lease = undefined as Awaited<ReturnType<Worker["take"]>> | undefined;
    const steps: (() => Promise<unknown>)[] = [
      () => Promise.resolve(),
      () => jobs.releaseHold({ id: job.id }),
      async () => (lease = await worker.take()),
      () => worker.sync(lease!, { progress: 30, message: "warm" }),
      () => worker.sync(lease!, { checkpoint: "s3://c/1" }),
      () => jobs.holdJob({ id: job.id }),
      () => worker.sync(lease!, { metrics: [{ key: "loss", step: 1n, value: 1 }], metricsJson: '{"loss":1}' }),
      () => worker.finish(lease!, yielded({ reason: "preempted", checkpoint: "s3://c/2" })),
      () => jobs.releaseHold({ id: job.id }),
      async () => (lease = await worker.take()),
      () => worker.finish(lease!, failed({ errorMessage: "out of memory", retryable: true, retryDelay: seconds(0) })),
      async () => (lease = await worker.take()),
      () => worker.sync(lease!, { checkpoint: "s3://c/3" }),
      () => jobs.cancelJob({ id: job.id, reason: "no longer needed", grace: seconds(60) }),
      () => worker.sync(lease!, { metrics: [{ key: "loss", step: 2n, value: 0.5 }] }),
      () => worker.finish(lease!, cancelled),
    ];
    for (const step of steps) {
      await step();
      stood.push(await get(jobs, job));
    }
    await watcher.ended;

    expect(watcher.names).toEqual([
      "SUBMITTED", "RELEASED", "LEASED", "PROGRESS", "CHECKPOINT", "HELD", "METRICS", "YIELDED", "RELEASED", "LEASED",
      "RETRY_SCHEDULED", "LEASED", "CHECKPOINT", "CANCEL_REQUESTED", "METRICS", "CANCELLED",
    ]);
    watcher.events.forEach((event, i) => expect({ [i]: nameOf(event), ...event.job! }).toEqual({ [i]: nameOf(event), ...asTold(stood[i]!, event) }));
    expect(await historyOf(jobs, job)).toEqual(watcher.events);
  });

  appTest("of a retry says when the job runs again, and does not change what came before", async ({ jobs }) => {
    const job = await submit(jobs);
    const watcher = new Watcher(jobs, job);
    const worker = new Worker(jobs);
    const lease = await worker.take();
    await worker.finish(lease, failed({ errorMessage: "flaky", retryable: true, retryDelay: seconds(3_600) }));
    await watcher.reached(3n);

    const { job: waiting, message } = watcher.events[2]!;
    expect(message).toBe("flaky");
    expect(waiting).toMatchObject({ status: JobStatus.QUEUED, progress: 0, runAfter: (await get(jobs, job)).runAfter });
    expect(await historyOf(jobs, job)).toEqual(watcher.events);
    watcher.cancel();
  });

  appTest("of a metric keeps every digit of its step and value", async ({ jobs }) => {
    const job = await submit(jobs);
    const worker = new Worker(jobs);
    const lease = await worker.take();
    const points = [
      { key: "loss", step: 9_223_372_036_854_775_807n, value: Number.MIN_VALUE },
      { key: "доля \"1\" \\ 😀", step: 9_007_199_254_740_993n, value: Number.MAX_VALUE },
      { key: "1", step: 0n, value: -0.1 },
    ];
    await worker.sync(lease, { metrics: points });

    const event = (await historyOf(jobs, job)).at(-1)!;
    expect(event.metrics.map(({ key, step, value }) => ({ key, step, value }))).toEqual(points);
    expect(event.metrics.map(({ at }) => at)).toEqual(points.map(() => event.at));
  });

  appTest("carries spec and metrics only with the first and the last", async ({ jobs }) => {
    const job = await finishedJob(jobs);
    const events = await historyOf(jobs, job);

    const told = events.filter(({ job }) => job!.specJson !== "" || job!.metricsJson !== undefined);
    expect(told.map(nameOf)).toEqual(["SUBMITTED", "COMPLETED"]);
    expect(events.at(-1)!.job).toMatchObject({ specJson: '{"epochs": 3}', metricsJson: '{"loss":0.5}', progress: 100 });
  });

  appTest("tells what was said: the error, the reason of a cancel, the checkpoint", async ({ jobs }) => {
    const worker = new Worker(jobs);
    const first = await submit(jobs, { maxAttempts: 1 });
    await worker.finish(await worker.take(), failed({ errorMessage: "disk full" }));
    const second = await submit(jobs);
    await worker.sync(await worker.take(), { checkpoint: "s3://c/9" });
    await jobs.cancelJob({ id: second.id, reason: "wrong data" });

    const said = async (job: Job) => (await historyOf(jobs, job)).map((event) => [nameOf(event), event.message]);
    expect(await said(first)).toEqual([["SUBMITTED", ""], ["LEASED", ""], ["FAILED", "disk full"]]);
    expect(await said(second)).toEqual([["SUBMITTED", ""], ["LEASED", ""], ["CHECKPOINT", "s3://c/9"], ["CANCELLED", "wrong data"]]);
  });
});

describe("a late result", () => {
  appTest("is told behind the end, to those who ask for it, and changes nothing (J25)", async ({ jobs }) => {
    const job = await submit(jobs);
    const worker = new Worker(jobs);
    const lease = await worker.take();
    const live = new Watcher(jobs, job);
    await jobs.cancelJob({ id: job.id, reason: "stop" });
    await live.ended;
    const { job: ended } = await jobs.getJob({ id: job.id });

    expect((await worker.finish(lease, completed())).problem?.reason).toBe("LEASE_LOST");

    const resumed = new Watcher(jobs, job, { afterSeq: live.lastSeq });
    expect(await resumed.ended).toBeUndefined();
    expect(resumed.names).toEqual(["LATE_RESULT_REJECTED"]);
    expect(resumed.events[0]!.job).toMatchObject({ status: JobStatus.CANCELLED, cancelReason: "stop" });
    expect(await get(jobs, job)).toEqual(ended);
    expect((await historyOf(jobs, job)).filter(isEnd)).toHaveLength(1);
  });
});
