/**
 * Millwright on a database: every service built in order, the loops started, both ports served.
 *
 * `main.ts` gives it a process; tests give it a database of their own.
 */
import { JobService } from "../gen/ts/millwright/v1/job_service_pb.ts";
import { ModelRegistry } from "../gen/ts/millwright/v1/model_registry_pb.ts";
import { ProjectionService } from "../gen/ts/millwright/v1/projection_service_pb.ts";
import type { Config } from "./config.ts";
import { openBell } from "./db/bell.ts";
import { openDatabase } from "./db/database.ts";
import { createJobPartitions, findPageTokenKey } from "./db/key-store.ts";
import { openFinishService } from "./jobs/finish-service.ts";
import { jobRpc } from "./jobs/job-rpc.ts";
import { openJobService } from "./jobs/job-service.ts";
import { openJobWatch } from "./jobs/job-watch.ts";
import { openLeaseService } from "./jobs/lease-service.ts";
import { openReaper } from "./jobs/reaper.ts";
import { openSubmitService } from "./jobs/submit-service.ts";
import { openSyncService } from "./jobs/sync-service.ts";
import { upkeepRpc } from "./jobs/upkeep-rpc.ts";
import { openUpkeepService } from "./jobs/upkeep-service.ts";
import { workerRpc } from "./jobs/worker-rpc.ts";
import type { Log, Metrics } from "./telemetry.ts";
import { type RunningServer, startServer } from "./wire/server.ts";
import { serviceOf } from "./wire/service.ts";

const PARTITION_CHECK_MS = 24 * 3_600_000;

/** What Millwright runs with. */
export interface AppOptions {
  readonly config: Config;
  /** A migrated database. */
  readonly databaseUrl: string;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** A Millwright that serves. */
export interface App {
  readonly server: RunningServer;
  /** Drains within `graceMs`, then stops the loops and leaves the database. */
  stop(graceMs: number): Promise<void>;
}

/** Starts everything; resolves when both ports take calls. */
export async function startApp({ config, databaseUrl, log, metrics }: AppOptions): Promise<App> {
  const db = openDatabase({ url: databaseUrl, poolSize: config.poolSize, log });
  const pageTokenKey = await findPageTokenKey(db);
  await createJobPartitions(db);
  const bell = openBell(databaseUrl, log);
  await bell.listening;

  const leases = openLeaseService({ db, bell });
  const syncs = openSyncService({ db, bell, log });
  const submits = openSubmitService({ db, bell });
  const jobHandlers = {
    ...jobRpc({
      db,
      pageTokenKey,
      submits,
      jobs: openJobService({ db, bell }),
      watch: openJobWatch({ db, bell }),
      jsonBytesMax: config.jsonBytesMax,
      watchHeartbeatMs: config.watchHeartbeatMs,
      watchAgeMs: config.watchAgeMs,
    }),
    ...upkeepRpc({ db, upkeep: openUpkeepService({ db, bell, submits }) }),
    ...workerRpc({
      leases,
      syncs,
      finishes: openFinishService({ db, bell }),
      leaseMs: config.leaseMs,
      syncDivisor: config.syncDivisor,
      jsonBytesMax: config.jsonBytesMax,
    }),
  };
  const reaper = openReaper({ db, bell, log });
  const partitions = setInterval(() => {
    createJobPartitions(db).catch((error: unknown) => log.error({ err: error }, "Partitions could not be made ahead"));
  }, PARTITION_CHECK_MS).unref();

  const draining = new AbortController();
  draining.signal.addEventListener("abort", () => leases.stop(), { once: true });
  const server = await startServer({
    config,
    log,
    metrics,
    draining,
    services: [serviceOf(JobService, jobHandlers), serviceOf(ModelRegistry, {}), serviceOf(ProjectionService, {})],
    isReady: async () => db.available,
  });

  return {
    server,
    async stop(graceMs) {
      await server.drain(graceMs);
      clearInterval(partitions);
      syncs.stop();
      await reaper.stop();
      await bell.close();
      await db.close();
    },
  };
}
