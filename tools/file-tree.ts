/**
 * A folder of small files as a map from path to content, so that what a generator made can be compared with what stands
 * in the repository, and only what differs written.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** Content by path, relative to the folder and sorted. */
export type FileTree = ReadonlyMap<string, Buffer>;

/** Everything below `folder`, which need not exist. */
export function readTree(folder: string): FileTree {
  if (!existsSync(folder)) return new Map();
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = entries.map((entry) => join(entry.parentPath, entry.name)).sort();
  return new Map(files.map((file) => [relative(folder, file), readFileSync(file)]));
}

/** How `actual` departs from `expected`: a `changed`, `missing` or `stale` line per path, none when they are equal. */
export function differences(expected: FileTree, actual: FileTree): string[] {
  const wanted = [...expected].flatMap(([path, content]) => {
    const found = actual.get(path);
    if (found === undefined) return [`missing ${path}`];
    return found.equals(content) ? [] : [`changed ${path}`];
  });
  const stale = [...actual.keys()].filter((path) => !expected.has(path)).map((path) => `stale ${path}`);
  return [...wanted, ...stale];
}

/** Makes `folder` hold `tree`. Files that are right already stay untouched: whoever reads them meanwhile finds them. */
export function writeTree(tree: FileTree, folder: string): void {
  const actual = readTree(folder);
  for (const [path, content] of tree) {
    if (actual.get(path)?.equals(content)) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  for (const path of actual.keys()) if (!tree.has(path)) rmSync(join(folder, path));
}
