/**
 * What holds for every connection and every request's first lines, on both ports: limits, authorities, deadlines.
 */
import type { IncomingHttpHeaders, ServerOptions } from "node:http2";
import { isIP } from "node:net";
import { type Config, isLoopback } from "../config.ts";

/** The options of an HTTP/2 server that Node knows and its types do not. */
interface UntypedOptions {
  readonly maxSessionInvalidFrames: number;
  readonly maxSessionRejectedStreams: number;
}

/** The limits that Node enforces on an HTTP/2 connection. */
export function http2Limits(config: Config): ServerOptions & UntypedOptions {
  return {
    settings: { maxConcurrentStreams: config.streamsPerConnectionMax, maxHeaderListSize: 16_384 },
    maxHeaderListPairs: 128,
    // In MB. Node's 10 are used up by some 3,000 slow readers behind one sidecar, and end the connection for all.
    maxSessionMemory: 256,
    maxSessionInvalidFrames: 50,
    maxSessionRejectedStreams: 100,
    unknownProtocolTimeout: 5_000,
    streamResetBurst: config.streamResetBurst,
    streamResetRate: config.streamResetRate,
  };
}

// Bounded: a caller may send a new authority with every request.
const HOSTS_KEPT_MAX = 1_000;
const hosts = new Map<string, string | undefined>();

/**
 * The host of an authority such as `localhost:8080`, without port and brackets; undefined when it is malformed.
 *
 * An authority that does not parse as part of a URL ends a connect-node process, so it must not get that far.
 */
export function hostOf(authority: string): string | undefined {
  if (hosts.has(authority)) return hosts.get(authority);
  const host = parseHost(authority);
  if (hosts.size >= HOSTS_KEPT_MAX) hosts.clear();
  hosts.set(authority, host);
  return host;
}

function parseHost(authority: string): string | undefined {
  const isPlain = /^[^\s/?#@\\]+$/.test(authority);
  const url = isPlain ? URL.parse(`http://${authority}/`) : null;
  return url === null || url.hostname === "" ? undefined : url.hostname.replace(/^\[(.*)\]$/, "$1");
}

/** The authority of a request: `:authority` of HTTP/2, or `Host`. */
export function authorityOf(headers: IncomingHttpHeaders): string | undefined {
  return headers[":authority"] ?? headers.host;
}

/**
 * Why a request to the HTTP port must not be served although it is well-formed; undefined when it may be.
 *
 * A page of any website can make its visitor's browser talk to localhost, under a name of its own that resolves there.
 * Such a request gives itself away by its Host or its Origin.
 */
export function foreignness(config: Config, host: string, headers: IncomingHttpHeaders): string | undefined {
  const isKnown =
    isLoopback(host) ||
    host === config.host ||
    config.allowedHosts.includes(host) ||
    // A bare address is no name that somebody else could point here.
    (config.isInsecure && isIP(host) !== 0);
  if (!isKnown) return `This server does not answer to "${host}"; MILLWRIGHT_ALLOWED_HOSTS lists further names`;
  const { origin } = headers;
  if (origin === undefined) return undefined;
  const from = URL.parse(origin);
  return from !== null && from.host === authorityOf(headers) ? undefined : "Requests from other origins are not served";
}

// The longest a Node timer can run; above, it fires at once.
const TIMEOUT_MS_MAX = 2_147_483_647;
const unitMs: Record<string, number> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 0.001, n: 0.000_001 };

/** Shortens deadlines that no timer can hold: some clients send years on streams. */
export function clampTimeouts(headers: IncomingHttpHeaders): void {
  const grpc = headers["grpc-timeout"];
  if (typeof grpc === "string" && grpc.length > 6) {
    const ms = Number(grpc.slice(0, -1)) * (unitMs[grpc.at(-1)!] ?? Number.NaN);
    if (ms > TIMEOUT_MS_MAX) headers["grpc-timeout"] = "2147483S";
  }
  const connect = headers["connect-timeout-ms"];
  if (typeof connect === "string" && Number(connect) > TIMEOUT_MS_MAX)
    headers["connect-timeout-ms"] = String(TIMEOUT_MS_MAX);
}
