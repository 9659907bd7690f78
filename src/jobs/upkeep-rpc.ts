/** JobService for looking back and looking after: attempts, metrics, counts, retries, purges, reconciliation. */
import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { AttemptOutcome as WireOutcome, type MetricSeries, MetricSeriesSchema } from "../../gen/ts/millwright/v1/job_pb.ts";
import { type JobService as JobServiceDesc, ReconcileScope as WireScope } from "../../gen/ts/millwright/v1/job_service_pb.ts";
import { type Database, instant, withSignal } from "../db/database.ts";
import { Problem } from "../problem.ts";
import { callerOf, readDuration } from "../wire/request.ts";
import { jobNotFound } from "./finish-service.ts";
import { type AttemptOutcome, countJobs, listAttempts, listMetrics, type MetricRow } from "./history-store.ts";
import { readKind, readStatus, wireJob, wireKinds } from "./job-message.ts";
import { keyOf } from "./job-rpc.ts";
import type { JobOutcome } from "./job.ts";
import { findJob, type JobKey } from "./job-store.ts";
import type { ReconcileScope, UpkeepService } from "./upkeep-service.ts";

const POINTS_DEFAULT = 1_000;
const SECONDS_PER_HOUR = 3_600;
const outcomes: readonly JobOutcome[] = ["completed", "failed", "cancelled"];

const wireOutcomes: Record<AttemptOutcome, WireOutcome> = {
  completed: WireOutcome.COMPLETED,
  failed: WireOutcome.FAILED,
  cancelled: WireOutcome.CANCELLED,
  lease_expired: WireOutcome.LEASE_EXPIRED,
  yielded: WireOutcome.YIELDED,
  timed_out: WireOutcome.TIMED_OUT,
};

const scopes: Record<WireScope, ReconcileScope> = {
  [WireScope.UNSPECIFIED]: "expired_leases",
  [WireScope.EXPIRED_LEASES]: "expired_leases",
  [WireScope.RUNNING]: "running",
  [WireScope.ALL_NON_TERMINAL]: "all_non_terminal",
};

type Handlers = Pick<
  ServiceImpl<typeof JobServiceDesc>,
  "retryJob" | "purgeJobs" | "reconcileOrphanedJobs" | "listJobAttempts" | "listJobMetrics" | "getJobStats"
>;

/** The handlers. */
export function upkeepRpc({ db, upkeep }: { readonly db: Database; readonly upkeep: UpkeepService }): Handlers {
  return {
    async retryJob({ id }, context) {
      return { job: wireJob(await upkeep.retryJob(keyOf(id, callerOf(context)))) };
    },

    async purgeJobs({ statuses, olderThan, name, dryRun }, context) {
      const filter = {
        tenant: callerOf(context).tenant,
        outcomes: statuses.length === 0 ? outcomes : statuses.map((status) => readStatus(status) as JobOutcome),
        olderThanMs: readDuration(olderThan!),
        name,
      };
      return { purgedCount: BigInt(await upkeep.purgeJobs(filter, dryRun)) };
    },

    async reconcileOrphanedJobs({ scope, reason, dryRun }, context) {
      const { tenant, isAdmin } = callerOf(context);
      if (!isAdmin) throw new Problem("ADMIN_ONLY", "Cannot reconcile jobs: only an admin may");
      const ids = await upkeep.reconcile({ tenant, scope: scopes[scope] ?? "expired_leases", reason, isDryRun: dryRun });
      return { count: BigInt(ids.length), ids };
    },

    listJobAttempts: ({ id }, context) =>
      withSignal(context.signal, async () => {
        const key = await existing(db, keyOf(id, callerOf(context)));
        const attempts = await listAttempts(db, key);
        return {
          attempts: attempts.map((row) => ({
            attempt: row.attempt,
            workerId: row.worker_id,
            startedAt: timestampFromDate(instant(row.started_at)),
            ...(row.ended_at === null ? {} : { endedAt: timestampFromDate(instant(row.ended_at)) }),
            ...(row.outcome === null ? {} : { outcome: wireOutcomes[row.outcome] }),
            errorMessage: row.error_message ?? "",
            lastProgress: row.last_progress,
          })),
        };
      }),

    listJobMetrics: ({ id, keys, maxPoints }, context) =>
      withSignal(context.signal, async () => {
        const key = await existing(db, keyOf(id, callerOf(context)));
        return { series: seriesOf(await listMetrics(db, key, { keys, countMax: maxPoints || POINTS_DEFAULT })) };
      }),

    getJobStats: ({ kinds, names }, context) =>
      withSignal(context.signal, async () => {
        const rows = await countJobs(db, callerOf(context).tenant, { kinds: kinds.map(readKind), names });
        return {
          stats: rows.map((row) => ({
            kind: wireKinds[row.kind],
            name: row.name,
            queued: BigInt(row.queued),
            running: BigInt(row.running),
            held: BigInt(row.held),
            scheduled: BigInt(row.scheduled),
            completedLastHour: BigInt(row.completed),
            failedLastHour: BigInt(row.failed),
            ...(row.oldest_queued_ms === null ? {} : { oldestQueuedAge: durationFromMs(Number(row.oldest_queued_ms)) }),
            throughput: (Number(row.completed) + Number(row.failed)) / SECONDS_PER_HOUR,
          })),
        };
      }),
  };
}

async function existing(db: Database, key: JobKey): Promise<JobKey> {
  if ((await findJob(db, key)) === undefined) throw jobNotFound(key.id);
  return key;
}

function seriesOf(rows: readonly MetricRow[]): MetricSeries[] {
  const series: MetricSeries[] = [];
  for (const { key, step, value, at } of rows) {
    if (series.at(-1)?.key !== key) series.push(create(MetricSeriesSchema, { key }));
    series.at(-1)!.points.push({ $typeName: "millwright.v1.MetricPoint", key, step: BigInt(step), value, at: timestampFromDate(instant(at)) });
  }
  return series;
}
