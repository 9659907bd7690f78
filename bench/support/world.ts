/**
 * Where benchmarks run: a real PostgreSQL with its defaults, durable, in a folder of its own that goes away at the end;
 * Millwright servers, each a process on a database of its own; and the other sides.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { startEmbedded } from "../../src/db/embedded.ts";
import { startSide, type Side, type Tasks } from "./side.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const COLLECT = new URL("./collect-on-signal.ts", import.meta.url).href;

/** A Millwright that serves, in its own process. */
export interface Server {
  readonly grpcPort: number;
  readonly databaseUrl: string;
  /** Resident bytes, once what is garbage has been collected. */
  residentBytes(): Promise<number>;
  stop(): Promise<void>;
}

/** What benchmarks are given. */
export interface World {
  readonly roundCount: number;
  log(line: string): void;
  /** Makes an empty database and answers its address. */
  createDatabase(): Promise<string>;
  /** Starts a Millwright on a database of its own, or on a given one. */
  startServer(databaseUrl?: string): Promise<Server>;
  startSide<T extends Tasks>(name: string): Side<T>;
  /** A connection for what no side has to do. */
  connect(databaseUrl: string): postgres.Sql;
  checkpoint(): Promise<void>;
  /** Stops everything that was started since `mark` was taken; called between benchmarks. */
  tidyUp(): Promise<void>;
  close(): Promise<void>;
}

/** Starts PostgreSQL. */
export async function openWorld({ roundCount, log }: Pick<World, "roundCount" | "log">): Promise<World> {
  const dataDir = await mkdtemp(join(tmpdir(), "millwright-bench-"));
  const embedded = await startEmbedded({ dataDir, settings: { max_connections: "300" } });
  const admin = postgres(embedded.url, { max: 1, onnotice: () => {} });
  const ends: (() => Promise<unknown>)[] = [];
  let databaseCount = 0;

  const world: World = {
    roundCount,
    log,
    async createDatabase() {
      const name = `bench_${++databaseCount}`;
      await admin.unsafe(`CREATE DATABASE ${name}`);
      return Object.assign(new URL(embedded.url), { pathname: `/${name}` }).href;
    },
    async startServer(databaseUrl) {
      const server = await startServer(databaseUrl ?? (await world.createDatabase()));
      ends.push(() => server.stop());
      return server;
    },
    startSide(name) {
      const side = startSide<never>(name);
      ends.push(() => side.stop());
      return side;
    },
    connect(databaseUrl) {
      const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
      ends.push(() => sql.end({ timeout: 1 }));
      return sql;
    },
    async checkpoint() {
      await admin`CHECKPOINT`;
    },
    async tidyUp() {
      for (const end of ends.splice(0).reverse()) await end();
      const names = await admin<{ datname: string }[]>`SELECT datname FROM pg_database WHERE datname LIKE 'bench\\_%'`;
      for (const { datname } of names) await admin.unsafe(`DROP DATABASE ${datname} WITH (FORCE)`);
    },
    async close() {
      for (const end of ends.splice(0).reverse()) await end();
      await admin.end();
      await embedded.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  return world;
}

async function startServer(databaseUrl: string): Promise<Server> {
  const child = spawn(process.execPath, ["--expose-gc", "--import", COLLECT, MAIN], {
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      MILLWRIGHT_GRPC_PORT: "0",
      MILLWRIGHT_HTTP_PORT: "0",
      MILLWRIGHT_LOG_LEVEL: "warn",
    },
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const grpcPort = await readPort(child);
  return {
    grpcPort,
    databaseUrl,
    async residentBytes() {
      const collected = new Promise((resolve) => child.once("message", resolve));
      child.send("collect");
      await collected;
      const status = await readFile(`/proc/${child.pid}/status`, "utf8");
      return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
    },
    async stop() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** Waits for the line that a server prints when it serves. */
async function readPort(child: ChildProcess): Promise<number> {
  let text = "";
  for await (const chunk of child.stdout!) {
    text += String(chunk);
    const port = /serves gRPC on [^ ]*:(\d+),/.exec(text)?.[1];
    if (port !== undefined) return Number(port);
  }
  throw new Error(`The server did not start: ${text}`);
}
