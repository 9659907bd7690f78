/** Short jobs one by one: a worker finishes a job and is given the next with the same call. */
import { type Benchmark, bestOf, inTurn, ratios } from "./support/benchmark.ts";
import type { ClientTasks } from "./sides/client.ts";
import type { GraphileTasks } from "./sides/graphile.ts";
import type { PgBossTasks } from "./sides/pg-boss.ts";

const COUNT = 6_000;
const PEER_COUNT = 3_000;
const WORKERS = 64;

export const jobsSingle: Benchmark = {
  name: "jobs-single",
  needsPeers: true,
  async run(world) {
    const client = world.startSide<ClientTasks>("client");
    await client.ask("connect", { port: (await world.startServer()).grpcPort });
    const boss = world.startSide<PgBossTasks>("pg-boss");
    await boss.ask("open", { url: await world.createDatabase() });
    const graphile = world.startSide<GraphileTasks>("graphile");
    await graphile.ask("open", { url: await world.createDatabase() });

    const bossTake = async (callers: number) => {
      await boss.ask("submitMany", { count: PEER_COUNT });
      return await boss.ask("take", { count: PEER_COUNT, callers, size: 1 });
    };
    const graphileTake = async (slots: number) => {
      await graphile.ask("submitMany", { count: PEER_COUNT });
      return await graphile.ask("take", { count: PEER_COUNT, slots, localQueue: 0 });
    };
    const callers = await bestOf([4, 8, 16, 64], bossTake);
    const slots = await bestOf([8, 24, 64], graphileTake);
    world.log(`  pg-boss does best with ${callers} callers, graphile-worker with ${slots} slots`);

    const took = await inTurn(world, {
      async millwright() {
        await client.ask("submitMany", { count: COUNT, callers: 1 });
        return await client.ask("takeSingly", { count: COUNT, workers: WORKERS });
      },
      boss: () => bossTake(callers),
      graphile: () => graphileTake(slots),
    });

    const what = `one job a call, ${WORKERS} workers`;
    return [
      { key: "single_vs_pgboss", what: `${what}, over pg-boss with ${callers} callers`, values: ratios(took.millwright, took.boss), claim: { atLeast: 3 } },
      { key: "single_vs_graphile", what: `${what}, over graphile-worker with ${slots} slots`, values: ratios(took.millwright, took.graphile), claim: { atLeast: 2 } },
      { key: "single_millwright", what, values: took.millwright, unit: "jobs/s" },
      { key: "single_pgboss", what: `${what}: pg-boss`, values: took.boss, unit: "jobs/s" },
      { key: "single_graphile", what: `${what}: graphile-worker`, values: took.graphile, unit: "jobs/s" },
    ];
  },
};
