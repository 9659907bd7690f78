/**
 * One connection to PostgreSQL, set up the way Millwright wants it, that never becomes another one.
 *
 * postgres.js reconnects by itself, and then sends what was meant for the lost connection on the new one, part of a
 * transaction or half a message. Here a client is given its socket: once, and after that only for cancel requests. A
 * lost client is replaced by its owner.
 */
import { connect, type Socket } from "node:net";
import postgres from "postgres";
import { parseArray } from "./literal.ts";

const CONNECT_TIMEOUT_SECONDS = 3;
// How long a connection that is given up may take to say goodbye before its socket is destroyed.
const GOODBYE_MS = 500;

/** How a client is opened. */
export interface ClientOptions {
  readonly url: string;
  readonly statementTimeoutMs: number;
  readonly applicationName?: string;
  /** Called once, when an open connection ends by itself. */
  readonly onLost?: (cause: Error) => void;
  readonly onNotify?: (payload: string) => void;
}

/** An open connection. Send one statement at a time: a cancel that meets two of them shifts the driver's answers. */
export interface Client {
  readonly sql: postgres.Sql;
  /** Ends it at once; what is in flight fails with CONNECTION_DESTROYED. */
  end(): void;
}

/** Connects; fails with the driver's or the server's error, at the latest after some seconds. */
export async function openClient(options: ClientOptions): Promise<Client> {
  const line = new ServerLine(options.onLost);
  const sql = postgres(options.url, driverOptions(options, line));
  const client: Client = {
    sql,
    end() {
      line.state = "ended";
      sql.end({ timeout: 0 }).catch(() => {});
      setTimeout(() => line.destroy(), GOODBYE_MS).unref();
    },
  };
  try {
    // With several hosts the driver keeps the failure of the last one to itself.
    await Promise.race([sql.unsafe("select 1"), line.refused]);
    line.state = "open";
    return client;
  } catch (error) {
    client.end();
    throw error;
  }
}

interface Target {
  readonly host: readonly string[];
  readonly port: readonly number[];
  readonly path?: string | false;
}

/** The sockets of one client, and whether it may have another. */
class ServerLine {
  state: "opening" | "open" | "ended" = "opening";
  /** Rejects when no host is left to try. */
  readonly refused: Promise<never>;
  #sockets = new Set<Socket>();
  #host = 0;
  #nextHost = 0;
  #onLost: ((cause: Error) => void) | undefined;
  #refuse: (failure: unknown) => void = () => {};

  constructor(onLost: ((cause: Error) => void) | undefined) {
    this.#onLost = onLost;
    this.refused = new Promise((_, reject) => {
      this.#refuse = reject;
    });
    this.refused.catch(() => {});
  }

  /** The driver asks for a socket: for its connection, once per host while opening, or for a cancel. */
  async socket(target: Target): Promise<Socket> {
    if (this.state === "open") return await this.#connect(target, this.#host);
    let failure: unknown = connectionError("CONNECTION_CLOSED");
    while (this.state === "opening" && this.#nextHost < target.host.length) {
      this.#host = this.#nextHost++;
      try {
        return await this.#connect(target, this.#host);
      } catch (error) {
        failure = error;
      }
    }
    this.#refuse(failure);
    throw failure;
  }

  async #connect(target: Target, at: number): Promise<Socket> {
    const name = { host: target.host[at] ?? "localhost", port: target.port[at] ?? 5432 };
    const socket = target.path ? connect(target.path) : connect(name);
    this.#sockets.add(socket.setNoDelay(true));
    socket.once("close", () => this.#sockets.delete(socket));
    await connected(socket);
    if (this.state === "ended") {
      socket.destroy();
      throw connectionError("CONNECTION_CLOSED");
    }
    // TLS verifies the certificate against this name.
    return Object.assign(socket, name);
  }

  closed(): void {
    const wasOpen = this.state === "open";
    this.state = "ended";
    if (wasOpen) this.#onLost?.(connectionError("CONNECTION_CLOSED"));
  }

  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

async function connected(socket: Socket): Promise<void> {
  const timeout = setTimeout(() => socket.destroy(connectionError("CONNECT_TIMEOUT")), CONNECT_TIMEOUT_SECONDS * 1_000);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve();
      });
    });
  } finally {
    clearTimeout(timeout);
  }
}

function connectionError(code: string): Error {
  return Object.assign(new Error(`The database connection failed (${code})`), { code });
}

function driverOptions({ statementTimeoutMs, applicationName, onNotify }: ClientOptions, line: ServerLine) {
  return {
    max: 1,
    fetch_types: false,
    connect_timeout: CONNECT_TIMEOUT_SECONDS,
    keep_alive: 15,
    types,
    socket: (target: Target) => line.socket(target),
    onclose: () => line.closed(),
    onnotice: () => {},
    // What the driver's own `listen` is made of.
    onnotify: (_channel: string, payload: string) => onNotify?.(payload),
    connection: {
      application_name: applicationName ?? "millwright",
      TimeZone: "UTC",
      statement_timeout: statementTimeoutMs,
      lock_timeout: 2_000,
      idle_in_transaction_session_timeout: 10_000,
      client_connection_check_interval: 5_000,
      tcp_keepalives_idle: 30,
      // Every statement is meant to read an index. The queue tables are small or empty when statistics are taken, so a
      // plan that depends on them turns into a sequential scan of a table that has grown since.
      plan_cache_mode: "force_generic_plan",
      enable_seqscan: "off",
      jit: "off",
    },
  };
}

// Arrays by their OIDs: naming them here saves the catalogue query of every new connection. int8 stays text, because a
// JavaScript number cannot hold it.
const NUMBER_ARRAYS = [1005, 1007, 1021, 1022];
const TEXT_ARRAYS = [1009, 1015, 2951, 1016, 1185];
const BOOLEAN_ARRAY = 1000;
const BYTEA_ARRAY = 1001;

const types = {
  // Times come as text, as Drizzle wants them; `instant` reads them without the engine's slow date parser.
  time: {
    to: 1184,
    from: [1082, 1083, 1114, 1184],
    serialize: (value: unknown) => (value instanceof Date ? value.toISOString() : String(value)),
    parse: (text: string) => text,
  },
  // A text bound to json is that JSON; the driver's default would encode it a second time.
  json: {
    to: 114,
    from: [114, 3802],
    serialize: (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value)),
    parse: (text: string): unknown => JSON.parse(text),
  },
  numbers: { to: 0, from: NUMBER_ARRAYS, serialize: String, parse: (text: string) => parseArray(text, Number) },
  texts: { to: 0, from: TEXT_ARRAYS, serialize: String, parse: (text: string) => parseArray(text) },
  booleans: { to: 0, from: [BOOLEAN_ARRAY], serialize: String, parse: (text: string) => parseArray(text, isTrue) },
  byteas: { to: 0, from: [BYTEA_ARRAY], serialize: String, parse: (text: string) => parseArray(text, bytesOf) },
};

function isTrue(text: string): boolean {
  return text === "t";
}

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.slice(2), "hex");
}
