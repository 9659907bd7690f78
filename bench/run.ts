/**
 * Runs the benchmarks: `npm run bench`, `npm run bench -- --only jobs-batched --rounds 7`.
 *
 * A run of all rewrites the table in docs/performance.md; with `--json` the last line is one JSON object instead.
 */
import { parseArgs } from "node:util";
import { jobsBatched } from "./jobs-batched.ts";
import { jobsSingle } from "./jobs-single.ts";
import { submit } from "./submit.ts";
import type { Benchmark, Finding } from "./support/benchmark.ts";
import { installPeers } from "./support/peers.ts";
import { jsonLine, rewriteTable, tableOf } from "./support/report.ts";
import { openWorld } from "./support/world.ts";

const benchmarks: readonly Benchmark[] = [jobsBatched, jobsSingle, submit];

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    peers: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: [] },
    rounds: { type: "string", default: "5" },
  },
});

const log = (line: string) => void process.stderr.write(`${line}\n`);
const unknown = options.only.filter((name) => !benchmarks.some((benchmark) => benchmark.name === name));
if (unknown.length > 0) throw new Error(`There is no benchmark ${unknown.join(", ")}: ${benchmarks.map(({ name }) => name).join(", ")}`);
const chosen = benchmarks.filter(({ name }) => options.only.length === 0 || options.only.includes(name));
const havePeers = !chosen.some(({ needsPeers }) => needsPeers) || (await installPeers({ isRequired: options.peers, log }));

const findings: Finding[] = [];
const world = await openWorld({ roundCount: Number(options.rounds), log });
try {
  for (const benchmark of chosen) {
    if (benchmark.needsPeers && !havePeers) continue;
    log(benchmark.name);
    findings.push(...(await benchmark.run(world)));
    await world.tidyUp();
  }
} finally {
  await world.close();
}
if (options.json) process.stdout.write(`${jsonLine(findings)}\n`);
else if (options.only.length === 0) await rewriteTable(findings);
else process.stdout.write(`${tableOf(findings)}\n`);
