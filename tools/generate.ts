/**
 * `npm run generate`: everything under `gen/` out of `proto/`, in every language whose generator this machine has.
 *
 * With `--check` nothing is written: files that differ from what would be generated are listed, and the run fails.
 * A language without its generator is skipped and said; where `CI` is true that fails too.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { differences, type FileTree, readTree, writeTree } from "./file-tree.ts";
import { installGoPlugins, installPythonPlugin } from "./plugins.ts";
import { layProtoDeps } from "./proto-deps.ts";

type Language = {
  name: string;
  template: string;
  folder: string;
  /** Answers why its generator cannot be had here, or nothing. */
  install: () => string | undefined;
};

const root = join(import.meta.dirname, "..");
const languages: Language[] = [
  { name: "TypeScript", template: "buf.gen.yaml", folder: "gen/ts", install: () => undefined },
  { name: "Python", template: "buf.gen.python.yaml", folder: "gen/python", install: installPythonPlugin },
  { name: "Go", template: "buf.gen.go.yaml", folder: "gen/go", install: installGoPlugins },
];

/** Stands among the generated files but is none: Go's module, and what Python leaves behind when it imports. */
const notGenerated = /(^|\/)go\.(mod|sum)$|\.pyc$/;

/** Answers what keeps the run from passing. */
function bringUpToDate(language: Language, isCheck: boolean): string[] {
  const refusal = language.install();
  if (refusal !== undefined) {
    console.log(`${language.name}: SKIPPED, ${language.folder} stays as it is: ${refusal}`);
    return process.env["CI"] === "true" ? [`skipped ${language.folder}`] : [];
  }
  const folder = join(root, language.folder);
  const actual = readTree(folder);
  const kept = [...actual].filter(([path]) => notGenerated.test(path));
  const expected = new Map([...kept, ...generate(language)]);
  const drift = differences(expected, actual).map((line) => line.replace(" ", ` ${language.folder}/`));
  if (!isCheck) writeTree(expected, folder);
  const change = isCheck ? "drifted" : "brought up to date";
  console.log(`${language.name}: ${drift.length === 0 ? "up to date" : `${drift.length} files ${change}`}`);
  return isCheck ? drift : [];
}

function generate(language: Language): FileTree {
  const out = mkdtempSync(join(tmpdir(), "millwright-gen-"));
  try {
    const args = ["generate", "--template", language.template, "--output", out];
    execFileSync("buf", args, { cwd: root, stdio: "inherit" });
    return readTree(join(out, language.folder));
  } finally {
    rmSync(out, { recursive: true });
  }
}

layProtoDeps();
const isCheck = process.argv.includes("--check");
const problems = languages.flatMap((language) => bringUpToDate(language, isCheck));
if (problems.length > 0) {
  const advice = "`npm run generate` brings gen/ up to date. It takes python3 and go besides Node.";
  console.error(["", ...problems, "", advice].join("\n"));
  process.exitCode = 1;
}
