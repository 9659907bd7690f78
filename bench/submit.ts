/** Jobs submitted one by one by many callers at once: they share statements and commits. */
import { type Benchmark, bestOf, inTurn, ratios } from "./support/benchmark.ts";
import type { ClientTasks } from "./sides/client.ts";
import type { PgBossTasks } from "./sides/pg-boss.ts";

const COUNT = 10_000;
const PEER_COUNT = 4_000;
const CALLERS = 64;

export const submit: Benchmark = {
  name: "submit",
  needsPeers: true,
  async run(world) {
    const client = world.startSide<ClientTasks>("client");
    await client.ask("connect", { port: (await world.startServer()).grpcPort });
    const boss = world.startSide<PgBossTasks>("pg-boss");
    await boss.ask("open", { url: await world.createDatabase() });

    const send = (callers: number) => boss.ask("submitSingly", { count: PEER_COUNT, callers });
    const callers = await bestOf([8, 16, 64], send);
    world.log(`  pg-boss does best with ${callers} callers`);

    const rates = await inTurn(world, {
      millwright: () => client.ask("submitSingly", { count: COUNT, callers: CALLERS }),
      boss: () => send(callers),
    });

    const what = `one job a call, ${CALLERS} callers`;
    return [
      { key: "submit_vs_pgboss", what: `SubmitJob, ${what}, over pg-boss send with ${callers} callers`, values: ratios(rates.millwright, rates.boss), claim: { atLeast: 4 } },
      { key: "submit_millwright", what: `SubmitJob, ${what}`, values: rates.millwright, unit: "jobs/s" },
      { key: "submit_pgboss", what: `pg-boss send, ${what}`, values: rates.boss, unit: "jobs/s" },
    ];
  },
};
