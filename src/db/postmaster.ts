/**
 * The server process in a cluster's folder: found, started, stopped.
 *
 * The truth about a running server is PostgreSQL's own `postmaster.pid`, which also keeps two servers out of a folder.
 */
import { spawn } from "node:child_process";
import { open, readFile, readlink, rename, rm, stat } from "node:fs/promises";
import { platform } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { cleanEnvironment, type Cluster, hasPid, isRunning } from "./cluster.ts";

const LOG_BYTES_MAX = 10_000_000;
const STOP_MS_MAX = 20_000;
const POLL_MS = 25;

/** What `postmaster.pid` says of a server that lives. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly isReady: boolean;
}

/** The server that lives in the folder, or `undefined`; a pid that now belongs to another program is not one. */
export async function findPostmaster({ folder }: Cluster): Promise<Postmaster | undefined> {
  const lines = (await readFile(join(folder, "postmaster.pid"), "utf8").catch(() => "")).split("\n");
  const pid = Number(lines[0]);
  if (!(pid > 0) || !(await isServerOf(folder, pid))) return undefined;
  return { pid, port: Number(lines[3]), isReady: lines[7]?.trim() === "ready" };
}

/** Starts a server. Resolves when the process runs, not yet when it accepts connections; `exited` tells of its end. */
export async function startServer(
  cluster: Cluster,
  port: number,
  settings: Readonly<Record<string, string>>,
): Promise<{ exited: Promise<void> }> {
  const { folder, identity, binaries, logFile } = cluster;
  await clearForeignPid(folder);
  const flags = Object.entries({ listen_addresses: "127.0.0.1", unix_socket_directories: "", ...settings });
  const size = (await stat(logFile).catch(() => undefined))?.size ?? 0;
  const log = await open(logFile, size > LOG_BYTES_MAX ? "w" : "a", 0o600);
  // Detached: the terminal's Ctrl-C is for us alone, and the server outlives a killed process until the next start.
  const child = spawn(binaries.postgres, ["-D", folder, "-p", String(port), ...flags.map(([k, v]) => `--${k}=${v}`)], {
    ...identity,
    cwd: folder,
    env: cleanEnvironment(),
    detached: true,
    stdio: ["ignore", log.fd, log.fd],
  });
  const exited = new Promise<void>((fulfil) => child.once("exit", () => fulfil()).once("error", () => fulfil()));
  child.unref();
  await log.close();
  return { exited };
}

/**
 * Stops the server: open transactions roll back and the next start needs no recovery. One that does not come to an end
 * is stopped the hard way, which loses nothing either.
 */
export async function stopServer(cluster: Cluster): Promise<void> {
  const postmaster = await findPostmaster(cluster);
  if (!postmaster) return;
  // Waiting for the pid file to go would be wrong: another process may start the next server at once.
  for (const signal of ["SIGINT", "SIGQUIT"] as const) {
    const deadline = performance.now() + STOP_MS_MAX;
    process.kill(postmaster.pid, signal);
    while (await isServerOf(cluster.folder, postmaster.pid)) {
      if (performance.now() > deadline) break;
      await delay(POLL_MS);
    }
    if (!(await isServerOf(cluster.folder, postmaster.pid))) return;
  }
}

/** The last lines of the server's log, for the sentence that says why it did not start. */
export async function logTail({ logFile }: Cluster): Promise<string> {
  const text = await readFile(logFile, "utf8").catch(() => "");
  return text.trimEnd().split("\n").slice(-8).join("\n");
}

/** Whether `pid` is a PostgreSQL of this folder, not a program that was given the same number later. */
async function isServerOf(folder: string, pid: number): Promise<boolean> {
  if (!isRunning(pid)) return false;
  if (platform() !== "linux") return true;
  // A server's working directory is its data folder.
  const [cwd, name] = await Promise.all([
    readlink(`/proc/${pid}/cwd`).catch(() => undefined),
    readFile(`/proc/${pid}/comm`, "utf8").catch(() => ""),
  ]);
  return cwd === folder && name.startsWith("postgres");
}

/**
 * PostgreSQL refuses to start while the pid in its file is taken, be it by another program that got the number since,
 * or by its own remains that nobody collects, as in a container without init. A free pid is left to PostgreSQL.
 */
async function clearForeignPid(folder: string): Promise<void> {
  const path = join(folder, "postmaster.pid");
  const pid = await pidIn(path);
  if (pid === undefined || !hasPid(pid) || (await isServerOf(folder, pid))) return;
  const aside = `${path}.${process.pid}`;
  await rename(path, aside).catch(() => {});
  // Another process may have done the same and started its server in between: then this is that server's file.
  if ((await pidIn(aside)) === pid) await rm(aside, { force: true });
  else await rename(aside, path).catch(() => {});
}

async function pidIn(path: string): Promise<number | undefined> {
  const pid = Number((await readFile(path, "utf8").catch(() => "")).split("\n")[0]);
  return pid > 0 ? pid : undefined;
}
