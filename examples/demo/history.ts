/**
 * What the events of the demo's job prove, and how they read. Pure: from a list of events to facts and lines.
 */
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type Job, type JobEvent, JobEventType, JobEventTypeSchema, type MetricPoint } from "../../gen/ts/millwright/v1/job_pb.ts";

/** How a job went from a killed worker to the next one. */
export interface Takeover {
  lostWorker: string;
  lostAttempt: number;
  nextWorker: string;
  nextAttempt: number;
  /** The step that the next worker went on from; 0 when it started over or never said. */
  resumedFromStep: number;
}

/** A run of events that reads as one line. */
interface Chapter {
  first: JobEvent;
  last: JobEvent;
  counts: Map<JobEventType, number>;
}

/** Events that come by the dozen while a worker is at it. */
const DENSE = new Map<JobEventType, string>([
  [JobEventType.PROGRESS, "progress"],
  [JobEventType.METRICS, "metric"],
  [JobEventType.CHECKPOINT, "checkpoint"],
]);

/** All reported points of one metric, in the order of their events. */
export function pointsOf(events: JobEvent[], key: string): MetricPoint[] {
  return events.flatMap((event) => event.metrics).filter((point) => point.key === key);
}

/** The first takeover after an expired lease; `undefined` when there was none. */
export function findTakeover(events: JobEvent[]): Takeover | undefined {
  const expired = events.findIndex((event) => event.type === JobEventType.LEASE_EXPIRED);
  const before = events.slice(0, Math.max(0, expired)).findLast((event) => event.type === JobEventType.LEASED)?.job;
  const later = expired < 0 ? [] : events.slice(expired);
  const next = later.find((event) => event.type === JobEventType.LEASED)?.job;
  if (before === undefined || next === undefined) return undefined;
  return {
    lostWorker: before.workerId,
    lostAttempt: before.attempt,
    nextWorker: next.workerId,
    nextAttempt: next.attempt,
    resumedFromStep: pointsOf(later, "resumed_from_step")[0]?.value ?? 0,
  };
}

/** Where the numbers of the events are not 1, 2, 3 and so on; empty when the history is whole. */
export function gapsOf(events: JobEvent[]): bigint[] {
  return events.map((event) => event.seq).filter((seq, index) => seq !== BigInt(index + 1));
}

/** The history in lines, with dense events folded. */
export function historyLines(events: JobEvent[]): string[] {
  const start = timeMs(events[0]);
  return chaptersOf(events).map(({ first, last, counts }) => {
    const seq = first === last ? `#${first.seq}` : `#${first.seq}-${last.seq}`;
    const seconds = `${((timeMs(first) - start) / 1000).toFixed(1)} s`;
    return `${seq.padEnd(9)} ${seconds.padStart(7)}  ${counts.size === 0 ? sparse(first) : dense(last, counts)}`;
  });
}

function chaptersOf(events: JobEvent[]): Chapter[] {
  const chapters: Chapter[] = [];
  for (const event of events) {
    const open = chapters.at(-1);
    if (!DENSE.has(event.type)) {
      chapters.push({ first: event, last: event, counts: new Map() });
    } else if (open === undefined || open.counts.size === 0) {
      chapters.push({ first: event, last: event, counts: new Map([[event.type, 1]]) });
    } else {
      open.last = event;
      open.counts.set(event.type, (open.counts.get(event.type) ?? 0) + 1);
    }
  }
  return chapters;
}

function dense({ job }: JobEvent, counts: Map<JobEventType, number>): string {
  const parts = [...DENSE].map(([type, word]) => `${counts.get(type) ?? 0} ${word}`).join(", ");
  return `${parts} events, up to ${job?.progress ?? 0} %`;
}

function sparse({ type, message, job }: JobEvent): string {
  const name = (JobEventTypeSchema.value[type]?.localName ?? String(type)).toLowerCase().replaceAll("_", " ");
  return [name.padEnd(14), detail(type, job), message].filter((part) => part !== "").join(" ").trim();
}

function detail(type: JobEventType, job: Job | undefined): string {
  return type === JobEventType.LEASED && job !== undefined ? `attempt ${job.attempt} by ${job.workerId}` : "";
}

function timeMs(event: JobEvent | undefined): number {
  return event?.at === undefined ? 0 : timestampMs(event.at);
}
