/** Single statements: what is prepared, what is tried again, what a caller sees, and what a signal calls off. */
import { type SQL, sql } from "drizzle-orm";
import { describe, expect, onTestFinished } from "vitest";
import { type Database, type DatabaseOptions, openDatabase, withSignal } from "../../src/db/database.ts";
import { Problem } from "../../src/problem.ts";
import { pgTest } from "../support/pg.ts";
import { startProxy } from "../support/proxy.ts";

function open(options: DatabaseOptions): Database {
  const database = openDatabase(options);
  onTestFinished(() => database.close());
  return database;
}

async function problemOf(attempt: Promise<unknown>): Promise<Problem> {
  const error = await attempt.then(
    () => expect.fail("nothing was refused"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Problem);
  return error as Problem;
}

/** The connections that run a statement with this mark. */
function active(mark: string): SQL {
  return sql`
    select pid from pg_stat_activity
    where query like ${`%${mark}%`} and state = 'active' and pid <> pg_backend_pid() and datname = current_database()`;
}

function terminate(mark: string): SQL {
  return sql`select pg_terminate_backend(pid) from (${active(mark)}) running`;
}

describe("run", () => {
  pgTest("prepares a statement once per connection", async ({ url }) => {
    const db = open({ url, poolSize: 1 });

    for (let n = 0; n < 5; n++) await db.run(sql`select 'once' as mark, ${n}::int as n`);

    const [plan] = await db.run(sql`
      select generic_plans::int as generic, custom_plans::int as custom from pg_prepared_statements
      where statement like 'select ''once''%'`);
    expect(plan).toEqual({ generic: 5, custom: 0 });
  });

  pgTest("stops preparing when the texts are too many to keep", async ({ url }) => {
    const db = open({ url, poolSize: 1 });

    for (let n = 0; n < 1_050; n++) await db.run(sql`select ${sql.raw(String(n))} as n`);

    const [row] = await db.run<{ count: number }>(sql`select count(*)::int as count from pg_prepared_statements`);
    expect(row?.count).toBe(1_000);
  });

  pgTest("sets up every connection the same way", async ({ db }) => {
    const [row] = await db.run(sql`
      select current_setting('TimeZone') as zone, current_setting('statement_timeout') as statement,
        current_setting('lock_timeout') as lock, current_setting('idle_in_transaction_session_timeout') as idle,
        current_setting('enable_seqscan') as seqscan, current_setting('plan_cache_mode') as plans,
        current_setting('application_name') as name, current_setting('jit') as jit`);

    const limits = { statement: "10s", lock: "2s", idle: "10s" };
    const plans = { seqscan: "off", plans: "force_generic_plan", jit: "off" };
    expect(row).toEqual({ ...limits, ...plans, zone: "UTC", name: "millwright" });
  });

  pgTest("tells how many rows a statement touched", async ({ db }) => {
    await db.run(sql`create table touched (n int)`);

    const { count } = await db.run(sql`insert into touched select * from generate_series(1, 7)`);

    expect(count).toBe(7);
  });

  pgTest("passes an error that it does not know through as it is", async ({ db }) => {
    await expect(db.run(sql`select nonsense`)).rejects.toMatchObject({ code: "42703", name: "PostgresError" });
  });

  pgTest("goes on after an error on the same connection", async ({ url }) => {
    const db = open({ url, poolSize: 1 });
    await db.run(sql`select 1/0`).catch(() => {});

    await expect(db.run(sql`select 1 as one`)).resolves.toEqual([{ one: 1 }]);
  });

  pgTest("tries a lock that was not granted in time again", async ({ db, url }) => {
    await db.run(sql`create table locked (n int)`);
    const impatient = new URL(url);
    impatient.searchParams.set("lock_timeout", "20ms");
    const other = open({ url: impatient.href });
    let release = () => {};
    const holding = db.transaction(async (tx) => {
      await tx.run(sql`lock table locked`);
      await new Promise<void>((resolve) => (release = resolve));
    });
    setTimeout(() => release(), 100);

    const attempt = other.run(sql`insert into locked values (1)`);

    await expect(attempt).resolves.toHaveProperty("count", 1);
    await holding;
  });

  pgTest("serves more callers than it has connections, in the order of asking", async ({ url }) => {
    const db = open({ url, poolSize: 2 });
    const order: number[] = [];

    const caller = (n: number) => db.run(sql`select pg_sleep(0.002)`).then(() => order.push(n));
    await Promise.all(Array.from({ length: 50 }, (_, n) => caller(n)));

    const displaced = order.filter((n, at) => Math.abs(n - at) > 2);
    expect(displaced).toEqual([]);
  });
});

describe("a lost connection", () => {
  pgTest("refuses a statement in flight with an unknown outcome and no SQL in the message", async ({ db, url }) => {
    const victim = open({ url, poolSize: 1 });

    const attempt = problemOf(victim.run(sql`select pg_sleep(20), 'victim-1'`));
    await expect.poll(() => db.run(terminate("victim-1"))).toHaveLength(1);

    const problem = await attempt;
    expect(problem).toMatchObject({ reason: "DATABASE_UNAVAILABLE", retryAfterMs: 1_000 });
    expect(problem.facts).toEqual({ outcome: "UNKNOWN" });
    expect(problem.message).not.toContain("select");
    await expect(victim.run(sql`select 1 as one`)).resolves.toEqual([{ one: 1 }]);
  });

  pgTest("is made up for when the statement may be repeated", async ({ db, url }) => {
    const victim = open({ url, poolSize: 1 });
    await db.run(sql`create table sleeps (left_over int)`);
    await db.run(sql`insert into sleeps values (20)`);
    const once = sql`select pg_sleep(left_over), 'victim-2' as mark from sleeps`;

    const attempt = victim.run(once, { idempotent: true });
    await expect.poll(() => db.run(active("victim-2"))).toHaveLength(1);
    await db.run(sql`update sleeps set left_over = 0`);
    await db.run(terminate("victim-2"));

    await expect(attempt).resolves.toMatchObject([{ mark: "victim-2" }]);
  });

  pgTest("that was idle costs the next caller nothing", async ({ db, url }) => {
    const victim = open({ url, poolSize: 3 });
    await Promise.all([1, 2, 3].map((n) => victim.run(sql`select ${n}::int as "victim-3"`)));

    // Waits for the ends of the backends; those of the sockets are then ahead of the next answer.
    await db.run(sql`
      select pg_terminate_backend(pid, 5000) from pg_stat_activity
      where query like '%victim-3%' and pid <> pg_backend_pid() and datname = current_database()`);
    await db.run(sql`select 1`);
    await new Promise(setImmediate);

    await expect(Promise.all([1, 2, 3].map((n) => victim.run(sql`select ${n}::int as n`)))).resolves.toHaveLength(3);
  });

  pgTest("that answers nothing any more is given up, and the next works", async ({ url }) => {
    const proxy = await startProxy(url);
    onTestFinished(() => proxy.close());
    const db = open({ url: proxy.url, poolSize: 1, statementTimeoutMs: 100 });
    await db.run(sql`select 1`);
    proxy.isSilent = true;

    const problem = await problemOf(db.run(sql`select 2`));
    proxy.isSilent = false;

    expect(problem.facts).toEqual({ outcome: "UNKNOWN" });
    await expect(db.run(sql`select 3 as three`)).resolves.toEqual([{ three: 3 }]);
  });
});

describe("an unreachable server", () => {
  pgTest("refuses with NOT_APPLIED within seconds, however many ask", async ({ url }) => {
    const away = new URL(url);
    away.port = "1";
    const db = open({ url: away.href, poolSize: 2 });
    const start = performance.now();

    const problems = await Promise.all(Array.from({ length: 200 }, () => problemOf(db.run(sql`select 1`))));

    expect(new Set(problems.map((problem) => problem.facts["outcome"]))).toEqual(new Set(["NOT_APPLIED"]));
    expect(performance.now() - start).toBeLessThan(15_000);
    expect(db.available).toBe(false);
  });

  pgTest("is available again by itself once it answers", async ({ url }) => {
    const proxy = await startProxy(url);
    onTestFinished(() => proxy.close());
    const db = open({ url: proxy.url, poolSize: 1 });
    proxy.judge = () => "cut-before";
    await problemOf(db.run(sql`select 1`));
    expect(db.available).toBe(false);

    proxy.judge = () => "pass";

    await expect.poll(() => db.available, { timeout: 5_000 }).toBe(true);
  });

  pgTest("is noticed without any traffic", async ({ url }) => {
    const proxy = await startProxy(url);
    const db = open({ url: proxy.url, poolSize: 1 });
    await db.run(sql`select 1`);

    await proxy.close();

    await expect.poll(() => db.available, { timeout: 10_000 }).toBe(false);
  });
});

describe("withSignal", () => {
  pgTest("cancels the running statement on the server and throws the signal's reason", async ({ db, url }) => {
    const other = open({ url, poolSize: 1 });
    const abort = new AbortController();
    const reason = new Error("deadline");

    const attempt = withSignal(abort.signal, () => other.run(sql`select pg_sleep(20), 'cancel-1'`));
    await expect.poll(() => db.run(active("cancel-1"))).toHaveLength(1);
    abort.abort(reason);

    await expect(attempt).rejects.toBe(reason);
    expect(await db.run(active("cancel-1"))).toEqual([]);
    await expect(other.run(sql`select 1 as one`)).resolves.toEqual([{ one: 1 }]);
  });

  pgTest("refuses a statement that is sent after the abort", async ({ db }) => {
    const attempt = withSignal(AbortSignal.abort(new Error("gone")), () => db.run(sql`select 1`));

    await expect(attempt).rejects.toThrow("gone");
  });

  pgTest("gives up waiting for a connection, and its place in the queue", async ({ url }) => {
    const db = open({ url, poolSize: 1 });
    const abort = new AbortController();
    const busy = db.run(sql`select pg_sleep(0.3)`);

    const waiting = withSignal(abort.signal, () => db.run(sql`select 1`));
    const behind = db.run(sql`select 2 as two`);
    setImmediate(() => abort.abort(new Error("deadline")));

    await expect(waiting).rejects.toThrow("deadline");
    await busy;
    await expect(behind).resolves.toEqual([{ two: 2 }]);
  });

  pgTest("leaves no listener on the signal", async ({ db }) => {
    const abort = new AbortController();
    let listeners = 0;
    const { signal } = abort;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
    signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));

    await withSignal(signal, () => Promise.all(Array.from({ length: 40 }, () => db.run(sql`select 1`))));

    expect(listeners).toBeLessThanOrEqual(0);
  });

  pgTest("hits no neighbour's statement and mixes up no answers, with 1,000 of 3,000 cancelled", async ({ url }) => {
    const db = open({ url, poolSize: 4 });
    let next = 0;
    const wrong: unknown[] = [];
    async function caller(): Promise<void> {
      while (next < 3_000) {
        const n = next++;
        const abort = n % 3 === 0 ? new AbortController() : undefined;
        if (abort) setTimeout(() => abort.abort(new Error("enough")), Math.random() * 4);
        const statement = sql`select ${n}::int as n, pg_sleep(${abort ? 0.003 : 0.0005}) is null as slept`;
        await withSignal(abort?.signal, () => db.run<{ n: number }>(statement)).then(
          ([row]) => row?.n === n || wrong.push([n, row]),
          (error: unknown) => (abort && (error as Error).message === "enough") || wrong.push([n, error]),
        );
      }
    }

    await Promise.all(Array.from({ length: 16 }, caller));

    expect(wrong).toEqual([]);
  });

  pgTest("answers its caller although the cancel cannot be delivered", async ({ url }) => {
    const proxy = await startProxy(url);
    onTestFinished(() => proxy.close());
    const db = open({ url: proxy.url, poolSize: 1 });
    await db.run(sql`select 1`);
    const cancelRequest = Buffer.from([0, 0, 0, 16, 4, 210, 22, 46]);
    proxy.judge = (message) => (message.subarray(0, 8).equals(cancelRequest) ? "cut-before" : "pass");
    const abort = new AbortController();

    const attempt = withSignal(abort.signal, () => db.run(sql`select pg_sleep(20)`));
    setTimeout(() => abort.abort(new Error("deadline")), 50);

    await expect(attempt).rejects.toThrow("deadline");
    await expect(db.run(sql`select 1 as one`)).resolves.toEqual([{ one: 1 }]);
  });

  pgTest("answers its caller although the server has fallen silent", async ({ url }) => {
    const proxy = await startProxy(url);
    onTestFinished(() => proxy.close());
    const db = open({ url: proxy.url, poolSize: 1 });
    await db.run(sql`select 1`);
    proxy.isSilent = true;
    const abort = new AbortController();
    const start = performance.now();

    const attempt = withSignal(abort.signal, () => db.run(sql`select 2`));
    setTimeout(() => abort.abort(new Error("deadline")), 50);

    await expect(attempt).rejects.toThrow("deadline");
    expect(performance.now() - start).toBeLessThan(4_000);
  });
});

describe("close", () => {
  pgTest("lets running statements finish and refuses later ones", async ({ url }) => {
    const db = openDatabase({ url, poolSize: 1 });
    await db.ping();
    const running = db.run(sql`select pg_sleep(0.2), 1 as one`);

    const closing = db.close();

    await expect(running).resolves.toMatchObject([{ one: 1 }]);
    await closing;
    expect((await problemOf(db.run(sql`select 1`))).facts).toEqual({ outcome: "NOT_APPLIED" });
  });
});
