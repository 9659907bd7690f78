/**
 * The PostgreSQL of a start without DATABASE_URL: one server per data folder, shared by all processes that use it.
 *
 * Who uses it holds a connection with a shared advisory lock. Whoever stops gives the lock back and then asks for it
 * alone: only the last one gets it, and stops the server. A killed process leaves the server running; the next start
 * joins it. While somebody uses it, a server that died is started again.
 */
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type postgres from "postgres";
import { type Client, openClient } from "./client.ts";
import { type Cluster, EMBEDDED_NAME, openCluster, rememberPort } from "./cluster.ts";
import type { DatabaseLog } from "./database.ts";
import { findPostmaster, logTail, startServer, stopServer } from "./postmaster.ts";

// Recovery after a crash replays what was written since the last checkpoint, which can take a while.
const START_MS_MAX = 120_000;
const POLL_MS = 25;
const REVIVE_PAUSE_MS = 250;
// Any number that nothing else in the maintenance database locks.
const USERS_LOCK = 6_414_559;

/** What an embedded PostgreSQL is started with. */
export interface EmbeddedOptions {
  readonly dataDir: string;
  readonly log?: DatabaseLog;
  /** Server settings on top; the tests turn `fsync` off with it, nothing else may. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A running embedded PostgreSQL. */
export interface Embedded {
  readonly url: string;
  /** Whether nobody else used the server when this process came: it started it, or found it left behind. */
  readonly isOwner: boolean;
  /** Leaves the server; the last one to leave stops it. */
  stop(): Promise<void>;
}

/** Starts the PostgreSQL of a data folder, or joins the one that runs there. */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const isDurable = options.settings?.["fsync"] !== "off";
  const presence = new Presence(await openCluster(options.dataDir, isDurable), options);
  await presence.enter();
  return presence;
}

class Presence implements Embedded {
  url = "";
  isOwner = false;
  #cluster: Cluster;
  #options: EmbeddedOptions;
  #client: Client | undefined;
  #isStopping = false;
  #port: number | undefined;
  #revival: Promise<void> | undefined;

  constructor(cluster: Cluster, options: EmbeddedOptions) {
    this.#cluster = cluster;
    this.#port = cluster.port;
    this.#options = options;
  }

  /** Starts or joins; whoever loses the race to start joins the winner. */
  async enter(): Promise<void> {
    const deadline = performance.now() + START_MS_MAX;
    while (!this.#isStopping && !(await this.#join())) {
      if (performance.now() > deadline) await this.#fail("did not start in time");
      if (await findPostmaster(this.#cluster)) await delay(POLL_MS);
      else await this.#start();
    }
  }

  async stop(): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    await this.#revival;
    const client = this.#client;
    if (!client) return;
    try {
      await client.sql`select pg_advisory_unlock_shared(${USERS_LOCK})`;
      const [answer] = await client.sql<{ last: boolean }[]>`select pg_try_advisory_lock(${USERS_LOCK}) as last`;
      // The lock is held until the server has ended: who comes meanwhile sees that it ends, and starts it again.
      if (answer?.last) await stopServer(this.#cluster);
    } finally {
      client.end();
    }
  }

  async #start(): Promise<void> {
    const port = this.#port ?? (await freePort());
    const { exited } = await startServer(this.#cluster, port, this.#options.settings ?? {});
    let hasExited = false;
    void exited.then(() => (hasExited = true));
    const deadline = performance.now() + START_MS_MAX;
    while (!hasExited && performance.now() < deadline) {
      if ((await findPostmaster(this.#cluster))?.isReady) return;
      await delay(POLL_MS);
    }
    // Another process may have been first; its server is joined in the next round.
    if (hasExited && !(await findPostmaster(this.#cluster))) await this.#retryOrFail(port);
  }

  async #retryOrFail(port: number): Promise<void> {
    const tail = await logTail(this.#cluster);
    const isPortTaken = tail.includes("Address already in use");
    const areBackendsLeft = tail.includes("shared memory block");
    if (!isPortTaken && !areBackendsLeft) await this.#fail("stopped at once");
    if (this.#port === port) this.#port = undefined;
    await delay(REVIVE_PAUSE_MS);
  }

  async #fail(what: string): Promise<never> {
    throw new Error(`The embedded PostgreSQL in ${this.#cluster.folder} ${what}:\n${await logTail(this.#cluster)}`);
  }

  /** Connects to a ready server and takes the users' lock; `false` when there is none, or it is about to stop. */
  async #join(): Promise<boolean> {
    const postmaster = await findPostmaster(this.#cluster);
    if (!postmaster?.isReady) return false;
    const address = `postgres://${EMBEDDED_NAME}:${this.#cluster.password}@127.0.0.1:${postmaster.port}`;
    let hasEntered = false;
    const client = await openClient({
      url: `${address}/postgres`,
      statementTimeoutMs: START_MS_MAX,
      applicationName: "millwright embedded",
      onLost: () => hasEntered && this.#revive(),
    }).catch(() => undefined);
    if (!client) return false;
    const { sql } = client;
    try {
      const [lock] = await sql<{ entered: boolean }[]>`select pg_try_advisory_lock_shared(${USERS_LOCK}) as entered`;
      if (!lock?.entered) throw new Error("The server is about to stop");
      const others = await sql`select 1 from pg_locks where objid = ${USERS_LOCK} and pid <> pg_backend_pid()`;
      await createDatabase(sql);
      await rememberPort(this.#cluster, postmaster.port);
      hasEntered = true;
      this.#client = client;
      this.#port = postmaster.port;
      this.url = `${address}/${EMBEDDED_NAME}`;
      this.isOwner = others.length === 0;
      return true;
    } catch {
      client.end();
      return false;
    }
  }

  /** The connection to the server ended: joins again, and starts the server again if it died. */
  #revive(): void {
    this.#client = undefined;
    if (this.#isStopping) return;
    this.#options.log?.warn({}, "The embedded PostgreSQL ended or closed its connection: joining it again");
    this.#revival = this.#reviveUntilDone();
  }

  async #reviveUntilDone(): Promise<void> {
    while (!this.#isStopping && !this.#client) {
      try {
        await this.enter();
        this.#options.log?.info({}, "The embedded PostgreSQL runs again");
      } catch (error) {
        this.#options.log?.warn({ err: error }, "The embedded PostgreSQL does not come back");
        await delay(REVIVE_PAUSE_MS);
      }
    }
  }
}

async function createDatabase(sql: postgres.Sql): Promise<void> {
  const found = await sql`select 1 from pg_database where datname = ${EMBEDDED_NAME}`;
  if (found.length > 0) return;
  await sql.unsafe(`create database ${EMBEDDED_NAME}`).catch((error: { code?: string }) => {
    // Another process made it in the same moment.
    if (error.code !== "42P04" && error.code !== "23505") throw error;
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((fulfil, reject) => server.once("error", reject).listen(0, "127.0.0.1", fulfil));
  const address = server.address();
  await new Promise((fulfil) => server.close(fulfil));
  if (address === null || typeof address === "string") throw new Error("A TCP server has no port");
  return address.port;
}
