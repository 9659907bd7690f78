/**
 * Brings a database to the tables this code knows: Drizzle's migrator, in one transaction under one advisory lock.
 *
 * Any number of processes may start at once: one migrates, the others find nothing left to do. A process that dies in
 * the middle leaves nothing behind. A database that a newer Millwright has migrated is refused.
 */
import { fileURLToPath } from "node:url";
import { sql } from "drizzle-orm";
import { readMigrationFiles } from "drizzle-orm/migrator";
import type { PostgresJsDatabase } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import { openDatabase, type Tx } from "./database.ts";
import { assertVersion } from "./preflight.ts";

const MIGRATIONS_FOLDER = fileURLToPath(new URL("./migrations", import.meta.url));
// Large enough for an index over a grown table; the lock that it waits for is bounded much tighter.
const STATEMENT_TIMEOUT_MS = 600_000;
// Any number that nothing else in the database locks.
const MIGRATION_LOCK = 6_414_560;

/** Applies what is missing and tells how many migrations that were. `folder` is for tests. */
export async function migrateDatabase(url: string, folder = MIGRATIONS_FOLDER): Promise<number> {
  const database = openDatabase({ url, poolSize: 1, statementTimeoutMs: STATEMENT_TIMEOUT_MS });
  try {
    await assertVersion(database);
    return await database.transaction((tx) => migrateLocked(tx, folder), { idempotent: true });
  } finally {
    await database.close();
  }
}

async function migrateLocked(tx: Tx, folder: string): Promise<number> {
  // The others may migrate for as long as they need; a table's lock, behind which its readers queue, must come soon.
  await tx.run(sql`set local lock_timeout = 0`);
  await tx.run(sql`select pg_advisory_xact_lock(${MIGRATION_LOCK})`);
  await tx.run(sql`set local lock_timeout = '2s'`);
  const known = readMigrationFiles({ migrationsFolder: folder }).map((migration) => migration.folderMillis);
  const before = await appliedMillis(tx);
  const newest = Math.max(...before);
  if (newest > Math.max(...known)) {
    const made = new Date(newest).toISOString().slice(0, 10);
    throw new Error(
      `Cannot use this database: a newer Millwright has migrated it, with a migration of ${made}. ` +
        "Start that version, or a later one",
    );
  }
  await migrate(tx as unknown as PostgresJsDatabase, { migrationsFolder: folder });
  return known.filter((millis) => millis > newest).length;
}

/** When each migration in the database was made, as Drizzle's journal keeps it. */
async function appliedMillis(tx: Tx): Promise<number[]> {
  const [found] = await tx.run(sql`select to_regclass('drizzle.__drizzle_migrations') is not null as exists`);
  if (!found?.["exists"]) return [];
  const rows = await tx.run<{ created_at: string }>(sql`select created_at from drizzle.__drizzle_migrations`);
  return rows.map((row) => Number(row.created_at));
}
