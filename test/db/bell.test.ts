/** The bell: two of them stand for two servers on one database. */
import { sql } from "drizzle-orm";
import postgres from "postgres";
import { describe, expect, onTestFinished } from "vitest";
import { type Bell, openBell } from "../../src/db/bell.ts";
import { pgTest } from "../support/pg.ts";

const LONG_MS = 20_000;

async function bell(url: string): Promise<Bell> {
  const opened = openBell(url);
  onTestFinished(() => opened.close());
  await opened.listening;
  return opened;
}

/** The same address on a port where nothing listens. */
function unreachable(url: string): string {
  const away = new URL(url);
  away.port = "1";
  return away.href;
}

async function took(wait: Promise<void>): Promise<number> {
  const start = performance.now();
  await wait;
  return performance.now() - start;
}

describe("ring", () => {
  pgTest("wakes a reader of the same process while the database is away", async ({ url }) => {
    const deaf = openBell(unreachable(url));
    onTestFinished(() => deaf.close());
    const ear = deaf.subscribe("job:1");

    const woken = ear.next(LONG_MS);
    deaf.ring(["job:1"]);

    expect(await took(woken)).toBeLessThan(5);
  });

  pgTest("wakes a reader on another server", async ({ url }) => {
    const [here, there] = [await bell(url), await bell(url)];
    const ear = there.subscribe("job:1");

    const woken = ear.next(LONG_MS);
    here.ring(["job:1"]);

    expect(await took(woken)).toBeLessThan(LONG_MS / 10);
  });

  pgTest("wakes nobody who listens to another topic", async ({ url }) => {
    const [here, there] = [await bell(url), await bell(url)];
    const mine = there.subscribe("job:1");
    const other = there.subscribe("job:2");
    let hasWoken = false;
    void other.next(LONG_MS).then(() => (hasWoken = true));

    const woken = mine.next(LONG_MS);
    here.ring(["job:1"]);
    await woken;

    expect(hasWoken).toBe(false);
  });

  pgTest("sends one notification for all rings of a moment, and at most one every 10 ms", async ({ url }) => {
    const here = await bell(url);
    const payloads: string[] = [];
    const spy = postgres(url, { max: 1 });
    onTestFinished(() => spy.end());
    await spy.listen("millwright", (payload) => payloads.push(payload));

    for (let n = 0; n < 500; n++) here.ring([`job:${n}`]);
    await expect.poll(() => payloads.length).toBe(1);
    const start = performance.now();
    while (performance.now() - start < 200) {
      here.ring(["job:1"]);
      await new Promise(setImmediate);
    }
    here.ring(["last"]);
    await expect.poll(() => payloads.at(-1)).toContain("last");

    expect(payloads[0]?.split("\n")).toHaveLength(501);
    expect(payloads.length).toBeLessThanOrEqual(23);
  });

  pgTest("reaches every topic when they need several payloads", async ({ url }) => {
    const [here, there] = [await bell(url), await bell(url)];
    const topics = Array.from({ length: 1_000 }, (_, n) => `job:${n.toString(16).padStart(32, "0")}`);
    const woken = Promise.all(topics.map((topic) => there.wait(topic, LONG_MS)));

    here.ring(topics);

    expect(await took(woken.then(() => {}))).toBeLessThan(LONG_MS / 4);
  });

  pgTest("wakes everybody when there are too many topics to name", async ({ url }) => {
    const [here, there] = [await bell(url), await bell(url)];
    const bystander = there.subscribe("queue:nobody-rang");

    const woken = bystander.next(LONG_MS);
    here.ring(Array.from({ length: 10_000 }, (_, n) => `job:${n.toString(16).padStart(32, "0")}`));

    expect(await took(woken)).toBeLessThan(LONG_MS / 4);
  });

  pgTest("carries topics with quotes, backslashes and any alphabet", async ({ url }) => {
    const [here, there] = [await bell(url), await bell(url)];
    const topic = `queue:a"b\\c{d},é漢字🔔 '`;
    const ear = there.subscribe(topic);

    const woken = ear.next(LONG_MS);
    here.ring([topic]);

    expect(await took(woken)).toBeLessThan(LONG_MS / 10);
  });
});

describe("next", () => {
  pgTest("remembers a ring between the read and the wait", async ({ url }) => {
    const [here, there] = [await bell(url), await bell(url)];
    const witness = there.subscribe("job:1");
    const ear = there.subscribe("job:1");
    here.ring(["job:1"]);
    await witness.next(LONG_MS);

    const first = await took(ear.next(LONG_MS));

    expect(first).toBeLessThan(5);
    expect(await took(ear.next(100))).toBeGreaterThan(90);
  });

  pgTest("ends at its timeout, and not much later", async ({ url }) => {
    const here = await bell(url);

    const waitedMs = await took(here.wait("job:1", 200));

    expect(waitedMs).toBeGreaterThan(195);
    expect(waitedMs).toBeLessThan(500);
  });

  pgTest("ends when its signal aborts, before and during the wait", async ({ url }) => {
    const here = await bell(url);
    const abort = new AbortController();

    const during = took(here.wait("job:1", LONG_MS, abort.signal));
    setImmediate(() => abort.abort());

    expect(await during).toBeLessThan(1_000);
    expect(await took(here.wait("job:1", LONG_MS, abort.signal))).toBeLessThan(100);
  });

  pgTest("does not spin after the bell was closed", async ({ url }) => {
    const here = await bell(url);
    const ear = here.subscribe("job:1");
    await here.close();
    await ear.next(LONG_MS);

    const waitedMs = await took(ear.next(LONG_MS));

    expect(waitedMs).toBeGreaterThan(50);
    expect(waitedMs).toBeLessThan(1_000);
  });

  pgTest("costs 10,000 idle readers less than 2 kB each and no timer", async ({ url }) => {
    const here = await bell(url);
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const timersBefore = timers();
    const heapBefore = process.memoryUsage().heapUsed;

    const waits = Array.from({ length: 10_000 }, (_, n) => here.subscribe(`job:${n}`).next(LONG_MS));

    expect((process.memoryUsage().heapUsed - heapBefore) / 10_000).toBeLessThan(2_048);
    expect(timers() - timersBefore).toBeLessThanOrEqual(1);
    await here.close();
    await Promise.all(waits);
  });
});

describe("a lost LISTEN connection", () => {
  pgTest("comes back, wakes everybody once, and hears again", async ({ db, url }) => {
    const [here, there] = [await bell(url), await bell(url)];
    const ear = there.subscribe("job:1");

    const woken = ear.next(LONG_MS);
    await db.run(sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = 'millwright bell' and datname = current_database()`);
    const untilWokenMs = await took(woken);
    const rung = ear.next(LONG_MS);
    const ringing = setInterval(() => here.ring(["job:1"]), 50);
    onTestFinished(() => clearInterval(ringing));

    expect(untilWokenMs).toBeLessThan(5_000);
    expect(await took(rung)).toBeLessThan(5_000);
  });

  pgTest("costs a reader no more than its timeout", async ({ url }) => {
    const warnings: string[] = [];
    const log = { warn: (_facts: object, message: string) => void warnings.push(message), info: () => {} };
    const deaf = openBell(unreachable(url), log);
    onTestFinished(() => deaf.close());

    deaf.ring(["job:1"]);
    const waitedMs = await took(deaf.wait("job:1", 300));

    expect(waitedMs).toBeLessThan(1_000);
    expect(warnings).not.toEqual([]);
  });
});
