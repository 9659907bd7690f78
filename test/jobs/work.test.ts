/** Jobs being leased, synced and finished, through the wire. */
import { sql } from "drizzle-orm";
import { describe, expect } from "vitest";
import { AttemptOutcome, type Job, JobKind, JobStatus } from "../../gen/ts/millwright/v1/job_pb.ts";
import { Directive, Verdict } from "../../gen/ts/millwright/v1/job_service_pb.ts";
import { appTest } from "../support/app.ts";
import type { RpcError } from "../support/grpc-client.ts";
import { until } from "../support/until.ts";
import { cancelled, completed, eventsOf, failed, get, named, seconds, submit, Worker, yielded } from "../support/worker.ts";

function failedOnly(job: Job): Job | undefined {
  return job.status === JobStatus.FAILED ? job : undefined;
}

describe("LeaseJobs", () => {
  appTest("hands out by priority, then by age (J20)", async ({ jobs }) => {
    for (const [name, priority] of [["old", 0], ["urgent", 5], ["young", 0]] as const) await submit(jobs, { name, priority });

    const leases = await new Worker(jobs).lease({ maxJobs: 3 });

    expect(leases.map(({ job }) => job!.name)).toEqual(["urgent", "old", "young"]);
    expect(leases[0]!.job).toMatchObject({ status: JobStatus.RUNNING, attempt: 1, eventSeq: 2n });
  });

  appTest("skips held jobs in silence and finds them once released (J20)", async ({ jobs }) => {
    const { id } = await submit(jobs, { held: true });
    const worker = new Worker(jobs);

    expect(await worker.lease()).toEqual([]);
    await jobs.releaseHold({ id });
    expect((await worker.take()).job!.id).toBe(id);
    expect(await eventsOf(jobs, { id })).toEqual(["SUBMITTED", "RELEASED", "LEASED"]);
  });

  appTest("takes only the kinds and names that were asked for", async ({ jobs }) => {
    await submit(jobs, { name: "a" });
    await submit(jobs, { kind: JobKind.BACKFILL, name: "b" });
    const worker = new Worker(jobs);

    expect(await worker.lease({ kinds: [JobKind.BACKFILL], names: ["a"], maxJobs: 9 })).toEqual([]);
    expect((await worker.lease({ names: ["b"], maxJobs: 9 })).map(({ job }) => job!.name)).toEqual(["b"]);
    expect((await worker.lease({ kinds: [JobKind.TRAIN], maxJobs: 9 })).map(({ job }) => job!.name)).toEqual(["a"]);
  });

  appTest("gives each of 500 jobs to exactly one of 64 parallel workers (J20)", async ({ jobs }) => {
    await jobs.submitJobs({ requests: Array.from({ length: 500 }, () => ({ kind: JobKind.TRAIN, name: "n" })) });
    const leased: string[] = [];

    await Promise.all(Array.from({ length: 64 }, async () => {
      const worker = new Worker(jobs);
      for (let leases = await worker.lease({ maxJobs: 3 }); leases.length > 0; leases = await worker.lease({ maxJobs: 3 })) {
        leased.push(...leases.map(({ job }) => job!.id));
      }
    }));

    expect([leased.length, new Set(leased).size]).toEqual([500, 500]);
  });

  appTest("waits for a job and is woken by its submission (J20)", async ({ jobs }) => {
    const waiting = new Worker(jobs).lease({ wait: seconds(20) });

    const { id } = await submit(jobs);

    expect((await waiting).map(({ job }) => job!.id)).toEqual([id]);
  });

  appTest("takes nothing for a caller that went away", async ({ jobs }) => {
    const abort = new AbortController();
    const gone = new Worker(jobs).lease({ wait: seconds(20) }, { signal: abort.signal }).catch((error: RpcError) => error.code);
    // One round trip behind it on the same connection: the server has the call by now.
    await jobs.listJobs({});
    abort.abort();
    expect(await gone).toBe("CANCELLED");

    const { id } = await submit(jobs);

    expect((await new Worker(jobs).take()).job!.id).toBe(id);
  });

  appTest("runs one job of a concurrency key at a time (J29)", async ({ jobs, db, tenant }) => {
    await jobs.submitJobs({ requests: Array.from({ length: 20 }, () => ({ kind: JobKind.TRAIN, name: "n", concurrencyKey: "k" })) });
    const runningMax: number[] = [];

    await Promise.all(Array.from({ length: 4 }, async () => {
      const worker = new Worker(jobs);
      for (let i = 0; i < 5; i++) {
        const lease = await worker.take({ names: ["n"], kinds: [JobKind.TRAIN] });
        const rows = await db.run(sql`SELECT job_id FROM job_leases WHERE tenant = ${tenant}`);
        runningMax.push(rows.length);
        await worker.finish(lease, completed());
      }
    }));

    expect([runningMax.length, Math.max(...runningMax)]).toEqual([20, 1]);
  });
});

describe("SyncWorker", () => {
  appTest("renews, stores what is reported and says when to come again (J22)", async ({ jobs }) => {
    const { id } = await submit(jobs);
    const worker = new Worker(jobs);
    const lease = await worker.take({ lease: seconds(30) });

    const verdict = await worker.sync(lease, { progress: 250, message: "half", metricsJson: '{"a":1}', checkpoint: "file:1", metrics: [{ key: "loss", step: 2n ** 60n, value: 0.5 }] });
    const { job } = await jobs.getJob({ id });

    expect(verdict).toMatchObject({ verdict: Verdict.OK, directive: Directive.CONTINUE });
    expect(job).toMatchObject({ progress: 100, progressMessage: "half", metricsJson: '{"a":1}', checkpoint: "file:1" });
    const { series } = await jobs.listJobMetrics({ id });
    expect(series.map(({ key, points }) => [key, points.map(({ step, value }) => [step, value])])).toEqual([["loss", [[2n ** 60n, 0.5]]]]);
    expect(await eventsOf(jobs, { id })).toEqual(["SUBMITTED", "LEASED", "PROGRESS", "METRICS", "CHECKPOINT"]);
  });

  appTest("refuses negative progress (J6) and metrics that are not finite (E3)", async ({ jobs }) => {
    await submit(jobs);
    const worker = new Worker(jobs);
    const lease = await worker.take();

    const refusals = await Promise.all([
      worker.sync(lease, { progress: -1 }).catch((error: RpcError) => error),
      worker.sync(lease, { metrics: [{ key: "loss", value: Number.NaN }] }).catch((error: RpcError) => error),
    ]);

    expect(refusals.map((error) => (error as RpcError).violations[0]?.field)).toEqual(["held[0].progress", "held[0].metrics[0].value"]);
  });

  appTest("hands out again what a worker was given and never heard of, and nothing it declared (J22)", async ({ jobs }) => {
    const { id } = await submit(jobs);
    const worker = new Worker(jobs);
    await worker.take({ lease: seconds(3) });

    const redelivered = await until(async () => (await jobs.syncWorker({ workerId: worker.id, held: [] })).redelivered[0]);
    await worker.sync(redelivered);

    expect(redelivered.job!.id).toBe(id);
    expect((await jobs.syncWorker({ workerId: worker.id, held: [] })).redelivered).toEqual([]);
  });
});

describe("FinishJobs", () => {
  appTest("completes a job with its metrics, exact rows and full progress (J6, J9, J13)", async ({ jobs }) => {
    const { id } = await submit(jobs);
    const worker = new Worker(jobs);
    const lease = await worker.take();

    const outcome = await worker.finish(lease, completed({ metricsJson: '{"z":1,"a":1.0}', rowsWritten: 2n ** 64n - 1n, snapshotId: "s" }));

    expect(outcome.problem).toBeUndefined();
    expect(await get(jobs, { id })).toMatchObject({ status: JobStatus.COMPLETED, progress: 100, metricsJson: '{"z":1,"a":1.0}', rowsWritten: 2n ** 64n - 1n, snapshotId: "s", workerId: worker.id });
    expect(outcome.job).toEqual(await get(jobs, { id }));
    expect(outcome.job!.duration).toBeDefined();
  });

  appTest("keeps what a sync stored when it brings no metrics (J9)", async ({ jobs }) => {
    await submit(jobs);
    const worker = new Worker(jobs);
    const lease = await worker.take();
    await worker.sync(lease, { metricsJson: '{"a":1}' });

    expect((await worker.finish(lease, completed())).job!.metricsJson).toBe('{"a":1}');
  });

  appTest("answers an identical re-send with the job and refuses another one (J4)", async ({ jobs }) => {
    await submit(jobs);
    const worker = new Worker(jobs);
    const lease = await worker.take();
    const first = await worker.finish(lease, completed({ metricsJson: "{}" }));

    const again = await worker.finish(lease, completed({ metricsJson: "{}" }));
    const other = await worker.finish(lease, failed({ errorMessage: "no" }));

    expect(again).toEqual(first);
    expect(other.problem).toMatchObject({ code: 9, reason: "JOB_TERMINAL" });
    expect(await get(jobs, first.job!)).toEqual(first.job);
  });

  appTest("changes nothing under a stale token, though the worker id is the same (J21)", async ({ jobs }) => {
    const { id } = await submit(jobs);
    const worker = new Worker(jobs);
    const stale = await worker.take();
    await worker.finish(stale, yielded({ reason: "later" }));
    const fresh = await worker.take();
    const before = await get(jobs, { id });

    const verdict = await worker.sync(stale, { progress: 9, metricsJson: '{"stale":1}', checkpoint: "stale" });
    const outcome = await worker.finish(stale, completed({ metricsJson: '{"stale":1}' }));

    expect(verdict.verdict).toBe(Verdict.LOST);
    expect(outcome.problem).toMatchObject({ code: 9, reason: "LEASE_LOST" });
    const after = await get(jobs, { id });
    expect({ ...after, eventSeq: 0n }).toEqual({ ...before, eventSeq: 0n });
    expect(stale.leaseToken < fresh.leaseToken).toBe(true);
    expect((await worker.finish(fresh, completed())).problem).toBeUndefined();
  });

  appTest("answers each result for itself, in order", async ({ jobs }) => {
    await jobs.submitJobs({ requests: Array.from({ length: 3 }, () => ({ kind: JobKind.TRAIN })) });
    const worker = new Worker(jobs);
    const leases = await worker.lease({ maxJobs: 3 });
    const results = leases.map((lease, i) => ({ ...named(lease), ...(i === 1 ? { leaseToken: "0".repeat(32) } : {}), result: completed() }));

    const { outcomes } = await jobs.finishJobs({ workerId: worker.id, results });

    expect(outcomes.map(({ problem }) => problem?.reason)).toEqual([undefined, "LEASE_LOST", undefined]);
    expect(outcomes.map(({ jobId }) => jobId)).toEqual(leases.map(({ job }) => job!.id));
  });

  appTest("takes new jobs in the same call", async ({ jobs }) => {
    await jobs.submitJobs({ requests: Array.from({ length: 2 }, () => ({ kind: JobKind.TRAIN })) });
    const worker = new Worker(jobs);
    const lease = await worker.take();

    const { leases } = await jobs.finishJobs({ workerId: worker.id, results: [{ ...named(lease), result: completed() }], leaseNext: { maxJobs: 5 } });

    expect(leases).toHaveLength(1);
  });

  appTest("gives a yielded job back with its checkpoint and without spending the attempt", async ({ jobs }) => {
    const { id } = await submit(jobs, { maxAttempts: 1 });
    const worker = new Worker(jobs);
    await worker.finish(await worker.take(), yielded({ reason: "spot", checkpoint: "file:7" }));

    const again = await worker.take();

    expect([again.job!.attempt, again.checkpoint]).toEqual([1, "file:7"]);
    const { attempts } = await jobs.listJobAttempts({ id });
    expect(attempts.map(({ outcome }) => outcome)).toEqual([AttemptOutcome.YIELDED, AttemptOutcome.UNSPECIFIED]);
  });

  appTest("tries a retryable failure again until the attempts are used up (J24)", async ({ jobs }) => {
    const { id } = await submit(jobs, { maxAttempts: 2 });
    const worker = new Worker(jobs);
    await worker.finish(await worker.take(), failed({ errorMessage: "one", retryable: true, retryDelay: seconds(0.01) }));
    expect(await get(jobs, { id })).toMatchObject({ status: JobStatus.QUEUED, progress: 0, errorMessage: "" });
    expect((await get(jobs, { id })).startedAt).toBeUndefined();

    await worker.finish(await worker.take(), failed({ errorMessage: "two", retryable: true }));

    expect(await get(jobs, { id })).toMatchObject({ status: JobStatus.FAILED, errorMessage: "two", attempt: 2 });
    expect(await eventsOf(jobs, { id })).toEqual(["SUBMITTED", "LEASED", "RETRY_SCHEDULED", "LEASED", "FAILED"]);
  });

  appTest("fails for good what must not be retried (J24)", async ({ jobs }) => {
    await submit(jobs);
    const worker = new Worker(jobs);

    expect((await worker.finish(await worker.take(), failed({ errorMessage: "no" }))).job).toMatchObject({ status: JobStatus.FAILED, errorMessage: "no" });
  });
});

describe("a lease that runs out", () => {
  appTest("queues its job again with the last checkpoint, and fails it at the limit (J23)", async ({ jobs }) => {
    const { id } = await submit(jobs, { maxAttempts: 2 });
    const lost = new Worker(jobs);
    await lost.sync(await lost.take({ lease: seconds(1) }), { checkpoint: "file:3", progress: 40 });

    const second = await new Worker(jobs).take({ lease: seconds(1) });
    expect([second.job!.attempt, second.checkpoint, second.job!.progress]).toEqual([2, "file:3", 0]);
    const ended = await until(async () => failedOnly(await get(jobs, { id })));

    expect(ended.errorMessage).toBe("lease expired after exhausting max attempts");
    expect(await eventsOf(jobs, { id })).toEqual(["SUBMITTED", "LEASED", "PROGRESS", "CHECKPOINT", "LEASE_EXPIRED", "LEASED", "FAILED"]);
  });

  appTest("is a timeout when the job has one (J27)", async ({ jobs }) => {
    const { id } = await submit(jobs, { maxAttempts: 1, timeout: seconds(0.2) });
    await new Worker(jobs).take();

    const ended = await until(async () => failedOnly(await get(jobs, { id })));

    expect(ended.errorMessage).toBe("job timed out after 200ms");
  });
});

describe("CancelJob", () => {
  appTest("keeps a queued job from ever running (J25)", async ({ jobs }) => {
    const { id } = await submit(jobs);

    const { job } = await jobs.cancelJob({ id, reason: "mistake" });

    expect(job).toMatchObject({ status: JobStatus.CANCELLED, cancelReason: "mistake", errorMessage: "" });
    expect(await new Worker(jobs).lease()).toEqual([]);
    expect((await jobs.cancelJob({ id, reason: "mistake" })).job).toEqual(job);
    expect(await jobs.cancelJob({ id, reason: "other" }).catch((error: RpcError) => error.reason)).toBe("JOB_TERMINAL");
  });

  appTest("fences a running job at once, and notes a late result without applying it (J25)", async ({ jobs }) => {
    const { id } = await submit(jobs);
    const worker = new Worker(jobs);
    const lease = await worker.take();
    const { job } = await jobs.cancelJob({ id, reason: "stop" });

    const verdict = await worker.sync(lease, { progress: 50 });
    const outcome = await worker.finish(lease, completed());

    expect([verdict.verdict, verdict.directive]).toEqual([Verdict.LOST, Directive.CANCEL]);
    expect(outcome.problem?.reason).toBe("LEASE_LOST");
    expect(await get(jobs, { id })).toEqual(job);
    expect(await eventsOf(jobs, { id })).toEqual(["SUBMITTED", "LEASED", "CANCELLED", "LATE_RESULT_REJECTED"]);
  });

  appTest("gives a running job its grace, which a completion may win (J25)", async ({ jobs }) => {
    const worker = new Worker(jobs);
    const ids = [await submit(jobs), await submit(jobs)].map(({ id }) => id);
    const [first, second] = await worker.lease({ maxJobs: 2 });
    for (const id of ids) expect((await jobs.cancelJob({ id, reason: "r", grace: seconds(60) })).job!.status).toBe(JobStatus.RUNNING);

    expect((await worker.sync(first!)).directive).toBe(Directive.CANCEL);
    expect((await worker.finish(first!, cancelled)).job).toMatchObject({ status: JobStatus.CANCELLED, cancelReason: "r" });
    expect((await worker.finish(second!, completed())).job!.status).toBe(JobStatus.COMPLETED);
  });

  appTest("ends a running job when its grace is over (J25)", async ({ jobs }) => {
    const { id } = await submit(jobs);
    await new Worker(jobs).take();
    await jobs.cancelJob({ id, reason: "r", grace: seconds(0.1) });

    expect(await until(async () => (await get(jobs, { id })).status === JobStatus.CANCELLED)).toBe(true);
  });
});
