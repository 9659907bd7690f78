/**
 * `npm run lint:proto`: names and comments, format, and whether clients of the published contract still work.
 *
 * The published contract is `proto/baseline/v1.binpb`, an image of it as released (`npm run proto:baseline` writes it).
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { layProtoDeps } from "./proto-deps.ts";

const root = join(import.meta.dirname, "..");
const BASELINE = "proto/baseline/v1.binpb";

function passes(args: string[]): boolean {
  const buf = spawnSync("buf", args, { cwd: root, stdio: "inherit" });
  if (buf.error !== undefined) throw buf.error;
  if (buf.status !== 0) console.error(`buf ${args.join(" ")}: failed\n`);
  return buf.status === 0;
}

layProtoDeps();
const commands = [
  ["lint", "proto"],
  ["format", "--diff", "--exit-code", "proto"],
];
if (existsSync(join(root, BASELINE))) commands.push(["breaking", "proto", "--against", BASELINE, "--exclude-imports"]);
else console.log(`buf breaking: SKIPPED, there is no ${BASELINE}: run npm run proto:baseline`);
// All of them run, so that one look shows everything there is to mend.
if (commands.filter((args) => !passes(args)).length > 0) process.exitCode = 1;
