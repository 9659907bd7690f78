/** Tells what was found: a table for readers of docs/performance.md, one JSON line for programs. */
import { readFile, writeFile } from "node:fs/promises";
import { arch, cpus, platform } from "node:os";
import { type Claim, type Finding, median, shown } from "./benchmark.ts";

const PAGE = new URL("../../docs/performance.md", import.meta.url);
const BEGIN = "<!-- bench:begin -->";
const END = "<!-- bench:end -->";

/** `{"ratios":{...},"figures":{...},"spreads":{...}}`: medians by key, and the lowest and highest value of each key. */
export function jsonLine(findings: readonly Finding[]): string {
  const medians = (chosen: readonly Finding[]) => Object.fromEntries(chosen.map(({ key, values }) => [key, rounded(median(values))]));
  return JSON.stringify({
    ratios: medians(findings.filter(({ claim }) => claim !== undefined)),
    figures: medians(findings.filter(({ claim }) => claim === undefined)),
    spreads: Object.fromEntries(findings.map(({ key, values }) => [key, [Math.min(...values), Math.max(...values)].map(rounded)])),
  });
}

/** The findings as Markdown. */
export function tableOf(findings: readonly Finding[]): string {
  const rows = findings.map(({ key, what, values, claim, unit }) => {
    const spread = `${shown(Math.min(...values))} to ${shown(Math.max(...values))}`;
    return `| \`${key}\` | ${what} | **${shown(median(values))}**${unit ? ` ${unit}` : ""} | ${spread} | ${claim ? told(claim) : ""} |`;
  });
  return ["| key | what | median | lowest to highest | claimed |", "|---|---|---|---|---|", ...rows].join("\n");
}

/** Puts the table between the markers of docs/performance.md, with where and when it was taken. */
export async function rewriteTable(findings: readonly Finding[]): Promise<void> {
  const page = await readFile(PAGE, "utf8");
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin === -1 || end < begin) throw new Error(`docs/performance.md has no ${BEGIN} and ${END}`);
  const day = new Date().toISOString().slice(0, 10);
  const rounds = findings[0]?.values.length ?? 0;
  const machine = `${cpus().length} cores, ${platform()} ${arch()}, Node ${process.versions.node}`;
  const taken = `Taken on ${day}, ${machine}, ${rounds} rounds.`;
  await writeFile(PAGE, `${page.slice(0, begin + BEGIN.length)}\n${taken}\n\n${tableOf(findings)}\n${page.slice(end)}`);
}

function told(claim: Claim): string {
  return "atLeast" in claim ? `at least ${claim.atLeast}` : `at most ${claim.atMost}`;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
