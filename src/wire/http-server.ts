/**
 * The HTTP port: Connect, gRPC-Web and JSON over HTTP/1.1, the same and gRPC over HTTP/2 without TLS, probes, metrics.
 *
 * The handlers and interceptors are those of the gRPC port; connect-node carries them here.
 */
import {
  createServer as createHttp1Server,
  type IncomingMessage,
  type Server as Http1Server,
  type ServerResponse,
} from "node:http";
import { createServer as createHttp2Server, type Http2Server, type ServerHttp2Session } from "node:http2";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { Config } from "../config.ts";
import type { Metrics } from "../telemetry.ts";
import { authorityOf, foreignness, hostOf, http2Limits } from "./connection.ts";
import { type RpcOptions, rpcHandlers } from "./http-calls.ts";

// Node's requests and responses of HTTP/2 are the same as far as they are used here.
type Request = IncomingMessage;
type Response = ServerResponse;

/** Serves what is neither an RPC nor a probe, such as the console; false when there is nothing at that path. */
export type PageHandler = (request: Request, response: Response) => boolean;

/** What the port is made of. */
export interface HttpOptions extends RpcOptions {
  readonly metrics: Metrics;
  isReady(): Promise<boolean>;
  readonly pages?: PageHandler | undefined;
}

/** A bound HTTP port. */
export interface HttpServer {
  readonly port: number;
  /** Takes no more connections, and resolves when the last one is closed. */
  close(): Promise<void>;
  /** Cuts every connection. */
  destroy(): void;
}

/** Binds the port and serves. */
export async function startHttpServer(options: HttpOptions): Promise<HttpServer> {
  const { config, draining } = options;
  const handle = requestHandler(options);
  const http1 = createHttp1Server((request, response) => {
    response.once("finish", () => {
      if (draining.aborted) request.socket.end();
    });
    handle(request, response);
  });
  const http2 = createHttp2Server(http2Limits(config), (request, response) =>
    handle(request as never, response as never),
  );
  const sessions = new Set<ServerHttp2Session>();
  http2.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  const sockets = new Set<Socket>();
  const listener = splitProtocols(http1, http2, sockets);
  await listen(listener, config);
  return {
    port: (listener.address() as AddressInfo).port,
    async close() {
      const closed = new Promise<void>((resolve) => listener.close(() => resolve()));
      http1.closeIdleConnections();
      for (const session of sessions) session.close();
      await closed;
    },
    destroy() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function listen(server: Server, { host, httpPort }: Config): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(new Error(`Cannot listen on ${host}:${httpPort}`, { cause })));
    server.listen(httpPort, host, resolve);
  });
}

const HTTP2_PREFACE = "PRI";
const FIRST_BYTES_MS = 10_000;

/** One port for two protocols: the first three bytes tell which one a connection speaks. */
function splitProtocols(http1: Http1Server, http2: Http2Server, sockets: Set<Socket>): Server {
  return createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    const timer = setTimeout(() => socket.destroy(), FIRST_BYTES_MS);
    socket.once("close", () => clearTimeout(timer));
    const look = () => {
      const chunk = socket.read() as Buffer | null;
      if (chunk === null) return;
      socket.unshift(chunk);
      const first = chunk.toString("latin1", 0, HTTP2_PREFACE.length);
      if (first.length < HTTP2_PREFACE.length && HTTP2_PREFACE.startsWith(first)) return;
      socket.off("readable", look);
      clearTimeout(timer);
      (first === HTTP2_PREFACE ? http2 : http1).emit("connection", socket);
    };
    socket.on("readable", look);
  });
}

function requestHandler(options: HttpOptions): (request: Request, response: Response) => void {
  const { config, draining } = options;
  const rpcs = rpcHandlers(options);
  return (request, response) => {
    response.on("error", () => undefined);
    const authority = authorityOf(request.headers);
    const host = authority === undefined ? undefined : hostOf(authority);
    if (host === undefined) return respond(response, 400, "The Host is malformed");
    const [path = ""] = (request.url ?? "").split("?", 1);
    if (path === "/healthz") return respond(response, 200, "ok");
    if (path === "/readyz") return void answerReady(options, response);
    const foreign = foreignness(config, host, request.headers);
    if (foreign !== undefined) return respond(response, 403, foreign);
    if (path === "/metrics") return void answerMetrics(options, response);
    const rpc = rpcs.get(path);
    if (rpc !== undefined) return void rpc(request, response);
    if (draining.aborted || !options.pages?.(request, response)) respond(response, 404, "There is nothing here");
  };
}

async function answerReady({ draining, isReady, log }: HttpOptions, response: Response): Promise<void> {
  const isUp =
    !draining.aborted &&
    (await isReady().catch((error: unknown) => {
      log.warn({ err: error }, "not ready");
      return false;
    }));
  respond(response, isUp ? 200 : 503, isUp ? "ready" : draining.aborted ? "draining" : "the database is not reachable");
}

async function answerMetrics({ metrics: { registry } }: HttpOptions, response: Response): Promise<void> {
  respond(response, 200, await registry.metrics(), registry.contentType);
}

function respond(response: Response, status: number, text: string, contentType = "text/plain; charset=utf-8"): void {
  response.writeHead(status, { "content-type": contentType, "cache-control": "no-store" });
  response.end(`${text}\n`);
}
