/** Keys that all servers of a database share. */
import { sql } from "drizzle-orm";
import type { Runner } from "./database.ts";

/** The key that signs page and resume tokens; the first migration made it. */
export async function findPageTokenKey(runner: Runner): Promise<Uint8Array> {
  const [row] = await runner.run<{ value: Uint8Array }>(sql`SELECT value FROM server_keys WHERE name = 'page_token'`);
  if (row === undefined) throw new Error("The database has no page_token key: was it migrated?");
  return row.value;
}

/** Makes the monthly partitions of job tables that are still missing, a good while ahead. */
export async function createJobPartitions(runner: Runner): Promise<void> {
  await runner.run(sql`SELECT create_job_partitions(now() + interval '2 months')`);
}
