/** How a server stops: what it tells, what it ends, what it waits for. */
import { describe, expect, test, vi } from "vitest";
import { Health, HealthCheckResponse_ServingStatus as ServingStatus } from "../../gen/ts/grpc/health/v1/health_pb.ts";
import { ServerReflection } from "../../gen/ts/grpc/reflection/v1/reflection_pb.ts";
import { JobService } from "../../gen/ts/millwright/v1/job_service_pb.ts";
import { refusalOf } from "../support/grpc-client.ts";
import { startTestServer } from "../support/server.ts";
import { fakeJobs } from "./fake-jobs.ts";

const id = "0192abcdef0123456789abcdef012345";

async function started() {
  const { service, seen } = fakeJobs();
  const server = await startTestServer([service]);
  return { server, seen, jobs: server.channel.clientOf(JobService) };
}

describe("drain", () => {
  test("turns health to NOT_SERVING for those who watch, then ends them", async () => {
    const { server } = await started();
    const watch = server.channel.clientOf(Health).watch({ service: JobService.typeName })[Symbol.asyncIterator]();
    expect((await watch.next()).value?.status).toBe(ServingStatus.SERVING);

    const drained = server.running.drain(5_000);

    expect((await watch.next()).value?.status).toBe(ServingStatus.NOT_SERVING);
    expect(await refusalOf(watch.next())).toMatchObject({ code: "UNAVAILABLE", reason: "SHUTTING_DOWN" });
    await drained;
    await server.stop();
  });

  test("tells services by the signal they were given", async () => {
    const { server } = await started();
    const { signal } = { signal: server.running.draining };
    expect(signal.aborted).toBe(false);

    const drained = server.running.drain(5_000);

    expect(signal.aborted).toBe(true);
    await drained;
    await server.stop();
  });

  test("ends streams with UNAVAILABLE and a time to wait, although their handlers just return", async () => {
    const { server, jobs, seen } = await started();
    const watch = jobs.watchJob({ id: "open", afterSeq: 2n })[Symbol.asyncIterator]();
    await watch.next();
    await watch.next();

    const drained = server.running.drain(5_000);
    const error = await refusalOf(watch.next());

    expect(error).toMatchObject({ code: "UNAVAILABLE", reason: "SHUTTING_DOWN" });
    expect(error.retryAfterMs).toBeGreaterThan(0);
    expect(seen.ended).toBe(1);
    await drained;
    await server.stop();
  });

  test("ends a stream whose caller does not read", async () => {
    const { server, jobs, seen } = await started();
    const watch = jobs.watchJobs({})[Symbol.asyncIterator]();
    await watch.next();

    await server.running.drain(2_000);

    expect(seen.ended).toBe(1);
    await watch.return?.();
    await server.stop();
  });

  test("ends a stream whose caller says nothing", async () => {
    const { server } = await started();
    const { promise: silence, resolve: speak } = Promise.withResolvers<void>();
    async function* requests() {
      yield { messageRequest: { case: "listServices" as const, value: "" } };
      await silence;
    }
    const answers = server.channel.clientOf(ServerReflection).serverReflectionInfo(requests())[Symbol.asyncIterator]();
    await answers.next();

    const drained = server.running.drain(2_000);

    expect(await refusalOf(answers.next())).toMatchObject({ code: "UNAVAILABLE" });
    await drained;
    speak();
    await server.stop();
  });

  test("lets calls in flight finish, on both ports", async () => {
    const { server, jobs, seen } = await started();
    const native = jobs.holdJob({ id: "native" });
    const json = fetch(`${server.httpUrl}/millwright.v1.JobService/HoldJob`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ id: "json" }),
    });
    await vi.waitUntil(() => seen.started.length === 2);

    let isDrained = false;
    const drained = server.running.drain(10_000).then(() => (isDrained = true));
    await vi.waitUntil(async () => (await fetch(server.httpUrl).catch(() => undefined)) === undefined);
    expect(isDrained).toBe(false);
    seen.release();

    expect((await native).job?.id).toBe("native");
    expect(await (await json).json()).toEqual({ job: { id: "json" } });
    expect(seen.aborted).toEqual([]);
    await drained;
    await server.stop();
  });

  test("ends what outlasts the grace with UNAVAILABLE", async () => {
    const { server, jobs, seen } = await started();
    const call = refusalOf(jobs.releaseHold({ id }));
    await vi.waitUntil(() => seen.started.length === 1);

    const before = performance.now();
    await server.running.drain(200);

    expect(await call).toMatchObject({ code: "UNAVAILABLE", reason: "SHUTTING_DOWN" });
    expect(seen.aborted).toMatchObject([{ reason: "SHUTTING_DOWN" }]);
    expect(performance.now() - before).toBeLessThan(3_000);
    await server.stop();
  });

  test("cuts off a handler that does not notice", async () => {
    const { server, jobs, seen } = await started();
    const call = refusalOf(jobs.holdJob({ id }));
    await vi.waitUntil(() => seen.started.length === 1);

    await server.running.drain(100);

    expect(["UNAVAILABLE", "CANCELLED", "INTERNAL"]).toContain((await call).code);
    seen.release();
    await server.stop();
  });

  test("closes both ports", async () => {
    const { server, jobs } = await started();

    await server.running.drain(1_000);

    expect((await refusalOf(jobs.getJob({ id }))).code).toBe("UNAVAILABLE");
    await expect(fetch(`${server.httpUrl}/healthz`)).rejects.toThrow();
    await server.stop();
  });

  test("may be asked for twice", async () => {
    const { server } = await started();

    await Promise.all([server.running.drain(1_000), server.running.drain(1_000)]);

    await server.stop();
  });
});
