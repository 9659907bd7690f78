/** Jobs, leases and events as the contract's messages, and the contract's enums as the words that are stored. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  type Job as JobMessage,
  type JobEvent as JobEventMessage,
  JobEventSchema,
  JobEventType as WireEventType,
  JobKind as WireKind,
  JobSchema,
  JobStatus as WireStatus,
  type Lease as LeaseMessage,
  LeaseSchema,
} from "../../gen/ts/millwright/v1/job_pb.ts";
import type { JobEventType } from "./event-store.ts";
import type { JobEvent } from "./job-event.ts";
import { durationMs, type Job, type JobKind, type JobStatus, type Lease } from "./job.ts";

/** Kinds as the contract numbers them. */
export const wireKinds: Record<JobKind, WireKind> = {
  train: WireKind.TRAIN,
  backfill: WireKind.BACKFILL,
  feature_refresh: WireKind.FEATURE_REFRESH,
  drift_compute: WireKind.DRIFT_COMPUTE,
};

const wireStatuses: Record<JobStatus, WireStatus> = {
  queued: WireStatus.QUEUED,
  running: WireStatus.RUNNING,
  completed: WireStatus.COMPLETED,
  failed: WireStatus.FAILED,
  cancelled: WireStatus.CANCELLED,
};

const wireEventTypes: Record<JobEventType, WireEventType> = {
  submitted: WireEventType.SUBMITTED,
  leased: WireEventType.LEASED,
  progress: WireEventType.PROGRESS,
  metrics: WireEventType.METRICS,
  checkpoint: WireEventType.CHECKPOINT,
  held: WireEventType.HELD,
  released: WireEventType.RELEASED,
  retry_scheduled: WireEventType.RETRY_SCHEDULED,
  lease_expired: WireEventType.LEASE_EXPIRED,
  yielded: WireEventType.YIELDED,
  cancel_requested: WireEventType.CANCEL_REQUESTED,
  late_result_rejected: WireEventType.LATE_RESULT_REJECTED,
  completed: WireEventType.COMPLETED,
  failed: WireEventType.FAILED,
  cancelled: WireEventType.CANCELLED,
};

const kinds = new Map(Object.entries(wireKinds).map(([kind, wire]) => [wire, kind as JobKind]));
const statuses = new Map(Object.entries(wireStatuses).map(([status, wire]) => [wire, status as JobStatus]));

/** The kind that a checked enum value stands for. */
export function readKind(wire: WireKind): JobKind {
  return kinds.get(wire)!;
}

/** The status that a checked enum value stands for. */
export function readStatus(wire: WireStatus): JobStatus {
  return statuses.get(wire)!;
}

/** A job as a message. */
export function wireJob(job: Job): JobMessage {
  const spanMs = durationMs(job.startedAt, job.finishedAt);
  const message: MessageInitShape<typeof JobSchema> = {
    id: job.id,
    tenant: job.tenant,
    kind: wireKinds[job.kind],
    name: job.name,
    targetName: job.targetName,
    status: wireStatuses[job.status],
    progress: job.progress,
    progressMessage: job.progressMessage,
    specJson: job.specJson,
    errorMessage: job.errorMessage,
    cancelReason: job.cancelReason,
    snapshotId: job.snapshotId,
    checkpoint: job.checkpoint,
    priority: job.priority,
    held: job.held,
    attempt: job.attempt,
    maxAttempts: job.maxAttempts,
    workerId: job.workerId,
    labels: { ...job.labels },
    concurrencyKey: job.concurrencyKey,
    requestId: job.requestId,
    createdAt: timestampFromDate(job.createdAt),
    eventSeq: job.eventSeq,
    retryOf: job.retryOf,
  };
  // Unset stays unset: absent on the wire means that it has not happened.
  if (job.metricsJson !== undefined) message.metricsJson = job.metricsJson;
  if (job.rowsWritten !== undefined) message.rowsWritten = job.rowsWritten;
  if (job.baseModel !== undefined) message.baseModel = job.baseModel;
  if (job.outputModel !== undefined) message.outputModel = job.outputModel;
  if (job.timeoutMs !== undefined) message.timeout = durationFromMs(job.timeoutMs);
  if (job.runAfter !== undefined) message.runAfter = timestampFromDate(job.runAfter);
  if (job.startedAt !== undefined) message.startedAt = timestampFromDate(job.startedAt);
  if (job.finishedAt !== undefined) message.finishedAt = timestampFromDate(job.finishedAt);
  if (job.leaseExpiresAt !== undefined) message.leaseExpiresAt = timestampFromDate(job.leaseExpiresAt);
  if (spanMs !== undefined) message.duration = durationFromMs(spanMs);
  return create(JobSchema, message);
}

/** A lease as a message; `syncDivisor` is how many syncs fit into it. */
export function wireLease(lease: Lease, syncDivisor: number): LeaseMessage {
  return create(LeaseSchema, {
    job: wireJob(lease.job),
    leaseToken: lease.leaseToken,
    deadline: timestampFromDate(lease.deadline),
    syncInterval: durationFromMs(syncIntervalMs(lease.leaseMs, syncDivisor)),
    checkpoint: lease.job.checkpoint,
  });
}

/** How often a lease of that length is synced, in whole milliseconds. */
export function syncIntervalMs(leaseMs: number, syncDivisor: number): number {
  return Math.floor(leaseMs / syncDivisor);
}

/** An event as a message. */
export function wireEvent(event: JobEvent): JobEventMessage {
  const at = timestampFromDate(event.at);
  return create(JobEventSchema, {
    seq: event.seq,
    jobId: event.job.id,
    type: wireEventTypes[event.type],
    at,
    job: wireJob(event.job),
    message: event.message,
    metrics: event.metrics.map((point) => ({ ...point, at })),
  });
}
