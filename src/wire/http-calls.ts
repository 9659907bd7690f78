/**
 * RPCs on the HTTP port: connect-node's handlers, between Node's requests and Node's responses.
 *
 * Responses are written here and not by connect-node, which waits for ever for a caller that vanished while it was
 * slow, keeps the handler of that call, and tells the console about every caller that hung up.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Code, ConnectError, createConnectRouter, type Interceptor } from "@connectrpc/connect";
import { compressionGzip, universalRequestFromNodeRequest } from "@connectrpc/connect-node";
import type { UniversalHandler, UniversalServerResponse } from "@connectrpc/connect/protocol";
import type { Config } from "../config.ts";
import type { Log } from "../telemetry.ts";
import { clampTimeouts } from "./connection.ts";
import type { Service } from "./service.ts";

/** What RPCs on this port are served with. */
export interface RpcOptions {
  readonly config: Config;
  readonly services: readonly Service[];
  readonly interceptors: readonly Interceptor[];
  readonly log: Log;
  /** Ends streams. */
  readonly draining: AbortSignal;
  /** Ends every call. */
  readonly stopping: AbortSignal;
}

/** Serves one request of an RPC; never rejects. */
export type RpcHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** The handlers of all RPCs by path. */
export function rpcHandlers({
  config,
  services,
  interceptors,
  log,
  draining,
  stopping,
}: RpcOptions): Map<string, RpcHandler> {
  const router = createConnectRouter({
    interceptors: [...interceptors, refuseEnded],
    readMaxBytes: config.messageBytesMax,
    // Every C-core client advertises gzip; compressing small answers costs more than it saves.
    compressMinBytes: 16_384,
    acceptCompression: [compressionGzip],
  });
  for (const service of services) {
    for (const method of service.desc.methods) {
      const shutdownSignal = method.methodKind === "unary" ? stopping : draining;
      router.rpc(method, service.handlerOf(method) as never, { shutdownSignal });
    }
  }
  return new Map(
    router.handlers.map((handler) => [
      handler.requestPath,
      (request, response) => serve(handler, request, response, log),
    ]),
  );
}

/** A call whose deadline was past when it arrived does nothing. */
const refuseEnded: Interceptor = (next) => async (request) => {
  request.signal.throwIfAborted();
  return await next(request);
};

async function serve(
  handler: UniversalHandler,
  request: IncomingMessage,
  response: ServerResponse,
  log: Log,
): Promise<void> {
  try {
    clampTimeouts(request.headers);
    const answer = await handler(universalRequestFromNodeRequest(request, response, undefined, undefined));
    // What is left of a refused request stands in the way of the next one.
    if (!request.complete && request.destroyed) response.shouldKeepAlive = false;
    else request.resume();
    await deliver(answer, response);
  } catch (error) {
    // The caller hung up, mostly. Whatever a handler threw was made a status long before.
    log.debug({ err: error, method: `${handler.service.typeName}/${handler.method.name}` }, "answer not delivered");
    response.destroy();
  }
}

async function deliver(
  { status, header, body, trailer }: UniversalServerResponse,
  response: ServerResponse,
): Promise<void> {
  const chunks = body?.[Symbol.asyncIterator]();
  try {
    let chunk = await chunks?.next();
    response.writeHead(status, Object.fromEntries(header ?? []));
    for (; chunk !== undefined && !chunk.done; chunk = await chunks?.next()) {
      if (!response.write(chunk.value)) await writable(response);
      if (response.destroyed) throw new ConnectError("The caller hung up", Code.Canceled);
    }
    if (trailer !== undefined) response.addTrailers(Object.fromEntries(trailer));
    response.end();
  } finally {
    // Ends the handler, when it has not ended by itself.
    chunks?.return?.().catch(() => undefined);
  }
}

/** Resolves when the caller has read enough, or has gone. */
async function writable(response: ServerResponse): Promise<void> {
  if (response.destroyed) return;
  await new Promise<void>((resolve) => {
    const finish = () => {
      response.off("drain", finish);
      response.off("close", finish);
      resolve();
    };
    response.on("drain", finish);
    response.on("close", finish);
  });
}
