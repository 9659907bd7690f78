/**
 * How well a classifier does on passages it has not seen, next to what guessing would reach.
 */
import { type Network, predict } from "./classifier.ts";
import type { Example } from "./features.ts";

/** Figures of one evaluation; shares are from 0 to 1. */
export interface Evaluation {
  accuracy: number;
  /** The mean over the topics of F1, so that rare topics count as much as common ones. */
  macroF1: number;
  /** Mean negative log-likelihood of the true topic, in nats. */
  logLoss: number;
  /** What always naming the most common topic would reach. */
  majorityAccuracy: number;
  /** Examples by true topic (row) and named topic (column). */
  confusion: number[][];
}

/** Evaluates a network on held-out examples. */
export function evaluate(network: Network, examples: Example[]): Evaluation {
  const topics = network.shape.topics;
  const confusion = Array.from({ length: topics }, () => new Array<number>(topics).fill(0));
  let logLoss = 0;
  for (const example of examples) {
    const shares = predict(network, example);
    logLoss -= Math.log(Math.max(shares[example.topic]!, 1e-12)) / examples.length;
    confusion[example.topic]![shares.indexOf(Math.max(...shares))]! += 1;
  }
  const truths = confusion.map((row) => sum(row));
  const hits = confusion.map((row, topic) => row[topic]!);
  const named = confusion.map((_, topic) => sum(confusion.map((row) => row[topic]!)));
  const f1 = hits.map((hit, topic) => (2 * hit) / Math.max(1, truths[topic]! + named[topic]!));
  return {
    accuracy: sum(hits) / examples.length,
    macroF1: sum(f1) / topics,
    logLoss,
    majorityAccuracy: Math.max(...truths) / examples.length,
    confusion,
  };
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
