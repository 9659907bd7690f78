/** Random numbers that come again: a test that draws prints its seed when it fails, in its title or its message. */

/** Draws from 0 to below 1. */
export type Draw = () => number;

/** A source that the seed decides (mulberry32). */
export function drawFrom(seed: number): Draw {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A whole number from 0 to below `count`. */
export function below(draw: Draw, count: number): number {
  return Math.floor(draw() * count);
}

/** One of several. */
export function oneOf<T>(draw: Draw, items: readonly T[]): T {
  return items[below(draw, items.length)]!;
}
