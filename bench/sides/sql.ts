/**
 * The least that PostgreSQL has to do for jobs in Millwright's own tables: one statement to insert, one to take, one to
 * complete, nothing checked, nothing answered that is not needed, no gRPC. What a server costs is measured against it.
 */
import postgres from "postgres";
import { migrateDatabase } from "../../src/db/migrate.ts";
import { atOnce, rateOf, serveTasks } from "../support/side.ts";

const INSERT_COUNT = 1_000;

let sql: postgres.Sql;

const tasks = {
  async open({ url }: { url: string }): Promise<void> {
    await migrateDatabase(url);
    const nestedLoops = { enable_seqscan: "off", enable_hashjoin: "off", enable_mergejoin: "off" };
    sql = postgres(url, { max: 8, onnotice: () => {}, connection: { ...nestedLoops, plan_cache_mode: "force_generic_plan" } });
    await atOnce(8, async () => void (await sql`SELECT pg_sleep(0.01)`));
  },

  async submitMany({ count }: { count: number }): Promise<number> {
    return await rateOf(count, async () => {
      for (let i = 0; i < count; i += INSERT_COUNT) await insert(Math.min(INSERT_COUNT, count - i));
    });
  },

  async take({ count, callers, size }: { count: number; callers: number; size: number }): Promise<number> {
    let done = 0;
    const rate = await rateOf(count, () =>
      atOnce(callers, async (i) => {
        for (;;) {
          const leases = await take(`worker-${i}`, size);
          if (leases.length === 0) {console.error('empty', i, done); return;}
          const {count}=await complete(leases); done += count; if(count!==leases.length) console.error(leases.length,count);
        }
      }),
    );
    if (done !== count) throw new Error(`${done} jobs were done instead of ${count}`);
    return rate;
  },
};

export type SqlTasks = typeof tasks;

async function insert(count: number): Promise<void> {
  const specs = Array.from({ length: count }, (_, i) => `{"i":${i}}`);
  await sql`
    WITH x AS MATERIALIZED (SELECT uuidv7() AS id, spec FROM unnest(${specs}::text[]) AS x(spec)),
    record AS (
      INSERT INTO jobs (tenant, id, kind, name, target_name, spec_json)
      SELECT 'default', id, 'train', 'bench', 'target', spec FROM x
    )
    INSERT INTO ready_jobs (tenant, job_id, kind, name, priority) SELECT 'default', id, 'train', 'bench', 0 FROM x`;
}

interface Lease {
  readonly job_id: string;
  readonly lease_token: string;
}

async function take(workerId: string, size: number): Promise<Lease[]> {
  return await sql<Lease[]>`
    WITH gone AS (
      DELETE FROM ready_jobs WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM ready_jobs WHERE tenant = 'default' AND kind = 'train' AND name = 'bench'
        ORDER BY priority DESC, due_at, job_id LIMIT ${size} FOR UPDATE SKIP LOCKED))
      RETURNING job_id
    ), given AS (
      INSERT INTO job_leases (tenant, job_id, attempt, lease_ms, expires_at, event_seq, leased_seq, kind, name, worker_id)
      SELECT 'default', job_id, 1, 60000, now() + interval '60 s', 2, 2, 'train', 'bench', ${workerId} FROM gone
      RETURNING job_id, lease_token
    )
    SELECT g.job_id, g.lease_token, j.spec_json FROM given g JOIN jobs j ON j.tenant = 'default' AND j.id = g.job_id`;
}

async function complete(leases: readonly Lease[]): Promise<{ count: number }> {
  const ids = leases.map((lease) => lease.job_id);
  const tokens = leases.map((lease) => lease.lease_token);
  return await sql`
    WITH x AS MATERIALIZED (SELECT * FROM unnest(${ids}::uuid[], ${tokens}::uuid[]) AS x(job_id, lease_token)),
    ended AS (
      DELETE FROM job_leases l USING x
      WHERE l.tenant = 'default' AND l.job_id = x.job_id AND l.lease_token = x.lease_token
      RETURNING l.job_id, l.lease_token, l.started_at, l.worker_id
    )
    UPDATE jobs j SET outcome = 'completed', progress = 100, finished_at = now(), attempt = 1, event_seq = 3,
      leased_seq = 2, started_at = e.started_at, worker_id = e.worker_id, lease_token = e.lease_token
    FROM ended e WHERE j.tenant = 'default' AND j.id = e.job_id`;
}

serveTasks(tasks);
