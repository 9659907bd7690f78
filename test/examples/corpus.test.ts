/** The demo's data: honest labels, a split by document, and nothing held out that training has seen. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Corpus, readCorpus, topicOf } from "../../examples/demo/corpus.ts";
import { passagesOf, withoutName, wordsOf } from "../../examples/demo/passages.ts";
import { randomFrom } from "../../examples/demo/random.ts";

const options = { seed: 1, passagesPerTopicMax: 400, heldOutShare: 0.25 };

/** Text of random words, marked with the document it stands in. */
function proseOf(mark: string, paragraphs: number): string {
  const random = randomFrom(mark.length, mark.charCodeAt(0) * 1000 + mark.charCodeAt(1));
  const word = (): string => Array.from({ length: 5 }, () => String.fromCharCode(97 + Math.floor(random() * 26))).join("");
  return Array.from({ length: paragraphs }, () => `${mark} ${Array.from({ length: 75 }, word).join(" ")}.`).join("\n\n");
}

let folder = "";
let corpus: Corpus;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millwright-corpus-"));
  for (const [index, mark] of ["aa", "bb", "cc", "dd", "ee", "ff", "gg", "hh", "ii", "jj"].entries()) {
    await put(`pg-${index}/README.md`, proseOf(`${mark}database`, 20));
    await put(`vite/node_modules/@types/chai/${index}.md`, proseOf(`${mark}testing`, 20));
    await put(`left-pad-${index}/README.md`, proseOf(`${mark}nothing`, 20));
  }
  await put("pg/README.md", proseOf("aadatabase", 20));
  await put("pg/CHANGELOG.md", proseOf("kkdatabase", 20));
  await put("yargs/README.md", proseOf("llterminal", 3));
  corpus = await readCorpus(folder, options);
});
afterAll(() => rm(folder, { recursive: true }));

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
}

describe("readCorpus", () => {
  test("labels a passage with the topic of its innermost package and leaves small topics out", () => {
    expect(corpus.topics).toEqual(["database", "testing"]);
    for (const { text, topic } of [...corpus.train, ...corpus.heldOut]) expect(text).toContain(corpus.topics[topic]);
  });

  test("holds out whole documents, about as many passages as asked", () => {
    const documentsOf = (side: "train" | "heldOut"): Set<string> => new Set(corpus[side].map(({ text }) => text.split(" ")[0]!));

    expect(documentsOf("heldOut").size).toBe(4);
    expect([...documentsOf("train")].filter((document) => documentsOf("heldOut").has(document))).toEqual([]);
  });

  test("drops a document that repeats another one, and what is not about the package", () => {
    const all = [...corpus.train, ...corpus.heldOut].map(({ text }) => text);

    expect(all.filter((text) => text.startsWith("aadatabase")).length).toBe(20);
    expect(all.filter((text) => text.startsWith("kk"))).toEqual([]);
  });

  test("is the same for the same seed", async () => {
    const [same, other] = await Promise.all([readCorpus(folder, options), readCorpus(folder, { ...options, seed: 2 })]);

    expect(same).toEqual(corpus);
    expect(other.fingerprint).not.toBe(corpus.fingerprint);
  });

  test("finds several topics in the packages that are installed here, and repeats none of their words", async () => {
    const installed = await readCorpus(join(import.meta.dirname, "../../node_modules"), options);
    const groups = (text: string): string[] => {
      const words = wordsOf(text);
      return words.slice(4).map((_, start) => words.slice(start, start + 5).join(" "));
    };
    const trained = new Set(installed.train.flatMap(({ text }) => groups(text)));

    const seen = installed.heldOut.map(({ text }) => groups(text).filter((group) => trained.has(group)).length / groups(text).length);

    expect(installed.topics.length).toBeGreaterThanOrEqual(5);
    expect(installed.heldOut.length).toBeGreaterThan(300);
    expect(seen.filter((share) => share > 0.3).length / seen.length).toBeLessThan(0.02);
  });
});

describe("topicOf", () => {
  test("knows packages by their whole names", () => {
    expect(["pg", "pg-pool", "pgp", "@types/node", "node-fetchless", "left-pad"].map(topicOf))
      .toEqual(["database", "database", undefined, "node", "node", undefined]);
  });
});

describe("withoutName", () => {
  test("removes the package's name wherever it stands", () => {
    expect(withoutName("pino-http logs with Pino.js and PINO.", "pino-http")).not.toMatch(/pino|http/i);
  });
});

describe("passagesOf", () => {
  test("keeps the prose of a README and drops code, links and markup", () => {
    const prose = "A sentence about **queries** that is long enough to be kept, with a [link](https://example.com/secret) in it.";
    const [passage] = passagesOf("README.md", `# Title\n\n\`\`\`js\nconst code = 1;\n\`\`\`\n\n<b>${prose}</b> ${prose}`);

    expect(passage).toContain("a link in it");
    expect(passage).not.toMatch(/secret|const code|<b>/);
  });

  test("reads the comments of a declaration file without their tags", () => {
    const comment = "/**\n * Opens a transaction and keeps it open until the callback has answered.\n * It is rolled back when"
      + " the callback throws, and the error goes on to the caller.\n * @param secret not prose\n */";

    expect(passagesOf("index.d.ts", `${comment}\nexport function begin(): void;`).join(" ")).toMatch(/^Opens .* to the caller\.$/);
  });

  test("reads a manifest's description and keywords, and nothing from a broken one", () => {
    const text = JSON.stringify({ description: "x y ".repeat(40), keywords: ["sql", "driver"], author: "secret" });

    expect(passagesOf("a/package.json", text.replaceAll("x y", "some words")).join(" ")).toMatch(/some words .*sql, driver$/);
    expect(passagesOf("a/package.json", "{")).toEqual([]);
  });
});
