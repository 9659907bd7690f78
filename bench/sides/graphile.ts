/** graphile-worker in a process of its own, on the PostgreSQL that Millwright uses. */
import { Logger, makeWorkerUtils, run, type WorkerUtils } from "graphile-worker";
import postgres from "postgres";
import { rateOf, serveTasks } from "../support/side.ts";

const TASK = "bench";
const INSERT_COUNT = 1_000;
const POLL_MS = 2;

// A line per job would be most of its work.
const logger = new Logger(() => () => {});

let url: string;
let adder: WorkerUtils;
let sql: postgres.Sql;

const tasks = {
  async open(order: { url: string }): Promise<void> {
    url = order.url;
    sql = postgres(url, { max: 1 });
    adder = await makeWorkerUtils({ connectionString: url, maxPoolSize: 10, logger });
    await adder.migrate();
  },

  async submitMany({ count }: { count: number }): Promise<number> {
    return await rateOf(count, async () => {
      for (let i = 0; i < count; i += INSERT_COUNT) {
        const numbers = Array.from({ length: Math.min(INSERT_COUNT, count - i) }, (_, k) => i + k);
        await adder.addJobs(numbers.map((number) => ({ identifier: TASK, payload: { i: number } })));
      }
    });
  },

  /**
   * Runs all jobs that wait, with `slots` at once; `localQueue` above 0 fetches that many ahead and completes in batches.
   *
   * The clock starts with the first job: what it takes to start a runner is not held against it.
   */
  async take({ count, slots, localQueue }: { count: number; slots: number; localQueue: number }): Promise<number> {
    let startedAt = 0;
    let done = 0;
    let finish: () => void = () => {};
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const batching = { localQueue: { size: localQueue }, completeJobBatchDelay: 0, failJobBatchDelay: 0 };
    const runner = await run({
      preset: {
        worker: {
          connectionString: url,
          concurrentJobs: slots,
          maxPoolSize: slots + 1,
          logger,
          ...(localQueue > 0 ? batching : {}),
        },
      },
      taskList: {
        async [TASK]() {
          if (done === 0) startedAt = performance.now();
          if (++done === count) finish();
        },
      },
    });
    await finished;
    // The last completions are on their way when the last task has run.
    while ((await sql`SELECT 1 FROM graphile_worker._private_jobs LIMIT 1`).length > 0) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    const rate = (count * 1_000) / (performance.now() - startedAt);
    await runner.stop();
    return rate;
  },
};

export type GraphileTasks = typeof tasks;

serveTasks(tasks);
