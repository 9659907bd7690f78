/** Transactions under fire: conflicts, connections that end at every point, and works that behave badly. */
import { type SQL, sql } from "drizzle-orm";
import { integer, pgTable, text } from "drizzle-orm/pg-core";
import { describe, expect, onTestFinished } from "vitest";
import { type Database, openDatabase, withSignal } from "../../src/db/database.ts";
import { Problem } from "../../src/problem.ts";
import { pgTest as base } from "../support/pg.ts";
import { startProxy } from "../support/proxy.ts";

const notes = pgTable("notes", { who: text().notNull(), n: integer().notNull() });

const pgTest = base.extend<{ $file: { notesTable: undefined } }>({
  notesTable: [
    async ({ db }, use) => {
      await db.run(sql`create table notes (who text collate "C" not null, n int not null)`);
      await db.run(sql`create index notes_who_idx on notes (who)`);
      await use(undefined);
    },
    { scope: "file", auto: true },
  ],
});

function open(url: string, poolSize: number): Database {
  const database = openDatabase({ url, poolSize });
  onTestFinished(() => database.close());
  return database;
}

const ownPid = sql`select pg_backend_pid() as pid`;

function note(who: string, n: number): SQL {
  return sql`insert into notes values (${who}, ${n})`;
}

async function notesOf(db: Database, who: string): Promise<number[]> {
  return (await db.run<{ n: number }>(sql`select n from notes where who = ${who} order by n`)).map(({ n }) => n);
}

async function problemOf(attempt: Promise<unknown>): Promise<Problem> {
  const error = await attempt.then(
    () => expect.fail("nothing was refused"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Problem);
  return error as Problem;
}

describe("transaction", () => {
  pgTest("commits what it wrote with the sql tag and with Drizzle's builders", async ({ db, tenant }) => {
    const seen = await db.transaction(async (tx) => {
      await tx.run(note(tenant, 1));
      await tx.insert(notes).values({ who: tenant, n: 2 });
      await tx.execute(note(tenant, 3));
      return await tx.select().from(notes).where(sql`who = ${tenant}`).orderBy(notes.n);
    });

    expect(seen).toEqual([1, 2, 3].map((n) => ({ who: tenant, n })));
    expect(await notesOf(db, tenant)).toEqual([1, 2, 3]);
  });

  pgTest("rolls back when the work throws, and throws the same error", async ({ db, tenant }) => {
    const reason = new Error("changed my mind");

    const attempt = db.transaction(async (tx) => {
      await tx.run(note(tenant, 1));
      throw reason;
    });

    await expect(attempt).rejects.toBe(reason);
    expect(await notesOf(db, tenant)).toEqual([]);
  });

  pgTest("never commits after a failed statement, even when the work swallowed the error", async ({ db, tenant }) => {
    const attempt = db.transaction(async (tx) => {
      await tx.run(note(tenant, 1));
      await tx.run(sql`select 1/0`).catch(() => {});
      return "fine";
    });

    await expect(attempt).rejects.toMatchObject({ code: "22012" });
    expect(await notesOf(db, tenant)).toEqual([]);
  });

  pgTest("waits for statements that the work did not await", async ({ db, tenant }) => {
    await db.transaction(async (tx) => {
      void tx.run(sql`select pg_sleep(0.05)`);
      void tx.run(note(tenant, 1));
    });

    expect(await notesOf(db, tenant)).toEqual([1]);
  });

  pgTest("runs parallel statements one after the other, in the order of asking", async ({ db, tenant }) => {
    const counted = (n: number) => sql`
      with added as (${note(tenant, n)}) select count(*)::int as count from notes where who = ${tenant}`;
    const counts = await db.transaction((tx) =>
      Promise.all([1, 2, 3, 4].map((n) => tx.run<{ count: number }>(counted(n)))),
    );

    expect(counts.map(([row]) => row?.count)).toEqual([0, 1, 2, 3]);
  });

  pgTest("lets no statement join after its end", async ({ db, tenant }) => {
    const kept = await db.transaction(async (tx) => tx);

    await expect(kept.run(note(tenant, 1))).rejects.toThrow("transaction is over");
    expect(await notesOf(db, tenant)).toEqual([]);
  });

  pgTest("opens with the isolation that was asked for", async ({ db }) => {
    const mode = sql`
      select current_setting('transaction_isolation') as isolation,
        current_setting('transaction_read_only') as read_only`;

    const plain = await db.transaction((tx) => tx.run(mode));
    const strict = await db.transaction((tx) => tx.run(mode), { isolation: "serializable", readOnly: true });

    expect(plain).toEqual([{ isolation: "read committed", read_only: "off" }]);
    expect(strict).toEqual([{ isolation: "serializable", read_only: "on" }]);
  });
});

describe("a conflict", () => {
  /** Each reads the sum of both and adds to its own: run side by side, one of them must see the other. */
  async function skew(db: Database, tenant: string, rendezvous: () => Promise<void>): Promise<number[]> {
    let tries = 0;
    const side = (mine: string) =>
      db.transaction(
        async (tx) => {
          tries++;
          const [row] = await tx.run<{ sum: number }>(sql`
            select coalesce(sum(n), 0)::int as sum from notes where who in (${`${tenant}/a`}, ${`${tenant}/b`})`);
          await rendezvous();
          await tx.run(note(`${tenant}/${mine}`, (row?.sum ?? 0) + 1));
        },
        { isolation: "serializable" },
      );
    await Promise.all([side("a"), side("b")]);
    return [...(await notesOf(db, `${tenant}/a`)), ...(await notesOf(db, `${tenant}/b`)), tries];
  }

  /** Lets the first two callers go on together, and everybody after them at once. */
  function meeting(): () => Promise<void> {
    let waiting = 0;
    const both = Promise.withResolvers<void>();
    return async () => {
      if (++waiting >= 2) both.resolve();
      await both.promise;
    };
  }

  pgTest("of a write skew is tried again until one side comes after the other", async ({ db, tenant }) => {
    const [first, second, tries] = await skew(db, tenant, meeting());

    expect([first, second].sort()).toEqual([1, 2]);
    expect(tries).toBe(3);
  });

  pgTest("that only COMMIT finds is tried again as well", async ({ db, tenant }) => {
    const [written, firstDone] = [meeting(), Promise.withResolvers<void>()];
    let tries = 0;
    const side = (mine: string, beforeCommit: () => Promise<void>) =>
      db.transaction(
        async (tx) => {
          tries++;
          await tx.run(sql`select n from notes where who in (${`${tenant}/a`}, ${`${tenant}/b`})`);
          await tx.run(note(`${tenant}/${mine}`, 1));
          await written();
          await beforeCommit();
        },
        { isolation: "serializable" },
      );

    const first = side("a", async () => {}).then(() => firstDone.resolve());
    await Promise.all([first, side("b", () => firstDone.promise)]);

    expect(tries).toBe(3);
    expect([await notesOf(db, `${tenant}/a`), await notesOf(db, `${tenant}/b`)]).toEqual([[1], [1]]);
  });

  pgTest("of a deadlock is tried again", async ({ db, tenant }) => {
    await db.run(note(`${tenant}/a`, 0));
    await db.run(note(`${tenant}/b`, 0));
    const rendezvous = meeting();
    const side = (order: string[]) =>
      db.transaction(async (tx) => {
        await tx.run(sql`set local deadlock_timeout = '20ms'`);
        await tx.run(sql`update notes set n = n + 1 where who = ${`${tenant}/${order[0]}`}`);
        await rendezvous();
        await tx.run(sql`update notes set n = n + 1 where who = ${`${tenant}/${order[1]}`}`);
      });

    await Promise.all([side(["a", "b"]), side(["b", "a"])]);

    expect([await notesOf(db, `${tenant}/a`), await notesOf(db, `${tenant}/b`)]).toEqual([[2], [2]]);
  });

  pgTest("is refused after eight tries as TRANSACTION_CONFLICT", async ({ db }) => {
    let tries = 0;

    const problem = await problemOf(
      db.transaction(async (tx) => {
        tries++;
        await tx.run(sql`do $$ begin raise exception 'made up' using errcode = '40001'; end $$`);
      }),
    );

    expect(tries).toBe(8);
    expect(problem).toMatchObject({ reason: "TRANSACTION_CONFLICT", retryAfterMs: 200 });
    expect(problem.message).not.toContain("made up");
  });

  pgTest("is recognised under Drizzle's wrapper, and when the work replaced the error", async ({ db }) => {
    let [wrapped, replaced] = [0, 0];
    const fail = sql`do $$ begin raise exception 'made up' using errcode = '40001'; end $$`;

    await db.transaction(async (tx) => {
      if (++wrapped < 3) await tx.execute(fail);
    });
    await db.transaction(async (tx) => {
      if (++replaced < 3) await tx.run(fail).catch(() => Promise.reject(new Error("mine")));
    });

    expect([wrapped, replaced]).toEqual([3, 3]);
  });

  pgTest("stops being tried when the caller's signal aborts", async ({ db }) => {
    const abort = new AbortController();
    let tries = 0;

    const attempt = withSignal(abort.signal, () =>
      db.transaction(async (tx) => {
        if (++tries === 2) abort.abort(new Error("deadline"));
        await tx.run(sql`do $$ begin raise exception 'made up' using errcode = '40001'; end $$`);
      }),
    );

    await expect(attempt).rejects.toThrow("deadline");
    expect(tries).toBe(2);
  });
});

describe("a connection that ends inside a transaction", () => {
  pgTest("lets nothing escape, fails nothing else, and the work runs again as a whole", async ({ db, url, tenant }) => {
    const victim = open(url, 3);
    let kills = 0;
    async function transfer(n: number): Promise<void> {
      let tries = 0;
      await victim.transaction(async (tx) => {
        await tx.run(note(tenant, n));
        if (tries++ === 0 && n % 2 === 0) {
          const [row] = await tx.run<{ pid: number }>(ownPid);
          await db.run(sql`select pg_terminate_backend(${row?.pid}::int)`);
          kills++;
        }
        await tx.run(note(tenant, -n));
      });
    }

    await Promise.all(Array.from({ length: 20 }, (_, n) => transfer(n + 1)));

    const expected = Array.from({ length: 20 }, (_, n) => n + 1);
    expect(kills).toBe(10);
    expect(await notesOf(db, tenant)).toEqual([...expected.map((n) => -n).reverse(), ...expected]);
  });

  pgTest("is refused as NOT_APPLIED when it ends in every try", async ({ db, url, tenant }) => {
    const victim = open(url, 1);
    let escapes = 0;

    const problem = await problemOf(
      victim.transaction(async (tx) => {
        await tx.run(note(tenant, 1));
        const [row] = await tx.run<{ pid: number }>(ownPid);
        await db.run(sql`select pg_terminate_backend(${row?.pid}::int)`);
        await tx.run(note(tenant, 2));
        escapes++;
      }),
    );

    expect(problem).toMatchObject({ reason: "DATABASE_UNAVAILABLE", facts: { outcome: "NOT_APPLIED" } });
    expect(escapes).toBe(0);
    expect(await notesOf(db, tenant)).toEqual([]);
  });

  pgTest("parks the work: nothing behind the lost statement runs, not even a catch", async ({ db, url, tenant }) => {
    const victim = open(url, 1);
    const ran: string[] = [];
    let tries = 0;

    await victim.transaction(async (tx) => {
      if (tries++ > 0) return;
      try {
        const [row] = await tx.run<{ pid: number }>(ownPid);
        await db.run(sql`select pg_terminate_backend(${row?.pid}::int)`);
        await tx.run(note(tenant, 1));
        ran.push("after");
      } catch {
        ran.push("catch");
      } finally {
        ran.push("finally");
      }
    });

    expect(tries).toBe(2);
    expect(ran).toEqual([]);
  });

  pgTest("is noticed while the work waits for something else", async ({ db, url }) => {
    const victim = open(url, 1);
    let tries = 0;
    const start = performance.now();

    await victim.transaction(async (tx) => {
      if (tries++ > 0) return;
      const [row] = await tx.run<{ pid: number }>(ownPid);
      await db.run(sql`select pg_terminate_backend(${row?.pid}::int)`);
      await new Promise(() => {});
    });

    expect(performance.now() - start).toBeLessThan(5_000);
  });

  pgTest("by the limit on idle transactions is handled like any other", async ({ db, url, tenant }) => {
    const victim = open(url, 1);
    let tries = 0;

    await victim.transaction(async (tx) => {
      await tx.run(note(tenant, 1));
      if (tries++ > 0) return;
      await tx.run(sql`set local idle_in_transaction_session_timeout = '50ms'`);
      const [row] = await tx.run<{ pid: number }>(ownPid);
      await expect.poll(() => db.run(sql`select 1 from pg_stat_activity where pid = ${row?.pid}`)).toEqual([]);
      await tx.run(note(tenant, 2));
    });

    expect(await notesOf(db, tenant)).toEqual([1]);
  });

  pgTest("with COMMIT on its way is refused as UNKNOWN, and not tried again", async ({ db, url, tenant }) => {
    const proxy = await startProxy(url);
    onTestFinished(() => proxy.close());
    const victim = open(proxy.url, 1);
    let tries = 0;
    proxy.judge = (message) => (message.includes("commit\0") ? "cut-after" : "pass");

    const problem = await problemOf(
      victim.transaction(async (tx) => {
        tries++;
        await tx.run(note(tenant, 1));
      }),
    );

    expect(problem.facts).toEqual({ outcome: "UNKNOWN" });
    expect(tries).toBe(1);
    expect(await notesOf(db, tenant)).toEqual([1]);
  });

  pgTest("with COMMIT on its way is tried again when that does no harm", async ({ db, url, tenant }) => {
    const proxy = await startProxy(url);
    onTestFinished(() => proxy.close());
    const victim = open(proxy.url, 1);
    let cuts = 0;
    proxy.judge = (message) => (message.includes("commit\0") && cuts++ === 0 ? "cut-after" : "pass");

    await victim.transaction((tx) => tx.run(note(tenant, 1)), { idempotent: true });

    expect(await notesOf(db, tenant)).toEqual([1, 1]);
  });

  pgTest("lets no other statement run inside the transaction it leaves behind", async ({ db, url, tenant }) => {
    const victim = open(url, 2);
    async function disturbed(n: number): Promise<void> {
      await victim.transaction(async (tx) => {
        await tx.run(note(tenant, n));
        const [row] = await tx.run<{ pid: number }>(ownPid);
        void db.run(sql`select pg_terminate_backend(${row?.pid}::int)`);
        await tx.run(sql`select pg_sleep(0.01)`);
      });
    }
    async function bystander(): Promise<unknown> {
      const [row] = await victim.run(sql`select pg_current_xact_id_if_assigned() is null as alone`);
      return row?.["alone"];
    }

    const works = Array.from({ length: 30 }, (_, n) => (n % 3 === 0 ? disturbed(n) : bystander()));
    const results = await Promise.all(works.map((work) => work.catch((error: Problem) => error.reason)));

    const [left] = await db.run(sql`
      select count(*)::int as count from pg_stat_activity
      where state like 'idle in transaction%' and datname = current_database()`);
    expect(results.filter((_, n) => n % 3 !== 0)).toEqual(Array.from({ length: 20 }, () => true));
    expect(await notesOf(db, tenant)).toEqual([]);
    expect(left?.["count"]).toBe(0);
  });
});

describe("withSignal around a transaction", () => {
  pgTest("cancels the running statement, rolls back and throws the signal's reason", async ({ db, tenant }) => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error("deadline")), 100);
    const start = performance.now();

    const attempt = withSignal(abort.signal, () =>
      db.transaction(async (tx) => {
        await tx.run(note(tenant, 1));
        await tx.run(sql`select pg_sleep(20)`);
      }),
    );

    await expect(attempt).rejects.toThrow("deadline");
    expect(performance.now() - start).toBeLessThan(3_000);
    expect(await notesOf(db, tenant)).toEqual([]);
  });

  pgTest("commits nothing when the abort comes between the last statement and COMMIT", async ({ db, tenant }) => {
    const abort = new AbortController();

    const attempt = withSignal(abort.signal, () =>
      db.transaction(async (tx) => {
        await tx.run(note(tenant, 1));
        abort.abort(new Error("deadline"));
      }),
    );

    await expect(attempt).rejects.toThrow("deadline");
    expect(await notesOf(db, tenant)).toEqual([]);
  });
});
