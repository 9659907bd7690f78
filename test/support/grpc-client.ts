/**
 * A native gRPC client for any service of the contract, on @grpc/grpc-js and the generated descriptors.
 *
 * Calls reject with an `RpcError` that holds what a client in any language can decode from the status.
 */
import {
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodBiDiStreaming,
  type DescMethodClientStreaming,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type DescService,
  fromBinary,
  type Message,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { type Any, anyUnpack, durationMs } from "@bufbuild/protobuf/wkt";
import {
  type CallOptions as NativeOptions,
  type ChannelOptions,
  Client,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
  status as codeNames,
} from "@grpc/grpc-js";
import {
  type BadRequest,
  BadRequestSchema,
  type ErrorInfo,
  ErrorInfoSchema,
  type RetryInfo,
  RetryInfoSchema,
} from "../../gen/ts/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../../gen/ts/google/rpc/status_pb.ts";

/** How one call is made. */
export interface CallOptions {
  readonly metadata?: Readonly<Record<string, string>>;
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
  /** Is given the response headers when they arrive. */
  readonly onHeader?: (header: Metadata) => void;
}

/** A stream of answers. Leaving the loop cancels the call. */
export type Answers<T> = AsyncIterable<T> & { cancel(): void };

type Method<M extends DescMethod> =
  M extends DescMethodUnary<infer I, infer O>
    ? (request: MessageInitShape<I>, options?: CallOptions) => Promise<MessageShape<O>>
    : M extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageInitShape<I>, options?: CallOptions) => Answers<MessageShape<O>>
      : M extends DescMethodClientStreaming<infer I, infer O>
        ? (requests: Requests<I>, options?: CallOptions) => Promise<MessageShape<O>>
        : M extends DescMethodBiDiStreaming<infer I, infer O>
          ? (requests: Requests<I>, options?: CallOptions) => Answers<MessageShape<O>>
          : never;

type Requests<I extends DescMessage> = AsyncIterable<MessageInitShape<I>> | Iterable<MessageInitShape<I>>;

/** One method for each RPC of a service. */
export type RpcClient<S extends DescService> = { readonly [K in keyof S["method"]]: Method<S["method"][K]> };

/** A call that did not succeed, with the details of its status decoded. */
export class RpcError extends Error {
  override readonly name = "RpcError";
  /** The gRPC code by name, such as `NOT_FOUND`. */
  readonly code: string;
  readonly metadata: Metadata;
  /** Every detail of the status. */
  readonly details: readonly Message[];

  constructor(error: ServiceError) {
    super(error.details);
    this.code = codeNames[error.code]!;
    this.metadata = error.metadata;
    this.details = detailsOf(error.metadata);
  }

  get info(): ErrorInfo | undefined {
    return this.details.find((detail): detail is ErrorInfo => detail.$typeName === ErrorInfoSchema.typeName);
  }

  /** The stable reason, such as `JOB_NOT_FOUND`. */
  get reason(): string | undefined {
    return this.info?.reason;
  }

  get facts(): Record<string, string> {
    return this.info?.metadata ?? {};
  }

  get violations(): { field: string; description: string }[] {
    const request = this.details.find((detail): detail is BadRequest => detail.$typeName === BadRequestSchema.typeName);
    return (request?.fieldViolations ?? []).map(({ field, description }) => ({ field, description }));
  }

  get retryAfterMs(): number | undefined {
    const retry = this.details.find((detail): detail is RetryInfo => detail.$typeName === RetryInfoSchema.typeName);
    return retry?.retryDelay && durationMs(retry.retryDelay);
  }
}

function detailsOf(metadata: Metadata): Message[] {
  const [bytes] = metadata.get("grpc-status-details-bin");
  if (!(bytes instanceof Buffer)) return [];
  return fromBinary(StatusSchema, bytes)
    .details.map(unpack)
    .filter((detail) => detail !== undefined);
}

function unpack(detail: Any): Message | undefined {
  for (const schema of [ErrorInfoSchema, BadRequestSchema, RetryInfoSchema]) {
    const message = anyUnpack<DescMessage>(detail, schema);
    if (message !== undefined) return message;
  }
  return undefined;
}

/** One connection to a server, for clients of all its services. */
export interface Channel {
  readonly native: Client;
  /** Sent with every call. */
  readonly metadata: Readonly<Record<string, string>>;
  clientOf<S extends DescService>(service: S): RpcClient<S>;
  /** The same connection with other metadata, such as another tenant's. */
  with(metadata: Readonly<Record<string, string>>): Channel;
  close(): void;
}

/** Opens a connection to `127.0.0.1:port`, not shared with other channels. */
export function openChannel(port: number, options: ChannelOptions = {}): Channel {
  const native = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
    "grpc.max_receive_message_length": -1,
    // A call that failed has failed: tests must see it.
    "grpc.enable_retries": 0,
    ...options,
  });
  return channelOn(native, {});
}

function channelOn(native: Client, metadata: Readonly<Record<string, string>>): Channel {
  return {
    native,
    metadata,
    clientOf: (service) => clientOn(native, service, metadata),
    with: (more) => channelOn(native, { ...metadata, ...more }),
    close: () => native.close(),
  };
}

function clientOn<S extends DescService>(
  native: Client,
  service: S,
  metadata: Readonly<Record<string, string>>,
): RpcClient<S> {
  const methods = service.methods.map((method) => [method.localName, callerOf(native, method, metadata)]);
  return Object.fromEntries(methods) as RpcClient<S>;
}

function callerOf(native: Client, method: DescMethod, common: Readonly<Record<string, string>>): unknown {
  const path = `/${method.parent.typeName}/${method.name}`;
  const encode = (message: Message) => Buffer.from(toBinary(method.input, message));
  const decode = (bytes: Buffer) => fromBinary(method.output, bytes);
  const whole = (init: unknown) => create(method.input, init as Record<string, unknown>);
  type Inits = AsyncIterable<unknown> | Iterable<unknown>;
  const prepare = (options: CallOptions) =>
    [metadataOf({ ...common, ...options.metadata }), nativeOptions(options)] as const;
  switch (method.methodKind) {
    case "unary":
      return (init: unknown, options: CallOptions = {}) =>
        answered<Message>((done) => {
          const call = native.makeUnaryRequest(path, encode, decode, whole(init), ...prepare(options), done);
          return follow(call, options);
        });
    case "client_streaming":
      return (inits: Inits, options: CallOptions = {}) =>
        answered<Message>((done) => {
          const call = native.makeClientStreamRequest(path, encode, decode, ...prepare(options), done);
          void send(call, inits, whole);
          return follow(call, options);
        });
    case "server_streaming":
      return (init: unknown, options: CallOptions = {}) =>
        answersOf(
          follow(native.makeServerStreamRequest(path, encode, decode, whole(init), ...prepare(options)), options),
        );
    case "bidi_streaming":
      return (inits: Inits, options: CallOptions = {}) => {
        const call = native.makeBidiStreamRequest(path, encode, decode, ...prepare(options));
        void send(call, inits, whole);
        return answersOf(follow(call, options));
      };
  }
}

function metadataOf(entries: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(entries)) metadata.set(key, value);
  return metadata;
}

function nativeOptions({ deadlineMs }: CallOptions): NativeOptions {
  return deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
}

interface NativeCall {
  on(event: "metadata", listener: (metadata: Metadata) => void): unknown;
  cancel(): void;
}

function follow<C extends NativeCall>(call: C, { onHeader, signal }: CallOptions): C {
  if (onHeader !== undefined) call.on("metadata", onHeader);
  signal?.addEventListener("abort", () => call.cancel());
  if (signal?.aborted) call.cancel();
  return call;
}

async function answered<T>(start: (done: (error: ServiceError | null, answer?: T) => void) => unknown): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    start((error, answer) => (error === null ? resolve(answer!) : reject(new RpcError(error))));
  });
}

async function send(
  call: { write(message: Message): boolean; end(): void; once(event: string, listener: () => void): unknown },
  inits: AsyncIterable<unknown> | Iterable<unknown>,
  whole: (init: unknown) => Message,
): Promise<void> {
  for await (const init of inits) {
    if (!call.write(whole(init))) await new Promise<void>((resolve) => call.once("drain", resolve));
  }
  call.end();
}

function answersOf(call: ClientReadableStream<Message>): Answers<Message> {
  // Whoever does not read to the end must not be told of the cancel by an uncaught event.
  call.on("error", () => undefined);
  async function* read(): AsyncGenerator<Message> {
    try {
      for await (const message of call) yield message as Message;
    } catch (error) {
      throw isServiceError(error) ? new RpcError(error) : error;
    } finally {
      call.cancel();
    }
  }
  const messages = read();
  return { [Symbol.asyncIterator]: () => messages, cancel: () => call.cancel() };
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "code" in error && "details" in error && "metadata" in error;
}

/** What a call is refused with; fails when it succeeds. */
export async function refusalOf(call: Promise<unknown> | Answers<unknown>): Promise<RpcError> {
  try {
    if (Symbol.asyncIterator in call) for await (const _ of call);
    else await call;
  } catch (error) {
    if (error instanceof RpcError) return error;
    throw error;
  }
  throw new Error("The call succeeded");
}
