/**
 * The gRPC port: @grpc/grpc-js with the limits that it has no options for.
 *
 * Two of its private fields are used, and checked at the start: the options of its HTTP/2 servers, and those servers.
 */
import type { Http2Server, IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { Interceptor } from "@connectrpc/connect";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import type { Config } from "../config.ts";
import type { Problem } from "../problem.ts";
import { authorityOf, clampTimeouts, hostOf, http2Limits } from "./connection.ts";
import { addService } from "./grpc-bridge.ts";
import type { CallContext } from "./grpc-call.ts";
import type { Service } from "./service.ts";

/** A bound gRPC port. */
export interface GrpcServer {
  readonly port: number;
  /** Ends what is open: streams only, or everything. */
  end(what: "streams" | "calls", reason: Problem): void;
  /** Takes no more connections, and resolves when the last call has ended. */
  close(): Promise<void>;
  /** Cuts every connection. */
  destroy(): void;
}

interface Internals {
  commonServerOptions: object;
  http2Servers: Map<Http2Server, unknown>;
}

const CONNECTION_IDLE_MS = 10 * 60_000;

/** Binds the port and serves. */
export async function startGrpcServer(
  config: Config,
  services: readonly Service[],
  interceptors: readonly Interceptor[],
): Promise<GrpcServer> {
  const server = new Server({
    "grpc.enable_channelz": 0,
    "grpc.max_receive_message_length": config.messageBytesMax,
    "grpc.max_send_message_length": -1,
    "grpc.max_concurrent_streams": config.streamsPerConnectionMax,
    "grpc.keepalive_time_ms": config.keepaliveMs,
    "grpc.keepalive_timeout_ms": config.keepaliveTimeoutMs,
    "grpc.max_connection_idle_ms": CONNECTION_IDLE_MS,
    "grpc.max_connection_age_ms": config.connectionAgeMs,
    "grpc.max_connection_age_grace_ms": config.connectionGraceMs,
  });
  const internals = server as unknown as Internals;
  if (!internals.commonServerOptions || !(internals.http2Servers instanceof Map)) {
    throw new Error("This version of @grpc/grpc-js keeps its HTTP/2 options elsewhere");
  }
  Object.assign(internals.commonServerOptions, http2Limits(config));
  const live = new Set<CallContext>();
  for (const service of services) addService(server, service, interceptors, live);
  const port = await bind(server, config);
  const sessions = new Set<ServerHttp2Session>();
  for (const http2Server of internals.http2Servers.keys()) {
    guardStreams(http2Server);
    http2Server.on("session", (session) => {
      sessions.add(session);
      session.once("close", () => sessions.delete(session));
    });
  }
  return {
    port,
    end(what, reason) {
      for (const call of live) if (what === "calls" || call.stream) call.abort(reason);
    },
    close: () => new Promise((resolve) => server.tryShutdown(() => resolve())),
    destroy() {
      server.forceShutdown();
      // Without channelz grpc-js does not know its own sessions.
      for (const session of sessions) session.destroy();
    },
  };
}

async function bind(server: Server, config: Config): Promise<number> {
  const host = config.host.includes(":") ? `[${config.host}]` : config.host;
  return await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${host}:${config.grpcPort}`, ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(new Error(`Cannot listen on ${host}:${config.grpcPort}`, { cause: error }));
    });
  });
}

type StreamListener = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, ...rest: unknown[]) => void;

/** Looks at the first lines of a request before grpc-js does. */
function guardStreams(server: Http2Server): void {
  const listeners = server.listeners("stream") as StreamListener[];
  if (listeners.length === 0) throw new Error("This version of @grpc/grpc-js does not listen for streams");
  server.removeAllListeners("stream");
  server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, ...rest: unknown[]) => {
    const authority = authorityOf(headers);
    if (authority !== undefined && hostOf(authority) === undefined) {
      stream.on("error", () => undefined);
      stream.respond({ ":status": 400 }, { endStream: true });
      return;
    }
    clampTimeouts(headers);
    for (const listener of listeners) listener.call(server, stream, headers, ...rest);
  });
}
