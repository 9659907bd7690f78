/**
 * Vectors as bytes: packed little-endian float32, checked, scaled, signed and scored.
 *
 * Sums are made in float64. Pure.
 */

/** How nearness is measured; a higher score is always nearer. */
export type Metric = "cosine" | "l2" | "dot";

const FLOAT_BYTES = 4;
const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** The values of packed bytes. Copies them only where they lie unaligned. */
export function floatsOf(bytes: Uint8Array): Float32Array {
  if (!isLittleEndian) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Float32Array.from({ length: bytes.byteLength / FLOAT_BYTES }, (_, i) => view.getFloat32(i * FLOAT_BYTES, true));
  }
  if (bytes.byteOffset % FLOAT_BYTES === 0) {
    return new Float32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.byteLength / FLOAT_BYTES));
  }
  const copy = bytes.slice();
  return new Float32Array(copy.buffer, 0, Math.floor(copy.byteLength / FLOAT_BYTES));
}

/** Values packed into bytes of their own. */
export function bytesOf(values: Float32Array): Buffer {
  if (isLittleEndian) return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  const bytes = Buffer.alloc(values.length * FLOAT_BYTES);
  values.forEach((value, i) => bytes.writeFloatLE(value, i * FLOAT_BYTES));
  return bytes;
}

/** What a vector must be like. */
export interface VectorForm {
  readonly dimension: number;
  readonly normalize: boolean;
  readonly metric: Metric;
}

/** What is wrong with a vector, or `undefined`. A vector without length has no direction to scale or compare. */
export function vectorFault(bytes: Uint8Array, { dimension, normalize, metric }: VectorForm): string | undefined {
  if (bytes.byteLength !== dimension * FLOAT_BYTES) return "wrong dimension";
  const values = floatsOf(bytes);
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += values[i]! * values[i]!;
  // One value that is not finite makes the sum so; the sum of float32 squares cannot overflow a float64.
  if (!Number.isFinite(squares)) return "not finite";
  if (squares === 0 && (normalize || metric === "cosine")) return "zero length";
  return undefined;
}

/** The vector as it is stored: scaled to length 1 where the profile says so. */
export function storedForm(bytes: Uint8Array, { normalize }: VectorForm): Uint8Array {
  if (!normalize) return bytes;
  const values = floatsOf(bytes);
  const length = lengthOf(values);
  return bytesOf(values.map((value) => value / length));
}

/** The Euclidean length. */
export function lengthOf(values: Float32Array): number {
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += values[i]! * values[i]!;
  return Math.sqrt(squares);
}

/** One bit per value, 1 where it is positive, filled up with zeros to whole bytes. */
export function signatureOf(bytes: Uint8Array): Buffer {
  const values = floatsOf(bytes);
  const bits = Buffer.alloc(Math.ceil(values.length / 8));
  for (let i = 0; i < values.length; i++) if (values[i]! > 0) bits[i >> 3]! |= 0x80 >> (i & 7);
  return bits;
}

/** A function that scores packed vectors against `query`. */
export function scorerOf(query: Float32Array, metric: Metric): (values: Float32Array) => number {
  if (metric === "l2") return (values) => -distance(query, values);
  if (metric === "dot") return (values) => dot(query, values);
  const queryLength = lengthOf(query);
  return (values) => {
    const lengths = queryLength * lengthOf(values);
    return lengths === 0 ? 0 : Math.max(-1, Math.min(1, dot(query, values) / lengths));
  };
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function distance(a: Float32Array, b: Float32Array): number {
  let squares = 0;
  for (let i = 0; i < a.length; i++) squares += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(squares);
}
