/**
 * Callers that arrive within a turn of the event loop share one statement and one commit.
 *
 * A caller never waits for a timer: with a lane free its batch leaves in the same turn, otherwise a batch forms behind
 * those in flight. A batch that fails as a whole is the failure of each caller in it, so work must be such that one
 * item cannot fail the others: what can be refused is refused before, or answered per item.
 */

/** How batches are cut. */
export interface BatchOptions<Item> {
  /** Batches in flight at once. */
  readonly laneCount: number;
  /** Items per batch. */
  readonly itemCountMax: number;
  /** Items of one key never share a batch, and run in the order they came; without a key an item is alone with itself. */
  readonly keyOf?: (item: Item) => string | undefined;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Makes of `run`, which handles many items and answers in their order, a function that handles one.
 */
export function batched<Item, Result>(
  run: (items: Item[]) => Promise<Result[]>,
  { laneCount, itemCountMax, keyOf }: BatchOptions<Item>,
): (item: Item) => Promise<Result> {
  let queue: Waiting<Item, Result>[] = [];
  const keysInFlight = new Set<string>();
  let lanesBusy = 0;
  let isScheduled = false;

  return (item) =>
    new Promise((resolve, reject) => {
      queue.push({ item, resolve, reject });
      if (isScheduled || lanesBusy >= laneCount) return;
      isScheduled = true;
      // After the I/O of this turn: what arrived in one read of the sockets leaves in one statement.
      setImmediate(fillLanes);
    });

  function fillLanes(): void {
    isScheduled = false;
    while (lanesBusy < laneCount && queue.length > 0) {
      const batch = keyOf === undefined ? queue.splice(0, itemCountMax) : takeDistinct(keyOf);
      if (batch.length === 0) return;
      void runBatch(batch);
    }
  }

  /** Takes items whose keys are neither in flight nor taken twice; the others keep their places. */
  function takeDistinct(keyOf: (item: Item) => string | undefined): Waiting<Item, Result>[] {
    const batch: Waiting<Item, Result>[] = [];
    const rest: Waiting<Item, Result>[] = [];
    const passed = new Set<string>();
    for (const waiting of queue) {
      const key = keyOf(waiting.item);
      const isTaken = key !== undefined && (keysInFlight.has(key) || passed.has(key));
      const isFree = batch.length < itemCountMax && !isTaken;
      if (key !== undefined) passed.add(key);
      if (isFree) batch.push(waiting);
      else rest.push(waiting);
    }
    queue = rest;
    return batch;
  }

  async function runBatch(batch: Waiting<Item, Result>[]): Promise<void> {
    lanesBusy++;
    const keys = keyOf === undefined ? [] : batch.map(({ item }) => keyOf(item)).filter((key) => key !== undefined);
    for (const key of keys) keysInFlight.add(key);
    try {
      const results = await run(batch.map(({ item }) => item));
      batch.forEach(({ resolve }, i) => resolve(results[i]!));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      for (const key of keys) keysInFlight.delete(key);
      lanesBusy--;
      fillLanes();
    }
  }
}
