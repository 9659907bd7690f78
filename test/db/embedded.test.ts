/** The embedded PostgreSQL: its folder, its users, and what is left when they are killed. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { sql } from "drizzle-orm";
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { isRunning } from "../../src/db/cluster.ts";
import { type Database, openDatabase } from "../../src/db/database.ts";
import { type Embedded, startEmbedded } from "../../src/db/embedded.ts";

const FAST = { fsync: "off" };
const isRoot = process.getuid?.() === 0;

let dataDir: string;
let madeBefore: string;

beforeAll(async () => {
  madeBefore = await mkdtemp(join(tmpdir(), `millwright-test-${process.pid}-`));
  await (await startEmbedded({ dataDir: madeBefore, settings: FAST })).stop();
  return () => rm(madeBefore, { recursive: true, force: true });
});

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), `millwright-test-${process.pid}-`));
  // Registered first, so it runs last: a server that is still in use would be started again.
  onTestFinished(async () => {
    const pid = await postmasterPid();
    if (pid !== undefined && isRunning(pid)) process.kill(pid, "SIGQUIT");
    if (pid !== undefined) await expect.poll(() => isRunning(pid), { timeout: 10_000 }).toBe(false);
    await rm(dataDir, { recursive: true, force: true });
  });
});

/** Saves a test that is not about initialising the time it takes. */
function copyMadeBefore(): void {
  execFileSync("cp", ["-a", join(madeBefore, "postgres"), dataDir]);
}

async function postmasterPid(): Promise<number | undefined> {
  const text = await readFile(join(dataDir, "postgres", "postmaster.pid"), "utf8").catch(() => "");
  return Number(text.split("\n")[0]) || undefined;
}

async function start(settings: Record<string, string> = FAST): Promise<Embedded> {
  const server = await startEmbedded({ dataDir, settings });
  onTestFinished(() => server.stop().catch(() => {}));
  return server;
}

function open(url: string): Database {
  const database = openDatabase({ url, poolSize: 2 });
  onTestFinished(() => database.close());
  return database;
}

interface OtherProcess {
  readonly child: ChildProcess;
  readonly url: string;
  readonly isOwner: boolean;
  /** Lets it stop in good order. */
  readonly leave: () => Promise<void>;
}

/** Another process on the same folder. */
async function startProcess(uid?: number): Promise<OtherProcess> {
  const script = fileURLToPath(new URL("../support/embedded-process.ts", import.meta.url));
  const child = spawn(process.execPath, [script, dataDir, ...(uid === undefined ? [] : [String(uid)])], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  onTestFinished(() => void child.kill("SIGKILL"));
  const leave = async () => {
    child.stdin?.end();
    await exited;
  };
  const lines = createInterface({ input: child.stdout! });
  const first = await Promise.race([
    new Promise<string>((resolve) => lines.once("line", resolve)),
    exited.then(() => Promise.reject(new Error("The process ended before its server ran"))),
  ]);
  return { child, leave, ...(JSON.parse(first) as { url: string; isOwner: boolean }) };
}

describe("startEmbedded", () => {
  test("runs a PostgreSQL 18 that keeps what it confirms, on loopback, behind a password", async () => {
    const server = await start({});
    const db = open(server.url);

    const [facts] = await db.run(sql`
      select current_setting('fsync') as fsync, current_setting('synchronous_commit') as synchronous_commit,
        current_setting('listen_addresses') as listens, current_setting('server_encoding') as encoding,
        current_setting('server_version_num')::int / 10000 as version, current_setting('data_checksums') as checksums`);

    const safe = { fsync: "on", synchronous_commit: "on", checksums: "on" };
    expect(facts).toEqual({ ...safe, listens: "127.0.0.1", encoding: "UTF8", version: 18 });
    const stranger = new URL(server.url);
    stranger.password = "guess";
    await expect(open(stranger.href).run(sql`select 1`)).rejects.toMatchObject({ cause: { code: "28P01" } });
    expect((await stat(join(dataDir, "postgres", "millwright.json"))).mode & 0o777).toBe(0o600);
  });

  test("finds its data and keeps its address at the next start", async () => {
    copyMadeBefore();
    const first = await start();
    await open(first.url).run(sql`create table kept as select 7 as n`);
    await first.stop();

    const second = await start();

    expect(second.url).toBe(first.url);
    expect(second.isOwner).toBe(true);
    expect(await open(second.url).run(sql`select n from kept`)).toEqual([{ n: 7 }]);
  });

  test("takes another port when its own is taken", async () => {
    copyMadeBefore();
    const first = await start();
    await first.stop();
    const { createServer } = await import("node:net");
    const squatter = createServer().listen(Number(new URL(first.url).port), "127.0.0.1");
    onTestFinished(() => void squatter.close());

    const second = await start();

    expect(second.url).not.toBe(first.url);
    expect(await open(second.url).run(sql`select 1 as one`)).toEqual([{ one: 1 }]);
  });

  test("sweeps away what a crashed initialisation left", async () => {
    const dead = spawn(process.execPath, ["-e", ""]);
    await new Promise((resolve) => dead.once("exit", resolve));
    const draft = join(dataDir, `postgres.draft-${dead.pid}`);
    await mkdir(draft);
    await writeFile(join(draft, "PG_VERSION"), "18");

    const server = await start();

    expect(await readdir(dataDir)).toEqual(["postgres", "postgres.log"]);
    expect(await open(server.url).run(sql`select 1 as one`)).toEqual([{ one: 1 }]);
  });

  test("refuses a folder that another PostgreSQL made, in a sentence", async () => {
    await mkdir(join(dataDir, "postgres"));
    await writeFile(join(dataDir, "postgres", "PG_VERSION"), "17\n");

    await expect(start()).rejects.toThrow("it was made by PostgreSQL 17, this Millwright brings PostgreSQL 18");
  });

  test("says what the server said when it cannot start", async () => {
    copyMadeBefore();
    const attempt = start({ ...FAST, shared_buffers: "nonsense" });

    await expect(attempt).rejects.toThrow('invalid value for parameter "shared_buffers"');
  });

  test.skipIf(!isRoot)("names the folder that bars the server's user, when run as root", async () => {
    const barred = join(dataDir, "barred");
    await mkdir(barred);
    await chmod(barred, 0o700);

    const attempt = startEmbedded({ dataDir: join(barred, "data"), settings: FAST });

    await expect(attempt).rejects.toThrow(`may not enter ${barred}. Allow it (chmod o+x ${barred})`);
  });

  test.skipIf(!isRoot)("works for an ordinary user as well", async () => {
    const uid = Number(execFileSync("id", ["-u", "postgres"], { encoding: "utf8" }));
    await chmod(dataDir, 0o777);

    const { url, leave } = await startProcess(uid);
    const [row] = await open(url).run(sql`select 1 as one`);
    await leave();

    expect(row).toEqual({ one: 1 });
    expect(await postmasterPid()).toBeUndefined();
  });
});

describe("a second process on the folder", () => {
  test("joins the server, which goes on until the last of them leaves, whoever came first", async () => {
    copyMadeBefore();
    const first = await start();
    const second = await startProcess();
    const pid = await postmasterPid();
    const db = open(first.url);

    await first.stop();
    const afterFirst = await db.run(sql`select 1 as one`);
    await second.leave();

    expect([first.isOwner, second.isOwner]).toEqual([true, false]);
    expect(second.url).toBe(first.url);
    expect(afterFirst).toEqual([{ one: 1 }]);
    expect(isRunning(pid!)).toBe(false);
  });

  test("leaves the server to the first", async () => {
    copyMadeBefore();
    const first = await start();
    const second = await startProcess();

    await second.leave();

    expect(await open(first.url).run(sql`select 1 as one`)).toEqual([{ one: 1 }]);
  });

  test("that starts at the same moment on an empty folder shares one cluster", async () => {
    const all = await Promise.all([startProcess(), startProcess(), startProcess()]);

    expect(new Set(all.map(({ url }) => url)).size).toBe(1);
    expect(await readdir(dataDir)).toEqual(["postgres", "postgres.log"]);
    await Promise.all(all.map(({ leave }) => leave()));
    expect(await postmasterPid()).toBeUndefined();
  });

  test("that starts while the last one leaves gets a running server, in 10 rounds", async () => {
    copyMadeBefore();
    let leaving = await start();
    for (let round = 0; round < 10; round++) {
      const [, next] = await Promise.all([leaving.stop(), startEmbedded({ dataDir, settings: FAST })]);
      expect(await open(next.url).run(sql`select 1 as one`)).toEqual([{ one: 1 }]);
      leaving = next;
    }
    await leaving.stop();
    expect(await postmasterPid()).toBeUndefined();
  });
});

describe("after a kill", () => {
  test("of its process the server lives on, and the next start owns it", async () => {
    copyMadeBefore();
    const killed = await startProcess();
    const pid = await postmasterPid();
    killed.child.kill("SIGKILL");
    await new Promise((resolve) => killed.child.once("exit", resolve));
    expect(isRunning(pid!)).toBe(true);

    const next = await start();

    expect(next.isOwner).toBe(true);
    expect(await postmasterPid()).toBe(pid);
    await next.stop();
    expect(isRunning(pid!)).toBe(false);
  });

  test("of process and server the stale pid file does not matter", async () => {
    copyMadeBefore();
    const killed = await startProcess();
    await open(killed.url).run(sql`create table kept as select 7 as n`);
    const pid = await postmasterPid();
    killed.child.kill("SIGKILL");
    process.kill(pid!, "SIGKILL");
    await expect.poll(() => isRunning(pid!)).toBe(false);

    const next = await start();

    expect(await open(next.url).run(sql`select n from kept`)).toEqual([{ n: 7 }]);
  });

  test("the stale pid may even be another program's by now", async () => {
    copyMadeBefore();
    const first = await start();
    await first.stop();
    const uid = isRoot ? Number(execFileSync("id", ["-u", "postgres"], { encoding: "utf8" })) : undefined;
    const other = spawn("sleep", ["60"], uid === undefined ? {} : { uid });
    onTestFinished(() => void other.kill());
    const port = new URL(first.url).port;
    const stale = [other.pid, join(dataDir, "postgres"), 1, port, "", "127.0.0.1", "  1  1", "ready   "].join("\n");
    await writeFile(join(dataDir, "postgres", "postmaster.pid"), stale);

    const next = await start();

    expect(await open(next.url).run(sql`select 1 as one`)).toEqual([{ one: 1 }]);
    expect(isRunning(other.pid!)).toBe(true);
  });

  test("of the server alone it comes back by itself with all that was confirmed, and the pool goes on", async () => {
    copyMadeBefore();
    const server = await start();
    const db = open(server.url);
    await db.run(sql`create table confirmed (n int)`);
    const confirmed: number[] = [];
    const refused = new Set<string>();
    let isOver = false;
    async function writer(from: number): Promise<void> {
      for (let n = from; !isOver; n += 4) {
        await db.run(sql`insert into confirmed values (${n})`).then(
          () => confirmed.push(n),
          (error: { reason?: string }) => refused.add(error.reason ?? String(error)),
        );
      }
    }
    const writers = [0, 1, 2, 3].map(writer);

    for (let crash = 0; crash < 3; crash++) {
      const before = confirmed.length;
      await expect.poll(() => confirmed.length, { timeout: 10_000 }).toBeGreaterThan(before + 50);
      process.kill((await postmasterPid())!, "SIGKILL");
    }
    const before = confirmed.length;
    await expect.poll(() => confirmed.length, { timeout: 20_000 }).toBeGreaterThan(before + 50);
    isOver = true;
    await Promise.all(writers);

    const rows = await db.run<{ n: number }>(sql`select n from confirmed`);
    const stored = new Set(rows.map(({ n }) => n));
    expect(confirmed.filter((n) => !stored.has(n))).toEqual([]);
    expect(rows.length).toBe(stored.size);
    expect([...refused].filter((reason) => reason !== "DATABASE_UNAVAILABLE")).toEqual([]);
  });
});
