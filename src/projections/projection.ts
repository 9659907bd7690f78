/**
 * The rules of projection: what a chunk's hash is, which claimed work is stale, in what order and size batches are cut,
 * and what a failure costs.
 *
 * Pure: no clock, no database, no protobuf.
 *
 * Invariants:
 *   - A vector is stored only under the hash of the text that it was made of.
 *   - Incremental work goes first, and one batch in sixteen is backfill's.
 *   - A failure that may be an item's own fault isolates it, so that it cannot hold back the others for ever.
 */
import { createHash } from "node:crypto";

/** Work with this priority or a higher one is incremental, with a lower one backfill. */
export const INCREMENTAL_PRIORITY = 1_000;
/** The priority of what a backfill enqueues. */
export const BACKFILL_PRIORITY = 0;
export const PRIORITY_MIN = -1_000_000;
export const PRIORITY_MAX = 1_000_000;

/** Items that one tick claims of incremental work, and of any. */
export const INCREMENTAL_BATCH_MAX = 64;
export const BACKFILL_BATCH_MAX = 32;

/** Every so many batches of a slot, one is backfill's. */
export const BACKFILL_SHARE = 16;

/** What a slot is for. */
export type SlotRole = "building" | "active" | "previous" | "retired";

/** Why work was given up, in the words that callers see. */
export const discardReasons = {
  chunkGone: "chunk no longer exists",
  hashMismatch: "canonical_hash mismatch",
  profileChanged: "embedding profile changed",
} as const;
export type DiscardReason = (typeof discardReasons)[keyof typeof discardReasons];

export const EMBEDDER_UNAVAILABLE = "embedder unavailable";
export const INVALID_VECTOR = "embedder returned invalid vector";
export const LEASE_EXPIRED = "lease expired before the batch was applied";

/** SHA-256 of the chunk's id, one zero byte and its text: two chunks with the same text differ. */
export function canonicalHash(chunkId: string, text: string): Buffer {
  return createHash("sha256").update(chunkId).update("\0").update(text).digest();
}

// What most byte-pair tokenizers need, by and large; a wrong guess only makes a batch larger or smaller.
const BYTES_PER_TOKEN = 4;

/** About how many tokens a text has. */
export function estimatedTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);
}

/** The text cut to about `tokensMax` tokens, at the edge of a character. */
export function cutToTokens(text: string, tokensMax: number): string {
  const bytes = Buffer.from(text);
  let end = Math.min(bytes.length, tokensMax * BYTES_PER_TOKEN);
  while (end > 0 && end < bytes.length && (bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end).toString();
}

/** What claimed work is held against: its chunk as it is now, and the slot that it is for. */
export interface Triaged {
  /** The hash that the work was enqueued with. */
  readonly canonicalHash: Uint8Array;
  /** The chunk's present hash; undefined when the chunk is gone. */
  readonly currentHash: Uint8Array | undefined;
  readonly slotRole: SlotRole;
}

/** Why an item is not worth embedding, or `undefined` when it is. The first reason in the list wins. */
export function staleReason({ canonicalHash, currentHash, slotRole }: Triaged): DiscardReason | undefined {
  if (currentHash === undefined) return discardReasons.chunkGone;
  if (Buffer.compare(canonicalHash, currentHash) !== 0) return discardReasons.hashMismatch;
  return slotRole === "retired" ? discardReasons.profileChanged : undefined;
}

/** Tells whether work of this priority is counted as incremental. */
export function isIncremental(priority: number): boolean {
  return priority >= INCREMENTAL_PRIORITY;
}

/** Which work a batch is cut from. */
export type Band = "incremental" | "backfill" | "any";

/** The bands that batch number `batchNo` of a slot tries, in order: the last of sixteen is backfill's. */
export function bandsOf(batchNo: number): readonly Band[] {
  return batchNo % BACKFILL_SHARE === BACKFILL_SHARE - 1 ? ["backfill", "any"] : ["incremental", "any"];
}

/** The priorities of a band, both ends included. */
export function prioritiesOf(band: Band): { readonly min: number; readonly max: number } {
  if (band === "incremental") return { min: INCREMENTAL_PRIORITY, max: PRIORITY_MAX };
  return { min: PRIORITY_MIN, max: band === "backfill" ? INCREMENTAL_PRIORITY - 1 : PRIORITY_MAX };
}

/** How many items the server's own tick claims of a band. */
export function batchMaxOf(band: Band): number {
  return band === "incremental" ? INCREMENTAL_BATCH_MAX : BACKFILL_BATCH_MAX;
}

// After three failures an item travels with few others, after the fourth alone.
const CHARGES_TO_SPLIT = 3;
const CHARGES_TO_ISOLATE = 4;
const SMALL_BATCH = 8;
// A worker that dies with a text in hand may be a machine that died: such ends are forgiven longer.
const CHARGES_BY_EXPIRY_MAX = 7;

/** Items that may share a batch: their charges lie in the range, and no more of them than `countMax`. */
export interface Isolation {
  readonly chargesMin: number;
  readonly chargesMax: number;
  readonly countMax: number;
}

/** The company that an item with so many charges may travel in. */
export function isolationOf(charges: number): Isolation {
  if (charges >= CHARGES_TO_ISOLATE) return { chargesMin: CHARGES_TO_ISOLATE, chargesMax: 32_767, countMax: 1 };
  if (charges >= CHARGES_TO_SPLIT) return { chargesMin: CHARGES_TO_SPLIT, chargesMax: CHARGES_TO_SPLIT, countMax: SMALL_BATCH };
  return { chargesMin: 0, chargesMax: CHARGES_TO_SPLIT - 1, countMax: Number.MAX_SAFE_INTEGER };
}

/** Tells whether an item that came back alone with so many charges before has had all its chances. */
export function isSpent(charges: number): boolean {
  return charges >= CHARGES_TO_ISOLATE;
}

/** After how many charges a lease that runs out fails its items. */
export const EXPIRY_CHARGES_MAX = CHARGES_BY_EXPIRY_MAX;

const BACKOFF_MS_MAX = 300_000;

/** How long an item waits that came back for the `attempts`-th time; `jitter` is from 0 to 1. */
export function backoffMs(attempts: number, baseMs: number, jitter: number): number {
  const exponent = Math.min(Math.max(attempts, 1) - 1, 30);
  return Math.min(BACKOFF_MS_MAX, baseMs * 2 ** exponent) * (0.8 + 0.4 * jitter);
}
