/** `projectionTest`: a `pgTest` with the services of projections opened on its database, and a few shorthands. */
import { readFile } from "node:fs/promises";
import { sql } from "drizzle-orm";
import type { Database } from "../../src/db/database.ts";
import { pgTest } from "../support/pg.ts";

async function migrateScratch(db: Database): Promise<void> {
  const [row] = await db.run<{ found: boolean }>(sql`select to_regclass('projections') is not null as found`);
  if (row?.found) return;
  const text = await readFile("/tmp/proj/projections.sql", "utf8");
  for (const statement of text.split("--> statement-breakpoint")) await db.run(sql.raw(statement));
}

export const projectionTest = pgTest.extend<{ $file: { ready: true } }>({
  ready: [async ({ db }, use) => {
    await migrateScratch(db);
    await use(true);
  }, { scope: "file", auto: true }],
});
