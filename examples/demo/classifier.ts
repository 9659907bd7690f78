/**
 * A small text classifier: hashed features, one hidden layer of tanh units, softmax over the topics, AdaGrad.
 *
 * Plain typed arrays and no dependency. A step is a function of the parameters, its examples and its random draws
 * alone, so a run that goes on from a checkpoint ends with the same parameters as one that never stopped, bit for bit.
 */
import type { Example } from "./features.ts";
import { randomFrom } from "./random.ts";

/** The sizes of a network. */
export interface Shape {
  buckets: number;
  hidden: number;
  topics: number;
}

/**
 * What training changes. Parameters are rows of `shape.hidden` numbers: one for each bucket, one with the biases of the
 * hidden units, one for each topic. AdaGrad keeps one number for each row.
 */
export interface Network {
  shape: Shape;
  parameters: Float32Array;
  squares: Float32Array;
}

/** The slope of the loss in each parameter; zero outside the touched rows, which are all that a step has to visit. */
export interface Gradient {
  values: Float32Array;
  touched: Set<number>;
}

/** What a step leaves out at random, so that no single word or unit decides. */
export interface Dropout {
  share: number;
  random: () => number;
}

/** Keeps AdaGrad's first steps finite. */
const SQUARE_MIN = 1e-8;

/** A network with random weights, the same for the same seed. */
export function newNetwork(shape: Shape, seed: number): Network {
  const random = randomFrom(seed, 1);
  const rows = shape.buckets + 1 + shape.topics;
  const outputStart = (shape.buckets + 1) * shape.hidden;
  // Buckets begin near zero: one that training never touches must not speak up later.
  const parameters = new Float32Array(rows * shape.hidden).map((_, index) => {
    return (random() * 2 - 1) * (index < outputStart ? 0.1 : 1 / Math.sqrt(shape.hidden));
  });
  return { shape, parameters, squares: new Float32Array(rows) };
}

/** A gradient of zeros; one is enough for a whole run. */
export function newGradient(network: Network): Gradient {
  return { values: new Float32Array(network.parameters.length), touched: new Set() };
}

/** Learns from one batch and answers its mean loss before the step. Leaves `gradient` at zero. */
export function step(
  network: Network,
  batch: Example[],
  options: { gradient: Gradient; learningRate: number; dropout: Dropout },
): number {
  const loss = addGradient(network, batch, options);
  descend(network, options.gradient, options.learningRate);
  return loss;
}

/** The mean loss of a batch, whose slopes it adds to `gradient`. */
export function addGradient(
  network: Network,
  batch: Example[],
  options: { gradient: Gradient; dropout?: Dropout },
): number {
  const { shape: { buckets, hidden: size, topics }, parameters } = network;
  const { values, touched } = options.gradient;
  const slope = (row: number): number => {
    touched.add(row);
    return row * size;
  };
  let loss = 0;
  for (const example of batch) {
    const input = options.dropout === undefined ? example : thinned(example, options.dropout);
    const hidden = hiddenUnits(network, input);
    const shares = topicShares(network, hidden);
    loss -= Math.log(Math.max(shares[example.topic] ?? 0, 1e-12)) / batch.length;
    const back = new Float32Array(size);
    for (let topic = 0; topic < topics; topic++) {
      const error = ((shares[topic] ?? 0) - (topic === example.topic ? 1 : 0)) / batch.length;
      const row = buckets + 1 + topic;
      add(values, slope(row), hidden, 0, size, error);
      add(back, 0, parameters, row * size, size, error);
    }
    for (let unit = 0; unit < size; unit++) back[unit] = back[unit]! * (1 - hidden[unit]! * hidden[unit]!);
    add(values, slope(buckets), back, 0, size, 1);
    for (const [index, bucket] of input.buckets.entries()) add(values, slope(bucket), back, 0, size, input.weights[index]!);
  }
  return loss;
}

/** How likely each topic is, summing to one. */
export function predict(network: Network, example: Example): Float64Array {
  return topicShares(network, hiddenUnits(network, example));
}

/** One step of AdaGrad over the touched rows, which it sets back to zero. */
function descend(network: Network, gradient: Gradient, learningRate: number): void {
  const { shape: { hidden: size }, parameters, squares } = network;
  for (const row of gradient.touched) {
    const start = row * size;
    squares[row] = squares[row]! + dot(gradient.values, start, gradient.values, start, size) / size;
    add(parameters, start, gradient.values, start, size, -learningRate / Math.sqrt(squares[row]! + SQUARE_MIN));
    gradient.values.fill(0, start, start + size);
  }
  gradient.touched.clear();
}

function hiddenUnits({ shape, parameters }: Network, example: Pick<Example, "buckets" | "weights">): Float32Array {
  const size = shape.hidden;
  const units = parameters.slice(shape.buckets * size, (shape.buckets + 1) * size);
  for (const [index, bucket] of example.buckets.entries()) {
    add(units, 0, parameters, bucket * size, size, example.weights[index]!);
  }
  return units.map(Math.tanh);
}

function topicShares({ shape, parameters }: Network, hidden: Float32Array): Float64Array {
  const { buckets, hidden: size, topics } = shape;
  const scores = new Float64Array(topics).map((_, topic) => dot(hidden, 0, parameters, (buckets + 1 + topic) * size, size));
  const highest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - highest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** An example without a random share of its features; the others grow, so that the sum stays the same on average. */
function thinned(example: Example, { share, random }: Dropout): Pick<Example, "buckets" | "weights"> {
  const kept = example.buckets.map(() => (random() < share ? 0 : 1));
  return {
    buckets: example.buckets.filter((_, index) => kept[index] === 1),
    weights: example.weights.filter((_, index) => kept[index] === 1).map((weight) => weight / (1 - share)),
  };
}

function add(into: Float32Array, at: number, from: Float32Array, start: number, size: number, factor: number): void {
  for (let index = 0; index < size; index++) into[at + index] = into[at + index]! + from[start + index]! * factor;
}

function dot(a: Float32Array, aStart: number, b: Float32Array, bStart: number, size: number): number {
  let sum = 0;
  for (let index = 0; index < size; index++) sum += a[aStart + index]! * b[bStart + index]!;
  return sum;
}
