/**
 * One PostgreSQL for the whole test run, in a folder that goes away with it, and a migrated database to clone from.
 *
 * `fsync` is off: nothing here outlives the run. What a killed run left behind is swept away by the next one.
 */
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import type { TestProject } from "vitest/node";
import { isRunning } from "../../src/db/cluster.ts";
import { startEmbedded } from "../../src/db/embedded.ts";
import { migrateDatabase } from "../../src/db/migrate.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** A superuser's address of the server; its database is for administration only. */
    postgresUrl: string;
  }
}

/** How folders of a run begin: its process id follows. */
export const FOLDER_PREFIX = "millwright-test-";
// A server that is being ended writes until its last moment.
const GONE = { recursive: true, force: true, maxRetries: 20, retryDelay: 100 };

/** The database that test files clone. Nothing may stay connected to it. */
export const TEMPLATE_DATABASE = "millwright_template";

/** Starts the server, migrates the template, and gives back what ends both. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await sweepKilledRuns();
  const dataDir = await mkdtemp(join(tmpdir(), `${FOLDER_PREFIX}${process.pid}-`));
  const remove = () => rm(dataDir, GONE);
  const settings = { fsync: "off", full_page_writes: "off", max_connections: "400", autovacuum_naptime: "5s" };
  const server = await startEmbedded({ dataDir, settings }).catch(async (error: unknown) => {
    await endServer(dataDir);
    await remove();
    throw error;
  });
  const teardown = async () => {
    await server.stop();
    await endServer(dataDir);
    await remove();
  };
  try {
    await makeTemplate(server.url);
  } catch (error) {
    await teardown();
    throw error;
  }
  project.provide("postgresUrl", server.url);
  return teardown;
}

async function makeTemplate(url: string): Promise<void> {
  const admin = postgres(url, { max: 1, fetch_types: false });
  await admin.unsafe(`create database ${TEMPLATE_DATABASE}`);
  await admin.end();
  const template = new URL(url);
  template.pathname = TEMPLATE_DATABASE;
  await migrateDatabase(template.href);
}

async function sweepKilledRuns(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(new RegExp(`^${FOLDER_PREFIX}(\\d+)-`).exec(name)?.[1]);
    if (!(pid > 0) || isRunning(pid)) continue;
    await endServer(join(tmpdir(), name));
    await rm(join(tmpdir(), name), GONE);
  }
}

/** Ends the server of a folder by its pid, if one still runs there. */
async function endServer(dataDir: string): Promise<void> {
  const lines = (await readFile(join(dataDir, "postgres", "postmaster.pid"), "utf8").catch(() => "")).split("\n");
  const pid = Number(lines[0]);
  if (pid > 0 && lines[1]?.startsWith(dataDir) && isRunning(pid)) process.kill(pid, "SIGQUIT");
}
