/**
 * What tools ask a server about itself: grpc.health.v1, and grpc.reflection v1 and v1alpha from the descriptors.
 */
import type { DescExtension, DescFile, DescMessage, DescService } from "@bufbuild/protobuf";
import { type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { file_google_rpc_error_details } from "../../gen/ts/google/rpc/error_details_pb.ts";
import { file_google_rpc_status } from "../../gen/ts/google/rpc/status_pb.ts";
import {
  Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
  type HealthCheckResponseSchema,
} from "../../gen/ts/grpc/health/v1/health_pb.ts";
import {
  ServerReflection,
  type ServerReflectionRequest,
  type ServerReflectionResponseSchema,
} from "../../gen/ts/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionV1alpha } from "../../gen/ts/grpc/reflection/v1alpha/reflection_pb.ts";
import { type Service, serviceOf } from "./service.ts";

/** Whether the server takes calls, as a whole and for each service. */
export interface HealthState {
  /** Tells everybody who asks or watches. */
  setServing(isServing: boolean): void;
  readonly service: Service;
}

/** Health of a server with these services; it begins as not serving. */
export function createHealth(serviceNames: readonly string[]): HealthState {
  const known = new Set(["", ...serviceNames]);
  const watchers = new Set<() => void>();
  let status: ServingStatus = ServingStatus.NOT_SERVING;
  const statusFor = (name: string) => (known.has(name) ? status : undefined);

  async function* watch(
    { service }: { service: string },
    { signal }: HandlerContext,
  ): AsyncGenerator<MessageInitShape<typeof HealthCheckResponseSchema>> {
    let told: ServingStatus | undefined;
    while (true) {
      const now = statusFor(service) ?? ServingStatus.SERVICE_UNKNOWN;
      if (now !== told) yield { status: now };
      told = now;
      // A change that comes with the end of the server is still told.
      if (signal.aborted && (statusFor(service) ?? told) === told) return;
      await changed(watchers, signal);
    }
  }

  const service = serviceOf(Health, {
    check({ service: name }) {
      const found = statusFor(name);
      if (found === undefined) throw new ConnectError(`There is no service "${name}"`, Code.NotFound);
      return { status: found };
    },
    list: () => ({ statuses: Object.fromEntries([...known].map((name) => [name, { status }])) }),
    watch,
  });
  return {
    service,
    setServing(isServing) {
      status = isServing ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
      for (const wake of [...watchers]) wake();
    },
  };
}

async function changed(watchers: Set<() => void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const wake = () => {
      watchers.delete(wake);
      signal.removeEventListener("abort", wake);
      resolve();
    };
    watchers.add(wake);
    signal.addEventListener("abort", wake);
  });
}

type Answer = NonNullable<MessageInitShape<typeof ServerReflectionResponseSchema>["messageResponse"]>;

/** Both versions of reflection over `services`, themselves, health and the details that errors carry. */
export function createReflection(services: readonly DescService[]): Service[] {
  const listed = [...services, ServerReflection, ServerReflectionV1alpha];
  const catalog = new Catalog([
    ...listed.map((service) => service.file),
    file_google_rpc_status,
    file_google_rpc_error_details,
  ]);
  const names = listed.map((service) => service.typeName).sort();

  async function* serverReflectionInfo(requests: AsyncIterable<ServerReflectionRequest>) {
    const sent = new Set<DescFile>();
    for await (const request of requests) {
      const messageResponse = answerTo(request, catalog, names, sent);
      yield { validHost: request.host, originalRequest: request, messageResponse };
    }
  }

  const v1 = serviceOf(ServerReflection, { serverReflectionInfo });
  // The two versions have the same messages under two names: a request of one reads as a request of the other.
  const v1alpha = serviceOf(ServerReflectionV1alpha, { serverReflectionInfo } as never);
  return [v1, v1alpha];
}

function answerTo(request: ServerReflectionRequest, catalog: Catalog, names: string[], sent: Set<DescFile>): Answer {
  const { messageRequest: asked } = request;
  switch (asked.case) {
    case "listServices":
      return { case: "listServicesResponse", value: { service: names.map((name) => ({ name })) } };
    case "fileByFilename":
      return filesOf(catalog.files.get(asked.value), asked.value, sent);
    case "fileContainingSymbol":
      return filesOf(catalog.symbols.get(asked.value.replace(/^\./, "")), asked.value, sent);
    case "fileContainingExtension": {
      const { containingType, extensionNumber } = asked.value;
      const file = catalog.extensionsOf(containingType).get(extensionNumber);
      return filesOf(file, `extension ${extensionNumber} of ${containingType}`, sent);
    }
    case "allExtensionNumbersOfType": {
      if (!catalog.symbols.has(asked.value)) return notFound(asked.value);
      const extensionNumber = [...catalog.extensionsOf(asked.value).keys()].sort((a, b) => a - b);
      return { case: "allExtensionNumbersResponse", value: { baseTypeName: asked.value, extensionNumber } };
    }
    default:
      return refusal(Code.InvalidArgument, "The request asks for nothing");
  }
}

/** A file with what it imports, less what this stream was sent before. */
function filesOf(file: DescFile | undefined, what: string, sent: Set<DescFile>): Answer {
  if (file === undefined) return notFound(what);
  const files: Uint8Array[] = [];
  const add = (one: DescFile) => {
    if (sent.has(one) && one !== file) return;
    sent.add(one);
    files.push(toBinary(FileDescriptorProtoSchema, one.proto));
    one.dependencies.forEach(add);
  };
  add(file);
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto: files } };
}

function notFound(what: string): Answer {
  return refusal(Code.NotFound, `${what} is not known here`);
}

function refusal(errorCode: Code, errorMessage: string): Answer {
  return { case: "errorResponse", value: { errorCode, errorMessage } };
}

/** Every file that the services need, by name and by what it declares. */
class Catalog {
  readonly files = new Map<string, DescFile>();
  readonly symbols = new Map<string, DescFile>();
  readonly #extensions = new Map<string, Map<number, DescFile>>();

  constructor(files: readonly DescFile[]) {
    files.forEach((file) => this.#addFile(file));
  }

  extensionsOf(typeName: string): ReadonlyMap<number, DescFile> {
    return this.#extensions.get(typeName) ?? new Map();
  }

  #addFile(file: DescFile): void {
    if (this.files.has(file.proto.name)) return;
    this.files.set(file.proto.name, file);
    file.dependencies.forEach((dependency) => this.#addFile(dependency));
    file.messages.forEach((message) => this.#addMessage(message, file));
    file.enums.forEach((one) => this.#addEnum(one, file));
    file.extensions.forEach((extension) => this.#addExtension(extension, file));
    for (const service of file.services) {
      this.symbols.set(service.typeName, file);
      for (const method of service.methods) this.symbols.set(`${service.typeName}.${method.name}`, file);
    }
  }

  #addMessage(message: DescMessage, file: DescFile): void {
    this.symbols.set(message.typeName, file);
    for (const member of [...message.fields, ...message.oneofs])
      this.symbols.set(`${message.typeName}.${member.name}`, file);
    message.nestedMessages.forEach((nested) => this.#addMessage(nested, file));
    message.nestedEnums.forEach((nested) => this.#addEnum(nested, file));
    message.nestedExtensions.forEach((extension) => this.#addExtension(extension, file));
  }

  #addEnum({ typeName, values }: DescMessage["nestedEnums"][number], file: DescFile): void {
    this.symbols.set(typeName, file);
    // Values are named beside their enum, not inside it.
    const scope = typeName.slice(0, typeName.lastIndexOf(".") + 1);
    for (const value of values) this.symbols.set(scope + value.name, file);
  }

  #addExtension(extension: DescExtension, file: DescFile): void {
    this.symbols.set(extension.typeName, file);
    const known = this.#extensions.get(extension.extendee.typeName) ?? new Map<number, DescFile>();
    this.#extensions.set(extension.extendee.typeName, known.set(extension.number, file));
  }
}
