/**
 * Logs and metrics: made once at the start and handed in, so that tests can watch them.
 *
 * Nothing secret is logged: credentials are removed by name, and an error of the database is told by its code, its
 * constraint and its statement, never by the values that were bound.
 */
import { type DestinationStream, type Logger, pino } from "pino";
import { collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** What everything logs to. */
export type Log = Logger;

/** The metrics that the wire keeps; whatever else is measured joins the same registry. */
export interface Metrics {
  readonly registry: Registry;
  /** Tells that a call ended: `method` is `package.Service/Method`, `code` its gRPC code by name. */
  rpcEnded(method: string, code: string, seconds: number): void;
  /** Tells that a stream began (+1) or ended (-1). */
  streamsChanged(method: string, by: 1 | -1): void;
}

const secretKeys = ["password", "authorization", "token", "leaseToken", "lease_token", "databaseUrl", "DATABASE_URL"];

// From half a millisecond, which a read takes, to the longest a long poll may.
const durationBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];

/** A logger that writes JSON lines to `destination`, by default standard error: standard output is for answers. */
export function createLog(
  level: string,
  destination: DestinationStream = pino.destination({ fd: 2, sync: false }),
): Log {
  const paths = secretKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);
  return pino(
    { level, base: null, redact: { paths, censor: "***" }, serializers: { err: describeError } },
    destination,
  );
}

/** A registry of its own, so that several servers in one process do not add up. */
export function createMetrics(options: { readonly withProcess?: boolean } = {}): Metrics {
  const registry = new Registry();
  if (options.withProcess) collectDefaultMetrics({ register: registry });
  const duration = new Histogram({
    name: "millwright_rpc_duration_seconds",
    help: "How long calls took, by method and gRPC code.",
    labelNames: ["method", "code"],
    buckets: durationBuckets,
    registers: [registry],
  });
  const streams = new Gauge({
    name: "millwright_streams_active",
    help: "Streams that are open, by method.",
    labelNames: ["method"],
    registers: [registry],
  });
  // Resolving labels costs more than observing: each pair is resolved once. Methods and codes are closed sets.
  const children = new Map<string, Histogram.Internal<"method" | "code">>();
  return {
    registry,
    rpcEnded(method, code, seconds) {
      const key = `${method} ${code}`;
      let child = children.get(key);
      if (child === undefined) children.set(key, (child = duration.labels(method, code)));
      child.observe(seconds);
    },
    streamsChanged(method, by) {
      streams.labels(method).inc(by);
    },
  };
}

/** What may be logged of one error in a chain of causes. */
interface ErrorFacts {
  readonly type: string;
  readonly message: string;
  readonly code?: string | number;
  readonly constraint?: string;
  readonly statement?: string;
  readonly stack?: string;
  readonly cause?: ErrorFacts;
}

const CAUSES_MAX = 5;
const STATEMENT_CHARS_MAX = 2_000;

/** Tells what went wrong and why, cause by cause, without the values that a statement was sent with. */
export function describeError(error: unknown, depth = 0): ErrorFacts {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  const facts = error as Error & { code?: unknown; constraint_name?: unknown; query?: unknown; params?: unknown };
  const holdsValues = typeof facts.query === "string" && "params" in facts;
  const { code, constraint_name: constraint, cause } = facts;
  return {
    type: error.name,
    // Drizzle's message is the statement and its parameters.
    message: holdsValues ? "The database refused a statement" : error.message,
    ...(typeof code === "string" || typeof code === "number" ? { code } : {}),
    ...(typeof constraint === "string" ? { constraint } : {}),
    ...(holdsValues ? { statement: (facts.query as string).slice(0, STATEMENT_CHARS_MAX) } : {}),
    ...(error.stack === undefined ? {} : { stack: framesOf(error.stack) }),
    ...(cause === undefined || depth >= CAUSES_MAX ? {} : { cause: describeError(cause, depth + 1) }),
  };
}

/** The stack without its first lines, which repeat the message. */
function framesOf(stack: string): string {
  return stack
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .join("\n");
}
