/**
 * What the worker does with a lease: trains the classifier, reports as it goes, saves checkpoints, and hands in a model.
 *
 * Stops within a few dozen milliseconds of being told to, and gives way to the lease keeper between slices of steps.
 */
import { createHash } from "node:crypto";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as yieldToEvents } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { bytesOf, CheckpointError, restoreCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import { readCorpus } from "./corpus.ts";
import { type Evaluation, evaluate } from "./evaluation.ts";
import type { HeldJob, JobResult, LeaseKeeper } from "./lease-keeper.ts";
import { newTraining, stepCount, stepsPerEpoch, trainingSpec, type Training, trainStep } from "./training.ts";

/** Where things are, and whom to tell. */
export interface TrainJobOptions {
  keeper: LeaseKeeper;
  /** The `node_modules` to learn from. */
  corpusFolder: string;
  /** Checkpoints and models are kept here, in a folder for each job. */
  artifactFolder: string;
  /** Aborts when the process should give its work back. */
  shutdown: AbortSignal;
}

/** Longest time between two looks at the event loop. */
const SLICE_MS = 25;
/** A lost worker costs at most this much work. */
const CHECKPOINT_MS = 1_000;

/** Runs a training job; answers its result, or `undefined` when the lease is lost and there is nobody to tell. */
export async function trainJob(job: HeldJob, options: TrainJobOptions): Promise<JobResult | undefined> {
  const spec = trainingSpec.safeParse(JSON.parse(job.lease.job?.specJson || "{}"));
  if (!spec.success) return failed(`spec_json is not a training spec: ${spec.error.message}`);
  const { seed, passages_per_topic_max: passagesPerTopicMax, held_out_share: heldOutShare } = spec.data;
  options.keeper.report(job, { progress: 0, message: "reading the corpus" });
  const corpus = await readCorpus(options.corpusFolder, { seed, passagesPerTopicMax, heldOutShare });
  const run = new Run(job, newTraining(corpus, spec.data), options);
  await run.resume();
  while (!run.isDone && !job.stop.aborted && !options.shutdown.aborted) await run.slice();
  if (job.stop.aborted) return job.stop.reason === "cancelled" ? { case: "cancelled", value: {} } : undefined;
  return run.isDone ? await run.completed() : await run.yielded();
}

/** Clears away the checkpoints of a job that has ended: nobody will go on from them. */
export async function removeCheckpoints(artifactFolder: string, jobId: string): Promise<void> {
  const names = await readdir(join(artifactFolder, jobId)).catch(() => []);
  for (const name of names) {
    if (name.includes(".checkpoint")) await rm(join(artifactFolder, jobId, name), { force: true });
  }
}

class Run {
  readonly #job: HeldJob;
  readonly #training: Training;
  readonly #options: TrainJobOptions;
  readonly #folder: string;
  #resumedFrom = 0;
  #saved: string[] = [];
  #savedAt = performance.now();
  #losses: number[] = [];
  #heldOut: Evaluation;

  constructor(job: HeldJob, training: Training, options: TrainJobOptions) {
    this.#job = job;
    this.#training = training;
    this.#options = options;
    this.#folder = join(options.artifactFolder, job.lease.job?.id ?? "");
    this.#heldOut = evaluate(training.network, training.heldOut);
  }

  get isDone(): boolean {
    return this.#training.stepsDone >= stepCount(this.#training);
  }

  /** Goes on from the checkpoint that came with the lease; one that does not fit is worth less than a fresh start. */
  async resume(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    if (this.#job.lease.checkpoint === "") return;
    try {
      await restoreCheckpoint(fileURLToPath(this.#job.lease.checkpoint), this.#training);
    } catch (error) {
      if (!(error instanceof CheckpointError) && !(error instanceof Error && "code" in error)) throw error;
      this.#tell(`starting over: ${error.message}`);
      return;
    }
    this.#resumedFrom = this.#training.stepsDone;
    this.#heldOut = evaluate(this.#training.network, this.#training.heldOut);
    const metrics = [{ key: "resumed_from_step", step: this.#resumedFrom, value: this.#resumedFrom }];
    this.#options.keeper.report(this.#job, { metrics });
    this.#tell(`resumed from step ${this.#resumedFrom}`);
    // Whoever watches should not have to wait for the next sync to see that nothing is lost.
    await this.#options.keeper.sync();
  }

  /** Trains for a moment, then reports. */
  async slice(): Promise<void> {
    const until = performance.now() + SLICE_MS;
    while (performance.now() < until && !this.isDone) {
      this.#losses.push(trainStep(this.#training));
      if (this.#training.stepsDone % stepsPerEpoch(this.#training) === 0) this.#evaluate();
    }
    if (performance.now() > this.#savedAt + CHECKPOINT_MS) await this.#checkpoint();
    await yieldToEvents();
  }

  /** Hands in the model; its file stands before the completion names it. */
  async completed(): Promise<JobResult> {
    this.#evaluate();
    const bytes = bytesOf(this.#training);
    const path = join(this.#folder, "model.bin");
    await writeFile(path, bytes);
    const digest = createHash("sha256").update(bytes).digest("hex");
    return { case: "completed", value: { metricsJson: JSON.stringify(this.#metrics()), snapshotId: `sha256:${digest}` } };
  }

  /** Gives the job back with everything that was learnt. */
  async yielded(): Promise<JobResult> {
    return { case: "yielded", value: { reason: "the worker shuts down", checkpoint: await this.#save() } };
  }

  #metrics(): Record<string, unknown> {
    const { corpus, stepsDone } = this.#training;
    const { confusion, ...figures } = this.#heldOut;
    return {
      accuracy: figures.accuracy,
      macro_f1: figures.macroF1,
      held_out_loss: figures.logLoss,
      majority_accuracy: figures.majorityAccuracy,
      chance_accuracy: 1 / corpus.topics.length,
      topics: corpus.topics,
      topic_recall: confusion.map((row, topic) => row[topic]! / Math.max(1, row.reduce((sum, count) => sum + count, 0))),
      documents: corpus.documentCount,
      train_passages: corpus.train.length,
      held_out_passages: corpus.heldOut.length,
      steps: stepsDone,
      resumed_from_step: this.#resumedFrom,
    };
  }

  #evaluate(): void {
    const { network, heldOut, stepsDone } = this.#training;
    this.#heldOut = evaluate(network, heldOut);
    const { logLoss, accuracy } = this.#heldOut;
    const metrics = [
      { key: "held_out_loss", step: stepsDone, value: logLoss },
      { key: "held_out_accuracy", step: stepsDone, value: accuracy },
    ];
    this.#options.keeper.report(this.#job, { metrics });
  }

  /** The progress that goes out with a checkpoint is what that checkpoint is worth. */
  async #checkpoint(): Promise<void> {
    const checkpoint = await this.#save();
    const { stepsDone } = this.#training;
    const loss = this.#losses.reduce((sum, value) => sum + value, 0) / Math.max(1, this.#losses.length);
    this.#losses = [];
    this.#options.keeper.report(this.#job, { checkpoint, metrics: [{ key: "loss", step: stepsDone, value: loss }] });
    const { logLoss, accuracy } = this.#heldOut;
    const seen = `held-out ${logLoss.toFixed(3)}, accuracy ${(accuracy * 100).toFixed(1)} %`;
    this.#tell(`loss ${loss.toFixed(3)}, step ${stepsDone} of ${stepCount(this.#training)}, ${seen}`);
    await this.#removeUseless();
  }

  /** The token is part of the name: a worker that lost its lease cannot write over its successor's file. */
  async #save(): Promise<string> {
    const path = join(this.#folder, `step-${this.#training.stepsDone}-${this.#job.lease.leaseToken}.checkpoint`);
    await saveCheckpoint(path, this.#training);
    this.#savedAt = performance.now();
    this.#saved.push(pathToFileURL(path).href);
    return pathToFileURL(path).href;
  }

  /** Whatever was saved before the checkpoint that the server has: it never hands those out again. */
  async #removeUseless(): Promise<void> {
    const useless = this.#saved.splice(0, Math.max(0, this.#saved.indexOf(this.#job.checkpoint)));
    for (const checkpoint of useless) await rm(fileURLToPath(checkpoint), { force: true });
  }

  #tell(message: string): void {
    const progress = Math.floor((100 * this.#training.stepsDone) / stepCount(this.#training));
    this.#options.keeper.report(this.#job, { progress, message });
  }
}

function failed(errorMessage: string): JobResult {
  return { case: "failed", value: { errorMessage, retryable: false } };
}
