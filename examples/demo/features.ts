/**
 * Turns a text into a sparse vector: its words, pairs of words and groups of letters, hashed into a fixed number of
 * buckets, so that no vocabulary has to be built, stored or shipped with the model.
 */
import { wordsOf } from "./passages.ts";

/** A sparse vector of length one, with its label. */
export interface Example {
  buckets: Uint32Array;
  weights: Float32Array;
  topic: number;
}

/** The example of one passage; `bucketCount` is a power of two. */
export function exampleOf(passage: { text: string; topic: number }, bucketCount: number): Example {
  const counts = new Map<number, number>();
  const add = (feature: string): void => {
    const bucket = hash32(feature) & (bucketCount - 1);
    counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  };
  const words = wordsOf(passage.text);
  for (const [index, word] of words.entries()) {
    add(`w ${word}`);
    if (index > 0) add(`p ${words[index - 1]} ${word}`);
    for (const group of letterGroups(word)) add(`g ${group}`);
  }
  const weights = Float32Array.from(counts.values(), (count) => 1 + Math.log(count));
  const length = Math.hypot(...weights) || 1;
  return { buckets: Uint32Array.from(counts.keys()), weights: weights.map((weight) => weight / length), topic: passage.topic };
}

/** FNV-1a with a final mix, because only the low bits are used. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** All groups of three to five letters of a word, whose ends are marked. */
function letterGroups(word: string): string[] {
  const marked = `<${word}>`;
  const groups: string[] = [];
  for (let size = 3; size <= 5; size++) {
    for (let start = 0; start + size <= marked.length; start++) groups.push(marked.slice(start, start + size));
  }
  return groups;
}
