/** The gRPC port, seen by native clients and by connections that mean no good. */
import { connect, type OutgoingHttpHeaders } from "node:http2";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Health, HealthCheckResponse_ServingStatus as ServingStatus } from "../../gen/ts/grpc/health/v1/health_pb.ts";
import { GetJobRequestSchema, GetJobResponseSchema, JobService } from "../../gen/ts/millwright/v1/job_service_pb.ts";
import { openChannel, refusalOf, type RpcClient, type RpcError } from "../support/grpc-client.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { fakeJobs, type Seen } from "./fake-jobs.ts";

const id = "0192abcdef0123456789abcdef012345";
const getJobPath = "/millwright.v1.JobService/GetJob";
let server: TestServer;
let seen: Seen;
let jobs: RpcClient<typeof JobService>;

beforeAll(async () => {
  const fake = fakeJobs();
  seen = fake.seen;
  server = await startTestServer([fake.service]);
  jobs = server.channel.clientOf(JobService);
});
afterAll(async () => {
  await server.stop();
});

type RawAnswer = Record<string, unknown> & { bytes?: Buffer; ended?: string };

/** Sends one request on a connection of its own and tells how it was answered, or how it was ended. */
async function rawCall(headers: OutgoingHttpHeaders, body: Buffer): Promise<RawAnswer> {
  const session = connect(`http://127.0.0.1:${server.running.grpcPort}`);
  session.on("error", () => undefined);
  try {
    return await new Promise<RawAnswer>((resolve) => {
      const call = session.request({ ...grpcHeaders(getJobPath), ...headers });
      const answer: RawAnswer = {};
      const chunks: Buffer[] = [];
      call.on("response", (header) => Object.assign(answer, header));
      call.on("trailers", (trailer) => Object.assign(answer, trailer));
      call.on("data", (chunk: Buffer) => chunks.push(chunk));
      call.on("error", (error) => resolve({ ended: error.message }));
      call.on("end", () => resolve(Object.assign(answer, { bytes: Buffer.concat(chunks) })));
      call.end(body);
    });
  } finally {
    session.destroy();
  }
}

function grpcHeaders(path: string): OutgoingHttpHeaders {
  return { ":method": "POST", "content-type": "application/grpc", te: "trailers", ":path": path };
}

async function firstOf<T>(answers: AsyncIterable<T>): Promise<T> {
  for await (const answer of answers) return answer;
  throw new Error("The stream was empty");
}

function frame(message: Uint8Array, lengthSaid = message.length): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(lengthSaid, 1);
  return Buffer.concat([head, message]);
}

const validBody = frame(toBinary(GetJobRequestSchema, { $typeName: "millwright.v1.GetJobRequest", id }));

/** Cancels `count` calls at once, all of which have reached their handlers. */
async function startAndCancel(count: number, client: RpcClient<typeof JobService>, { started }: Seen): Promise<void> {
  const before = started.length;
  const abort = new AbortController();
  const calls = Array.from({ length: count }, () => refusalOf(client.releaseHold({ id }, { signal: abort.signal })));
  await vi.waitUntil(() => started.length === before + count, { timeout: 10_000 });
  abort.abort();
  await Promise.all(calls);
}

describe("a call", () => {
  test("carries its message there and back", async () => {
    const { job } = await jobs.getJob({ id: id.toUpperCase() });

    expect(job).toMatchObject({ id, tenant: "default" });
  });

  test("is refused with details that a client without our code can decode", async () => {
    const error = await refusalOf(jobs.getJob({ id: "missing" }));

    expect(error).toMatchObject({
      code: "NOT_FOUND",
      message: 'Cannot find job "missing" – 100 %',
      reason: "JOB_NOT_FOUND",
      facts: { id: "missing" },
      retryAfterMs: 250,
    });
    expect(error.info?.domain).toBe("millwright.dev");
  });

  test("names a bad field by its path", async () => {
    const error = await refusalOf(jobs.getJob({ id: "x" }));

    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", reason: "INVALID_FIELD" });
    expect(error.violations).toEqual([{ field: "id", description: "must be a job id: 32 hex digits" }]);
  });

  test("that a defect ends says so and nothing else", async () => {
    const error = await refusalOf(jobs.getJob({ id: "defect" }));

    expect(error).toMatchObject({ code: "INTERNAL", message: "Internal error", reason: "INTERNAL" });
    expect(JSON.stringify([error.message, error.details, error.metadata.getMap()])).not.toContain("canary");
    expect(server.logged.find((line) => line["request_id"] === error.facts["request_id"])).toMatchObject({
      level: 50,
      method: "millwright.v1.JobService/GetJob",
      err: { message: "canary: relation jobs does not exist" },
    });
  });

  test("of an RPC that is not built says its name", async () => {
    const error = await refusalOf(jobs.getJobStats({}));

    expect(error).toMatchObject({ code: "UNIMPLEMENTED", reason: "NOT_BUILT" });
    expect(error.message).toContain("millwright.v1.JobService/GetJobStats");
  });

  test("of an RPC that is not built says so before it looks at the request", async () => {
    expect((await refusalOf(jobs.purgeJobs({}))).code).toBe("UNIMPLEMENTED");
  });

  test("of a method that does not exist is UNIMPLEMENTED", async () => {
    expect(await rawCall({ ":path": "/millwright.v1.JobService/Nope" }, validBody)).toMatchObject({
      "grpc-status": "12",
    });
  });

  test("keeps text that is not ASCII, in both directions", async () => {
    const specJson = '{"ключ":"値 😀 %"}';

    expect((await jobs.submitJob({ kind: 1, specJson })).job?.specJson).toBe(specJson);
  });

  test("that is cancelled aborts its handler", async () => {
    const abort = new AbortController();
    const call = refusalOf(jobs.releaseHold({ id: "cancel-me" }, { signal: abort.signal }));
    await vi.waitUntil(() => seen.started.includes("cancel-me"));
    const before = seen.aborted.length;

    abort.abort();

    expect((await call).code).toBe("CANCELLED");
    await vi.waitUntil(() => seen.aborted.length > before);
    expect(seen.aborted.at(-1)).toMatchObject({ code: 1 });
  });

  test("that runs into its deadline aborts its handler with that reason", async () => {
    const before = seen.aborted.length;

    expect((await refusalOf(jobs.releaseHold({ id }, { deadlineMs: 150 }))).code).toBe("DEADLINE_EXCEEDED");
    await vi.waitUntil(() => seen.aborted.length > before);
    expect(seen.aborted.at(-1)).toMatchObject({ code: 4 });
  });

  test.each(["0n", "0m", "1n", "0S"])(
    "whose deadline is past when it arrives (%s) never reaches its handler",
    async (timeout) => {
      const late = "0192abcdef0123456789abcdef0fffff";
      const body = frame(toBinary(GetJobRequestSchema, { $typeName: "millwright.v1.GetJobRequest", id: late }));

      expect(await rawCall({ "grpc-timeout": timeout }, body)).toMatchObject({ "grpc-status": "4" });
      expect(seen.started).not.toContain(late);
    },
  );

  test.each(["99999999H", "99999999S", "35000000S"])(
    "may have a deadline longer than timers run (%s)",
    async (timeout) => {
      expect(await rawCall({ "grpc-timeout": timeout }, validBody)).toMatchObject({ "grpc-status": "0" });
    },
  );
});

describe("a request that is no request", () => {
  test.each([
    ["garbage", frame(Buffer.from("\xff\xff\xff\xff\xff", "latin1")), "3"],
    ["a wire type that does not exist", frame(Buffer.from([0x0f])), "3"],
    ["invalid UTF-8", frame(Buffer.from([0x0a, 0x02, 0xff, 0xfe])), "3"],
    ["groups nested without end", frame(Buffer.alloc(50_000, 0x0b)), "3"],
    ["no message", Buffer.alloc(0), "12"],
    ["two messages", Buffer.concat([validBody, validBody]), "12"],
  ])("is refused: %s", async (_, body, code) => {
    expect(await rawCall({}, body)).toMatchObject({ ":status": 200, "grpc-status": code });
  });

  test("is refused when it is larger than the limit", async () => {
    const error = await refusalOf(jobs.submitJob({ kind: 1, specJson: `"${"x".repeat(5 * 1024 * 1024)}"` }));

    expect(error.code).toBe("RESOURCE_EXHAUSTED");
  });

  test("is refused by the size it announces, before it is sent", async () => {
    expect(await rawCall({}, frame(Buffer.alloc(10), 0xffff_ffff))).toMatchObject({ "grpc-status": "8" });
  });

  test("leaves other calls of the connection alone when it is too large", async () => {
    const large = refusalOf(jobs.submitJob({ kind: 1, specJson: `"${"x".repeat(5 * 1024 * 1024)}"` }));

    expect((await jobs.getJob({ id })).job?.id).toBe(id);
    expect((await large).code).toBe("RESOURCE_EXHAUSTED");
  });

  test("with another content type is answered 415", async () => {
    expect(await rawCall({ "content-type": "application/json" }, Buffer.from("{}"))).toMatchObject({ ":status": 415 });
  });
});

describe("a malformed authority", () => {
  test.each(["%%", "[::1", "a:99999", "%", "a:b:c", "[", ":80", "%00", "[::1]:x"])(
    "%s is answered 400",
    async (authority) => {
      expect(await rawCall({ ":authority": authority }, validBody)).toMatchObject({ ":status": 400 });
      expect((await jobs.getJob({ id })).job?.id).toBe(id);
    },
  );

  test.each(["user@host", "a/b", "a?b", "a\\b", "<x>", "a b", "\u0001"])(
    "%j ends the request, not the server",
    async (authority) => {
      expect(await rawCall({ ":authority": authority }, validBody)).toHaveProperty("ended");
      expect((await jobs.getJob({ id })).job?.id).toBe(id);
    },
  );

  test.each(["localhost:1", "[::1]:50051", "millwright.ml.svc.cluster.local", "10.0.0.1:80"])(
    "is not what %s is",
    async (authority) => {
      const answer = await rawCall({ ":authority": authority }, validBody);

      expect(answer["grpc-status"]).toBe("0");
      expect(fromBinary(GetJobResponseSchema, answer.bytes!.subarray(5)).job?.id).toBe(id);
    },
  );
});

describe("a stream", () => {
  test("delivers its messages in order and ends", async () => {
    const seqs: bigint[] = [];
    for await (const { lastSeq } of jobs.watchJob({ id: "finite", afterSeq: 5_000n })) seqs.push(lastSeq);

    expect(seqs).toEqual(Array.from({ length: 5_000 }, (_, i) => BigInt(i + 1)));
  });

  test("that has nothing to say yet sends its headers", async () => {
    const answers = jobs.watchJob(
      { id: "silent" },
      { onHeader: (header) => headers.push(header.get("x-request-id")[0]) },
    );
    const headers: unknown[] = [];

    await vi.waitUntil(() => headers.length > 0);

    expect(headers[0]).toMatch(/^[0-9a-f-]{36}$/);
    answers.cancel();
  });

  test("that is refused before its first message is refused in its headers, where proxies look", async () => {
    const body = frame(Buffer.from([0x0a, 7, ...Buffer.from("missing")]));

    const answer = await rawCall({ ":path": "/millwright.v1.JobService/WatchJob" }, body);

    expect(answer).toMatchObject({ ":status": 200, "grpc-status": "5", bytes: Buffer.alloc(0) });
  });

  test("that breaks in the middle delivers what came before", async () => {
    const seqs: bigint[] = [];
    const read = async () => {
      for await (const { lastSeq } of jobs.watchJob({ id: "broken", afterSeq: 3n })) seqs.push(lastSeq);
    };

    expect(await refusalOf(read())).toMatchObject({ code: "FAILED_PRECONDITION", reason: "JOB_TERMINAL" });
    expect(seqs).toEqual([1n, 2n, 3n]);
  });

  test("is refused for a bad request like any call", async () => {
    expect((await refusalOf(jobs.watchJob({ id: "x", afterSeq: -1n }))).violations).toMatchObject([
      { field: "after_seq" },
    ]);
  });

  test("ends its generator when the caller leaves", async () => {
    const before = seen.ended;
    for await (const _ of jobs.watchJob({ id: "left", afterSeq: 1n })) break;

    await vi.waitUntil(() => seen.ended === before + 1);
  });

  test("is pulled no faster than it is read, and ends when its caller vanishes", async () => {
    const session = connect(`http://127.0.0.1:${server.running.grpcPort}`);
    const call = session.request(grpcHeaders("/millwright.v1.JobService/WatchJobs"));
    call.on("error", () => undefined);
    call.end(frame(new Uint8Array()));
    let sent = 0;
    let quietSince = performance.now();
    await vi.waitUntil(
      () => {
        if (seen.sharedCount !== sent) quietSince = performance.now();
        sent = seen.sharedCount;
        return sent > 0 && performance.now() - quietSince > 300;
      },
      { timeout: 10_000 },
    );
    const endedBefore = seen.ended;

    session.destroy();

    // 64 KiB of window and the buffers on the way to it, in messages of 16 KiB.
    expect(sent).toBeLessThan(50);
    await vi.waitUntil(() => seen.ended === endedBefore + 1);
  });

  test("of shared messages encodes each once, for all who watch", async () => {
    const first = await firstOf(jobs.watchJobs({}));
    seen.shared.resumeToken = "changed";

    expect((await firstOf(jobs.watchJobs({}))).resumeToken).toBe(first.resumeToken);
  });

  test("survives 1,500 cancelled calls on its connection", async () => {
    const health = server.channel.clientOf(Health);
    const watch = health.watch({ service: "" })[Symbol.asyncIterator]();
    expect((await watch.next()).value?.status).toBe(ServingStatus.SERVING);

    await startAndCancel(1_500, jobs, seen);

    server.running.health.setServing(false);
    expect((await watch.next()).value?.status).toBe(ServingStatus.NOT_SERVING);
    server.running.health.setServing(true);
    expect((await watch.next()).value?.status).toBe(ServingStatus.SERVING);
    await watch.return?.();
  });
});

describe("the reset limit", () => {
  test("ends a connection that cancels faster than it allows", async () => {
    const fake = fakeJobs();
    const strict = await startTestServer([fake.service], {
      env: { MILLWRIGHT_STREAM_RESET_BURST: "100", MILLWRIGHT_STREAM_RESET_RATE: "10" },
    });
    const watch = strict.channel.clientOf(Health).watch({ service: "" });
    const ended = refusalOf(watch) as Promise<RpcError>;

    await startAndCancel(500, strict.channel.clientOf(JobService), fake.seen);

    expect(["UNAVAILABLE", "INTERNAL", "CANCELLED"]).toContain((await ended).code);
    await strict.stop();
  });
});

describe("max connection age", () => {
  test("asks clients to connect again, and fails no call", async () => {
    const env = { MILLWRIGHT_CONNECTION_AGE: "1s", MILLWRIGHT_CONNECTION_GRACE: "2s" };
    const brief = await startTestServer([fakeJobs().service], { env });
    // A call that meets the GOAWAY was not begun: clients repeat it by themselves.
    const channel = openChannel(brief.running.grpcPort, { "grpc.enable_retries": 1 });
    const session = connect(`http://127.0.0.1:${brief.running.grpcPort}`);
    session.on("error", () => undefined);
    let isAsked = false;
    session.on("goaway", () => (isAsked = true));

    while (!isAsked) await channel.clientOf(JobService).getJob({ id });
    for (let i = 0; i < 100; i++) await channel.clientOf(JobService).getJob({ id });

    session.destroy();
    channel.close();
    await brief.stop();
  });
});
