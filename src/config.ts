/**
 * Every setting: its variable, its default and its bounds, read once at the start and frozen.
 *
 * A wrong value stops the start with one sentence that names the variable, what it holds and what is allowed.
 */
import { isIP } from "node:net";
import {
  count,
  flag,
  hostName,
  hostNames,
  oneOf,
  path,
  postgresUrl,
  type Setting,
  setting,
  size,
  span,
} from "./setting.ts";

const settings = {
  host: setting("MILLWRIGHT_HOST", "127.0.0.1", hostName, "Address that both ports bind."),
  grpcPort: setting("MILLWRIGHT_GRPC_PORT", "50051", count(0, 65_535), "Port for gRPC; 0 takes any free one."),
  httpPort: setting(
    "MILLWRIGHT_HTTP_PORT",
    "8080",
    count(0, 65_535),
    "Port for Connect, gRPC-Web, JSON, probes and metrics; 0 takes any free one.",
  ),
  isInsecure: setting(
    "MILLWRIGHT_INSECURE",
    "false",
    flag,
    "Allows a bind beyond loopback although nobody is asked who they are.",
  ),
  allowedHosts: setting(
    "MILLWRIGHT_ALLOWED_HOSTS",
    undefined,
    hostNames,
    "Host names that the HTTP port answers to, besides loopback names and MILLWRIGHT_HOST.",
  ),
  databaseUrl: setting(
    "DATABASE_URL",
    undefined,
    postgresUrl,
    "The PostgreSQL to use; without it an embedded one is started.",
  ),
  dataDir: setting("MILLWRIGHT_DATA_DIR", ".millwright", path, "Where the embedded PostgreSQL keeps its data."),
  poolSize: setting(
    "MILLWRIGHT_POOL_SIZE",
    "10",
    count(1, 1_000),
    "Connections to PostgreSQL, one for listening besides.",
  ),
  logLevel: setting(
    "MILLWRIGHT_LOG_LEVEL",
    "info",
    oneOf("fatal", "error", "warn", "info", "debug", "trace", "silent"),
    "The least severe lines that are logged.",
  ),
  jsonBytesMax: setting(
    "MILLWRIGHT_JSON_LIMIT",
    "1MiB",
    size("2", "64MiB"),
    "Largest spec_json, metrics_json or config_json.",
  ),
  messageBytesMax: setting("MILLWRIGHT_MESSAGE_LIMIT", "4MiB", size("64KiB", "1GiB"), "Largest request message."),
  leaseMs: setting(
    "MILLWRIGHT_LEASE",
    "30s",
    span("1s", "1h"),
    "How long a lease lasts when the worker names no span.",
  ),
  syncIntervalMs: setting(
    "MILLWRIGHT_SYNC_INTERVAL",
    undefined,
    span("100ms", "1h"),
    "How often a worker with a lease of MILLWRIGHT_LEASE is told to sync; a third of it when unset.",
  ),
  watchersMax: setting(
    "MILLWRIGHT_WATCHERS",
    "20000",
    count(1, 1_000_000),
    "Open streams of all tenants, per process.",
  ),
  watchersPerTenantMax: setting(
    "MILLWRIGHT_WATCHERS_PER_TENANT",
    "10000",
    count(1, 1_000_000),
    "Open streams of one tenant, per process.",
  ),
  watchHeartbeatMs: setting(
    "MILLWRIGHT_WATCH_HEARTBEAT",
    "15s",
    span("100ms", "15s"),
    "Longest silence on a watch stream.",
  ),
  watchAgeMs: setting(
    "MILLWRIGHT_WATCH_AGE",
    "10m",
    span("1s", "1h"),
    "When a watch stream ends itself, to be resumed.",
  ),
  // A sidecar shares one connection between many callers: Node's own 1,000 and 33 a second end all their streams with
  // one caller's cancels. Without a limit, opening and resetting streams costs an attacker nothing.
  streamResetBurst: setting(
    "MILLWRIGHT_STREAM_RESET_BURST",
    "20000",
    count(100, 10_000_000),
    "Cancelled calls that one connection may make at once before it is closed.",
  ),
  streamResetRate: setting(
    "MILLWRIGHT_STREAM_RESET_RATE",
    "2000",
    count(10, 1_000_000),
    "Cancelled calls a second that one connection is forgiven.",
  ),
  streamsPerConnectionMax: setting(
    "MILLWRIGHT_STREAMS_PER_CONNECTION",
    "2000",
    count(1, 1_000_000),
    "Concurrent calls on one connection.",
  ),
  keepaliveMs: setting(
    "MILLWRIGHT_KEEPALIVE",
    "30s",
    span("1s", "24h"),
    "When a silent connection is asked for a sign of life.",
  ),
  keepaliveTimeoutMs: setting(
    "MILLWRIGHT_KEEPALIVE_TIMEOUT",
    "20s",
    span("1s", "1h"),
    "When a missing sign of life ends it.",
  ),
  connectionAgeMs: setting(
    "MILLWRIGHT_CONNECTION_AGE",
    "30m",
    span("1s", "24h"),
    "When a connection is asked to reconnect, so that load spreads over replicas.",
  ),
  connectionGraceMs: setting(
    "MILLWRIGHT_CONNECTION_GRACE",
    "11m",
    span("1s", "24h"),
    "How long calls on such a connection may still take; longer than MILLWRIGHT_WATCH_AGE.",
  ),
  shutdownGraceMs: setting(
    "MILLWRIGHT_SHUTDOWN_GRACE",
    "25s",
    span("0s", "1h"),
    "How long calls in flight may take after SIGTERM.",
  ),
} as const;

type Values = { readonly [K in keyof typeof settings]: (typeof settings)[K] extends Setting<infer T> ? T : never };
type Optional = "databaseUrl" | "allowedHosts" | "syncIntervalMs";

/** What the process runs with; frozen. */
export type Config = Omit<Values, Optional> & {
  readonly databaseUrl: string | undefined;
  readonly allowedHosts: readonly string[];
  readonly syncIntervalMs: number;
  /** A lease of any length syncs every `lease / syncDivisor`; always above 2. */
  readonly syncDivisor: number;
};

/** A start that its settings forbid; the message is for the operator, as it is. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** All settings, for documentation and diagnosis. */
export const allSettings: readonly Setting<unknown>[] = Object.values(settings);

/** Reads the environment; throws a `ConfigError` at the first setting that is wrong. */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const values: Record<string, unknown> = {};
  for (const [name, entry] of Object.entries(settings)) values[name] = readSetting(entry, env);
  const read = values as Partial<Values> & Omit<Values, Optional>;
  const syncIntervalMs = read.syncIntervalMs ?? read.leaseMs / 3;
  const config: Config = {
    ...read,
    databaseUrl: read.databaseUrl,
    allowedHosts: read.allowedHosts ?? [],
    syncIntervalMs,
    syncDivisor: read.leaseMs / syncIntervalMs,
  };
  refuseContradictions(config);
  return Object.freeze(config);
}

/** One warning for each `MILLWRIGHT_` variable that no setting reads, with the name that was probably meant. */
export function unknownVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = allSettings.map((entry) => entry.variable);
  return Object.keys(env)
    .filter((name) => name.startsWith("MILLWRIGHT_") && !known.includes(name))
    .map((name) => {
      const [nearest] = known.toSorted((a, b) => distance(a, name) - distance(b, name));
      return `${name} is not a setting and has no effect: did you mean ${nearest}?`;
    });
}

/** Tells whether only this machine can reach `host`. */
export function isLoopback(host: string): boolean {
  return host.toLowerCase() === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

function readSetting(entry: Setting<unknown>, env: Readonly<Record<string, string | undefined>>): unknown {
  const text = env[entry.variable] || entry.fallback;
  if (text === undefined) return undefined;
  const result = entry.schema.safeParse(text);
  if (result.success) return result.data;
  throw new ConfigError(`${entry.variable} is "${withoutPassword(text)}". Allowed: ${entry.allowed}`);
}

function refuseContradictions(config: Config): void {
  const { leaseMs, syncIntervalMs, host } = config;
  if (!(syncIntervalMs * 2 < leaseMs)) {
    throw new ConfigError(
      `MILLWRIGHT_SYNC_INTERVAL is ${syncIntervalMs} ms and MILLWRIGHT_LEASE is ${leaseMs} ms. Allowed: an interval` +
        " whose double is less than the lease, so that a worker may miss one sync and keep its jobs",
    );
  }
  if (!config.isInsecure && !isLoopback(host)) {
    throw new ConfigError(
      `MILLWRIGHT_HOST is "${host}". Allowed: a loopback address (127.0.0.1, ::1, localhost), because callers are not` +
        " authenticated; set MILLWRIGHT_INSECURE=true to serve everybody who can reach that address",
    );
  }
}

/** A database URL, or any text that may hold one, as it may be shown. */
export function withoutPassword(text: string): string {
  return text.replace(/(:\/\/[^:/@]*):.*@/, "$1:***@");
}

/** How many letters to insert, delete or replace to make `b` of `a`. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}
