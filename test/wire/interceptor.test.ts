/** What happens around every handler: request ids, callers, log lines, measurements, limits. */
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { Health } from "../../gen/ts/grpc/health/v1/health_pb.ts";
import { JobService } from "../../gen/ts/millwright/v1/job_service_pb.ts";
import { refusalOf, type RpcClient } from "../support/grpc-client.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { fakeJobs } from "./fake-jobs.ts";

const id = "0192abcdef0123456789abcdef012345";
let server: TestServer;
let jobs: RpcClient<typeof JobService>;

beforeAll(async () => {
  server = await startTestServer([fakeJobs().service], {
    env: { MILLWRIGHT_WATCHERS: "5", MILLWRIGHT_WATCHERS_PER_TENANT: "3" },
  });
  jobs = server.channel.clientOf(JobService);
});
afterAll(async () => {
  await server.stop();
});
beforeEach(() => {
  server.logged.length = 0;
});

async function requestIdOf(given?: string): Promise<string | undefined> {
  let answered: string | undefined;
  const metadata: Record<string, string> = given === undefined ? {} : { "x-request-id": given };
  await jobs.getJob({ id }, { metadata, onHeader: (header) => (answered = header.get("x-request-id")[0]?.toString()) });
  return answered;
}

describe("a request id", () => {
  test("is echoed, and is the handler's and the log's", async () => {
    expect(await requestIdOf("trace/42")).toBe("trace/42");
    expect((await jobs.getJob({ id }, { metadata: { "x-request-id": "abc" } })).job?.name).toBe("abc");
    expect(server.logged.map((line) => line["request_id"])).toEqual(["trace/42", "abc"]);
  });

  test("is made when there is none", async () => {
    expect(await requestIdOf()).toMatch(/^[0-9a-f-]{36}$/);
  });

  test.each(["a b", "x".repeat(129), "<script>", 'a"b'])(
    "is made instead of %j, which does not belong in a log",
    async (given) => {
      expect(await requestIdOf(given)).toMatch(/^[0-9a-f-]{36}$/);
    },
  );

  test("comes with a refusal too", async () => {
    const error = await refusalOf(jobs.getJob({ id: "missing" }, { metadata: { "x-request-id": "r-9" } }));

    expect(error.metadata.get("x-request-id")).toEqual(["r-9"]);
  });
});

describe("the caller", () => {
  test("is whom the tenant header names", async () => {
    expect((await jobs.getJob({ id }, { metadata: { "x-millwright-tenant": "global" } })).job?.tenant).toBe("global");
  });

  test("is refused with a malformed tenant", async () => {
    const error = await refusalOf(jobs.getJob({ id }, { metadata: { "x-millwright-tenant": "a b" } }));

    expect(error).toMatchObject({
      code: "INVALID_ARGUMENT",
      reason: "INVALID_FIELD",
      violations: [{ field: "x-millwright-tenant" }],
    });
  });

  test("is nobody to health checks, which belong to no tenant", async () => {
    await server.channel.clientOf(Health).check({}, { metadata: { "x-millwright-tenant": "a b" } });
  });
});

describe("the log", () => {
  test("has one line for a call that succeeds, at debug", async () => {
    await jobs.getJob({ id }, { metadata: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" } });

    expect(server.logged).toMatchObject([
      {
        level: 20,
        method: "millwright.v1.JobService/GetJob",
        code: "OK",
        tenant: "default",
        trace_id: "0af7651916cd43dd8448eb211c80319c",
        ms: expect.any(Number),
      },
    ]);
  });

  test("has one line for a refusal, at warn, with its reason", async () => {
    await refusalOf(jobs.getJob({ id: "missing" }));

    expect(server.logged).toMatchObject([{ level: 40, code: "NOT_FOUND", reason: "JOB_NOT_FOUND" }]);
  });

  test("has one line for a stream, when it has ended", async () => {
    for await (const _ of jobs.watchJob({ id: "finite", afterSeq: 3n }));

    expect(server.logged).toMatchObject([{ level: 20, method: "millwright.v1.JobService/WatchJob", code: "OK" }]);
  });

  test("has one line for a stream that the caller left", async () => {
    for await (const _ of jobs.watchJob({ id: "left", afterSeq: 1n })) break;
    await vi.waitUntil(() => server.logged.length > 0);

    expect(server.logged).toMatchObject([{ level: 20, code: "CANCELLED" }]);
  });

  test("has one line for a call that the caller cancelled", async () => {
    const abort = new AbortController();
    const call = refusalOf(jobs.releaseHold({ id }, { signal: abort.signal, deadlineMs: 10_000 }));
    setTimeout(() => abort.abort(), 50);
    await call;
    await vi.waitUntil(() => server.logged.length > 0);

    expect(server.logged).toMatchObject([{ level: 20, code: "CANCELLED" }]);
  });
});

describe("the metrics", () => {
  test("count calls by method and code, and open streams", async () => {
    const before = await valueOf("millwright_rpc_duration_seconds_count", {
      method: "millwright.v1.JobService/GetJob",
      code: "NOT_FOUND",
    });
    await refusalOf(jobs.getJob({ id: "missing" }));
    const watch = jobs.watchJob({ id: "open", afterSeq: 1n })[Symbol.asyncIterator]();
    await watch.next();

    const method = "millwright.v1.JobService/WatchJob";
    expect(
      await valueOf("millwright_rpc_duration_seconds_count", {
        method: "millwright.v1.JobService/GetJob",
        code: "NOT_FOUND",
      }),
    ).toBe(before + 1);
    expect(await valueOf("millwright_streams_active", { method })).toBe(1);
    await watch.return?.();
    await vi.waitUntil(async () => (await valueOf("millwright_streams_active", { method })) === 0);
  });
});

async function valueOf(name: string, labels: Record<string, string>): Promise<number> {
  const metrics = await server.metrics.registry.getMetricsAsJSON();
  const values = metrics
    .flatMap((metric) => metric.values as { metricName?: string; labels: Record<string, unknown>; value: number }[])
    .concat(metrics.flatMap((metric) => (metric.name === name ? (metric.values as never[]) : [])));
  const found = values.find(
    (one) =>
      (one.metricName ?? name) === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value),
  );
  return found?.value ?? 0;
}

describe("open streams", () => {
  test("are limited per tenant and per server, and a place that is left is free again", async () => {
    const open = async (tenant: string) => {
      const answers = jobs.watchJob({ id: "open", afterSeq: 1n }, { metadata: { "x-millwright-tenant": tenant } });
      const iterator = answers[Symbol.asyncIterator]();
      await iterator.next();
      return iterator;
    };
    const refused = async (tenant: string) =>
      await refusalOf(jobs.watchJob({ id: "open" }, { metadata: { "x-millwright-tenant": tenant } }));
    const own = await Promise.all([open("a"), open("a"), open("a")]);

    const beyondOwn = await refused("a");
    const others = await Promise.all([open("b"), open("b")]);
    const beyondAll = await refused("c");

    expect(beyondOwn).toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      reason: "WATCHERS_EXCEEDED",
      facts: { scope: "tenant", limit: "3" },
    });
    expect(beyondOwn.retryAfterMs).toBeGreaterThan(0);
    expect(beyondAll.facts).toMatchObject({ scope: "server", limit: "5" });

    await others[0]?.return?.();
    await vi.waitUntil(
      async () =>
        await open("c").then(
          (watch) => own.push(watch),
          () => false,
        ),
    );
    for (const watch of [...own, ...others]) await watch.return?.();
  });
});
