/**
 * A real server on free loopback ports, with a native client and its log in memory.
 */
import { type Config, loadConfig } from "../../src/config.ts";
import { createLog, createMetrics, type Metrics } from "../../src/telemetry.ts";
import { type RunningServer, startServer } from "../../src/wire/server.ts";
import type { Service } from "../../src/wire/service.ts";
import { type Channel, openChannel } from "./grpc-client.ts";

/** A server under test, and what it wrote. */
export interface TestServer {
  readonly running: RunningServer;
  readonly config: Config;
  readonly metrics: Metrics;
  /** A connection of its own, closed with the server. */
  readonly channel: Channel;
  readonly httpUrl: string;
  /** Every log line so far. */
  readonly logged: Record<string, unknown>[];
  stop(): Promise<void>;
}

/** What `startTestServer` may be told. */
export interface TestServerOptions {
  /** Environment variables besides those that choose free ports. */
  readonly env?: Readonly<Record<string, string>>;
  readonly draining?: AbortController;
  readonly isReady?: () => Promise<boolean>;
}

/** Starts a server with `services` on free ports. */
export async function startTestServer(
  services: readonly Service[],
  options: TestServerOptions = {},
): Promise<TestServer> {
  const config = testConfig(options.env);
  const logged: Record<string, unknown>[] = [];
  const log = createLog(config.logLevel, { write: (line) => void logged.push(JSON.parse(line)) });
  const metrics = createMetrics();
  const { draining, isReady = async () => true } = options;
  const running = await startServer({ config, log, metrics, services, isReady, ...(draining && { draining }) });
  const channel = openChannel(running.grpcPort);
  return {
    running,
    config,
    metrics,
    channel,
    httpUrl: `http://127.0.0.1:${running.httpPort}`,
    logged,
    async stop() {
      channel.close();
      await running.close();
    },
  };
}

/** The configuration of a server under test: free ports, every log line. */
export function testConfig(env: Readonly<Record<string, string>> = {}): Config {
  return loadConfig({ MILLWRIGHT_GRPC_PORT: "0", MILLWRIGHT_HTTP_PORT: "0", MILLWRIGHT_LOG_LEVEL: "debug", ...env });
}
