/**
 * Comparing and writing folders: what `npm run generate -- --check` reports, and what `npm run generate` leaves alone.
 */
import { mkdtempSync, rmSync, utimesSync } from "node:fs";
import { stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { differences, readTree, writeTree } from "../../tools/file-tree.ts";

const before = new Map([["kept", Buffer.from("1")], ["deep/changed", Buffer.from("2")], ["stale", Buffer.from("3")]]);
const after = new Map([["kept", Buffer.from("1")], ["deep/changed", Buffer.from("4")], ["deep/new", Buffer.from("5")]]);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "file-tree-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("differences", () => {
  test("names what is missing, changed and stale, and nothing that is equal", () => {
    expect(differences(after, before)).toEqual(["changed deep/changed", "missing deep/new", "stale stale"]);
    expect(differences(after, after)).toEqual([]);
  });
});

describe("readTree", () => {
  test("finds nothing in a folder that does not exist", () => {
    expect(readTree(join(folder, "absent"))).toEqual(new Map());
  });
});

describe("writeTree", () => {
  test("makes the folder hold the tree, and nothing else", () => {
    writeTree(before, folder);

    writeTree(after, folder);

    expect(readTree(folder)).toEqual(after);
  });

  test("leaves a file that is right untouched", async () => {
    writeTree(before, folder);
    utimesSync(join(folder, "kept"), 1, 1);

    writeTree(after, folder);

    expect((await stat(join(folder, "kept"))).mtimeMs).toBe(1000);
  });
});
