/** What operators do to jobs: cancel, hold, release. Each change and its event are one transaction. */
import type { Bell } from "../db/bell.ts";
import type { Database, Tx } from "../db/database.ts";
import {
  cancelWaiting,
  dispatchReleased,
  lockWaiting,
  removeWaiting,
  requestCancel,
  setHeld,
} from "./dispatch-store.ts";
import { lockRecord, remarkOnLease, remarkOnRecord } from "./event-store.ts";
import { jobNotFound, jobTerminal } from "./finish-service.ts";
import { endJobs, lockLeaseOf } from "./finish-store.ts";
import { jobTopic, queueTopic } from "./job-topic.ts";
import { isTerminal, type Job } from "./job.ts";
import { findJob, type JobKey, jobOf } from "./job-store.ts";

// A job that is being claimed, requeued or promoted may have moved between two looks. Each look waits for the lock of
// whoever moves it, so a handful is plenty.
const LOOKS_MAX = 8;

/** Changes single jobs. */
export interface JobService {
  /**
   * Cancels a job: at once, or for a running one with `graceMs` above 0 when its worker stops or the grace is over.
   * Cancelling again with the same reason answers with the job; another end before it is `JOB_TERMINAL`.
   */
  cancelJob(key: JobKey, order: { readonly reason: string; readonly graceMs: number }): Promise<Job>;
  /** Holds a job back; holding it again changes nothing. */
  holdJob(key: JobKey): Promise<Job>;
  /** Lets a held job run; releasing it again changes nothing. */
  releaseHold(key: JobKey): Promise<Job>;
}

/** Opens the service. */
export function openJobService({ db, bell }: { readonly db: Database; readonly bell: Bell }): JobService {
  /** Applies `change` wherever the job stands, and answers with the job after it. */
  async function changeJob(key: JobKey, change: Change): Promise<Job> {
    const job = await db.transaction(async (tx) => {
      for (let looks = 1; looks <= LOOKS_MAX; looks++) {
        if (await change.running(tx)) break;
        if ((await lockWaiting(tx, key)) && (await change.waiting(tx))) break;
        const record = await lockRecord(tx, key);
        if (record === undefined) throw jobNotFound(key.id);
        if (record.is_ended) return change.ended(jobOf((await findJob(tx, key))!));
      }
      return jobOf((await findJob(tx, key))!);
    });
    bell.ring([jobTopic(key.id), queueTopic(key.tenant)]);
    return job;
  }

  return {
    cancelJob: (key, { reason, graceMs }) =>
      changeJob(key, {
        running: (tx) => cancelRunning(tx, key, reason, graceMs),
        async waiting(tx) {
          await removeWaiting(tx, key);
          return await cancelWaiting(tx, key, reason);
        },
        ended(job) {
          if (job.status === "cancelled" && job.cancelReason === reason) return job;
          throw jobTerminal(job);
        },
      }),
    holdJob: (key) =>
      changeJob(key, {
        async running(tx) {
          if ((await lockLeaseOf(tx, key)) === undefined) return false;
          if (await setHeld(tx, key, true)) await remarkOnLease(tx, key, { type: "held", message: "" });
          return true;
        },
        async waiting(tx) {
          if (!(await setHeld(tx, key, true))) return true;
          await removeWaiting(tx, key);
          return await remarkOnRecord(tx, key, { type: "held", message: "" });
        },
        ended: refuseEnded,
      }),
    releaseHold: (key) =>
      changeJob(key, {
        async running(tx) {
          if ((await lockLeaseOf(tx, key)) === undefined) return false;
          if (await setHeld(tx, key, false)) await remarkOnLease(tx, key, { type: "released", message: "" });
          return true;
        },
        async waiting(tx) {
          if (!(await setHeld(tx, key, false))) return true;
          await dispatchReleased(tx, key);
          return await remarkOnRecord(tx, key, { type: "released", message: "" });
        },
        ended: refuseEnded,
      }),
  };
}

/** What to do with a job where it stands; `running` and `waiting` answer false when it no longer stands there. */
interface Change {
  running(tx: Tx): Promise<boolean>;
  waiting(tx: Tx): Promise<boolean>;
  ended(job: Job): Job;
}

function refuseEnded(job: Job): Job {
  if (isTerminal(job.status)) throw jobTerminal(job);
  return job;
}

async function cancelRunning(tx: Tx, key: JobKey, reason: string, graceMs: number): Promise<boolean> {
  const lease = await lockLeaseOf(tx, key);
  if (lease === undefined) return false;
  if (graceMs > 0) {
    await requestCancel(tx, key, reason, graceMs);
    return await remarkOnLease(tx, key, { type: "cancel_requested", message: reason });
  }
  await endJobs(tx, [{ lease, outcome: "cancelled", cancelReason: reason, errorMessage: undefined, digest: undefined }]);
  return true;
}
