/** What is refused before Millwright trusts a PostgreSQL. Servers that would be refused are played by their answers. */
import { describe, expect, test } from "vitest";
import type { Runner } from "../../src/db/database.ts";
import { assertDurable, assertVersion } from "../../src/db/preflight.ts";
import { pgTest } from "../support/pg.ts";

const SOUND = { fsync: "on", full_page_writes: "on", synchronous_commit: "on", encoding: "UTF8", is_standby: false };

/** A server that answers every question with one row. */
function answering(row: object): Runner {
  return { run: async () => Object.assign([row], { count: 1, command: "SELECT" }) as never };
}

describe("assertVersion", () => {
  pgTest("accepts the PostgreSQL that Millwright brings", async ({ db }) => {
    await expect(assertVersion(db)).resolves.toBeUndefined();
  });

  test("refuses an older one and says what would help", async () => {
    const old = answering({ version: 17, name: "17.6" });

    await expect(assertVersion(old)).rejects.toThrow(
      "Cannot use PostgreSQL 17.6: Millwright needs version 18 or newer. Upgrade the server, or leave DATABASE_URL",
    );
  });
});

describe("assertDurable", () => {
  pgTest("refuses the server of the tests, which may lose what it confirms", async ({ db }) => {
    await expect(assertDurable(db)).rejects.toThrow(/fsync is off.*full_page_writes is off/);
  });

  test("accepts a server that keeps what it confirms", async () => {
    await expect(assertDurable(answering(SOUND))).resolves.toBeUndefined();
  });

  test.for([
    [{ fsync: "off" }, "fsync is off"],
    [{ full_page_writes: "off" }, "full_page_writes is off"],
    [{ synchronous_commit: "off" }, "synchronous_commit is off"],
    [{ is_standby: true }, "it is a standby"],
    [{ encoding: "SQL_ASCII" }, "its encoding is SQL_ASCII"],
  ] as const)("refuses %o", async ([fault, sentence]) => {
    await expect(assertDurable(answering({ ...SOUND, ...fault }))).rejects.toThrow(sentence);
  });
});
