/**
 * One native gRPC call as handlers and interceptors see it: their context, their request and their response.
 *
 * Headers, signal and values are made when they are first asked for: most calls need few of them, and together they
 * cost more than the call.
 */
import type { DescMethod, DescService, Message } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ContextValues,
  createContextValues,
  type HandlerContext,
  type StreamRequest,
  type StreamResponse,
  type UnaryRequest,
  type UnaryResponse,
} from "@connectrpc/connect";
import { Metadata } from "@grpc/grpc-js";

/** What all four kinds of grpc-js calls have in common. */
export interface NativeCall {
  readonly metadata: Metadata;
  readonly cancelled: boolean;
  getDeadline(): Date | number;
  getHost(): string;
  getPath(): string;
  sendMetadata(metadata: Metadata): void;
  once(event: "cancelled", listener: () => void): unknown;
}

// Timers may fire a little before the clock shows their time.
const DEADLINE_TOLERANCE_MS = 5;

const cancelled = new ConnectError("The call was cancelled", Code.Canceled);
const late = new ConnectError("The deadline passed", Code.DeadlineExceeded);

/** The context that a handler is given; it is also the request that interceptors are given. */
export class CallContext implements HandlerContext {
  readonly method: DescMethod;
  readonly protocolName = "grpc";
  readonly requestMethod = "POST";
  /** A request message, or the stream of them. */
  message: Message | AsyncIterable<Message>;
  readonly stream: boolean;
  readonly #call: NativeCall;
  #controller: AbortController | undefined;
  #endReason: unknown;
  #requestHeader: Headers | undefined;
  #responseHeader: Headers | undefined;
  #responseTrailer: Headers | undefined;
  #values: ContextValues | undefined;
  #isClosed = false;
  readonly #wakes = new Set<() => void>();

  constructor(
    call: NativeCall,
    method: DescMethod,
    messageOf: (context: CallContext) => Message | AsyncIterable<Message>,
  ) {
    this.#call = call;
    this.method = method;
    this.message = messageOf(this);
    this.stream = method.methodKind !== "unary";
  }

  get service(): DescService {
    return this.method.parent;
  }

  get url(): string {
    return `http://${this.#call.getHost()}${this.#call.getPath()}`;
  }

  get requestHeader(): Headers {
    return (this.#requestHeader ??= headersOf(this.#call.metadata));
  }

  get responseHeader(): Headers {
    return (this.#responseHeader ??= new Headers());
  }

  get responseTrailer(): Headers {
    return (this.#responseTrailer ??= new Headers());
  }

  get values(): ContextValues {
    return (this.#values ??= createContextValues());
  }

  // The names of the same things on a request.
  get header(): Headers {
    return this.requestHeader;
  }

  get contextValues(): ContextValues {
    return this.values;
  }

  /** Aborted when the caller cancels, the deadline passes or the server stops; not when the call ends by itself. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#call.cancelled) this.abort(this.#cancelReason());
      else if (this.#endReason !== undefined) this.#controller.abort(this.#endReason);
      else this.#call.once("cancelled", () => this.abort(this.#cancelReason()));
    }
    return this.#controller.signal;
  }

  /** Whether somebody ended the call from outside, without making a signal to find out. */
  get isEnded(): boolean {
    return this.#endReason !== undefined || this.#call.cancelled;
  }

  /** Why it was ended; undefined while it was not. */
  get endReason(): unknown {
    return this.#endReason ?? (this.#call.cancelled ? this.#cancelReason() : undefined);
  }

  readonly timeoutMs = (): number | undefined => {
    const deadline = Number(this.#call.getDeadline());
    return deadline === Number.POSITIVE_INFINITY ? undefined : deadline - Date.now();
  };

  abort(reason: unknown): void {
    if (this.#endReason === undefined && !this.#isClosed) {
      this.#endReason = reason;
      this.#controller?.abort(reason);
    }
    for (const wake of this.#wakes) wake();
  }

  /** The call ended by itself. What grpc-js calls a cancel after that is none. */
  close(): void {
    this.#isClosed = true;
  }

  /** Resolves when `register` calls back, or the call is aborted. */
  async until(register: (done: () => void) => void): Promise<void> {
    if (this.isEnded) return;
    await new Promise<void>((resolve) => {
      const wake = () => {
        this.#wakes.delete(wake);
        resolve();
      };
      this.#wakes.add(wake);
      register(wake);
    });
  }

  /** Sends the response headers; later calls of it do nothing. */
  sendHeader(): void {
    this.#call.sendMetadata(this.#responseHeader === undefined ? new Metadata() : metadataOf(this.#responseHeader));
  }

  /** Whether a handler or interceptor set response headers. */
  get hasHeader(): boolean {
    return this.#responseHeader !== undefined;
  }

  get trailer(): Metadata | undefined {
    return this.#responseTrailer === undefined ? undefined : metadataOf(this.#responseTrailer);
  }

  /** The same call for interceptors, whose types tell unary calls from streams. */
  asRequest(): UnaryRequest | StreamRequest {
    return this as unknown as UnaryRequest | StreamRequest;
  }

  #cancelReason(): ConnectError {
    const left = this.timeoutMs();
    return left !== undefined && left <= DEADLINE_TOLERANCE_MS ? late : cancelled;
  }
}

/** What a handler answered, as interceptors see it. */
export class CallResponse {
  readonly stream: boolean;
  message: Message | AsyncIterable<Message>;
  readonly #context: CallContext;

  constructor(context: CallContext, message: Message | AsyncIterable<Message>) {
    this.#context = context;
    this.message = message;
    this.stream = context.stream;
  }

  get method(): DescMethod {
    return this.#context.method;
  }

  get service(): DescService {
    return this.#context.service;
  }

  get header(): Headers {
    return this.#context.responseHeader;
  }

  get trailer(): Headers {
    return this.#context.responseTrailer;
  }

  /** See `CallContext.asRequest`. */
  asResponse(): UnaryResponse | StreamResponse {
    return this as unknown as UnaryResponse | StreamResponse;
  }
}

const protocolHeaders = /^(grpc-.*|content-type|te|connection|transfer-encoding|host|:.*)$/;

/** Response headers as grpc-js sends them; those that the protocol owns are left out. */
export function metadataOf(headers: Headers): Metadata {
  const metadata = new Metadata();
  for (const [key, value] of headers) {
    if (!protocolHeaders.test(key)) metadata.add(key, key.endsWith("-bin") ? Buffer.from(value, "base64") : value);
  }
  return metadata;
}

function headersOf(metadata: Metadata): Headers {
  const headers = new Headers();
  for (const [key, value] of Object.entries(metadata.toHttp2Headers())) {
    for (const one of Array.isArray(value) ? value : [value]) headers.append(key, String(one));
  }
  return headers;
}
