/** Jobs coming in: one, many, twice. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { sql } from "drizzle-orm";
import { describe, expect } from "vitest";
import { JobKind, JobStatus } from "../../gen/ts/millwright/v1/job_pb.ts";
import type { SubmitJobRequestSchema } from "../../gen/ts/millwright/v1/job_service_pb.ts";
import type { Database } from "../../src/db/database.ts";
import { appTest } from "../support/app.ts";
import { refusalOf } from "../support/grpc-client.ts";
import { completed, get, seconds, submit, Worker } from "../support/worker.ts";

type Submission = MessageInitShape<typeof SubmitJobRequestSchema>;

const { TRAIN, BACKFILL } = JobKind;

/** Rows of a tenant in all tables that a submission writes. */
async function rowsOf(db: Database, tenant: string): Promise<number> {
  const [row] = await db.run<{ count: string }>(sql`
    SELECT (SELECT count(*) FROM jobs WHERE tenant = ${tenant}) + (SELECT count(*) FROM ready_jobs WHERE tenant = ${tenant})
      + (SELECT count(*) FROM scheduled_jobs WHERE tenant = ${tenant})
      + (SELECT count(*) FROM job_requests WHERE tenant = ${tenant}) AS count`);
  return Number(row!.count);
}

async function jobCountOf(db: Database, tenant: string): Promise<number> {
  const [row] = await db.run<{ count: string }>(sql`SELECT count(*) AS count FROM jobs WHERE tenant = ${tenant}`);
  return Number(row!.count);
}

const everything = {
  kind: TRAIN,
  name: "fine_tune",
  targetName: "bert",
  specJson: '{"epochs": 3}',
  priority: -7,
  maxAttempts: 5,
  runAfter: timestampFromMs(1_900_000_000_123),
  timeout: seconds(90.5),
  held: true,
  labels: { team: "search", "a.b/c": "" },
  outputModelName: "bert-tuned",
  concurrencyKey: "gpu-0",
} satisfies Submission;

describe("SubmitJob", () => {
  appTest("takes the time of creation from the database's clock (J11)", async ({ jobs, db, tenant }) => {
    const job = await submit(jobs);

    const [row] = await db.run<{ ms: string; id_ms: string }>(sql`
      SELECT floor(extract(epoch FROM created_at) * 1000)::text AS ms,
        floor(extract(epoch FROM uuid_extract_timestamp(id)) * 1000)::text AS id_ms FROM jobs WHERE tenant = ${tenant}`);
    expect(Number(job.createdAt!.seconds) * 1_000 + job.createdAt!.nanos / 1e6).toBe(Number(row!.ms));
    expect(Math.abs(Number(row!.id_ms) - Number(row!.ms))).toBeLessThan(5_000);
  });

  appTest("gives ids that are UUIDv7 in hex, each above the one before (J1)", async ({ jobs }) => {
    const ids: string[] = [];
    for (let i = 0; i < 20; i++) ids.push((await submit(jobs)).id);

    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
    expect(new Set(ids).size).toBe(20);
    const born = ids.map((id) => id.slice(0, 12));
    expect(born).toEqual(born.toSorted());
  });

  appTest.for([
    [JobKind.TRAIN, "train"],
    [JobKind.BACKFILL, "backfill"],
    [JobKind.FEATURE_REFRESH, "feature_refresh"],
    [JobKind.DRIFT_COMPUTE, "drift_compute"],
  ] as const)("takes kind %s, stored as %s (J2)", async ([kind, word], { jobs, db, tenant }) => {
    const job = await submit(jobs, { kind });

    expect(job.kind).toBe(kind);
    expect(await db.run(sql`SELECT kind FROM jobs WHERE tenant = ${tenant}`)).toEqual([{ kind: word }]);
  });

  appTest("keeps everything it was given", async ({ jobs }) => {
    const job = await submit(jobs, { ...everything, requestId: "r-1" });

    const { outputModelName, ...kept } = everything;
    expect(job).toMatchObject({ ...kept, requestId: "r-1", outputModel: { name: outputModelName, version: 0 } });
    expect(await get(jobs, job)).toEqual(job);
  });

  appTest("fills in what is left out: 3 attempts, an empty spec, no limit (J8)", async ({ jobs }) => {
    const job = await submit(jobs);

    expect(job).toMatchObject({ maxAttempts: 3, specJson: "{}", priority: 0, name: "", labels: {}, concurrencyKey: "", requestId: "" });
    expect([job.timeout, job.runAfter, job.baseModel, job.outputModel]).toEqual([undefined, undefined, undefined, undefined]);
  });

  appTest("does not hand out a job before its run_after (J20)", async ({ jobs }) => {
    await submit(jobs, { runAfter: timestampFromMs(Date.now() + 3_600_000) });

    expect(await new Worker(jobs).lease()).toEqual([]);
  });

  appTest("takes a run_after in the past for at once (J20)", async ({ jobs }) => {
    const job = await submit(jobs, { runAfter: timestampFromMs(0) });

    expect((await new Worker(jobs).lease())[0]!.job!.id).toBe(job.id);
  });

  appTest("refuses a base model that is not there (BASE_MODEL_UNAVAILABLE)", async ({ jobs, db, tenant }) => {
    const refusal = await refusalOf(jobs.submitJob({ kind: TRAIN, baseModel: { name: "absent", version: 3 } }));

    expect(refusal).toMatchObject({ code: "FAILED_PRECONDITION", reason: "BASE_MODEL_UNAVAILABLE" });
    expect(refusal.facts).toMatchObject({ name: "absent" });
    expect(await rowsOf(db, tenant)).toBe(0);
  });

  appTest("answers a validate_only without an id and a time, and stores nothing", async ({ jobs, db, tenant }) => {
    const job = await submit(jobs, { ...everything, requestId: "r", validateOnly: true });

    expect(job).toMatchObject({ id: "", tenant, status: JobStatus.QUEUED, name: "fine_tune", priority: -7, maxAttempts: 5 });
    expect(job.createdAt).toBeUndefined();
    expect(await rowsOf(db, tenant)).toBe(0);
  });

  appTest("refuses on validate_only what would be refused", async ({ jobs }) => {
    const refusal = await refusalOf(jobs.submitJob({ kind: TRAIN, specJson: "{", validateOnly: true }));

    expect(refusal).toMatchObject({ code: "INVALID_ARGUMENT", violations: [{ field: "spec_json" }] });
  });

  appTest("refuses on validate_only a request id that another payload has used (J28)", async ({ jobs }) => {
    await submit(jobs, { requestId: "r" });

    const refusal = await refusalOf(jobs.submitJob({ kind: TRAIN, priority: 1, requestId: "r", validateOnly: true }));

    expect(refusal.reason).toBe("REQUEST_ID_REUSED");
  });
});

describe("a request id", () => {
  appTest("makes one job of 64 concurrent sends (J28)", async ({ jobs, db, tenant }) => {
    const sent = await Promise.all(Array.from({ length: 64 }, () => submit(jobs, { name: "n", labels: { a: "b" }, requestId: "same" })));

    expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
    expect(await jobCountOf(db, tenant)).toBe(1);
    expect(await new Worker(jobs).lease({ maxJobs: 10 })).toHaveLength(1);
  });

  appTest("makes one job when some send it alone and others among more (J28)", async ({ jobs, db, tenant }) => {
    const alone = Array.from({ length: 16 }, () => submit(jobs, { requestId: "same" }));
    const amongMore = Array.from({ length: 16 }, () => jobs.submitJobs({ requests: [{ kind: BACKFILL }, { kind: TRAIN, requestId: "same" }] }));

    const ids = [...(await Promise.all(alone)).map(({ id }) => id), ...(await Promise.all(amongMore)).map((answer) => answer.jobs[1]!.id)];

    expect(new Set(ids).size).toBe(1);
    expect(await jobCountOf(db, tenant)).toBe(17);
  });

  appTest("answers with the job as it stands by then (J28)", async ({ jobs }) => {
    const worker = new Worker(jobs);
    const { id } = await submit(jobs, { requestId: "r" });
    await worker.finish(await worker.take(), completed({ metricsJson: '{"loss":1}' }));

    const again = await submit(jobs, { requestId: "r" });

    expect(again).toEqual(await get(jobs, { id }));
    expect(again).toMatchObject({ id, status: JobStatus.COMPLETED, metricsJson: '{"loss":1}' });
    expect(await worker.lease()).toEqual([]);
  });

  const changes: [string, { [K in keyof Submission]?: Submission[K] | undefined }][] = [
    ["kind", { kind: BACKFILL }],
    ["name", { name: "other" }],
    ["target", { targetName: "other" }],
    ["spec", { specJson: '{"epochs":3}' }],
    ["priority", { priority: -6 }],
    ["number of attempts", { maxAttempts: 6 }],
    ["run_after", { runAfter: timestampFromMs(1_900_000_000_124) }],
    ["absence of a run_after", { runAfter: undefined }],
    ["timeout", { timeout: seconds(91) }],
    ["hold", { held: false }],
    ["labels", { labels: { team: "search" } }],
    ["output model", { outputModelName: "other" }],
    ["concurrency key", { concurrencyKey: "gpu-1" }],
  ];

  appTest.for(changes)("refuses another %s (J28, REQUEST_ID_REUSED)", async ([, change], { jobs, db, tenant }) => {
    const first = await submit(jobs, { ...everything, requestId: "r" });
    const before = await rowsOf(db, tenant);

    const refusal = await refusalOf(jobs.submitJob({ ...everything, requestId: "r", ...change } as Submission));

    expect(refusal).toMatchObject({ code: "ALREADY_EXISTS", reason: "REQUEST_ID_REUSED" });
    expect(refusal.facts).toMatchObject({ request_id: "r", job_id: first.id });
    expect(await rowsOf(db, tenant)).toBe(before);
    expect(await get(jobs, first)).toEqual(first);
  });

  appTest("takes another spelling of the same payload for the same (J28)", async ({ jobs }) => {
    const first = await submit(jobs, { requestId: "r", labels: { a: "1", b: "2" } });

    const again = await submit(jobs, { requestId: "r", labels: { b: "2", a: "1" }, specJson: "{}", maxAttempts: 3 });

    expect(again.id).toBe(first.id);
  });

  appTest("belongs to its tenant (J28)", async ({ jobs }) => {
    const first = await submit(jobs, { requestId: "r" });
    const peer = { metadata: { "x-millwright-tenant": `peer-${first.tenant}` } };

    const other = (await jobs.submitJob({ kind: TRAIN, requestId: "r" }, peer)).job!;

    expect(other.id).not.toBe(first.id);
    expect(other.tenant).toBe(`peer-${first.tenant}`);
  });
});

describe("SubmitJobs", () => {
  appTest("keeps the order of 1000 requests", async ({ jobs, db, tenant }) => {
    const requests = Array.from({ length: 1_000 }, (_, i) => ({ kind: TRAIN, name: `n${i}`, priority: i % 7 }));

    const { jobs: made } = await jobs.submitJobs({ requests });

    expect(made.map(({ name, priority }) => ({ kind: TRAIN, name, priority }))).toEqual(requests);
    expect(made.map(({ id }) => id)).toEqual(made.map(({ id }) => id).toSorted());
    expect(await rowsOf(db, tenant)).toBe(2_000);
  });

  appTest("stores none when one is refused, and names it (E2)", async ({ jobs, db, tenant }) => {
    const requests = [{ kind: TRAIN }, { kind: TRAIN, specJson: "not JSON" }, { kind: TRAIN }];

    const refusal = await refusalOf(jobs.submitJobs({ requests }));

    expect(refusal).toMatchObject({ code: "INVALID_ARGUMENT", violations: [{ field: "requests[1].spec_json" }] });
    expect(await rowsOf(db, tenant)).toBe(0);
  });

  appTest("stores none when one base model is not there", async ({ jobs, db, tenant }) => {
    const refusal = await refusalOf(jobs.submitJobs({ requests: [{ kind: TRAIN }, { kind: TRAIN, baseModel: { name: "absent" } }] }));

    expect(refusal.reason).toBe("BASE_MODEL_UNAVAILABLE");
    expect(await rowsOf(db, tenant)).toBe(0);
  });

  appTest("stores none when one request id was used with another payload (J28)", async ({ jobs, db, tenant }) => {
    await submit(jobs, { requestId: "used" });
    const before = await rowsOf(db, tenant);

    const requests = [{ kind: TRAIN }, { kind: TRAIN, requestId: "fresh" }, { kind: TRAIN, name: "other", requestId: "used" }];
    const refusal = await refusalOf(jobs.submitJobs({ requests }));

    expect(refusal.reason).toBe("REQUEST_ID_REUSED");
    expect(await rowsOf(db, tenant)).toBe(before);
  });

  appTest("answers what was made before in its place (J28)", async ({ jobs, db, tenant }) => {
    const before = await submit(jobs, { requestId: "b" });

    const { jobs: made } = await jobs.submitJobs({ requests: ["a", "b", "c"].map((requestId) => ({ kind: TRAIN, requestId })) });

    expect(made.map(({ requestId }) => requestId)).toEqual(["a", "b", "c"]);
    expect(made[1]!.id).toBe(before.id);
    expect(await jobCountOf(db, tenant)).toBe(3);
  });

  appTest("makes one job of a request that it holds twice (J28)", async ({ jobs }) => {
    const { jobs: made } = await jobs.submitJobs({
      requests: [{ kind: TRAIN, requestId: "r" }, { kind: BACKFILL }, { kind: TRAIN, requestId: "r" }],
    });

    expect(made[2]).toEqual(made[0]);
    expect(made[1]!.id).not.toBe(made[0]!.id);
  });

  appTest("refuses a request id that it holds with two payloads (J28)", async ({ jobs, db, tenant }) => {
    const refusal = await refusalOf(jobs.submitJobs({ requests: [{ kind: TRAIN, requestId: "r" }, { kind: BACKFILL, requestId: "r" }] }));

    expect(refusal.reason).toBe("REQUEST_ID_REUSED");
    expect(await rowsOf(db, tenant)).toBe(0);
  });

  appTest("makes each job once when a batch is sent 8 times at once in two orders (J28)", async ({ jobs, db, tenant }) => {
    const requests = Array.from({ length: 100 }, (_, i) => ({ kind: TRAIN, name: `n${i}`, requestId: `r${i}` }));
    const orders = Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? requests : requests.toReversed()));

    const answers = await Promise.all(orders.map((order) => jobs.submitJobs({ requests: order })));

    const ids = answers.map((answer, i) => (i % 2 === 0 ? answer.jobs : answer.jobs.toReversed()).map(({ id }) => id));
    for (const one of ids) expect(one).toEqual(ids[0]);
    expect(await jobCountOf(db, tenant)).toBe(100);
  });

  appTest("stores nothing on validate_only, and refuses a mix", async ({ jobs, db, tenant }) => {
    const { jobs: made } = await jobs.submitJobs({ requests: [{ kind: TRAIN, validateOnly: true }, { kind: BACKFILL, validateOnly: true }] });
    const refusal = await refusalOf(jobs.submitJobs({ requests: [{ kind: TRAIN, validateOnly: true }, { kind: TRAIN }] }));

    expect(made.map(({ id, kind }) => [id, kind])).toEqual([["", TRAIN], ["", BACKFILL]]);
    expect(refusal).toMatchObject({ code: "INVALID_ARGUMENT", violations: [{ field: "requests[1].validate_only" }] });
    expect(await rowsOf(db, tenant)).toBe(0);
  });
});
