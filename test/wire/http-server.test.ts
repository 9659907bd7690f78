/** The HTTP port: Connect, gRPC-Web and JSON, probes and metrics, and whom it does not answer. */
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ErrorInfoSchema } from "../../gen/ts/google/rpc/error_details_pb.ts";
import { JobService } from "../../gen/ts/millwright/v1/job_service_pb.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { fakeJobs, type Seen } from "./fake-jobs.ts";

const id = "0192abcdef0123456789abcdef012345";
const getJobPath = "/millwright.v1.JobService/GetJob";
let server: TestServer;
let seen: Seen;
let isReady = true;

beforeAll(async () => {
  const fake = fakeJobs();
  seen = fake.seen;
  server = await startTestServer([fake.service], { isReady: async () => isReady });
});
afterAll(async () => {
  await server.stop();
});

const transports: [string, () => Transport][] = [
  ["Connect over HTTP/1.1", () => createConnectTransport({ baseUrl: server.httpUrl, httpVersion: "1.1" })],
  ["Connect over HTTP/2", () => createConnectTransport({ baseUrl: server.httpUrl, httpVersion: "2" })],
  [
    "Connect in JSON",
    () => createConnectTransport({ baseUrl: server.httpUrl, httpVersion: "1.1", useBinaryFormat: false }),
  ],
  ["gRPC-Web over HTTP/1.1", () => createGrpcWebTransport({ baseUrl: server.httpUrl, httpVersion: "1.1" })],
  ["gRPC over HTTP/2", () => createGrpcTransport({ baseUrl: server.httpUrl })],
];

describe.each(transports)("%s", (_, transport) => {
  test("carries a call, with the tenant that its header names", async () => {
    const headers = { "x-millwright-tenant": "team-a", "x-request-id": "r-7" };
    let echoed: string | null = null;

    const { job } = await createClient(JobService, transport()).getJob(
      { id },
      { headers, onHeader: (header) => (echoed = header.get("x-request-id")) },
    );

    expect(job).toMatchObject({ id, tenant: "team-a", name: "r-7" });
    expect(echoed).toBe("r-7");
  });

  test("carries a refusal with its details", async () => {
    const error = await createClient(JobService, transport()).getJob({ id: "missing" }).catch(ConnectError.from);

    expect(error).toMatchObject({ code: Code.NotFound, rawMessage: 'Cannot find job "missing" – 100 %' });
    expect((error as ConnectError).findDetails(ErrorInfoSchema)).toMatchObject([
      { reason: "JOB_NOT_FOUND", metadata: { id: "missing" } },
    ]);
  });

  test("says nothing of a defect", async () => {
    const error = await createClient(JobService, transport()).getJob({ id: "defect" }).catch(ConnectError.from);

    expect(error).toMatchObject({ code: Code.Internal, rawMessage: "Internal error" });
  });

  test("names an RPC that is not built", async () => {
    const error = await createClient(JobService, transport()).getJobStats({}).catch(ConnectError.from);

    expect(error).toMatchObject({
      code: Code.Unimplemented,
      rawMessage: "millwright.v1.JobService/GetJobStats is not built yet",
    });
  });

  test("carries a stream to its end", async () => {
    const seqs: bigint[] = [];
    for await (const { lastSeq } of createClient(JobService, transport()).watchJob({ id: "finite", afterSeq: 50n }))
      seqs.push(lastSeq);

    expect(seqs).toEqual(Array.from({ length: 50 }, (_, i) => BigInt(i + 1)));
  });

  test("tells how a stream broke", async () => {
    const read = async () => {
      for await (const _ of createClient(JobService, transport()).watchJob({ id: "broken", afterSeq: 2n }));
    };

    await expect(read()).rejects.toMatchObject({ code: Code.FailedPrecondition, rawMessage: "It broke" });
  });

  test("ends a stream's generator when the caller leaves", async () => {
    const before = seen.ended;
    const abort = new AbortController();
    const read = async () => {
      for await (const _ of createClient(JobService, transport()).watchJob(
        { id: "left", afterSeq: 1n },
        { signal: abort.signal },
      ))
        abort.abort();
    };

    await expect(read()).rejects.toThrow();
    await vi.waitUntil(() => seen.ended === before + 1);
  });

  test("keeps to the caller's deadline", async () => {
    const call = createClient(JobService, transport()).releaseHold({ id }, { timeoutMs: 100 });

    await expect(call).rejects.toMatchObject({ code: Code.DeadlineExceeded });
  });

  test("refuses a message that is too large", async () => {
    const call = createClient(JobService, transport()).submitJob({
      kind: 1,
      specJson: `"${"x".repeat(5 * 1024 * 1024)}"`,
    });

    await expect(call).rejects.toMatchObject({ code: Code.ResourceExhausted });
  });
});

async function postJson(
  path: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: string }> {
  const answer = await fetch(server.httpUrl + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
  return { status: answer.status, body: await answer.text() };
}

describe("JSON", () => {
  test("needs no client but curl", async () => {
    expect(await postJson(getJobPath, JSON.stringify({ id }))).toMatchObject({
      status: 200,
      body: expect.stringContaining(id),
    });
  });

  test("reads by GET what has no side effects", async () => {
    const query = new URLSearchParams({ encoding: "json", message: JSON.stringify({ id }), connect: "v1" });

    expect((await fetch(`${server.httpUrl}${getJobPath}?${query}`)).status).toBe(200);
  });

  test("names the fields that are wrong", async () => {
    const { status, body } = await postJson(
      "/millwright.v1.JobService/SubmitJob",
      '{"priority": 5000000, "kind": "JOB_KIND_TRAIN"}',
    );

    expect(status).toBe(400);
    expect(JSON.parse(body)).toMatchObject({
      code: "invalid_argument",
      details: expect.arrayContaining([
        expect.objectContaining({
          type: "google.rpc.BadRequest",
          debug: { fieldViolations: [expect.objectContaining({ field: "priority" })] },
        }),
      ]),
    });
  });

  test.each(["{", '{"id": 7}', '["x"]', '{"id": "\\ud800"}', ""])(
    "that is not a request is refused: %s",
    async (body) => {
      expect((await postJson(getJobPath, body)).status).toBe(400);
    },
  );

  test("has no answer to paths that are no RPC", async () => {
    expect((await postJson("/millwright.v1.JobService/Nope", "{}")).status).toBe(404);
    expect((await postJson("//", "{}")).status).toBe(404);
  });

  test.each(["9999999999", "4000000000"])("may have a timeout longer than timers run (%s ms)", async (ms) => {
    expect((await postJson(getJobPath, JSON.stringify({ id }), { "connect-timeout-ms": ms })).status).toBe(200);
  });

  test("whose deadline is past when it arrives never reaches its handler", async () => {
    const late = "0192abcdef0123456789abcdef0eeeee";

    expect((await postJson(getJobPath, JSON.stringify({ id: late }), { "connect-timeout-ms": "0" })).body).toContain(
      "deadline_exceeded",
    );
    expect(seen.started).not.toContain(late);
  });
});

/** Sends a request whose Host no client library would let through. */
async function statusFor(host: string, path = getJobPath, port = server.running.httpPort): Promise<string | undefined> {
  const body = JSON.stringify({ id });
  return await new Promise((resolve) => {
    const socket = connectTcp(port, "127.0.0.1");
    const headers = `Host: ${host}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`;
    socket.on("data", (chunk) => {
      resolve(/^HTTP\/1\.1 (\d+)/.exec(chunk.toString())?.[1]);
      socket.destroy();
    });
    socket.on("close", () => resolve(undefined));
    socket.write(`POST ${path} HTTP/1.1\r\n${headers}\r\n\r\n${body}`, "latin1");
  });
}

async function http2StatusFor(authority: string): Promise<number | string> {
  const session = connectHttp2(server.httpUrl);
  session.on("error", () => undefined);
  try {
    return await new Promise((resolve) => {
      const call = session.request({
        ":method": "POST",
        ":path": getJobPath,
        ":authority": authority,
        "content-type": "application/json",
      });
      call.on("response", (header) => resolve(header[":status"]!));
      call.on("error", () => resolve("ended"));
      call.end(JSON.stringify({ id }));
    });
  } finally {
    session.destroy();
  }
}

const hostile = ["%%", "[::1", "a:99999", "%", "a:b:c", "[", ":80", "%00", "[::1]:x"];

describe("a malformed Host", () => {
  test.each([...hostile, "user@host", "a/b", "a?b", "a#b", "a\\b", "<x>", "a b", ""])(
    "%j is answered 400 over HTTP/1.1",
    async (host) => {
      expect(await statusFor(host)).toBe("400");
      expect(await statusFor("localhost")).toBe("200");
    },
  );

  test.each(hostile)("%j is answered 400 over HTTP/2", async (authority) => {
    expect(await http2StatusFor(authority)).toBe(400);
    expect(await http2StatusFor("localhost")).toBe(200);
  });
});

describe("a foreign page", () => {
  test.each(["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "10.0.0.1", "localhost.evil.example"])(
    "that points the name %s here is not answered",
    async (host) => {
      expect(await statusFor(host)).toBe("403");
    },
  );

  test.each(["localhost", "localhost:8080", "127.0.0.1:99", "[::1]", "LOCALHOST"])(
    "is not what calls %s",
    async (host) => {
      expect(await statusFor(host)).toBe("200");
    },
  );

  test.each(["http://evil.example", "null", "http://localhost:1", "https://127.0.0.1"])(
    "of origin %s is not answered",
    async (origin) => {
      expect((await postJson(getJobPath, JSON.stringify({ id }), { origin })).status).toBe(403);
    },
  );

  test("is not a page of this server's own", async () => {
    expect((await postJson(getJobPath, JSON.stringify({ id }), { origin: server.httpUrl })).status).toBe(200);
  });

  test("is told no metrics", async () => {
    expect(await statusFor("evil.example", "/metrics")).toBe("403");
  });

  test("is answered under a name that the operator listed, and by address when the server is open", async () => {
    const env = { MILLWRIGHT_ALLOWED_HOSTS: "mill.internal", MILLWRIGHT_INSECURE: "true", MILLWRIGHT_HOST: "0.0.0.0" };
    const open = await startTestServer([fakeJobs().service], { env });
    const statusOf = async (host: string) => await statusFor(host, "/metrics", open.running.httpPort);

    expect([await statusOf("mill.internal:80"), await statusOf("10.1.2.3"), await statusOf("other.internal")]).toEqual([
      "200",
      "200",
      "403",
    ]);
    await open.stop();
  });
});

describe("probes", () => {
  test("tell that the process lives, whatever the Host", async () => {
    expect(await statusFor("10.2.3.4", "/healthz")).toBe("200");
  });

  test("tell whether the database answers", async () => {
    expect((await fetch(`${server.httpUrl}/readyz`)).status).toBe(200);

    isReady = false;

    expect((await fetch(`${server.httpUrl}/readyz`)).status).toBe(503);
    expect((await fetch(`${server.httpUrl}/healthz`)).status).toBe(200);
    isReady = true;
  });

  test("count as not ready when asking fails", async () => {
    const broken = await startTestServer([], { isReady: () => Promise.reject(new Error("refused")) });

    expect((await fetch(`${broken.httpUrl}/readyz`)).status).toBe(503);
    await broken.stop();
  });
});

describe("/metrics", () => {
  test("is what Prometheus reads", async () => {
    await postJson(getJobPath, JSON.stringify({ id }));
    const answer = await fetch(`${server.httpUrl}/metrics`);

    expect(answer.headers.get("content-type")).toContain("text/plain");
    expect(await answer.text()).toMatch(
      /^millwright_rpc_duration_seconds_count\{method="millwright.v1.JobService\/GetJob",code="OK"\} \d+$/m,
    );
  });
});

describe("a connection", () => {
  test("that sends its first bytes one by one is understood", async () => {
    const answer = await new Promise<string>((resolve) => {
      const socket = connectTcp({ port: server.running.httpPort, host: "127.0.0.1", noDelay: true });
      socket.once("data", (chunk) => {
        resolve(chunk.toString());
        socket.destroy();
      });
      const bytes = [..."POST /x HTTP/1.1\r\nHost: localhost\r\ncontent-length: 0\r\n\r\n"];
      const next = () => {
        const byte = bytes.shift();
        if (byte !== undefined) socket.write(byte, () => setImmediate(next));
      };
      next();
    });

    expect(answer).toMatch(/^HTTP\/1.1 404/);
  });

  test("that breaks off in the middle harms nobody", async () => {
    for (let i = 0; i < 20; i++) {
      const socket = connectTcp(server.running.httpPort, "127.0.0.1");
      await new Promise<void>((resolve) =>
        socket.write(`POST ${getJobPath} HTTP/1.1\r\nHost: localhost\r\ncontent-length: 100\r\n\r\n{`, () => resolve()),
      );
      socket.resetAndDestroy();
    }

    expect(await statusFor("localhost")).toBe("200");
  });

  test("that breaks off writes nothing to the console", async () => {
    const written = vi.spyOn(console, "error");
    const abort = new AbortController();
    const before = seen.ended;
    const call = fetch(`${server.httpUrl}/millwright.v1.JobService/WatchJobs`, {
      method: "POST",
      headers: { "content-type": "application/connect+json" },
      body: Buffer.concat([Buffer.from([0, 0, 0, 0, 2]), Buffer.from("{}")]),
      signal: abort.signal,
    });
    await (await call).body?.getReader().read();

    abort.abort();

    await vi.waitUntil(() => seen.ended > before);
    expect(written).not.toHaveBeenCalled();
  });
});
