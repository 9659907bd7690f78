/** The Dockerfile as far as it can be checked without a container engine. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const lines = readFileSync(join(root, "Dockerfile"), "utf8").split("\n");

describe("Dockerfile", () => {
  test("runs the Node that package.json pins", () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const images = lines.filter((line) => line.startsWith("FROM ")).map((line) => line.split(" ")[1]);

    expect(new Set(images)).toEqual(new Set([`node:${dependencies.node}-bookworm-slim`]));
  });

  test("copies only what exists", () => {
    const sources = lines
      .filter((line) => line.startsWith("COPY ") && !line.includes("--from="))
      .flatMap((line) => line.split(" ").slice(1, -1));

    expect(sources.length).toBeGreaterThan(0);
    expect(sources.filter((source) => !existsSync(join(root, source)))).toEqual([]);
  });

  test("does not run as root", () => {
    expect(lines.findLast((line) => line.startsWith("USER "))).toBe("USER node");
  });
});
