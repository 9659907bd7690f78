/**
 * The built-in embedder: words and character sequences, hashed with a sign into a vector of length 1.
 *
 * It needs no model and is the same everywhere, byte for byte. It finds shared wording, not meaning, which is why every
 * answer made with it says `lexical_only`. The version is in the name: another recipe is another embedder.
 */

// Words that nearly every text has say nothing about it.
const stopWords = new Set(
  ("a an the of to in on for and or is are be was were as at by with from this that it its if not no can will may should"
    + " has have had do does did which when then than into out over under up down all any each other such only also more"
    + " most some these those their them they he she we you your our his her i but so what how there here where who whom"
    + " been being about after before between during both few own same too very just").split(" "),
);

// A word's parts weigh as much as one and a half words, however many they are.
const PARTS_WEIGHT = 1.5;
const PART_LENGTH_MIN = 3;
const PART_LENGTH_MAX = 5;
const WORD_LENGTH_MIN = 4;
// Each feature falls into two buckets, so that one collision cannot hide it.
const BUCKET_COUNT = 2;

/** The vector of a text; all zeros when the text has no feature at all. */
export function lexicalHash(text: string, dimension: number): Float32Array {
  const sums = new Float64Array(dimension);
  for (const [feature, { count, weight }] of featuresOf(text)) {
    const share = (weight * (1 + Math.log(count))) / Math.sqrt(BUCKET_COUNT);
    let hash = mixed(hashed(feature));
    for (let i = 0; i < BUCKET_COUNT; i++) {
      sums[hash % dimension]! += hash >>> 31 === 1 ? share : -share;
      hash = mixed((hash + 0x9e3779b9) >>> 0);
    }
  }
  return unitLength(sums);
}

/** The words of a text as they are hashed: lower case, camel case taken apart, letters and digits only. */
function wordsOf(text: string): string[] {
  return text.normalize("NFKC").replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

interface Feature {
  count: number;
  readonly weight: number;
}

function featuresOf(text: string): Map<string, Feature> {
  const all = wordsOf(text);
  const telling = all.filter((word) => !stopWords.has(word));
  const features = new Map<string, Feature>();
  const add = (name: string, weight: number) => {
    const feature = features.get(name);
    if (feature === undefined) features.set(name, { count: 1, weight });
    else feature.count++;
  };
  // A text of stop words alone, or of signs alone, is still a text that can be searched for.
  const words = telling.length > 0 ? telling : all.length > 0 ? all : [text.trim()].filter((word) => word !== "");
  for (const word of words) {
    add(`w${word}`, 1);
    if (word.length < WORD_LENGTH_MIN) continue;
    const framed = `<${word}>`;
    for (let length = PART_LENGTH_MIN; length <= PART_LENGTH_MAX; length++) {
      const partCount = Math.max(1, framed.length - length + 1) * (PART_LENGTH_MAX - PART_LENGTH_MIN + 1);
      const weight = PARTS_WEIGHT / Math.sqrt(partCount);
      for (let at = 0; at + length <= framed.length; at++) add(`c${framed.slice(at, at + length)}`, weight);
    }
  }
  return features;
}

/** FNV-1a over the UTF-16 units, low byte first; a zero high byte is left out. */
function hashed(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193);
    if (unit > 0xff) hash = Math.imul(hash ^ (unit >>> 8), 0x01000193);
  }
  return hash >>> 0;
}

/** The finaliser of MurmurHash3: spreads what FNV leaves in the low bits. */
function mixed(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function unitLength(sums: Float64Array): Float32Array {
  let squares = 0;
  for (const sum of sums) squares += sum * sum;
  const length = Math.sqrt(squares);
  return Float32Array.from(sums, (sum) => (length === 0 ? 0 : sum / length));
}
