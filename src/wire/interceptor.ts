/**
 * What happens around every handler, on both ports and in this order: trace → log → caller → validate → status.
 *
 * It is one interceptor, not five: each layer of promises costs as much as what it does. Whatever is thrown inside
 * leaves as a status; a call gets one log line and one measurement, when it has ended.
 */
import { randomUUID } from "node:crypto";
import type { DescMessage, DescMethod, Message } from "@bufbuild/protobuf";
import {
  ConnectError,
  type Interceptor,
  type StreamRequest,
  type StreamResponse,
  type UnaryRequest,
} from "@connectrpc/connect";
import { status as codeNames } from "@grpc/grpc-js";
import { ErrorInfoSchema } from "../../gen/ts/google/rpc/error_details_pb.ts";
import { Problem } from "../problem.ts";
import type { Log, Metrics } from "../telemetry.ts";
import {
  type Caller,
  notBuilt,
  readCaller,
  setCaller,
  shuttingDown,
  TENANT_HEADER,
  watchersExceeded,
} from "./request.ts";
import { isDefect, statusOf } from "./status.ts";
import type { Validate } from "./validation.ts";

/** What the interceptor works with; both ports share one of each. */
export interface CallRules {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly validate: Validate;
  readonly streams: OpenStreams;
  /** Aborted when the server begins to drain. */
  readonly draining: AbortSignal;
  isBuilt(method: DescMethod): boolean;
}

/** Counts open streams, so that one tenant's watchers cannot take a server for themselves. */
export class OpenStreams {
  readonly #max: number;
  readonly #perTenantMax: number;
  readonly #byTenant = new Map<string, number>();
  #open = 0;

  constructor(max: number, perTenantMax: number) {
    this.#max = max;
    this.#perTenantMax = perTenantMax;
  }

  /** Takes a place, or refuses; the function that it answers gives the place back, once. */
  enter(tenant: string): () => void {
    const own = this.#byTenant.get(tenant) ?? 0;
    if (own >= this.#perTenantMax) throw watchersExceeded(this.#perTenantMax, "tenant");
    if (this.#open >= this.#max) throw watchersExceeded(this.#max, "server");
    this.#byTenant.set(tenant, own + 1);
    this.#open++;
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      this.#open--;
      const left = this.#byTenant.get(tenant)! - 1;
      if (left === 0) this.#byTenant.delete(tenant);
      else this.#byTenant.set(tenant, left);
    };
  }
}

const REQUEST_ID_HEADER = "x-request-id";
const requestIdForm = /^[A-Za-z0-9._:/+=@-]{1,128}$/;
const traceparentForm = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/;

type Request = UnaryRequest | StreamRequest;
// Interceptors of ours may replace messages in place: a copy of a request would lose what is made when it is asked for.
type Replaceable = { message: AsyncIterable<Message> };

/** The one interceptor of both ports. */
export function guardCalls(rules: CallRules): Interceptor {
  return (next) => async (request) => {
    const call = new ServedCall(request, rules);
    try {
      admit(call, request, rules);
      const response = await next(request);
      response.header.set(REQUEST_ID_HEADER, call.requestId);
      if (response.stream) (response as Replaceable).message = followed(call, response);
      else call.end();
      return response;
    } catch (error) {
      throw call.fail(error);
    }
  };
}

/** Everything that is decided before a handler runs. */
function admit(call: ServedCall, request: Request, rules: CallRules): void {
  if (isIntrospection(request.method)) return;
  const caller = readCaller(request.header.get(TENANT_HEADER), call.requestId);
  call.caller = caller;
  setCaller(request.contextValues, caller);
  if (!rules.isBuilt(request.method)) throw notBuilt(call.method);
  if (!request.stream) {
    rules.validate(request.method.input, request.message);
    return;
  }
  if (rules.draining.aborted) throw shuttingDown();
  call.leave = rules.streams.enter(caller.tenant);
  (request as Replaceable).message = validated(request.message, request.method.input, rules.validate);
}

/** Health and reflection belong to no tenant and stay open to the end. */
function isIntrospection(method: DescMethod): boolean {
  return method.parent.typeName.startsWith("grpc.");
}

async function* validated(
  messages: AsyncIterable<Message>,
  desc: DescMessage,
  validate: Validate,
): AsyncIterable<Message> {
  for await (const message of messages) {
    validate(desc, message);
    yield message;
  }
}

/** The answers of a stream, with an eye on how it ends. */
function followed(call: ServedCall, response: StreamResponse): AsyncIterable<Message> {
  const { message: messages } = response;
  call.beginStream();
  return {
    [Symbol.asyncIterator]() {
      const inner = messages[Symbol.asyncIterator]();
      return {
        async next() {
          try {
            const step = await inner.next();
            if (step.done) call.endStream();
            return step;
          } catch (error) {
            throw call.fail(error);
          }
        },
        async return(value?: unknown) {
          call.abandon();
          await inner.return?.(value);
          return { done: true, value: undefined };
        },
      };
    },
  };
}

/** One call, from its first header to its log line. */
class ServedCall {
  readonly method: string;
  readonly requestId: string;
  caller: Caller | undefined;
  leave: (() => void) | undefined;
  readonly #request: Request;
  readonly #rules: CallRules;
  readonly #startedAt = performance.now();
  #isStream = false;
  #hasEnded = false;

  constructor(request: Request, rules: CallRules) {
    this.#request = request;
    this.#rules = rules;
    this.method = nameOf(request.method);
    const given = request.header.get(REQUEST_ID_HEADER);
    this.requestId = given !== null && requestIdForm.test(given) ? given : randomUUID();
  }

  beginStream(): void {
    this.#isStream = true;
    this.#rules.metrics.streamsChanged(this.method, 1);
  }

  /** The call did what it was asked to. */
  end(): void {
    this.#close("OK");
    if (this.#rules.log.isLevelEnabled("debug")) this.#rules.log.debug(this.#facts("OK"), "call");
  }

  /** A handler that stops at the abort of its signal looks as if it were done: the caller must know that it is not. */
  endStream(): void {
    this.#request.signal.throwIfAborted();
    this.end();
  }

  /** The caller went away in the middle of a stream. */
  abandon(): void {
    if (!this.#hasEnded) this.fail(this.#request.signal.reason ?? new DOMException("", "AbortError"));
  }

  /** Makes the status of what was thrown, logs it, and answers with it. */
  fail(error: unknown): ConnectError {
    const status = statusOf(error, this.requestId, this.#request.signal);
    if (this.#hasEnded) return status;
    const code = codeNames[status.code]!;
    this.#close(code);
    const { log } = this.#rules;
    if (isDefect(status)) log.error({ ...this.#facts(code), err: status.cause }, "call failed");
    else if (code === "CANCELLED") log.debug(this.#facts(code), "call cancelled");
    else if (log.isLevelEnabled("warn")) {
      const [info] = status.findDetails(ErrorInfoSchema);
      const err = status.cause instanceof Problem ? undefined : status.cause;
      log.warn({ ...this.#facts(code), reason: info?.reason, refusal: status.rawMessage, err }, "call refused");
    }
    return status;
  }

  #close(code: string): void {
    this.#hasEnded = true;
    this.leave?.();
    this.#rules.metrics.rpcEnded(this.method, code, (performance.now() - this.#startedAt) / 1_000);
    if (this.#isStream) this.#rules.metrics.streamsChanged(this.method, -1);
  }

  #facts(code: string): Record<string, unknown> {
    const [, traceId] = traceparentForm.exec(this.#request.header.get("traceparent") ?? "") ?? [];
    return {
      method: this.method,
      code,
      ms: Math.round((performance.now() - this.#startedAt) * 100) / 100,
      request_id: this.requestId,
      ...(traceId === undefined ? {} : { trace_id: traceId }),
      ...(this.caller === undefined ? {} : { tenant: this.caller.tenant }),
    };
  }
}

const names = new WeakMap<DescMethod, string>();

function nameOf(method: DescMethod): string {
  let name = names.get(method);
  if (name === undefined) names.set(method, (name = `${method.parent.typeName}/${method.name}`));
  return name;
}
