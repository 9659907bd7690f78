/**
 * One training run: what is learnt, in which order, and where it stands.
 *
 * Everything that a step draws at random follows from the seed and the number of the step. The network and that number
 * are therefore all that a checkpoint has to hold.
 */
import * as z from "zod";
import { type Gradient, type Network, newGradient, newNetwork, step } from "./classifier.ts";
import type { Corpus } from "./corpus.ts";
import { type Example, exampleOf } from "./features.ts";
import { randomFrom, shuffled } from "./random.ts";

/** What a training job says in its `spec_json`; all of it has a default. */
export const trainingSpec = z.object({
  seed: z.int().min(0).default(1),
  epochs: z.int().min(1).default(28),
  batch_size: z.int().min(1).default(32),
  learning_rate: z.number().positive().default(0.01),
  dropout: z.number().min(0).max(0.9).default(0.5),
  hidden_units: z.int().min(1).default(64),
  // Features are hashed with a mask, so their number is a power of two.
  bucket_bits: z.int().min(8).max(20).default(15),
  passages_per_topic_max: z.int().min(1).default(450),
  held_out_share: z.number().positive().max(0.5).default(0.25),
});

/** A parsed spec. */
export type TrainingSpec = z.infer<typeof trainingSpec>;

/** A run in memory; `network` and `stepsDone` change as it goes on. */
export interface Training {
  readonly spec: TrainingSpec;
  readonly corpus: Corpus;
  readonly train: Example[];
  readonly heldOut: Example[];
  readonly network: Network;
  readonly gradient: Gradient;
  stepsDone: number;
  /** The order of the epoch it was drawn for. */
  order: { epoch: number; examples: Example[] };
}

/** A run at its first step. */
export function newTraining(corpus: Corpus, spec: TrainingSpec): Training {
  const buckets = 2 ** spec.bucket_bits;
  const network = newNetwork({ buckets, hidden: spec.hidden_units, topics: corpus.topics.length }, spec.seed);
  return {
    spec,
    corpus,
    train: corpus.train.map((passage) => exampleOf(passage, buckets)),
    heldOut: corpus.heldOut.map((passage) => exampleOf(passage, buckets)),
    network,
    gradient: newGradient(network),
    stepsDone: 0,
    order: { epoch: -1, examples: [] },
  };
}

/** Steps of one epoch; passages that do not fill a batch wait for the next epoch's order. */
export function stepsPerEpoch(training: Training): number {
  return Math.max(1, Math.floor(training.train.length / training.spec.batch_size));
}

/** Steps of the whole run. */
export function stepCount(training: Training): number {
  return stepsPerEpoch(training) * training.spec.epochs;
}

/** Takes the next step and answers its loss. */
export function trainStep(training: Training): number {
  const { spec, stepsDone, network, gradient } = training;
  const epoch = Math.floor(stepsDone / stepsPerEpoch(training));
  const start = (stepsDone % stepsPerEpoch(training)) * spec.batch_size;
  const batch = examplesInOrder(training, epoch).slice(start, start + spec.batch_size);
  // Streams 2 and up: 0 drew the corpus, 1 the network; even ones are steps, odd ones epochs.
  const random = randomFrom(spec.seed, 2 + 2 * stepsDone);
  const dropout = { share: spec.dropout, random };
  const loss = step(network, batch, { gradient, learningRate: spec.learning_rate, dropout });
  training.stepsDone++;
  return loss;
}

function examplesInOrder(training: Training, epoch: number): Example[] {
  if (training.order.epoch !== epoch) {
    const random = randomFrom(training.spec.seed, 3 + 2 * epoch);
    training.order = { epoch, examples: shuffled(training.train, random) };
  }
  return training.order.examples;
}
