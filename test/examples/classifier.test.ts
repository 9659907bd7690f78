/** The demo's classifier: that it learns, that its slopes are right, and that a resumed run is the run it resumes. */
import { mkdtemp, readdir, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bytesOf, CheckpointError, restoreCheckpoint, saveCheckpoint } from "../../examples/demo/checkpoint.ts";
import { addGradient, newGradient, newNetwork, predict } from "../../examples/demo/classifier.ts";
import type { Corpus, Passage } from "../../examples/demo/corpus.ts";
import { evaluate } from "../../examples/demo/evaluation.ts";
import { exampleOf } from "../../examples/demo/features.ts";
import { randomFrom } from "../../examples/demo/random.ts";
import { newTraining, stepCount, stepsPerEpoch, trainingSpec, trainStep } from "../../examples/demo/training.ts";

const spec = trainingSpec.parse({ epochs: 6, batch_size: 8, hidden_units: 8, bucket_bits: 10, learning_rate: 0.05 });

const vocabularies = [
  "table index query row column transaction commit schema select join",
  "terminal colour cursor bar width column prompt option flag argument",
  "stream message call deadline channel status client server method field",
].map((words) => words.split(" "));

function corpusOf(seed: number): Corpus {
  const random = randomFrom(seed, 0);
  const passages = (count: number): Passage[] => Array.from({ length: count }, (_, index) => {
    const topic = index % vocabularies.length;
    const words = vocabularies[topic]!;
    const text = Array.from({ length: 12 }, () => words[Math.floor(random() * words.length)]).join(" ");
    return { text, topic };
  });
  const topics = ["database", "terminal", "rpc"];
  return { topics, train: passages(96), heldOut: passages(30), documentCount: 2, fingerprint: `corpus ${seed}` };
}

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millwright-demo-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("addGradient", () => {
  test("agrees with finite differences in every parameter it touches", () => {
    const network = newNetwork({ buckets: 64, hidden: 5, topics: 3 }, 7);
    const batch = corpusOf(7).train.slice(0, 4).map((passage) => exampleOf(passage, 64));
    const gradient = newGradient(network);
    addGradient(network, batch, { gradient });
    const lossAt = (index: number, value: number): number => {
      const before = network.parameters[index]!;
      network.parameters[index] = value;
      const loss = addGradient(network, batch, { gradient: newGradient(network) });
      network.parameters[index] = before;
      return loss;
    };

    const errors = [...gradient.touched].flatMap((row) => Array.from({ length: 5 }, (_, unit) => {
      const index = row * 5 + unit;
      const [low, high] = [network.parameters[index]! - 0.01, network.parameters[index]! + 0.01];
      return Math.abs(gradient.values[index]! - (lossAt(index, high) - lossAt(index, low)) / 0.02);
    }));

    expect(gradient.touched.size).toBeGreaterThan(40);
    expect(Math.max(...gradient.values.map(Math.abs))).toBeGreaterThan(0.05);
    expect(Math.max(...errors)).toBeLessThan(1e-4);
  });

  test("leaves rows of absent features alone", () => {
    const network = newNetwork({ buckets: 1024, hidden: 4, topics: 3 }, 7);
    const example = exampleOf({ text: "one two", topic: 1 }, 1024);
    const gradient = newGradient(network);

    addGradient(network, [example], { gradient });

    const rows = [...example.buckets, 1024, 1025, 1026, 1027];
    expect([...gradient.touched].sort((a, b) => a - b)).toEqual(rows.sort((a, b) => a - b));
  });
});

describe("trainStep", () => {
  test("brings the loss down and tells unseen passages apart", () => {
    const training = newTraining(corpusOf(1), spec);
    const before = evaluate(training.network, training.heldOut);

    const losses = Array.from({ length: stepCount(training) }, () => trainStep(training));

    const after = evaluate(training.network, training.heldOut);
    const epoch = stepsPerEpoch(training);
    expect(mean(losses.slice(-epoch))).toBeLessThan(mean(losses.slice(0, epoch)) / 2);
    expect(after.logLoss).toBeLessThan(before.logLoss / 2);
    expect(after.accuracy).toBeGreaterThan(0.9);
    expect(after.majorityAccuracy).toBeCloseTo(1 / 3);
  });

  test("depends on the seed and on nothing else", () => {
    const [one, same, other] = [spec, spec, { ...spec, seed: 2 }].map((each) => newTraining(corpusOf(1), each));

    for (const training of [one!, same!, other!]) for (let step = 0; step < 5; step++) trainStep(training);

    expect(one!.network.parameters).toEqual(same!.network.parameters);
    expect(one!.network.parameters).not.toEqual(other!.network.parameters);
  });
});

describe("restoreCheckpoint", () => {
  test("goes on to the same parameters, bit for bit, from any step", async () => {
    const straight = newTraining(corpusOf(1), spec);
    for (let step = 0; step < 30; step++) trainStep(straight);

    for (const stop of [1, 11, 12, 13, 29]) {
      const first = newTraining(corpusOf(1), spec);
      for (let step = 0; step < stop; step++) trainStep(first);
      await saveCheckpoint(join(folder, "resumed"), first);
      const second = newTraining(corpusOf(1), spec);
      await restoreCheckpoint(join(folder, "resumed"), second);

      expect(second.stepsDone).toBe(stop);
      while (second.stepsDone < 30) trainStep(second);
      expect(bytesOf(second).equals(bytesOf(straight))).toBe(true);
    }
  });

  test("refuses a checkpoint of another corpus or another spec", async () => {
    await saveCheckpoint(join(folder, "other"), newTraining(corpusOf(1), spec));

    const restored = [newTraining(corpusOf(2), spec), newTraining(corpusOf(1), { ...spec, seed: 2 })]
      .map((training) => restoreCheckpoint(join(folder, "other"), training));

    for (const result of await Promise.allSettled(restored)) {
      expect(result).toMatchObject({ status: "rejected", reason: expect.any(CheckpointError) });
    }
  });

  test("refuses a file that ends early", async () => {
    const path = join(folder, "short");
    await saveCheckpoint(path, newTraining(corpusOf(1), spec));
    await truncate(path, 1000);

    await expect(restoreCheckpoint(path, newTraining(corpusOf(1), spec))).rejects.toThrow("1000 bytes instead of");
  });
});

describe("saveCheckpoint", () => {
  test("writes the run as it stood at the call, whole or not at all", async () => {
    const training = newTraining(corpusOf(1), spec);
    const standing = bytesOf(training);

    const saved = saveCheckpoint(join(folder, "standing"), training);
    trainStep(training);
    await saved;

    const restored = newTraining(corpusOf(1), spec);
    await restoreCheckpoint(join(folder, "standing"), restored);
    expect(bytesOf(restored).equals(standing)).toBe(true);
    expect((await readdir(folder)).filter((name) => name.endsWith(".part"))).toEqual([]);
  });
});

describe("predict", () => {
  test("shares out exactly one among the topics, whatever the text", () => {
    const network = newNetwork({ buckets: 64, hidden: 4, topics: 3 }, 1);

    const sums = ["", "words of no topic", "x".repeat(5000)].map((text) => {
      return predict(network, exampleOf({ text, topic: 0 }, 64)).reduce((sum, share) => sum + share, 0);
    });

    for (const sum of sums) expect(sum).toBeCloseTo(1, 10);
  });
});

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
