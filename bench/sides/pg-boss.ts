/** pg-boss in a process of its own, called directly, on the PostgreSQL that Millwright uses. */
import { PgBoss } from "pg-boss";
import { atOnce, rateOf, serveTasks } from "../support/side.ts";

const QUEUE = "bench";
const INSERT_COUNT = 1_000;

let boss: PgBoss;

const tasks = {
  async open({ url }: { url: string }): Promise<void> {
    boss = new PgBoss({ connectionString: url, max: 10 });
    // A rebuild of indexes or a monitoring pass in the middle of a turn is nobody's benchmark.
    boss.on("error", (error) => process.stderr.write(`${error.message}\n`));
    await boss.start();
    await boss.createQueue(QUEUE);
  },

  async submitMany({ count }: { count: number }): Promise<number> {
    return await rateOf(count, async () => {
      for (let i = 0; i < count; i += INSERT_COUNT) {
        await boss.insert(QUEUE, Array.from({ length: Math.min(INSERT_COUNT, count - i) }, (_, k) => ({ data: { i: i + k } })));
      }
    });
  },

  async submitSingly({ count, callers }: { count: number; callers: number }): Promise<number> {
    let next = 0;
    return await rateOf(count, () =>
      atOnce(callers, async () => {
        while (next < count) await boss.send(QUEUE, { i: next++ });
      }),
    );
  },

  /** Fetches `size` jobs and completes them, until none is left. */
  async take({ count, callers, size }: { count: number; callers: number; size: number }): Promise<number> {
    let done = 0;
    const rate = await rateOf(count, () =>
      atOnce(callers, async () => {
        for (;;) {
          const jobs = await boss.fetch(QUEUE, { batchSize: size });
          if (jobs.length === 0) return;
          await boss.complete(QUEUE, jobs.map(({ id }) => id));
          done += jobs.length;
        }
      }),
    );
    if (done !== count) throw new Error(`${done} jobs were done instead of ${count}`);
    return rate;
  },
};

export type PgBossTasks = typeof tasks;

serveTasks(tasks);
