/**
 * Chunks, and the work that writing them makes: one statement per function.
 *
 * The caller holds the kind's lock, so that no slot opens or retires in between.
 */
import { sql } from "drizzle-orm";
import { array, type Runner, type Tx } from "../db/database.ts";
import { discardReasons } from "./projection.ts";
import type { KindKey } from "./slot-store.ts";

/** A chunk to write; `metadataJson` is undefined for `{}`. */
export interface ChunkInput {
  readonly chunkId: string;
  readonly text: string;
  readonly metadataJson: string | undefined;
  readonly tokens: number;
  readonly canonicalHash: Uint8Array;
}

/** A chunk that was new or differed from what was stored. */
export interface WrittenChunk {
  readonly chunk_pk: string;
  readonly text_changed: boolean;
  readonly is_new: boolean;
}

/**
 * Writes chunks that are new or differ; the others are only locked. `chunks` must be in byte order of their ids: that is
 * the order of the locks.
 */
export async function upsertChunks(tx: Tx, { tenant, kind }: KindKey, chunks: readonly ChunkInput[]): Promise<WrittenChunk[]> {
  const hashes = Buffer.concat(chunks.map((chunk) => chunk.canonicalHash));
  return await tx.run<WrittenChunk>(sql`
    INSERT INTO chunks AS c (tenant, kind, chunk_id, body, metadata_json, tokens, canonical_hash)
    SELECT ${tenant}, ${kind}, x.chunk_id, x.body, x.metadata_json, x.tokens,
      substring(${hashes}::bytea FROM ((x.ord - 1) * 32 + 1)::int FOR 32)
    FROM unnest(${array(chunks.map((c) => c.chunkId), "text[]")}, ${array(chunks.map((c) => c.text), "text[]")},
      ${array(chunks.map((c) => c.metadataJson ?? null), "text[]")}, ${array(chunks.map((c) => c.tokens), "int[]")})
      WITH ORDINALITY AS x(chunk_id, body, metadata_json, tokens, ord)
    ORDER BY x.ord
    ON CONFLICT (tenant, kind, chunk_id) DO UPDATE SET body = excluded.body, metadata_json = excluded.metadata_json,
      tokens = excluded.tokens, canonical_hash = excluded.canonical_hash, updated_at = now()
    WHERE c.canonical_hash <> excluded.canonical_hash OR c.metadata_json IS DISTINCT FROM excluded.metadata_json
    RETURNING c.chunk_pk, old.chunk_pk IS NULL AS is_new,
      old.canonical_hash IS DISTINCT FROM new.canonical_hash AS text_changed`);
}

/** A work item that was made or renewed. */
export interface EnqueuedRow {
  readonly slot_no: number;
  readonly seq: string;
  readonly role: string;
}

/**
 * Enqueues chunks for every slot of the kind that is not retired, unless it is disabled. An item that is there takes
 * the new hash and the higher priority, leaves whoever held it, and forgets its failures; whoever held it is told by
 * the discard that is noted.
 */
export async function enqueueChunks(
  tx: Tx,
  { tenant, kind }: KindKey,
  { chunkPks, priority }: { readonly chunkPks: readonly string[]; readonly priority: number },
): Promise<EnqueuedRow[]> {
  return await tx.run<EnqueuedRow>(sql`
    WITH enqueued AS (
      INSERT INTO projection_work AS w (tenant, slot_no, chunk_pk, priority, tokens, canonical_hash)
      SELECT c.tenant, s.slot_no, c.chunk_pk, ${priority}, c.tokens, c.canonical_hash
      FROM projections p
      JOIN projection_slots s ON s.tenant = p.tenant AND s.kind = p.kind AND s.role <> 'retired'
      CROSS JOIN unnest(${array(chunkPks, "bigint[]")}) AS x(chunk_pk)
      JOIN chunks c ON c.tenant = p.tenant AND c.kind = p.kind AND c.chunk_pk = x.chunk_pk
      WHERE p.tenant = ${tenant} AND p.kind = ${kind} AND p.enabled
      ORDER BY s.slot_no, c.chunk_pk
      ON CONFLICT (tenant, slot_no, chunk_pk) DO UPDATE SET canonical_hash = excluded.canonical_hash,
        priority = greatest(w.priority, excluded.priority), tokens = excluded.tokens, seq = excluded.seq,
        state = 'pending', batch_id = NULL, attempts = 0, charges = 0, error = NULL,
        enqueued_at = now(), available_at = now()
      RETURNING w.slot_no, w.chunk_pk, w.seq, old.state AS old_state, old.priority AS old_priority,
        old.attempts AS old_attempts, old.enqueued_at AS old_enqueued_at, old.canonical_hash AS old_hash),
    noted AS (
      INSERT INTO projection_discards (tenant, kind, slot_id, slot_no, chunk_pk, priority, attempts, enqueued_at,
        canonical_hash, chunk_id, error)
      SELECT s.tenant, s.kind, s.id, e.slot_no, e.chunk_pk, e.old_priority, e.old_attempts, e.old_enqueued_at,
        e.old_hash, c.chunk_id, ${discardReasons.hashMismatch}
      FROM enqueued e
      JOIN projection_slots s ON s.slot_no = e.slot_no
      JOIN chunks c ON c.tenant = s.tenant AND c.kind = s.kind AND c.chunk_pk = e.chunk_pk
      WHERE e.old_state = 'inflight')
    SELECT e.slot_no, e.seq, s.role FROM enqueued e JOIN projection_slots s ON s.slot_no = e.slot_no`);
}

/** Takes back work whose slot holds the vector of the present text already; answers the slot and number of each. */
export async function dropSatisfiedWork(
  tx: Tx,
  { tenant, kind }: KindKey,
  chunkPks: readonly string[],
): Promise<{ slot_no: number; seq: string }[]> {
  return await tx.run(sql`
    DELETE FROM projection_work w
    USING projection_slots s, unnest(${array(chunkPks, "bigint[]")}) AS x(chunk_pk), projection_vectors v
    WHERE s.tenant = ${tenant} AND s.kind = ${kind} AND s.role <> 'retired'
      AND w.tenant = s.tenant AND w.slot_no = s.slot_no AND w.chunk_pk = x.chunk_pk AND w.state = 'pending'
      AND v.tenant = w.tenant AND v.slot_no = w.slot_no AND v.chunk_pk = w.chunk_pk
      AND v.canonical_hash = w.canonical_hash
    RETURNING w.slot_no, w.seq`);
}

/**
 * Raises the priority of pending work of chunks that were written again as they are. Work that others hold at the
 * moment is left alone: it is on its way.
 */
export async function raisePriority(
  tx: Tx,
  { tenant, kind }: KindKey,
  { chunkIds, priority }: { readonly chunkIds: readonly string[]; readonly priority: number },
): Promise<void> {
  await tx.run(sql`
    WITH pending AS (
      SELECT w.tenant, w.slot_no, w.chunk_pk
      FROM unnest(${array(chunkIds, "text[]")}) AS x(chunk_id)
      JOIN chunks c ON c.tenant = ${tenant} AND c.kind = ${kind} AND c.chunk_id = x.chunk_id
      JOIN projection_slots s ON s.tenant = c.tenant AND s.kind = c.kind AND s.role <> 'retired'
      JOIN projection_work w ON w.tenant = s.tenant AND w.slot_no = s.slot_no AND w.chunk_pk = c.chunk_pk
      WHERE w.state = 'pending' AND w.priority < ${priority}
      FOR UPDATE OF w SKIP LOCKED)
    UPDATE projection_work w SET priority = ${priority} FROM pending p
    WHERE w.tenant = p.tenant AND w.slot_no = p.slot_no AND w.chunk_pk = p.chunk_pk`);
}

/** The highest number among the open work of chunks in the active slot; null when nothing waits. */
export async function findOpenSequence(
  runner: Runner,
  { tenant, kind }: KindKey,
  chunkIds: readonly string[],
): Promise<string | null> {
  const [row] = await runner.run<{ seq: string | null }>(sql`
    SELECT max(w.seq) AS seq
    FROM unnest(${array(chunkIds, "text[]")}) AS x(chunk_id)
    JOIN chunks c ON c.tenant = ${tenant} AND c.kind = ${kind} AND c.chunk_id = x.chunk_id
    JOIN projection_slots s ON s.tenant = c.tenant AND s.kind = c.kind AND s.role = 'active'
    JOIN projection_work w ON w.tenant = s.tenant AND w.slot_no = s.slot_no AND w.chunk_pk = c.chunk_pk
    WHERE w.state IN ('pending', 'inflight')`);
  return row?.seq ?? null;
}

/** A chunk as its columns read. */
export interface ChunkRow {
  readonly chunk_pk: string;
  readonly chunk_id: string;
  readonly body: string;
  readonly metadata_json: string | null;
  readonly canonical_hash: Uint8Array;
  readonly created_at: string;
  readonly updated_at: string;
}

/** Finds chunks in the order of `chunkIds`; absent ones are left out. Reads `chunks_pkey`. */
export async function findChunks(runner: Runner, { tenant, kind }: KindKey, chunkIds: readonly string[]): Promise<ChunkRow[]> {
  return await runner.run<ChunkRow>(sql`
    SELECT c.chunk_pk, c.chunk_id, c.body, c.metadata_json, c.canonical_hash, c.created_at, c.updated_at
    FROM unnest(${array(chunkIds, "text[]")}) WITH ORDINALITY AS x(chunk_id, ord)
    JOIN chunks c ON c.tenant = ${tenant} AND c.kind = ${kind} AND c.chunk_id = x.chunk_id
    ORDER BY x.ord`);
}

/** Locks chunks in byte order of their ids, and tells which there are. */
export async function lockChunks(tx: Tx, { tenant, kind }: KindKey, chunkIds: readonly string[]): Promise<{ chunk_pk: string }[]> {
  return await tx.run(sql`
    SELECT c.chunk_pk FROM chunks c
    WHERE c.tenant = ${tenant} AND c.kind = ${kind} AND c.chunk_id = ANY(${array(chunkIds, "text[]")})
    ORDER BY c.chunk_id FOR UPDATE`);
}

/** Locks all work of locked chunks, in the order of all locks on work. */
export async function lockWorkOfChunks(tx: Tx, { tenant, kind }: KindKey, chunkPks: readonly string[]): Promise<void> {
  await tx.run(sql`
    SELECT 1 FROM projection_slots s
    CROSS JOIN unnest(${array(chunkPks, "bigint[]")}) AS x(chunk_pk)
    JOIN projection_work w ON w.tenant = s.tenant AND w.slot_no = s.slot_no AND w.chunk_pk = x.chunk_pk
    WHERE s.tenant = ${tenant} AND s.kind = ${kind} AND s.slot_no IS NOT NULL
    ORDER BY w.slot_no, w.chunk_pk FOR UPDATE OF w`);
}

/** Deletes locked work of chunks, and notes what somebody held. */
export async function deleteWorkOfChunks(tx: Tx, { tenant, kind }: KindKey, chunkPks: readonly string[]): Promise<void> {
  await tx.run(sql`
    WITH gone AS (
      DELETE FROM projection_work w
      USING projection_slots s, unnest(${array(chunkPks, "bigint[]")}) AS x(chunk_pk)
      WHERE s.tenant = ${tenant} AND s.kind = ${kind} AND s.slot_no IS NOT NULL
        AND w.tenant = s.tenant AND w.slot_no = s.slot_no AND w.chunk_pk = x.chunk_pk
      RETURNING s.id AS slot_id, w.*)
    INSERT INTO projection_discards (tenant, kind, slot_id, slot_no, chunk_pk, priority, attempts, enqueued_at,
      canonical_hash, chunk_id, error)
    SELECT g.tenant, ${kind}, g.slot_id, g.slot_no, g.chunk_pk, g.priority, g.attempts, g.enqueued_at, g.canonical_hash,
      c.chunk_id, ${discardReasons.chunkGone}
    FROM gone g LEFT JOIN chunks c ON c.tenant = g.tenant AND c.kind = ${kind} AND c.chunk_pk = g.chunk_pk
    WHERE g.state = 'inflight'`);
}

/** Deletes vectors of chunks from every slot; in a statement after their work, so that it sees what was just applied. */
export async function deleteVectorsOfChunks(tx: Tx, { tenant, kind }: KindKey, chunkPks: readonly string[]): Promise<void> {
  await tx.run(sql`
    DELETE FROM projection_vectors v
    USING projection_slots s, unnest(${array(chunkPks, "bigint[]")}) AS x(chunk_pk)
    WHERE s.tenant = ${tenant} AND s.kind = ${kind} AND s.slot_no IS NOT NULL
      AND v.tenant = s.tenant AND v.slot_no = s.slot_no AND v.chunk_pk = x.chunk_pk`);
}

/** Deletes locked chunks. */
export async function deleteLockedChunks(tx: Tx, { tenant, kind }: KindKey, chunkPks: readonly string[]): Promise<void> {
  await tx.run(sql`
    DELETE FROM chunks c WHERE c.tenant = ${tenant} AND c.kind = ${kind}
      AND c.chunk_pk = ANY(${array(chunkPks, "bigint[]")})`);
}

/** How many chunks a kind has, what they weigh, and the last of them. Reads `chunks_pk_idx` of the kind, once. */
export async function countChunks(runner: Runner, { tenant, kind }: KindKey): Promise<{ total: bigint; tokens: bigint; through: bigint }> {
  const [row] = await runner.run<{ total: string; tokens: string; through: string }>(sql`
    SELECT count(*) AS total, coalesce(sum(tokens), 0) AS tokens, coalesce(max(chunk_pk), 0) AS through
    FROM chunks WHERE tenant = ${tenant} AND kind = ${kind}`);
  return { total: BigInt(row!.total), tokens: BigInt(row!.tokens), through: BigInt(row!.through) };
}
