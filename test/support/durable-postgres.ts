/**
 * A PostgreSQL of a test file's own that keeps what it confirmed, and that the test may crash and start.
 *
 * Millwright as a process refuses the one of the test run, whose `fsync` is off.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openCluster } from "../../src/db/cluster.ts";
import { findPostmaster, startServer } from "../../src/db/postmaster.ts";
import { createTestDatabase } from "./pg.ts";
import { FOLDER_PREFIX } from "./postgres.ts";
import { until } from "./until.ts";

/** A PostgreSQL that can go away. */
export interface DurablePostgres {
  /** An empty database, not migrated. */
  createDatabase(): Promise<string>;
  /** Ends it at once (`immediate`): no goodbye, no checkpoint. */
  crash(): Promise<void>;
  /** Starts it again on its port; resolves when it takes connections. */
  start(): Promise<void>;
  /** Ends it and removes its folder. */
  remove(): Promise<void>;
}

/** Makes the cluster and starts it. */
export async function startDurablePostgres(): Promise<DurablePostgres> {
  const dataDir = await mkdtemp(join(tmpdir(), `${FOLDER_PREFIX}${process.pid}-`));
  const cluster = await openCluster(dataDir, false);
  const port = await freePort();
  const url = `postgres://millwright:${cluster.password}@127.0.0.1:${port}/postgres`;

  async function start(): Promise<void> {
    await startServer(cluster, port, {});
    await until(async () => (await findPostmaster(cluster))?.isReady, { timeoutMs: 30_000, everyMs: 10 });
  }

  async function crash(): Promise<void> {
    const postmaster = await findPostmaster(cluster);
    if (postmaster) process.kill(postmaster.pid, "SIGQUIT");
    await until(async () => !(await findPostmaster(cluster)), { timeoutMs: 30_000, everyMs: 10 });
  }

  await start();
  return {
    createDatabase: async () => (await createTestDatabase(url, "template0")).url,
    crash,
    start,
    async remove() {
      await crash();
      // Its last processes may still write for a moment.
      await rm(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
