/** Waits for what is about to be true, instead of for a time. */
import { setTimeout as pause } from "node:timers/promises";

/** How long to look, and how often. */
export interface Patience {
  readonly timeoutMs?: number;
  readonly everyMs?: number;
}

type Falsy = false | 0 | "" | null | undefined;

/** Asks until the answer is truthy, and gives it; fails with the last answer when the time is up. */
export async function until<T>(ask: () => T | Promise<T>, { timeoutMs = 10_000, everyMs = 20 }: Patience = {}): Promise<Exclude<T, Falsy>> {
  const endsAt = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer as Exclude<T, Falsy>;
    if (performance.now() > endsAt) throw new Error(`Nothing came of it in ${timeoutMs} ms; the last answer was ${String(answer)}`);
    await pause(everyMs);
  }
}
