/** Callers that share a statement: who shares, who waits, and what each is told. */
import { describe, expect, test } from "vitest";
import { batched } from "../../src/batch.ts";

/** A `run` that records its batches and ends each when told to. */
function controlled() {
  const batches: { readonly items: string[]; end(results?: string[]): Promise<void>; fail(error: unknown): Promise<void> }[] = [];
  const run = (items: string[]) =>
    new Promise<string[]>((resolve, reject) => {
      batches.push({
        items,
        async end(results = items.map((item) => `${item}!`)) {
          resolve(results);
          await turn();
        },
        async fail(error) {
          reject(error);
          await turn();
        },
      });
    });
  return { run, batches, taken: () => batches.map(({ items }) => items.join("")) };
}

/** Lets everything happen that waits for this turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

const letter = (item: string) => item[0]!;

describe("batched", () => {
  test("puts callers of one turn into one batch, in the order they came", async () => {
    const { run, batches } = controlled();
    const call = batched(run, { laneCount: 1, itemCountMax: 10 });

    const answers = Promise.all(["a", "b", "c"].map(call));
    await turn();
    await batches[0]!.end();

    expect(batches.map(({ items }) => items)).toEqual([["a", "b", "c"]]);
    expect(await answers).toEqual(["a!", "b!", "c!"]);
  });

  test("does not keep a lone caller waiting for others", async () => {
    const { run, taken } = controlled();
    const call = batched(run, { laneCount: 1, itemCountMax: 10 });

    void call("a");
    await turn();

    expect(taken()).toEqual(["a"]);
  });

  test("forms a batch behind those in flight", async () => {
    const { run, batches, taken } = controlled();
    const call = batched(run, { laneCount: 1, itemCountMax: 10 });
    void call("a");
    await turn();

    void call("b");
    await turn();
    void call("c");
    await turn();
    const before = taken();
    await batches[0]!.end();

    expect(before).toEqual(["a"]);
    expect(taken()).toEqual(["a", "bc"]);
  });

  test("never has more batches in flight than lanes, nor more items in one than the limit", async () => {
    const { run, batches, taken } = controlled();
    const call = batched(run, { laneCount: 2, itemCountMax: 3 });

    for (const item of "abcdefgh") void call(item);
    await turn();
    const before = taken();
    await batches[0]!.end();

    expect(before).toEqual(["abc", "def"]);
    expect(taken()).toEqual(["abc", "def", "gh"]);
  });

  test("uses a second lane while the first is busy", async () => {
    const { run, taken } = controlled();
    const call = batched(run, { laneCount: 2, itemCountMax: 3 });

    void call("a");
    await turn();
    void call("b");
    await turn();
    void call("c");
    await turn();

    expect(taken()).toEqual(["a", "b"]);
  });

  test("tells each caller of a batch that failed, and goes on", async () => {
    const { run, batches } = controlled();
    const call = batched(run, { laneCount: 1, itemCountMax: 10 });

    const answers = Promise.allSettled([call("a"), call("b")]);
    await turn();
    const next = call("c");
    await batches[0]!.fail(new Error("lost"));
    await batches[1]!.end();

    expect((await answers).map((answer) => answer.status)).toEqual(["rejected", "rejected"]);
    expect(await next).toBe("c!");
  });

  test("treats a run that throws before it awaits as one that failed", async () => {
    const call = batched<string, string>(() => { throw new Error("at once"); }, { laneCount: 1, itemCountMax: 10 });

    await expect(call("a")).rejects.toThrow("at once");
    await expect(call("b")).rejects.toThrow("at once");
  });

  test("gives each caller what stands in its place", async () => {
    const { run, batches } = controlled();
    const call = batched(run, { laneCount: 1, itemCountMax: 10 });

    const answers = Promise.all([call("a"), call("b")]);
    await turn();
    await batches[0]!.end(["first", "second"]);

    expect(await answers).toEqual(["first", "second"]);
  });

  test("serves 10,000 callers exactly once each", async () => {
    const seen: number[] = [];
    const call = batched(async (items: number[]) => {
      seen.push(...items);
      await turn();
      return items;
    }, { laneCount: 3, itemCountMax: 97 });

    const asked = Array.from({ length: 10_000 }, (_, i) => i);

    expect(await Promise.all(asked.map(call))).toEqual(asked);
    expect(seen.toSorted((a, b) => a - b)).toEqual(asked);
  });
});

describe("batched by key", () => {
  test("never has two items of one key in flight", async () => {
    const { run, batches, taken } = controlled();
    const call = batched(run, { laneCount: 3, itemCountMax: 10, keyOf: letter });

    for (const item of ["a1", "a2", "b1", "a3"]) void call(item);
    await turn();
    const before = taken();
    await batches[0]!.end();
    const after = taken();
    await batches[1]!.end();

    expect(before).toEqual(["a1b1"]);
    expect(after).toEqual(["a1b1", "a2"]);
    expect(taken()).toEqual(["a1b1", "a2", "a3"]);
  });

  test("lets others pass a key that waits", async () => {
    const { run, taken } = controlled();
    const call = batched(run, { laneCount: 2, itemCountMax: 10, keyOf: letter });

    void call("a1");
    await turn();
    void call("a2");
    void call("b1");
    await turn();

    expect(taken()).toEqual(["a1", "b1"]);
  });

  test("keeps the order of one key when a batch is full", async () => {
    const { run, batches, taken } = controlled();
    const call = batched(run, { laneCount: 1, itemCountMax: 1, keyOf: letter });

    for (const item of ["a1", "b1", "a2", "b2"]) void call(item);
    await turn();
    for (let i = 0; i < 4; i++) await batches[i]!.end();

    expect(taken()).toEqual(["a1", "b1", "a2", "b2"]);
  });

  test("frees a key when its batch failed", async () => {
    const { run, batches, taken } = controlled();
    const call = batched(run, { laneCount: 1, itemCountMax: 10, keyOf: letter });

    const first = call("a1").catch(() => "failed");
    void call("a2");
    await turn();
    await batches[0]!.fail(new Error("lost"));

    expect(await first).toBe("failed");
    expect(taken()).toEqual(["a1", "a2"]);
  });

  test("lets items without a key share a batch", async () => {
    const { run, taken } = controlled();
    const call = batched(run, { laneCount: 1, itemCountMax: 10, keyOf: (item) => (item === "-" ? undefined : item) });

    for (const item of ["-", "-", "a", "a", "-"]) void call(item);
    await turn();

    expect(taken()).toEqual(["--a-"]);
  });
});
