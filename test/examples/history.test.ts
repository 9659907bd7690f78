/** What the demo reads out of a job's events: the takeover, the gaps, and a history that fits on a screen. */
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { findTakeover, gapsOf, historyLines, pointsOf } from "../../examples/demo/history.ts";
import { checksOf } from "../../examples/demo/report.ts";
import { type JobEvent, JobEventSchema, JobEventType } from "../../gen/ts/millwright/v1/job_pb.ts";

const { SUBMITTED, LEASED, PROGRESS, METRICS, CHECKPOINT, LEASE_EXPIRED, COMPLETED } = JobEventType;

interface Told {
  type: JobEventType;
  worker?: string;
  attempt?: number;
  progress?: number;
  metrics?: [string, number][];
  message?: string;
}

const metricsJson = JSON.stringify({
  accuracy: 0.7, macro_f1: 0.6, held_out_loss: 1, majority_accuracy: 0.2, chance_accuracy: 0.5, topics: ["a", "b"],
  topic_recall: [0.6, 0.8], documents: 3, train_passages: 20, held_out_passages: 5, steps: 100, resumed_from_step: 40,
});

function eventsOf(story: Told[]): JobEvent[] {
  return story.map(({ type, worker = "", attempt = 0, progress = 0, metrics = [], message = "" }, index) => {
    const last = type === COMPLETED ? { metricsJson, outputModel: { name: "m", version: 2 } } : {};
    return create(JobEventSchema, {
      seq: BigInt(index + 1), type, message, at: timestampFromMs(1_000 * index),
      job: { workerId: worker, attempt, progress, ...last },
      metrics: metrics.map(([key, value]) => ({ key, step: BigInt(index), value })),
    });
  });
}

const takenOver: Told[] = [
  { type: SUBMITTED },
  { type: LEASED, worker: "one", attempt: 1 },
  { type: PROGRESS, worker: "one", attempt: 1, progress: 20 },
  { type: METRICS, worker: "one", attempt: 1, progress: 20, metrics: [["loss", 2]] },
  { type: CHECKPOINT, worker: "one", attempt: 1, progress: 20 },
  { type: PROGRESS, worker: "one", attempt: 1, progress: 40 },
  { type: LEASE_EXPIRED, attempt: 1, message: "gone" },
  { type: LEASED, worker: "two", attempt: 2 },
  { type: METRICS, worker: "two", attempt: 2, progress: 40, metrics: [["resumed_from_step", 40], ["loss", 0.5]] },
  { type: COMPLETED, worker: "two", attempt: 2, progress: 100 },
];

describe("findTakeover", () => {
  test("names both workers, both attempts and the step it went on from", () => {
    expect(findTakeover(eventsOf(takenOver))).toEqual({
      lostWorker: "one", lostAttempt: 1, nextWorker: "two", nextAttempt: 2, resumedFromStep: 40,
    });
  });

  test("finds none without an expired lease, or before the next worker came", () => {
    expect(findTakeover(eventsOf(takenOver.filter(({ type }) => type !== LEASE_EXPIRED)))).toBeUndefined();
    expect(findTakeover(eventsOf(takenOver.slice(0, 7)))).toBeUndefined();
  });
});

describe("historyLines", () => {
  test("folds dense events between two that matter into one line", () => {
    expect(historyLines(eventsOf(takenOver)).map((line) => line.replaceAll(/ +/g, " "))).toEqual([
      "#1 0.0 s submitted",
      "#2 1.0 s leased attempt 1 by one",
      "#3-6 2.0 s 2 progress, 1 metric, 1 checkpoint events, up to 40 %",
      "#7 6.0 s lease expired gone",
      "#8 7.0 s leased attempt 2 by two",
      "#9 8.0 s 0 progress, 1 metric, 0 checkpoint events, up to 40 %",
      "#10 9.0 s completed",
    ]);
  });
});

describe("gapsOf", () => {
  test("finds a missing and a repeated event, and nothing in a whole history", () => {
    const events = eventsOf(takenOver);

    expect(gapsOf(events)).toEqual([]);
    expect(gapsOf(events.toSpliced(3, 1))).not.toEqual([]);
    expect(gapsOf(events.toSpliced(3, 0, events[3]!))).not.toEqual([]);
  });
});

describe("pointsOf", () => {
  test("keeps one metric's points in order", () => {
    expect(pointsOf(eventsOf(takenOver), "loss").map((point) => point.value)).toEqual([2, 0.5]);
  });
});

describe("checksOf", () => {
  const broken = (story: Told[], ending: NodeJS.Signals | undefined = "SIGKILL"): string[] => {
    return checksOf(eventsOf(story), ending).filter((check) => !check.holds).map((check) => check.seen);
  };

  test("all hold for a job that was taken over and completed", () => {
    expect(broken(takenOver)).toEqual([]);
  });

  test("notices a worker that was not killed", () => {
    expect(broken(takenOver, "SIGTERM")).toEqual(["the first worker ended with SIGTERM"]);
  });

  test("notices a loss that did not fall", () => {
    const flat = takenOver.map((told) => (told.worker === "one" ? { ...told, metrics: [["loss", 0.5] as [string, number]] } : told));

    expect(broken(flat)).toEqual(["the training loss went from 0.500 to 0.500"]);
  });

  test("notices a second worker that started over", () => {
    const restarted = takenOver.map((told) => (told.worker === "two" ? { ...told, metrics: [["loss", 0.5] as [string, number]] } : told));

    expect(broken(restarted)).toEqual(["training went on from step 0"]);
  });

  test("notices a job that did not complete", () => {
    expect(broken(takenOver.slice(0, -1))).toHaveLength(2);
  });
});
