/** What must be true of a PostgreSQL before Millwright trusts it with an acknowledged write. */
import { sql } from "drizzle-orm";
import type { Runner } from "./database.ts";

const VERSION_MIN = 18;

/** Refuses a PostgreSQL without uuidv7() and RETURNING old and new, which came with version 18. */
export async function assertVersion(database: Runner): Promise<void> {
  const [row] = await database.run<{ version: number; name: string }>(sql`
    select current_setting('server_version_num')::int / 10000 as version, current_setting('server_version') as name`);
  if (row && row.version >= VERSION_MIN) return;
  throw new Error(
    `Cannot use PostgreSQL ${row?.name}: Millwright needs version ${VERSION_MIN} or newer. ` +
      "Upgrade the server, or leave DATABASE_URL unset to use the embedded one",
  );
}

interface Facts {
  readonly fsync: string;
  readonly full_page_writes: string;
  readonly synchronous_commit: string;
  readonly encoding: string;
  readonly is_standby: boolean;
}

/** Refuses a server that may lose what it has confirmed, that only reads, or that cannot hold every text. */
export async function assertDurable(database: Runner): Promise<void> {
  const [facts] = await database.run<Facts>(sql`
    select current_setting('fsync') as fsync, current_setting('full_page_writes') as full_page_writes,
      current_setting('synchronous_commit') as synchronous_commit, pg_is_in_recovery() as is_standby,
      current_setting('server_encoding') as encoding`);
  const faults = facts ? faultsOf(facts) : [];
  if (faults.length > 0) throw new Error(`Cannot use this database: ${faults.join("; ")}`);
}

function faultsOf(facts: Facts): string[] {
  const faults: string[] = [];
  for (const name of ["fsync", "full_page_writes", "synchronous_commit"] as const) {
    if (facts[name] === "off") faults.push(`${name} is off, so a crash can lose confirmed writes: turn it on`);
  }
  if (facts.is_standby) faults.push("it is a standby that takes no writes: connect to the primary");
  if (facts.encoding !== "UTF8") faults.push(`its encoding is ${facts.encoding}: create it with encoding UTF8`);
  return faults;
}
