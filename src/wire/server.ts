/**
 * The server: both ports with the same services, rules and health, and how it stops.
 *
 * Draining: health turns NOT_SERVING, streams end with UNAVAILABLE `SHUTTING_DOWN`, calls in flight finish within the
 * grace, then the ports close.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Config } from "../config.ts";
import type { Log, Metrics } from "../telemetry.ts";
import { startGrpcServer } from "./grpc-server.ts";
import { type PageHandler, startHttpServer } from "./http-server.ts";
import { guardCalls, OpenStreams } from "./interceptor.ts";
import { createHealth, createReflection, type HealthState } from "./introspection.ts";
import { shuttingDown } from "./request.ts";
import type { Service } from "./service.ts";
import { createValidation } from "./validation.ts";

/** What a server is made of. */
export interface ServerOptions {
  readonly config: Config;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly services: readonly Service[];
  /** Whether the database answers; asked by `/readyz`. */
  isReady(): Promise<boolean>;
  /** Aborted by `drain`, for services that must stop taking work on. Made here when it is not given. */
  readonly draining?: AbortController;
  readonly pages?: PageHandler;
}

/** A server that takes calls. */
export interface RunningServer {
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly health: HealthState;
  readonly draining: AbortSignal;
  /** Stops as the header of this file says; resolves when both ports are closed. A second call waits for the first. */
  drain(graceMs: number): Promise<void>;
  /** Stops at once. */
  close(): Promise<void>;
}

// After the grace, handlers get this long to notice that their calls were ended.
const LAST_WORD_MS = 500;

/** Binds both ports and takes calls from then on. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { config, log, metrics } = options;
  const draining = options.draining ?? new AbortController();
  const stopping = new AbortController();
  const health = createHealth(options.services.map((service) => service.desc.typeName));
  const described = [...options.services, health.service].map((service) => service.desc);
  const services = [...options.services, health.service, ...createReflection(described)];
  const built = new Map(services.map((service) => [service.desc, service]));
  const interceptors = [
    guardCalls({
      log,
      metrics,
      validate: createValidation(),
      streams: new OpenStreams(config.watchersMax, config.watchersPerTenantMax),
      draining: draining.signal,
      isBuilt: (method) => built.get(method.parent)?.isBuilt(method) ?? false,
    }),
  ];
  const grpc = await startGrpcServer(config, services, interceptors);
  const http = await startHttpServer({
    config,
    services,
    interceptors,
    log,
    metrics,
    draining: draining.signal,
    stopping: stopping.signal,
    isReady: options.isReady,
    pages: options.pages,
  }).catch((error: unknown) => {
    grpc.destroy();
    throw error;
  });
  health.setServing(true);

  async function stop(graceMs: number): Promise<void> {
    health.setServing(false);
    draining.abort(shuttingDown());
    grpc.end("streams", shuttingDown());
    const closed = Promise.all([grpc.close(), http.close()]);
    const isClosed = closed.then(() => true);
    if (await Promise.race([isClosed, delay(graceMs, false, { ref: false })])) return;
    log.warn({ grace_ms: graceMs }, "calls were still running after the grace and were ended");
    stopping.abort(shuttingDown());
    grpc.end("calls", shuttingDown());
    await Promise.race([isClosed, delay(LAST_WORD_MS, false, { ref: false })]);
    grpc.destroy();
    http.destroy();
    await closed;
  }

  let stopped: Promise<void> | undefined;
  const drain = (graceMs: number) => (stopped ??= stop(graceMs));
  return {
    grpcPort: grpc.port,
    httpPort: http.port,
    health,
    draining: draining.signal,
    drain,
    async close() {
      grpc.destroy();
      http.destroy();
      await drain(0);
    },
  };
}
