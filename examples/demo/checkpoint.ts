/**
 * A training run in a file: 64 bytes of head, then the network as little-endian Float32.
 *
 * The file appears whole or not at all, so a worker that is killed while it writes leaves the one before. It names the
 * spec and the corpus it belongs to: numbers of another run would load and mean nothing.
 */
import { createHash } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import type { Training } from "./training.ts";

const MAGIC = "MILLDEMO";
const HEAD_BYTES = 64;

/** A file that does not hold a checkpoint of this run; the message says why. */
export class CheckpointError extends Error {
  override readonly name = "CheckpointError";
}

/** Writes the run as it stands at the call; it may go on while the file is written. */
export async function saveCheckpoint(path: string, training: Training): Promise<void> {
  const bytes = bytesOf(training);
  await writeFile(`${path}.part`, bytes);
  await rename(`${path}.part`, path);
}

/** Sets a new run to where the file stands. */
export async function restoreCheckpoint(path: string, training: Training): Promise<void> {
  const bytes = await readFile(path);
  const { parameters, squares } = training.network;
  const size = HEAD_BYTES + (parameters.length + squares.length) * 4;
  if (bytes.length !== size || bytes.toString("latin1", 0, 8) !== MAGIC) {
    throw new CheckpointError(`${path} is not a checkpoint of this network: ${bytes.length} bytes instead of ${size}`);
  }
  if (!bytes.subarray(16, 48).equals(identityOf(training))) {
    throw new CheckpointError(`${path} belongs to another spec or another corpus`);
  }
  training.stepsDone = bytes.readUInt32LE(8);
  const numbers = new Float32Array(bytes.buffer.slice(bytes.byteOffset + HEAD_BYTES, bytes.byteOffset + size));
  parameters.set(numbers.subarray(0, parameters.length));
  squares.set(numbers.subarray(parameters.length));
}

/** The file's content; two runs are at the same point exactly when theirs are equal. */
export function bytesOf(training: Training): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.write(MAGIC, 0, "latin1");
  head.writeUInt32LE(training.stepsDone, 8);
  identityOf(training).copy(head, 16);
  const { parameters, squares } = training.network;
  return Buffer.concat([head, rawBytes(parameters), rawBytes(squares)]);
}

function identityOf(training: Training): Buffer {
  return createHash("sha256").update(JSON.stringify([training.spec, training.corpus.fingerprint])).digest();
}

/** Every platform that Node runs on is little-endian. */
function rawBytes(numbers: Float32Array): Buffer {
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}
