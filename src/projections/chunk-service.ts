/**
 * Writes and deletes chunks, each call with the work that follows from it in one transaction.
 */
import type { Bell } from "../db/bell.ts";
import type { Database, Tx } from "../db/database.ts";
import {
  type ChunkInput,
  deleteLockedChunks,
  deleteWorkOfChunks,
  deleteVectorsOfChunks,
  dropSatisfiedWork,
  enqueueChunks,
  findOpenSequence,
  lockChunks,
  lockWorkOfChunks,
  raisePriority,
  upsertChunks,
} from "./chunk-store.ts";
import { topicsOfWork } from "./projection-topic.ts";
import { type KindKey, lockKindShared } from "./slot-store.ts";

/** What the services of projections need. */
export interface ProjectionDeps {
  readonly db: Database;
  readonly bell: Bell;
}

/** What a write of chunks came to. */
export interface UpsertResult {
  readonly written: number;
  readonly unchanged: number;
  readonly enqueued: number;
  /** 0 when nothing waits. */
  readonly sequence: bigint;
}

/** Chunks to write. No id may occur twice. */
export interface UpsertCall extends KindKey {
  readonly chunks: readonly ChunkInput[];
  readonly priority: number;
}

/** Writes chunks and enqueues their work, all or none. Safe to repeat. */
export async function upsertChunksOf({ db, bell }: ProjectionDeps, call: UpsertCall): Promise<UpsertResult> {
  // The order of the locks. Byte order, as the database compares these texts.
  const chunks = call.chunks.toSorted((a, b) => Buffer.compare(Buffer.from(a.chunkId), Buffer.from(b.chunkId)));
  const result = await db.transaction((tx) => upsertLocked(tx, { ...call, chunks }), { idempotent: true });
  if (result.enqueued > 0 || result.unchanged > 0) bell.ring(topicsOfWork(call));
  return result;
}

async function upsertLocked(tx: Tx, call: UpsertCall): Promise<UpsertResult> {
  const { chunks, priority } = call;
  await lockKindShared(tx, call);
  const written = await upsertChunks(tx, call, chunks);
  const changed = written.filter((chunk) => chunk.text_changed);
  let enqueued = changed.length === 0 ? [] : await enqueueChunks(tx, call, { chunkPks: changed.map((c) => c.chunk_pk), priority });
  const edited = changed.filter((chunk) => !chunk.is_new);
  if (edited.length > 0 && enqueued.length > 0) {
    const dropped = await dropSatisfiedWork(tx, call, edited.map((c) => c.chunk_pk));
    const seqs = new Set(dropped.map((row) => row.seq));
    enqueued = enqueued.filter((row) => !seqs.has(row.seq));
  }
  let sequence = enqueued.reduce((max, row) => (row.role === "active" && BigInt(row.seq) > max ? BigInt(row.seq) : max), 0n);
  if (changed.length < chunks.length) {
    // Which ones are as they were is not known here, and needs not be: work made just now has this priority or a higher.
    const chunkIds = chunks.map((chunk) => chunk.chunkId);
    await raisePriority(tx, call, { chunkIds, priority });
    const open = BigInt((await findOpenSequence(tx, call, chunkIds)) ?? 0);
    if (open > sequence) sequence = open;
  }
  return { written: written.length, unchanged: chunks.length - written.length, enqueued: enqueued.length, sequence };
}

/** Deletes chunks with their work and vectors; tells how many there were. */
export async function deleteChunksOf({ db, bell }: ProjectionDeps, key: KindKey, chunkIds: readonly string[]): Promise<number> {
  const deleted = await db.transaction((tx) => deleteLocked(tx, key, chunkIds), { idempotent: true });
  if (deleted > 0) bell.ring(topicsOfWork(key));
  return deleted;
}

async function deleteLocked(tx: Tx, key: KindKey, chunkIds: readonly string[]): Promise<number> {
  await lockKindShared(tx, key);
  const chunkPks = (await lockChunks(tx, key, chunkIds)).map((chunk) => chunk.chunk_pk);
  if (chunkPks.length === 0) return 0;
  await lockWorkOfChunks(tx, key, chunkPks);
  await deleteWorkOfChunks(tx, key, chunkPks);
  await deleteVectorsOfChunks(tx, key, chunkPks);
  await deleteLockedChunks(tx, key, chunkPks);
  return chunkPks.length;
}
