/**
 * `npm run check:schema`: fails when `src/db/*schema.ts` says something that no migration makes.
 *
 * drizzle-kit is asked for a migration in a copy of the folder; a clean tree gives none.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const committed = "src/db/migrations";
// Inside the tree, because drizzle-kit takes its folder relative to it.
const copy = mkdtempSync(join(root, "node_modules", ".schema-check-"));

try {
  cpSync(join(root, committed), copy, { recursive: true });
  const out = copy.slice(root.length + 1);
  const kit = spawnSync("drizzle-kit", ["generate", "--dialect=postgresql", "--schema=./src/db/*schema.ts", `--out=${out}`], {
    cwd: root,
    encoding: "utf8",
  });
  if (kit.status !== 0) throw new Error(`drizzle-kit failed:\n${kit.stdout}${kit.stderr}`);
  const known = new Set(readdirSync(join(root, committed)));
  const missing = readdirSync(copy).filter((name) => name.endsWith(".sql") && !known.has(name));
  for (const name of missing) {
    console.error(`The schema and the migrations differ. npm run migration would write:\n${readFileSync(join(copy, name), "utf8")}`);
    process.exitCode = 1;
  }
  if (missing.length === 0) console.log("The migrations make what the schema says");
} finally {
  rmSync(copy, { recursive: true, force: true });
}
