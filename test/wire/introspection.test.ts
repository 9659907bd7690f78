/** Health and reflection, as probes, meshes and tools ask for them. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { create, createFileRegistry, fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Health, HealthCheckResponse_ServingStatus as ServingStatus } from "../../gen/ts/grpc/health/v1/health_pb.ts";
import { ServerReflection, type ServerReflectionRequestSchema } from "../../gen/ts/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionV1alpha } from "../../gen/ts/grpc/reflection/v1alpha/reflection_pb.ts";
import { JobService } from "../../gen/ts/millwright/v1/job_service_pb.ts";
import { ModelRegistry } from "../../gen/ts/millwright/v1/model_registry_pb.ts";
import { serviceOf } from "../../src/wire/service.ts";
import { refusalOf, type RpcClient } from "../support/grpc-client.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { fakeJobs } from "./fake-jobs.ts";

let server: TestServer;
let health: RpcClient<typeof Health>;

beforeAll(async () => {
  server = await startTestServer([fakeJobs().service, serviceOf(ModelRegistry, {})]);
  health = server.channel.clientOf(Health);
});
afterAll(async () => {
  await server.stop();
});

describe("health", () => {
  test.each(["", "millwright.v1.JobService", "millwright.v1.ModelRegistry"])('Check knows "%s"', async (service) => {
    expect((await health.check({ service })).status).toBe(ServingStatus.SERVING);
  });

  test("Check does not know other services", async () => {
    expect((await refusalOf(health.check({ service: "nope" }))).code).toBe("NOT_FOUND");
  });

  test("List tells all", async () => {
    const { statuses } = await health.list({});

    expect(Object.keys(statuses).sort()).toEqual(["", "millwright.v1.JobService", "millwright.v1.ModelRegistry"]);
    expect(statuses[""]?.status).toBe(ServingStatus.SERVING);
  });

  test("Watch tells the status at once and every change of it", async () => {
    const watch = health.watch({ service: "millwright.v1.JobService" })[Symbol.asyncIterator]();
    const next = async () => (await watch.next()).value?.status;

    expect(await next()).toBe(ServingStatus.SERVING);
    server.running.health.setServing(false);
    expect(await next()).toBe(ServingStatus.NOT_SERVING);
    server.running.health.setServing(true);
    expect(await next()).toBe(ServingStatus.SERVING);
    await watch.return?.();
  });

  test("Watch says of an unknown service that it is, and goes on", async () => {
    const watch = health.watch({ service: "nope" })[Symbol.asyncIterator]();

    expect((await watch.next()).value?.status).toBe(ServingStatus.SERVICE_UNKNOWN);
    await watch.return?.();
  });
});

type Asked = NonNullable<MessageInitShape<typeof ServerReflectionRequestSchema>["messageRequest"]>;

async function reflect(
  asked: Asked,
  service: typeof ServerReflection | typeof ServerReflectionV1alpha = ServerReflection,
) {
  const client = server.channel.clientOf(service as typeof ServerReflection);
  for await (const answer of client.serverReflectionInfo([{ host: "h", messageRequest: asked }]))
    return answer.messageResponse;
  throw new Error("There was no answer");
}

async function filesFor(asked: Asked): Promise<string[]> {
  const answer = await reflect(asked);
  if (answer.case !== "fileDescriptorResponse") return [];
  return answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name);
}

/** The order in which protobuf-es links files; other libraries find it themselves. */
function importsFirst(files: readonly FileDescriptorProto[]): FileDescriptorProto[] {
  const sorted = new Set<FileDescriptorProto>();
  const add = (file: FileDescriptorProto | undefined) => {
    if (file === undefined || sorted.has(file)) return;
    for (const name of file.dependency) add(files.find((other) => other.name === name));
    sorted.add(file);
  };
  files.forEach(add);
  return [...sorted];
}

describe.each([
  ["v1", ServerReflection],
  ["v1alpha", ServerReflectionV1alpha],
] as const)("reflection %s", (_, service) => {
  test("lists every service that is served", async () => {
    const answer = await reflect({ case: "listServices", value: "" }, service);

    expect(answer).toMatchObject({
      case: "listServicesResponse",
      value: {
        service: [
          { name: "grpc.health.v1.Health" },
          { name: "grpc.reflection.v1.ServerReflection" },
          { name: "grpc.reflection.v1alpha.ServerReflection" },
          { name: "millwright.v1.JobService" },
          { name: "millwright.v1.ModelRegistry" },
        ],
      },
    });
  });

  test("gives files that link into a whole", async () => {
    const answer = await reflect({ case: "fileContainingSymbol", value: "millwright.v1.JobService" }, service);
    if (answer.case !== "fileDescriptorResponse") throw new Error("There were no files");
    const files = answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));

    const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: importsFirst(files) }));

    expect(registry.getService("millwright.v1.JobService")?.methods.map((method) => method.name)).toEqual(
      JobService.methods.map((method) => method.name),
    );
  });
});

describe("reflection", () => {
  test.each([
    ["a method", "millwright.v1.JobService.SubmitJob", "millwright/v1/job_service.proto"],
    ["a field", "millwright.v1.SubmitJobRequest.spec_json", "millwright/v1/job_service.proto"],
    ["an enum's value", "millwright.v1.JOB_KIND_TRAIN", "millwright/v1/job.proto"],
    ["a name with a leading dot", ".millwright.v1.Job", "millwright/v1/job.proto"],
    ["a detail of errors", "google.rpc.ErrorInfo", "google/rpc/error_details.proto"],
    ["the status itself", "google.rpc.Status", "google/rpc/status.proto"],
  ])("finds %s", async (_, symbol, file) => {
    expect((await filesFor({ case: "fileContainingSymbol", value: symbol }))[0]).toBe(file);
  });

  test("finds a file by its name", async () => {
    expect(await filesFor({ case: "fileByFilename", value: "google/rpc/status.proto" })).toEqual([
      "google/rpc/status.proto",
      "google/protobuf/any.proto",
    ]);
  });

  test("finds extensions, by which the rules of the contract are read", async () => {
    const numbers = await reflect({ case: "allExtensionNumbersOfType", value: "google.protobuf.FieldOptions" });
    const files = await filesFor({
      case: "fileContainingExtension",
      value: { containingType: "google.protobuf.FieldOptions", extensionNumber: 1159 },
    });

    expect(numbers).toMatchObject({
      case: "allExtensionNumbersResponse",
      value: { extensionNumber: expect.arrayContaining([1159]) },
    });
    expect(files[0]).toBe("buf/validate/validate.proto");
  });

  test.each<[string, Asked, number]>([
    ["a symbol", { case: "fileContainingSymbol", value: "nope.Nope" }, 5],
    ["a file", { case: "fileByFilename", value: "/etc/passwd" }, 5],
    ["an extension", { case: "fileContainingExtension", value: { containingType: "x", extensionNumber: 1 } }, 5],
    ["a type", { case: "allExtensionNumbersOfType", value: "x" }, 5],
    ["nothing", { case: undefined }, 3],
  ])("answers, and goes on, when it does not know %s", async (_, asked, errorCode) => {
    expect(await reflect(asked)).toMatchObject({ case: "errorResponse", value: { errorCode } });
  });

  test("sends a file once per stream, unless it is asked for by name", async () => {
    const client = server.channel.clientOf(ServerReflection);
    const ask = (value: string) => ({ messageRequest: { case: "fileContainingSymbol" as const, value } });
    const counts: number[] = [];
    for await (const { messageResponse } of client.serverReflectionInfo([
      ask("millwright.v1.JobService"),
      ask("millwright.v1.JobService"),
    ])) {
      if (messageResponse.case === "fileDescriptorResponse")
        counts.push(messageResponse.value.fileDescriptorProto.length);
    }

    expect(counts[0]).toBeGreaterThan(3);
    expect(counts[1]).toBe(1);
  });
});

describe("buf curl", () => {
  const buf = join(import.meta.dirname, "../../node_modules/.bin/buf");
  const run = async (port: number, ...args: string[]) => {
    const common = ["curl", "--protocol", "grpc", "--http2-prior-knowledge"];
    const [path = "", ...options] = args;
    return await promisify(execFile)(buf, [...common, ...options, `http://127.0.0.1:${port}${path}`]).then(
      ({ stdout }) => stdout,
      (error: { stderr: string }) => error.stderr,
    );
  };

  test("lists services and calls them without a proto file, on both ports", async () => {
    for (const port of [server.running.grpcPort, server.running.httpPort]) {
      expect(await run(port, "", "--list-services")).toContain("millwright.v1.JobService");
      const call = ["/millwright.v1.JobService/GetJob", "-d", '{"id": "0192ABCDEF0123456789abcdef012345"}'];
      expect(JSON.parse(await run(port, ...call))).toMatchObject({ job: { id: "0192abcdef0123456789abcdef012345" } });
    }
  });

  test("prints the details of a refusal", async () => {
    const answer = await run(server.running.grpcPort, "/millwright.v1.JobService/GetJob", "-d", '{"id": "missing"}');

    expect(JSON.parse(answer)).toMatchObject({
      code: "not_found",
      details: expect.arrayContaining([expect.objectContaining({ type: "google.rpc.ErrorInfo" })]),
    });
  });
});
