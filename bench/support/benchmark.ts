/**
 * What a benchmark is, and how its sides are compared: each side has its turn in every round, so that what slows the
 * machine down for a while slows all of them, and the ratio of a round is taken within that round.
 */
import type { World } from "./world.ts";

/** One claim, or several that one run can tell. */
export interface Benchmark {
  /** As it is asked for with `--only`; the name of its file. */
  readonly name: string;
  /** Whether it needs the job queues that are installed for comparison. */
  readonly needsPeers?: boolean;
  run(world: World): Promise<Finding[]>;
}

/** How a ratio should come out: at least, or at most. */
export type Claim = { readonly atLeast: number } | { readonly atMost: number };

/** What a benchmark found out: a ratio that is claimed, or a figure that is only told. */
export interface Finding {
  /** Stable name, by which programs find it. */
  readonly key: string;
  /** What was divided by what, or what was counted, for the table. */
  readonly what: string;
  /** One value per round. */
  readonly values: readonly number[];
  /** For ratios. */
  readonly claim?: Claim;
  /** For figures, such as `jobs/s`. */
  readonly unit?: string;
}

/** What one side measures in its turn: a rate, a time or a size. */
export type Turn = () => Promise<number>;

/**
 * Gives every side one turn that does not count, then `roundCount` turns that do, in the order of `turns`.
 */
export async function inTurn<Name extends string>(
  world: World,
  turns: Readonly<Record<Name, Turn>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(turns) as Name[];
  const values = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round <= world.roundCount; round++) {
    for (const name of names) {
      // Whole pages are logged after a checkpoint: every turn starts with the same debt.
      await world.checkpoint();
      const value = await turns[name]();
      if (round > 0) values[name].push(value);
      world.log(`  ${round === 0 ? "warm-up" : `round ${round}`} ${name}: ${shown(value)}`);
    }
  }
  return values;
}

/** The ratio of each round. */
export function ratios(ours: readonly number[], theirs: readonly number[]): number[] {
  return ours.map((value, i) => value / theirs[i]!);
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Tries `candidates` once each and answers the one with the highest rate: how a side is served best. */
export async function bestOf<T>(candidates: readonly T[], rateOf: (candidate: T) => Promise<number>): Promise<T> {
  let best: { candidate: T; rate: number } | undefined;
  for (const candidate of candidates) {
    const rate = await rateOf(candidate);
    if (best === undefined || rate > best.rate) best = { candidate, rate };
  }
  return best!.candidate;
}

/** A number with three digits that matter. */
export function shown(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString("en-US");
  return value.toPrecision(3);
}
