/**
 * Serves Connect handlers and interceptors over native gRPC, on the transport of @grpc/grpc-js.
 *
 * connect-node serves the same handlers on the HTTP port, at four times the cost of a call.
 */
import { create, type DescMethod, type Message, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import type { ConnectError, Interceptor, StreamResponse, UnaryResponse } from "@connectrpc/connect";
import type {
  sendUnaryData,
  Server,
  ServerDuplexStream,
  ServerErrorResponse,
  ServerReadableStream,
  ServerUnaryCall,
  ServerWritableStream,
  UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { StatusSchema } from "../../gen/ts/google/rpc/status_pb.ts";
import { CallContext, CallResponse, metadataOf, type NativeCall } from "./grpc-call.ts";
import { definitionOf, refuseMalformed, whole } from "./grpc-codec.ts";
import type { Handler, Service } from "./service.ts";
import { statusOf } from "./status.ts";

export { share } from "./grpc-codec.ts";

type Messages = AsyncIterable<Message>;
type Run = (context: CallContext) => Promise<UnaryResponse | StreamResponse>;
type MessageOf = (context: CallContext) => Message | Messages;
type Answer = sendUnaryData<Message>;
type InStream = ServerReadableStream<Message, Message> | ServerDuplexStream<Message, Message>;
type OutStream = ServerWritableStream<Message, Message> | ServerDuplexStream<Message, Message>;

// A stream with nothing to say yet sends its headers after this long: long enough for a refusal to come first and be a
// trailers-only answer, which is what proxies retry by, short enough for clients that wait for headers.
const HEADERS_AFTER_MS = 20;

/** Serves `service` and keeps every call it serves in `live`, for the server to end them. */
export function addService(
  server: Server,
  service: Service,
  interceptors: readonly Interceptor[],
  live: Set<CallContext>,
): void {
  const handlers: UntypedServiceImplementation = {};
  for (const method of service.desc.methods) {
    const run = chainOf(method, service, interceptors);
    handlers[method.localName] = handlerOf(method, run, live);
  }
  server.addService(definitionOf(service.desc.methods), handlers);
}

/** Puts the interceptors around the handler, once. */
function chainOf(method: DescMethod, service: Service, interceptors: readonly Interceptor[]): Run {
  type AnyFn = Parameters<Interceptor>[0];
  const invoke = service.handlerOf(method);
  const last = async (context: CallContext) => new CallResponse(context, await answerOf(context, invoke)).asResponse();
  const run = interceptors.reduceRight((next, interceptor) => interceptor(next), last as unknown as AnyFn);
  return (context) => run(context.asRequest());
}

async function answerOf(context: CallContext, invoke: Handler): Promise<Message | Messages> {
  const { method } = context;
  // Interceptors see the request of a server stream as a stream of one.
  const request =
    method.methodKind === "server_streaming" ? await single(context.message as Messages) : context.message;
  const answer = invoke(request as never, context as never);
  if (method.methodKind === "unary") return whole(method.output, await answer);
  if (method.methodKind === "client_streaming") return streamOf(whole(method.output, await answer));
  return answer as Messages;
}

function handlerOf(method: DescMethod, run: Run, live: Set<CallContext>): UntypedServiceImplementation[string] {
  const serve = async (call: NativeCall, messageOf: MessageOf, work: (context: CallContext) => Promise<void>) => {
    const context = new CallContext(call, method, messageOf);
    live.add(context);
    try {
      await work(context);
    } finally {
      context.close();
      live.delete(context);
    }
  };
  switch (method.methodKind) {
    case "unary":
      return (call: ServerUnaryCall<Message, Message>, answer: Answer) =>
        serve(
          call,
          () => call.request,
          (context) => serveUnary(context, run, answer),
        );
    case "client_streaming":
      return (call: ServerReadableStream<Message, Message>, answer: Answer) =>
        serve(
          call,
          (context) => messagesOf(call, context),
          (context) => serveUnary(context, run, answer),
        );
    case "server_streaming":
      return (call: ServerWritableStream<Message, Message>) =>
        serve(
          call,
          () => streamOf(call.request),
          (context) => serveStream(call, context, run),
        );
    case "bidi_streaming":
      return (call: ServerDuplexStream<Message, Message>) =>
        serve(
          call,
          (context) => messagesOf(call, context),
          (context) => serveStream(call, context, run),
        );
  }
}

async function serveUnary(context: CallContext, run: Run, answer: Answer): Promise<void> {
  try {
    refuseEnded(context);
    if (!context.stream) refuseMalformed(context.message);
    const response = await run(context);
    const message = response.stream ? await lastOf(response.message) : response.message;
    if (context.hasHeader) context.sendHeader();
    answer(null, message as Message, context.trailer);
  } catch (error) {
    answer(grpcErrorOf(error));
  }
}

async function serveStream(call: OutStream, context: CallContext, run: Run): Promise<void> {
  let answers: AsyncIterator<Message> | undefined;
  let headerTimer: NodeJS.Timeout | undefined;
  try {
    refuseEnded(context);
    const response = (await run(context)) as StreamResponse;
    answers = response.message[Symbol.asyncIterator]() as AsyncIterator<Message>;
    headerTimer = setTimeout(() => context.sendHeader(), HEADERS_AFTER_MS);
    await writeAll(call, context, answers);
    answers = undefined;
    if (!call.cancelled) call.end(context.trailer);
  } catch (error) {
    // grpc-js makes the status of the stream from this event.
    if (!call.cancelled) call.emit("error", grpcErrorOf(error));
  } finally {
    clearTimeout(headerTimer);
    // A generator that is in the middle of a step ends after it: nobody waits for that.
    answers?.return?.().catch(() => undefined);
  }
}

async function writeAll(call: OutStream, context: CallContext, answers: AsyncIterator<Message>): Promise<void> {
  let isFirst = true;
  for (let next = await answers.next(); !next.done; next = await answers.next()) {
    if (isFirst) context.sendHeader();
    isFirst = false;
    // A reader that is slow holds its own handler up, and nothing is buffered for it. What a handler says after the
    // server began to stop is its last word.
    if (!call.write(whole(context.method.output, next.value))) await context.until((done) => onceWritable(call, done));
    if (context.isEnded) throw context.endReason;
  }
  if (isFirst) context.sendHeader();
}

function onceWritable(call: OutStream, done: () => void): void {
  const finish = () => {
    call.off("drain", finish);
    call.off("close", finish);
    done();
  };
  call.once("drain", finish);
  call.once("close", finish);
}

/** Refuses a call whose deadline was past when it arrived: nothing of it is done. */
function refuseEnded(context: CallContext): void {
  const left = context.timeoutMs();
  if (left !== undefined && left <= 0) context.abort(context.endReason ?? new DOMException("", "TimeoutError"));
  if (context.isEnded) throw context.endReason;
}

/** Tells the status as grpc-js sends it. */
function grpcErrorOf(error: unknown): ServerErrorResponse {
  // The interceptors have made a status of whatever handlers throw; this is for what fails around them.
  const status = statusOf(error, "");
  const metadata = metadataOf(status.metadata);
  if (status.details.length > 0) metadata.set("grpc-status-details-bin", statusBytes(status));
  return {
    name: "StatusError",
    message: status.rawMessage,
    details: status.rawMessage,
    code: status.code as number,
    metadata,
  };
}

function statusBytes(status: ConnectError): Buffer {
  const details = status.details.map((detail) =>
    "desc" in detail
      ? anyPack(detail.desc, create(detail.desc, detail.value))
      : { typeUrl: `type.googleapis.com/${detail.type}`, value: detail.value },
  );
  return Buffer.from(
    toBinary(StatusSchema, create(StatusSchema, { code: status.code, message: status.rawMessage, details })),
  );
}

async function* streamOf(message: Message): Messages {
  refuseMalformed(message);
  yield message;
}

async function* messagesOf(call: InStream, context: CallContext): Messages {
  // A plain `for await` would destroy the whole call, its answer included, once the handler stops reading.
  const messages = call.iterator({ destroyOnReturn: false });
  while (true) {
    const reading = messages.next();
    // The server's end must not wait for a caller that says nothing.
    await context.until((done) => void reading.then(done, done));
    if (context.isEnded) throw context.endReason;
    const next = await reading;
    if (next.done) return;
    refuseMalformed(next.value);
    yield next.value as Message;
  }
}

async function single(messages: Messages): Promise<Message> {
  for await (const message of messages) return message;
  throw new Error("A stream of one request was empty");
}

async function lastOf(messages: Messages): Promise<Message | undefined> {
  let last: Message | undefined;
  for await (const message of messages) last = message;
  return last;
}
