/**
 * The rules of events: how a job stood after each, told from the row of its log and the record.
 *
 * Pure. What never changes is the record's; what does is the row's, so that a watcher can start anywhere.
 */
import { instant } from "../db/literal.ts";
import type { JobEventRow, JobEventType } from "./event-store.ts";
import { isTerminal, type Job, type JobStatus } from "./job.ts";

/** What happened, and how the job stood after it; `job` has spec and metrics only with the first and the last event. */
export interface JobEvent {
  readonly seq: bigint;
  readonly type: JobEventType;
  readonly at: Date;
  readonly job: Job;
  readonly message: string;
  /** Points of a METRICS event. */
  readonly metrics: readonly { readonly key: string; readonly step: bigint; readonly value: number }[];
}

/** Tells whether an event is the one that ended the job. */
export function isEnd(type: JobEventType): boolean {
  return type === "completed" || type === "failed" || type === "cancelled";
}

/** The event that a row tells, with the job as it stood after it: what never changes is the record's. */
export function eventOf(row: JobEventRow, record: Job): JobEvent {
  const seq = BigInt(row.seq);
  const isOver = isTerminal(record.status) && seq >= record.eventSeq;
  return {
    seq,
    type: row.type,
    at: instant(row.at),
    job: isOver ? jobAtEnd(record, row) : jobDuring(record, row),
    message: row.message ?? "",
    metrics: pointsOf(row.metrics),
  };
}

function jobAtEnd(record: Job, row: JobEventRow): Job {
  return isEnd(row.type) ? record : { ...record, specJson: "", metricsJson: undefined };
}

function jobDuring(record: Job, row: JobEventRow): Job {
  const status: JobStatus = row.started_at === null ? "queued" : "running";
  return {
    ...record,
    status,
    specJson: row.type === "submitted" ? record.specJson : "",
    metricsJson: undefined,
    progress: row.progress,
    progressMessage: row.progress_message ?? "",
    errorMessage: "",
    cancelReason: row.type === "cancel_requested" ? (row.message ?? "") : "",
    rowsWritten: undefined,
    snapshotId: "",
    // Its version is known when the job has made it.
    outputModel: record.outputModel && { ...record.outputModel, version: 0 },
    checkpoint: row.checkpoint ?? "",
    held: row.held,
    attempt: row.attempt,
    workerId: row.worker_id ?? "",
    runAfter: row.run_after === null ? undefined : instant(row.run_after),
    startedAt: row.started_at === null ? undefined : instant(row.started_at),
    finishedAt: undefined,
    leaseExpiresAt: undefined,
    eventSeq: BigInt(row.seq),
  };
}

/** Points from `[["loss",10,0.5],...]`. Steps are read from the text: a double would round those above 2^53. */
function pointsOf(text: string | null): { key: string; step: bigint; value: number }[] {
  if (text === null) return [];
  const parsed = JSON.parse(text, function (this: unknown, key: string, value: unknown, context?: { source: string }) {
    return key === "1" && typeof value === "number" && Array.isArray(this) && typeof this[0] === "string" && context
      ? BigInt(context.source)
      : value;
  }) as [string, bigint, number][];
  return parsed.map(([key, step, value]) => ({ key, step, value }));
}
