/**
 * What the demo says at its end: the metrics, whether everything it promises happened, and what to try next.
 */
import * as z from "zod";
import { type JobEvent, JobEventType } from "../../gen/ts/millwright/v1/job_pb.ts";
import { findTakeover, gapsOf, pointsOf, type Takeover } from "./history.ts";

/** One thing that the demo promises, and what was seen of it. */
export interface Check {
  holds: boolean;
  /** What was seen, in a sentence that is true either way. */
  seen: string;
}

/** The `metrics_json` of a completed demo job. */
const finalMetrics = z.object({
  accuracy: z.number(),
  macro_f1: z.number(),
  held_out_loss: z.number(),
  majority_accuracy: z.number(),
  chance_accuracy: z.number(),
  topics: z.array(z.string()),
  topic_recall: z.array(z.number()),
  documents: z.number(),
  train_passages: z.number(),
  held_out_passages: z.number(),
  steps: z.number(),
  resumed_from_step: z.number(),
});

type FinalMetrics = z.infer<typeof finalMetrics>;

/** The metrics that the job ended with; `undefined` when it did not complete with any. */
export function readMetrics(events: JobEvent[]): FinalMetrics | undefined {
  const json = events.at(-1)?.job?.metricsJson;
  return json === undefined ? undefined : finalMetrics.safeParse(JSON.parse(json)).data;
}

/** Whether all that the demo promises happened; `killedWorker` is how the first worker ended. */
export function checksOf(events: JobEvent[], killedWorker: number | NodeJS.Signals | undefined): Check[] {
  const metrics = readMetrics(events);
  const losses = pointsOf(events, "loss").map((point) => point.value);
  const [firstLoss = 0, lastLoss = 0] = [losses[0], losses.at(-1)];
  const takeover = findTakeover(events);
  return [
    { holds: gapsOf(events).length === 0, seen: `the watch delivered ${events.length} events, numbered without a gap` },
    { holds: lastLoss < firstLoss, seen: `the training loss went from ${firstLoss.toFixed(3)} to ${lastLoss.toFixed(3)}` },
    { holds: killedWorker === "SIGKILL", seen: `the first worker ended with ${killedWorker ?? "nothing: it was never killed"}` },
    ...takeoverChecks(takeover),
    {
      holds: events.at(-1)?.type === JobEventType.COMPLETED,
      seen: `the last event is ${lastWords(events)}`,
    },
    {
      holds: (metrics?.accuracy ?? 0) > (metrics?.majority_accuracy ?? 1),
      seen: `the model is right about ${percent(metrics?.accuracy)} of the held-out passages, naming the most common topic`
        + ` about ${percent(metrics?.majority_accuracy)}`,
    },
  ];
}

/** The metrics in lines. */
export function metricLines(events: JobEvent[]): string[] {
  const metrics = readMetrics(events);
  if (metrics === undefined) return ["none"];
  const losses = pointsOf(events, "loss").map((point) => point.value);
  const baselines = `most common topic ${percent(metrics.majority_accuracy)}, chance ${percent(metrics.chance_accuracy)}`;
  const recalls = metrics.topics.map((topic, index) => `${topic} ${percent(metrics.topic_recall[index])}`);
  return [
    ["held-out accuracy", `${percent(metrics.accuracy)}  (${baselines})`],
    ["held-out macro F1", metrics.macro_f1.toFixed(3)],
    ["held-out loss", metrics.held_out_loss.toFixed(3)],
    ["training loss", `${losses[0]?.toFixed(3)} -> ${losses.at(-1)?.toFixed(3)} in ${metrics.steps} steps`],
    ["recall by topic", recalls.slice(0, 4).join(", ")],
    ["", recalls.slice(4).join(", ")],
    ["passages", `${metrics.train_passages} to train, ${metrics.held_out_passages} of other documents to test`],
    ["model digest", events.at(-1)?.job?.snapshotId ?? "none"],
  ].map(([name = "", value = ""]) => `${name.padEnd(18)} ${value}`);
}

/** Three calls that work as they stand, once `npm start` serves the same data. */
export function tryLines(jobId: string, dataFolder: string): string[] {
  const { DATABASE_URL, MILLWRIGHT_DATA_DIR, MILLWRIGHT_GRPC_PORT = "50051" } = process.env;
  const call = (body: object, method: string): string => {
    return `grpcurl -plaintext -d '${JSON.stringify(body)}' 127.0.0.1:${MILLWRIGHT_GRPC_PORT} millwright.v1.${method}`;
  };
  const start = `${DATABASE_URL === undefined ? "" : "env -u DATABASE_URL "}npm start`;
  const folder = MILLWRIGHT_DATA_DIR === undefined ? "" : `MILLWRIGHT_DATA_DIR=${dataFolder} `;
  return [
    `The server has stopped; the data is in ${dataFolder}. Serve it with \`${folder}${start}\`, then try:`,
    call({ id: jobId }, "JobService/WatchJob"),
    call({ id: jobId, keys: ["loss", "held_out_loss"] }, "JobService/ListJobMetrics"),
    call({ name: "train_topic_classifier" }, "JobService/ListJobs"),
  ];
}

function takeoverChecks(takeover: Takeover | undefined): Check[] {
  if (takeover === undefined) return [{ holds: false, seen: "no other worker leased the job after an expired lease" }];
  const { lostAttempt, lostWorker, nextAttempt, nextWorker, resumedFromStep } = takeover;
  return [
    {
      holds: nextAttempt === lostAttempt + 1 && nextWorker !== lostWorker,
      seen: `the lease of ${lostWorker} expired and attempt ${nextAttempt} went to ${nextWorker}`,
    },
    { holds: resumedFromStep > 0, seen: `training went on from step ${resumedFromStep}` },
  ];
}

function lastWords(events: JobEvent[]): string {
  const last = events.at(-1);
  if (last === undefined) return "missing";
  if (last.type === JobEventType.COMPLETED) return `the completion, with a model of digest ${last.job?.snapshotId.slice(0, 19)}...`;
  return `not the completion: ${last.message || last.job?.errorMessage || last.job?.cancelReason}`;
}

function percent(share = 0): string {
  return `${(share * 100).toFixed(1)} %`;
}
