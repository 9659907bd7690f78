/** Installs the job queues that Millwright is measured against, in the folder of the bench and nowhere else. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const BENCH_FOLDER = fileURLToPath(new URL("..", import.meta.url));

/** Installs what bench/package-lock.json names; answers whether the peers are there. Fails only when they are required. */
export async function installPeers(
  { isRequired, log }: { readonly isRequired: boolean; readonly log: (line: string) => void },
): Promise<boolean> {
  if (await areInstalled()) return true;
  log("Installing the peers: npm ci in bench/");
  try {
    await promisify(execFile)("npm", ["ci", "--ignore-scripts"], { cwd: BENCH_FOLDER });
    return true;
  } catch (error) {
    if (isRequired) throw new Error("The peers cannot be installed", { cause: error });
    log(`The peers cannot be installed, what needs them is left out: ${(error as Error).message}`);
    return false;
  }
}

/** npm keeps what it installed in a lock file of its own, which names the same versions. */
async function areInstalled(): Promise<boolean> {
  const [wanted, found] = await Promise.all(["package-lock.json", "node_modules/.package-lock.json"].map(versionsIn));
  return found !== undefined && wanted !== undefined && Object.entries(wanted).every(([name, version]) => found[name] === version);
}

interface Lock {
  readonly packages: Record<string, { readonly version?: string; readonly optional?: boolean }>;
}

async function versionsIn(file: string): Promise<Record<string, string | undefined> | undefined> {
  try {
    const lock = JSON.parse(await readFile(new URL(`../${file}`, import.meta.url), "utf8")) as Lock;
    const installed = Object.entries(lock.packages).filter(([name, { optional }]) => name !== "" && !optional);
    return Object.fromEntries(installed.map(([name, { version }]) => [name, version]));
  } catch {
    return undefined;
  }
}
