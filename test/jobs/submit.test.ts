/** Jobs coming in and being read, through the wire. */
import { sql } from "drizzle-orm";
import { describe, expect } from "vitest";
import { JobKind, JobStatus } from "../../gen/ts/millwright/v1/job_pb.ts";
import { appTest } from "../support/app.ts";
import { RpcError } from "../support/grpc-client.ts";
import { get, submit, Worker } from "../support/worker.ts";

async function refusalOf(call: Promise<unknown>): Promise<RpcError> {
  return await call.then(() => Promise.reject(new Error("The call succeeded")), (error: RpcError) => error);
}

describe("SubmitJob", () => {
  appTest("answers with a queued job that has made no progress (J5)", async ({ jobs, tenant }) => {
    const job = await submit(jobs, { name: "fine_tune", specJson: '{"b":1, "a":1e2}' });

    expect(job).toMatchObject({ tenant, kind: JobKind.TRAIN, status: JobStatus.QUEUED, progress: 0, attempt: 0, eventSeq: 1n });
    expect([job.startedAt, job.finishedAt, job.metricsJson, job.duration]).toEqual([undefined, undefined, undefined, undefined]);
    expect(await get(jobs, job)).toEqual(job);
  });

  appTest("makes ids of 32 lower-case hex digits and takes them in either case (J1)", async ({ jobs }) => {
    const { id } = await submit(jobs);

    expect(id).toMatch(/^[0-9a-f]{12}7[0-9a-f]{19}$/);
    expect((await get(jobs, { id: id.toUpperCase() })).id).toBe(id);
  });

  for (const id of ["", "0".repeat(31), "0".repeat(33), `-${"0".repeat(31)}`, `0x${"0".repeat(30)}`, `${"0".repeat(31)}g`, "0123456789ab-cdef0123456789abcde-"]) {
    appTest(`refuses the id "${id}" (J1)`, async ({ jobs }) => {
      const refusal = await refusalOf(jobs.getJob({ id }));

      expect(refusal.code).toBe("INVALID_ARGUMENT");
      expect(refusal.violations[0]?.field).toBe("id");
    });
  }

  appTest("keeps a spec of 1 MiB byte for byte (J8)", async ({ jobs }) => {
    const head = '{"a":1.0,"a":1, "é😀":"\\u00e9\\/", "n":1e400, "pad":"';
    const specJson = `${head}${"x".repeat(1024 * 1024 - Buffer.byteLength(head) - 2)}"}`;

    const { id } = await submit(jobs, { specJson });

    expect((await get(jobs, { id })).specJson === specJson).toBe(true);
  });

  for (const [what, specJson] of [["no JSON", "{"], ["a word", "abc"], ["one byte above 1 MiB", `"${"x".repeat(1024 * 1024 - 1)}"`]] as const) {
    appTest(`refuses a spec that is ${what} and stores nothing (J8)`, async ({ jobs, db, tenant }) => {
      const refusal = await refusalOf(submit(jobs, { specJson }));

      expect([refusal.code, refusal.violations[0]?.field]).toEqual(["INVALID_ARGUMENT", "spec_json"]);
      expect(await db.run(sql`SELECT id FROM jobs WHERE tenant = ${tenant}`)).toHaveLength(0);
    });
  }

  appTest("takes no spec for an empty object (J8)", async ({ jobs }) => {
    expect((await submit(jobs)).specJson).toBe("{}");
  });

  for (const kind of [0, 99]) {
    appTest(`refuses kind ${kind} (J2)`, async ({ jobs }) => {
      const refusal = await refusalOf(submit(jobs, { kind: kind as JobKind }));

      expect([refusal.code, refusal.violations[0]?.field]).toEqual(["INVALID_ARGUMENT", "kind"]);
    });
  }

  for (const field of ["name", "targetName", "concurrencyKey", "requestId", "outputModelName", "specJson"] as const) {
    appTest(`refuses a NUL in ${field} and stores nothing (E3)`, async ({ jobs, db, tenant }) => {
      const refusal = await refusalOf(submit(jobs, { [field]: "a\0b" }));

      expect(refusal.code).toBe("INVALID_ARGUMENT");
      expect(refusal.violations.length).toBeGreaterThan(0);
      expect(await db.run(sql`SELECT id FROM jobs WHERE tenant = ${tenant}`)).toHaveLength(0);
    });
  }

  appTest("makes one job of 64 concurrent sends of one request (J28)", async ({ jobs, db, tenant }) => {
    const sent = await Promise.all(Array.from({ length: 64 }, () => submit(jobs, { requestId: "once", specJson: '{"a":1}' })));

    expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
    expect(await db.run(sql`SELECT id FROM jobs WHERE tenant = ${tenant}`)).toHaveLength(1);
  });

  appTest("refuses a request id with another payload, and takes it from another tenant (J28)", async ({ jobs, rpc, served }) => {
    await submit(jobs, { requestId: "r", specJson: '{"a":1}' });

    const refusal = await refusalOf(submit(jobs, { requestId: "r", specJson: '{"a":2}' }));
    const { JobService } = await import("../../gen/ts/millwright/v1/job_service_pb.ts");
    const other = served.channel.with({ "x-millwright-tenant": `${rpc.metadata["x-millwright-tenant"]}-2` }).clientOf(JobService);

    expect([refusal.code, refusal.reason]).toEqual(["ALREADY_EXISTS", "REQUEST_ID_REUSED"]);
    expect((await submit(other, { requestId: "r", specJson: '{"a":2}' })).specJson).toBe('{"a":2}');
  });

  appTest("stores nothing when it only validates", async ({ jobs, db, tenant }) => {
    const job = await submit(jobs, { validateOnly: true, name: "n" });

    expect([job.id, job.name]).toEqual(["", "n"]);
    expect(await db.run(sql`SELECT id FROM jobs WHERE tenant = ${tenant}`)).toHaveLength(0);
  });

  appTest("refuses a base model that nobody registered", async ({ jobs }) => {
    const refusal = await refusalOf(submit(jobs, { baseModel: { name: "bert", version: 1 } }));

    expect([refusal.code, refusal.reason]).toEqual(["FAILED_PRECONDITION", "BASE_MODEL_UNAVAILABLE"]);
  });
});

describe("SubmitJobs", () => {
  appTest("makes 1000 jobs in order", async ({ jobs }) => {
    const requests = Array.from({ length: 1000 }, (_, i) => ({ kind: JobKind.TRAIN, name: `n${i}` }));

    const { jobs: made } = await jobs.submitJobs({ requests });

    expect(made.map(({ name }) => name)).toEqual(requests.map(({ name }) => name));
    expect(new Set(made.map(({ id }) => id)).size).toBe(1000);
  });

  appTest("makes none when one of them is refused (J28)", async ({ jobs, db, tenant }) => {
    await submit(jobs, { requestId: "r" });

    const requests = [{ kind: JobKind.TRAIN, name: "a" }, { kind: JobKind.TRAIN, name: "b", requestId: "r" }];
    const reused = await refusalOf(jobs.submitJobs({ requests }));
    const malformed = await refusalOf(jobs.submitJobs({ requests: [{ kind: JobKind.TRAIN }, { kind: JobKind.TRAIN, specJson: "{" }] }));

    expect(reused.reason).toBe("REQUEST_ID_REUSED");
    expect(malformed.violations[0]?.field).toBe("requests[1].spec_json");
    expect(await db.run(sql`SELECT id FROM jobs WHERE tenant = ${tenant}`)).toHaveLength(1);
  });

  appTest("refuses 1001 jobs", async ({ jobs }) => {
    const refusal = await refusalOf(jobs.submitJobs({ requests: Array.from({ length: 1001 }, () => ({ kind: JobKind.TRAIN })) }));

    expect([refusal.code, refusal.violations[0]?.field]).toEqual(["INVALID_ARGUMENT", "requests"]);
  });
});

describe("GetJob", () => {
  appTest("tells a peer's job from none that ever was in no way (E1)", async ({ jobs, served }) => {
    const { id } = await submit(jobs);
    const { JobService } = await import("../../gen/ts/millwright/v1/job_service_pb.ts");
    const peer = served.channel.with({ "x-millwright-tenant": "somebody-else" }).clientOf(JobService);
    const absentId = id.replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));

    const [theirs, nobodys] = await Promise.all([refusalOf(peer.getJob({ id })), refusalOf(peer.getJob({ id: absentId }))]);

    expect([theirs.code, theirs.reason]).toEqual(["NOT_FOUND", "JOB_NOT_FOUND"]);
    expect(theirs.message.replace(id, "ID")).toBe(nobodys.message.replace(absentId, "ID"));
  });
});

describe("ListJobs", () => {
  appTest("pages newest first and stays stable while jobs come in (L1)", async ({ jobs }) => {
    const { jobs: made } = await jobs.submitJobs({ requests: Array.from({ length: 25 }, () => ({ kind: JobKind.TRAIN })) });

    const listed: string[] = [];
    let pageToken = "";
    do {
      const page = await jobs.listJobs({ pageSize: 10, pageToken });
      listed.push(...page.jobs.map(({ id }) => id));
      pageToken = page.nextPageToken;
      await submit(jobs);
    } while (pageToken !== "");

    expect(listed).toEqual(made.map(({ id }) => id).reverse());
  });

  appTest("filters by status, kind, name, target and labels (L1)", async ({ jobs }) => {
    const running = await submit(jobs, { name: "a", targetName: "t", labels: { team: "x", stage: "y" } });
    await new Worker(jobs).take();
    const queued = await submit(jobs, { kind: JobKind.BACKFILL, name: "b" });
    const idsOf = async (filter: Parameters<typeof jobs.listJobs>[0]) => (await jobs.listJobs(filter)).jobs.map(({ id }) => id);

    expect(await idsOf({ statuses: [JobStatus.RUNNING] })).toEqual([running.id]);
    expect(await idsOf({ statuses: [JobStatus.QUEUED] })).toEqual([queued.id]);
    expect(await idsOf({ kinds: [JobKind.BACKFILL] })).toEqual([queued.id]);
    expect(await idsOf({ name: "a", targetName: "t" })).toEqual([running.id]);
    expect(await idsOf({ labels: { team: "x" } })).toEqual([running.id]);
    expect(await idsOf({ labels: { team: "y" } })).toEqual([]);
  });

  appTest("refuses a token that was altered, or made by another query", async ({ jobs }) => {
    await jobs.submitJobs({ requests: Array.from({ length: 3 }, () => ({ kind: JobKind.TRAIN })) });
    const { nextPageToken } = await jobs.listJobs({ pageSize: 1 });

    const altered = await refusalOf(jobs.listJobs({ pageSize: 1, pageToken: `${nextPageToken.slice(0, -2)}AA` }));
    const foreign = await refusalOf(jobs.listJobs({ pageSize: 1, name: "other", pageToken: nextPageToken }));

    expect([altered.violations[0]?.field, foreign.violations[0]?.field]).toEqual(["page_token", "page_token"]);
  });
});
