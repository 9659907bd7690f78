/** Jobs taken and completed by the hundred, against two job queues called in-process and against SQL alone. */
import { type Benchmark, bestOf, inTurn, ratios } from "./support/benchmark.ts";
import type { ClientTasks } from "./sides/client.ts";
import type { GraphileTasks } from "./sides/graphile.ts";
import type { PgBossTasks } from "./sides/pg-boss.ts";
import type { SqlTasks } from "./sides/sql.ts";

const COUNT = 20_000;
const WORKERS = 4;
const SIZE = 100;

export const jobsBatched: Benchmark = {
  name: "jobs-batched",
  needsPeers: true,
  async run(world) {
    const client = world.startSide<ClientTasks>("client");
    await client.ask("connect", { port: (await world.startServer()).grpcPort });
    const boss = world.startSide<PgBossTasks>("pg-boss");
    await boss.ask("open", { url: await world.createDatabase() });
    const graphile = world.startSide<GraphileTasks>("graphile");
    await graphile.ask("open", { url: await world.createDatabase() });
    const sql = world.startSide<SqlTasks>("sql");
    await sql.ask("open", { url: await world.createDatabase() });

    const submitted: Record<"millwright" | "boss" | "graphile" | "sql", number[]> = { millwright: [], boss: [], graphile: [], sql: [] };
    const graphileTake = async (slots: number) => {
      submitted.graphile.push(await graphile.ask("submitMany", { count: COUNT }));
      return await graphile.ask("take", { count: COUNT, slots, localQueue: 500 });
    };
    const slots = await bestOf([24, 100], graphileTake);
    world.log(`  graphile-worker does best with ${slots} slots`);

    const took = await inTurn(world, {
      async millwright() {
        submitted.millwright.push(await client.ask("submitMany", { count: COUNT, callers: 2 }));
        return await client.ask("takeMany", { count: COUNT, workers: WORKERS, size: SIZE });
      },
      async boss() {
        submitted.boss.push(await boss.ask("submitMany", { count: COUNT }));
        return await boss.ask("take", { count: COUNT, callers: WORKERS, size: SIZE });
      },
      graphile: () => graphileTake(slots),
      async sql() {
        submitted.sql.push(await sql.ask("submitMany", { count: COUNT }));
        return await sql.ask("take", { count: COUNT, callers: WORKERS, size: SIZE });
      },
    });

    const what = `${SIZE} taken and completed a call, ${WORKERS} workers`;
    return [
      { key: "batched_vs_pgboss", what: `${what}, over pg-boss`, values: ratios(took.millwright, took.boss), claim: { atLeast: 1.1 } },
      { key: "batched_vs_graphile", what: `${what}, over graphile-worker`, values: ratios(took.millwright, took.graphile), claim: { atLeast: 1.1 } },
      { key: "batched_vs_sql", what: `${what}, over SQL alone on the same tables`, values: ratios(took.millwright, took.sql), claim: { atLeast: 0.8 } },
      { key: "batched_millwright", what, values: took.millwright, unit: "jobs/s" },
      { key: "batched_pgboss", what: `${what}: pg-boss`, values: took.boss, unit: "jobs/s" },
      { key: "batched_graphile", what: `${what}: graphile-worker`, values: took.graphile, unit: "jobs/s" },
      { key: "batched_sql", what: `${what}: SQL alone`, values: took.sql, unit: "jobs/s" },
      { key: "insert_millwright", what: "submitted by the thousand", values: submitted.millwright.slice(1), unit: "jobs/s" },
      { key: "insert_pgboss", what: "inserted by the thousand: pg-boss", values: submitted.boss.slice(1), unit: "jobs/s" },
      { key: "insert_graphile", what: "added by the thousand: graphile-worker", values: submitted.graphile.slice(3), unit: "jobs/s" },
      { key: "insert_sql", what: "inserted by the thousand: SQL alone", values: submitted.sql.slice(1), unit: "jobs/s" },
    ];
  },
};
