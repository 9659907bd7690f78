/**
 * `pgTest`: a test with a database of its own file and a tenant of its own.
 *
 * A database per file keeps notifications and serialization conflicts of one file out of the others; a tenant per test
 * lets the tests of a file share it, and shows leaks between tenants for free.
 */
import { randomUUID } from "node:crypto";
import postgres from "postgres";
import { inject, test } from "vitest";
import { type Database, openDatabase } from "../../src/db/database.ts";
import { TEMPLATE_DATABASE } from "./postgres.ts";

/** Makes a database in the server at `serverUrl`: a clone of the migrated template unless told `template0`. */
export async function createTestDatabase(
  serverUrl: string,
  template = TEMPLATE_DATABASE,
): Promise<{ url: string; drop: () => Promise<void> }> {
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  await asAdmin(serverUrl, (admin) => admin.unsafe(`create database ${name} template ${template}`));
  const url = new URL(serverUrl);
  url.pathname = name;
  const drop = async () => {
    await asAdmin(serverUrl, (admin) => admin.unsafe(`drop database if exists ${name} with (force)`));
  };
  return { url: url.href, drop };
}

async function asAdmin(url: string, work: (admin: postgres.Sql) => PromiseLike<unknown>): Promise<void> {
  const admin = postgres(url, { max: 1, fetch_types: false, onnotice: () => {} });
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}

/** A test on real PostgreSQL: `db` and `url` are the file's own migrated database, `tenant` is the test's own. */
export const pgTest = test.extend<{ $file: { url: string; db: Database }; $test: { tenant: string } }>({
  url: [
    async ({}, use) => {
      const { url, drop } = await createTestDatabase(inject("postgresUrl"));
      await use(url);
      await drop();
    },
    { scope: "file" },
  ],
  db: [
    async ({ url }, use) => {
      const db = openDatabase({ url });
      await use(db);
      await db.close();
    },
    { scope: "file" },
  ],
  tenant: async ({}, use) => {
    await use(`tenant-${randomUUID()}`);
  },
});
