/**
 * The style is a test: what CONTRIBUTING.md asks of the source, asked by the machine.
 *
 * Each rule names what to do instead.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const source = filesUnder("src").filter(({ name }) => name.endsWith(".ts"));
const tests = filesUnder("test").filter(({ name }) => name.endsWith(".ts"));

interface SourceFile {
  /** Relative to its folder: `jobs/job.ts`. */
  readonly name: string;
  readonly text: string;
  readonly lines: readonly string[];
}

function filesUnder(folder: string): SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ name: relative(join(root, folder), path), path }))
    .map(({ name, path }) => ({ name, text: readFileSync(path, "utf8") }))
    .map(({ name, text }) => ({ name, text, lines: text.split("\n") }));
}

/** A file may import only files of an equal or lower rank. The first match wins. */
const ranks: readonly [RegExp, number][] = [
  [/^(main|app|cli)\.ts$|^cli\//, 7],
  [/^wire\/server\.ts$/, 6],
  [/-rpc\.ts$/, 5],
  [/^wire\/|-message\.ts$/, 4],
  [/-(service|watch)\.ts$|\/(reaper|projector|backfill)\.ts$|embedder\.ts$/, 3],
  [/-store\.ts$/, 2],
  // Pure, and of use to rules too.
  [/^db\/literal\.ts$/, 0],
  [/^db\//, 1],
  [/.*/, 0],
];

function rankOf(name: string): number {
  return ranks.find(([pattern]) => pattern.test(name))![1];
}

function importsOf({ name, text }: SourceFile): string[] {
  return [...text.matchAll(/^(?:import|export) (?!type )[^;]*?from "(\.[^"]+)"/gm)].map(([, target]) => join(dirname(name), target!));
}

describe("src", () => {
  test("imports point inward", () => {
    const outward = source.flatMap((file) =>
      importsOf(file)
        .filter((target) => !target.startsWith("../") && rankOf(target) > rankOf(file.name))
        .map((target) => `${file.name} must not import ${target}: pass what it needs as an argument`),
    );

    expect(outward).toEqual([]);
  });

  test("only the edge knows generated code and Connect", () => {
    const knowing = source
      .filter(({ name }) => rankOf(name) < 4)
      .filter(({ text }) => /from "(@connectrpc|@bufbuild|(\.\.\/)+gen\/)/.test(text))
      .map(({ name }) => `${name}: translate in an -rpc or -message file`);

    expect(knowing).toEqual([]);
  });

  test("only stores and db/ know SQL", () => {
    const knowing = source
      .filter(({ name }) => !/-store\.ts$|^db\//.test(name) && /\bsql`/.test(readText(name)))
      .map(({ name }) => `${name}: put the statement into a -store file`);

    expect(knowing).toEqual([]);
  });

  test("every file says what it is", () => {
    expect(source.filter(({ text }) => !text.startsWith("/**")).map(({ name }) => name)).toEqual([]);
  });

  test("every export has a doc comment", () => {
    const bare = source.flatMap(({ name, lines }) =>
      lines.flatMap((line, i) =>
        /^export (async )?(function|class|const|interface|type|enum) \w/.test(line) && !/\*\/\s*$/.test(lines[i - 1] ?? "") && !isContinued(lines, i)
          ? [`${name}:${i + 1} ${line.slice(0, 60)}`]
          : [],
      ),
    );

    expect(bare).toEqual([]);
  });

  test("files stay small", () => {
    expect(source.filter(({ lines }) => lines.length > 320).map(({ name, lines }) => `${name}: ${lines.length} lines`)).toEqual([]);
  });

  test("nothing is exported by default, from a barrel, or from a file of leftovers", () => {
    const bad = source.filter(({ name, text }) =>
      /(^|\/)(utils?|helpers?|common|types|interfaces|manager|index)\.ts$/.test(name) || /^export default /m.test(text),
    );

    expect(bad.map(({ name }) => name)).toEqual([]);
  });

  test("nothing is printed past the log", () => {
    const printing = source.filter(({ name, text }) => rankOf(name) < 7 && /\bconsole\./.test(text));

    expect(printing.map(({ name }) => `${name}: take the log as an argument`)).toEqual([]);
  });

  test("nothing is left for later", () => {
    const later = [...source, ...tests.filter(({ name }) => name !== "tidy.test.ts")].flatMap(({ name, lines }) =>
      lines.flatMap((line, i) => (/\b(TODO|FIXME|XXX)\b/.test(line) ? [`${name}:${i + 1}`] : [])),
    );

    expect(later).toEqual([]);
  });
});

/** A type or constant right behind its twin needs no sentence of its own. */
function isContinued(lines: readonly string[], i: number): boolean {
  return /^export (const|type) /.test(lines[i - 1] ?? "") || /^\] as const;/.test(lines[i - 1] ?? "");
}

function readText(name: string): string {
  return source.find((file) => file.name === name)!.text;
}

describe("test", () => {
  test("no test is skipped, focused or waits by the clock", () => {
    const bad = tests
      .filter(({ name }) => name !== "tidy.test.ts")
      .flatMap(({ name, lines }) =>
        lines.flatMap((line, i) =>
          /\b(test|it|describe|\w+Test)\.(only|todo)\b|setTimeout\((resolve|done|ok)\b/.test(line) ? [`${name}:${i + 1} ${line.trim()}`] : [],
        ),
      );

    expect(bad).toEqual([]);
  });

  test("titles make claims", () => {
    const titles = tests.flatMap(({ name, text }) =>
      [...text.matchAll(/^\s*(?:test|it|\w+Test)\("([^"]+)"/gm)].map(([, title]) => ({ name, title: title! })),
    );
    const should = titles.filter(({ title }) => /\bshould\b/i.test(title)).map(({ name, title }) => `${name}: ${title}`);

    expect(titles.length).toBeGreaterThan(0);
    expect(should).toEqual([]);
  });
});

describe("the project", () => {
  test("keeps no download address in its lock file", () => {
    expect(readFileSync(join(root, "package-lock.json"), "utf8")).not.toMatch(/"resolved": "https?:/);
  });

  test("pins every dependency exactly", () => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(([, version]) => !/^\d/.test(String(version)));

    expect(loose).toEqual([]);
  });
});
