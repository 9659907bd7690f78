/** The migrator: many at once, a database from the future, and one that a crash interrupted. */
import { mkdtemp, rm, writeFile, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { openDatabase } from "../../src/db/database.ts";
import { migrateDatabase } from "../../src/db/migrate.ts";
import { createTestDatabase } from "../support/pg.ts";

const RUNNERS = 20;
const FIRST_MILLIS = Date.UTC(2024, 0);

async function emptyDatabase(): Promise<string> {
  const { url, drop } = await createTestDatabase(inject("postgresUrl"), "template0");
  onTestFinished(drop);
  return url;
}

/** A folder of migrations as drizzle-kit lays them out. */
async function migrationsFolder(statements: string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "millwright-migrations-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const entries = statements.map((_, idx) => ({ idx, when: FIRST_MILLIS + idx, tag: `${idx}`, breakpoints: true }));
  await mkdir(join(folder, "meta"));
  const journal = { version: "7", dialect: "postgresql", entries };
  await writeFile(join(folder, "meta", "_journal.json"), JSON.stringify(journal));
  for (const [idx, statement] of statements.entries()) await writeFile(join(folder, `${idx}.sql`), statement);
  return folder;
}

async function tablesIn(url: string): Promise<string[]> {
  const db = openDatabase({ url, poolSize: 1 });
  const rows = await db.run<{ tablename: string }>(sql`
    select tablename from pg_tables where schemaname = 'public' order by 1`);
  await db.close();
  return rows.map((row) => row.tablename);
}

describe("migrateDatabase", () => {
  test("lets 20 runners start at once, of whom one migrates", async () => {
    const url = await emptyDatabase();
    const folder = await migrationsFolder(["create table a (n int)", "create table b (n int); select pg_sleep(0.3)"]);

    const applied = await Promise.all(Array.from({ length: RUNNERS }, () => migrateDatabase(url, folder)));

    expect(applied.filter((count) => count > 0)).toEqual([2]);
    expect(await tablesIn(url)).toEqual(["a", "b"]);
  });

  test("applies only what is new to a database", async () => {
    const url = await emptyDatabase();
    await migrateDatabase(url, await migrationsFolder(["create table a (n int)"]));

    const newer = await migrationsFolder(["create table a (n int)", "create table b (n int)"]);
    const applied = await migrateDatabase(url, newer);

    expect(applied).toBe(1);
    expect(await tablesIn(url)).toEqual(["a", "b"]);
  });

  test("refuses a database that a newer Millwright has migrated, and leaves it as it is", async () => {
    const url = await emptyDatabase();
    await migrateDatabase(url, await migrationsFolder(["create table a (n int)", "create table b (n int)"]));
    const older = await migrationsFolder(["create table c (n int)"]);

    const attempt = migrateDatabase(url, older);

    await expect(attempt).rejects.toThrow("a newer Millwright has migrated it");
    expect(await tablesIn(url)).toEqual(["a", "b"]);
  });

  test("leaves nothing behind when one of several migrations fails", async () => {
    const url = await emptyDatabase();
    const folder = await migrationsFolder(["create table a (n int)", "create table b (n nonsense)"]);

    const attempt = migrateDatabase(url, folder);

    await expect(attempt).rejects.toThrow();
    expect(await tablesIn(url)).toEqual([]);
  });

  test("starts over when its connection ends in the middle", async () => {
    const url = await emptyDatabase();
    const folder = await migrationsFolder(["create table a (n int)", "create table b (n int); select pg_sleep(0.5)"]);
    const watcher = openDatabase({ url: inject("postgresUrl"), poolSize: 1 });
    onTestFinished(() => watcher.close());
    const name = new URL(url).pathname.slice(1);

    const migration = migrateDatabase(url, folder);
    const end = sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = ${name} and query like '%pg_sleep%' and state = 'active'`;
    await expect.poll(() => watcher.run(end)).toHaveLength(1);

    expect(await migration).toBe(2);
    expect(await tablesIn(url)).toEqual(["a", "b"]);
  });

  test("gives the product's tables to an empty database", async () => {
    const url = await emptyDatabase();

    await migrateDatabase(url);

    expect(await tablesIn(url)).toContain("jobs");
    expect(await migrateDatabase(url)).toBe(0);
  });
});
