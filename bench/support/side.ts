/**
 * A side of a benchmark in a process of its own: the bench asks it for tasks, one at a time, and gets their results.
 */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

/** What a side can be asked for: functions of one plain object to another. */
export type Tasks = Record<string, (order: never) => Promise<unknown>>;

/** A side as the bench sees it. */
export interface Side<T extends Tasks> {
  ask<K extends keyof T & string>(task: K, order: Parameters<T[K]>[0]): Promise<Awaited<ReturnType<T[K]>>>;
  stop(): Promise<void>;
}

interface Answer {
  readonly result?: unknown;
  readonly error?: string;
}

/** Starts `bench/sides/<name>.ts`. */
export function startSide<T extends Tasks>(name: string): Side<T> {
  const path = fileURLToPath(new URL(`../sides/${name}.ts`, import.meta.url));
  const child = fork(path, { serialization: "advanced" });
  let settle: ((answer: Answer) => void) | undefined;
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.on("message", (answer: Answer) => settle?.(answer));
  void exited.then(() => settle?.({ error: `The side ${name} ended` }));
  return {
    async ask(task, order) {
      const answered = new Promise<Answer>((resolve) => (settle = resolve));
      child.send({ task, order });
      const { result, error } = await answered;
      if (error !== undefined) throw new Error(`${name} ${task}: ${error}`);
      return result as never;
    },
    async stop() {
      child.kill();
      await exited;
    },
  };
}

/** In the side's process: does what the bench asks for until it is stopped. */
export function serveTasks(tasks: Tasks): void {
  process.on("message", ({ task, order }: { task: string; order: never }) => {
    tasks[task]!(order).then(
      (result) => process.send!({ result }),
      (error: unknown) => process.send!({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  // A bench that is killed leaves nothing behind.
  process.on("disconnect", () => process.exit());
}

/** Runs `work` in `count` loops at once, each with its number. */
export async function atOnce(count: number, work: (i: number) => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, i) => work(i)));
}

/** How many per second, when `work` does `count` of something. */
export async function rateOf(count: number, work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (count * 1_000) / (performance.now() - startedAt);
}
