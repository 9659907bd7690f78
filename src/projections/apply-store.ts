/**
 * What becomes of claimed items: one statement per function, all in one transaction of the caller's.
 *
 * The caller locks the batch first, then its items; every function below works on items that it has locked.
 */
import { sql } from "drizzle-orm";
import { array, type Tx } from "../db/database.ts";

/** A locked item, with its chunk's present hash. */
export interface HeldRow {
  readonly chunk_pk: string;
  readonly priority: number;
  readonly attempts: number;
  readonly charges: number;
  readonly enqueued_at: string;
  readonly canonical_hash: Uint8Array;
  readonly chunk_id: string | null;
  readonly current_hash: Uint8Array | null;
}

/** Names items of one slot. */
export interface SlotItems {
  readonly tenant: string;
  readonly slotNo: number;
  readonly chunkPks: readonly string[];
}

/** Locks what a batch still holds, in the order of all locks on work. Reads `projection_work_batch_idx`. */
export async function lockHeldWork(
  tx: Tx,
  { tenant, batchId, kind }: { readonly tenant: string; readonly batchId: string; readonly kind: string },
): Promise<HeldRow[]> {
  return await tx.run<HeldRow>(sql`
    SELECT w.chunk_pk, w.priority, w.attempts, w.charges, w.enqueued_at, w.canonical_hash, c.chunk_id,
      c.canonical_hash AS current_hash
    FROM projection_work w
    LEFT JOIN chunks c ON c.tenant = w.tenant AND c.kind = ${kind} AND c.chunk_pk = w.chunk_pk
    WHERE w.tenant = ${tenant} AND w.batch_id = ${batchId}::uuid AND w.state = 'inflight'
    ORDER BY w.slot_no, w.chunk_pk FOR UPDATE OF w`);
}

/** A vector to store, as it is stored. */
export interface VectorInput {
  readonly chunkPk: string;
  readonly canonicalHash: Uint8Array;
  readonly signature: Uint8Array;
  readonly bytes: Uint8Array;
}

/**
 * Stores vectors of one slot, all of one dimension and in order of `chunkPk`; each replaces the one before.
 *
 * The bytes travel as one parameter each for hashes, signatures and values, and are cut in the statement.
 */
export async function writeVectors(tx: Tx, tenant: string, slotNo: number, vectors: readonly VectorInput[]): Promise<void> {
  const bytes = vectors[0]!.bytes.byteLength;
  const signatureBytes = vectors[0]!.signature.byteLength;
  const hashes = Buffer.concat(vectors.map((vector) => vector.canonicalHash));
  const signatures = Buffer.concat(vectors.map((vector) => vector.signature));
  const values = Buffer.concat(vectors.map((vector) => vector.bytes));
  await tx.run(sql`
    INSERT INTO projection_vectors (tenant, slot_no, chunk_pk, canonical_hash, signature, f4)
    SELECT ${tenant}, ${slotNo}, x.chunk_pk,
      substring(b.hashes FROM ((x.ord - 1) * 32 + 1)::int FOR 32),
      ('x' || encode(substring(b.signatures FROM ((x.ord - 1) * ${signatureBytes} + 1)::int FOR ${signatureBytes}), 'hex'))::varbit,
      substring(b.vectors FROM ((x.ord - 1) * ${bytes} + 1)::int FOR ${bytes})
    FROM (SELECT ${hashes}::bytea AS hashes, ${signatures}::bytea AS signatures, ${values}::bytea AS vectors OFFSET 0) b
    CROSS JOIN unnest(${array(vectors.map((v) => v.chunkPk), "bigint[]")}) WITH ORDINALITY AS x(chunk_pk, ord)
    ON CONFLICT (tenant, slot_no, chunk_pk) DO UPDATE SET canonical_hash = excluded.canonical_hash,
      signature = excluded.signature, f4 = excluded.f4, applied_at = now()`);
}

/** Removes items that are done. */
export async function deleteWork(tx: Tx, { tenant, slotNo, chunkPks }: SlotItems): Promise<void> {
  await tx.run(sql`
    DELETE FROM projection_work
    WHERE tenant = ${tenant} AND slot_no = ${slotNo} AND chunk_pk = ANY(${array(chunkPks, "bigint[]")})`);
}

/** Items to end or to return, each with its own words. */
export interface ItemErrors {
  readonly tenant: string;
  readonly slotNo: number;
  readonly items: readonly { readonly chunkPk: string; readonly error: string }[];
}

/** Fails items: they stay until somebody retries, discards or writes them again. */
export async function failWork(tx: Tx, { tenant, slotNo, items }: ItemErrors): Promise<void> {
  await tx.run(sql`
    UPDATE projection_work w SET state = 'failed', batch_id = NULL, error = x.error
    FROM unnest(${array(items.map((i) => i.chunkPk), "bigint[]")}, ${array(items.map((i) => i.error), "text[]")})
      AS x(chunk_pk, error)
    WHERE w.tenant = ${tenant} AND w.slot_no = ${slotNo} AND w.chunk_pk = x.chunk_pk`);
}

/** Items that go back, and what that costs each. */
export interface Reverts {
  readonly tenant: string;
  readonly slotNo: number;
  readonly items: readonly { readonly chunkPk: string; readonly error: string; readonly delayMs: number }[];
  /** 0 for a batch that was given back in good order. */
  readonly attempts: 0 | 1;
  /** 1 when the items themselves may be to blame. */
  readonly charges: 0 | 1;
}

/** Returns items to pending, to be claimed again after a while. */
export async function revertWork(tx: Tx, { tenant, slotNo, items, attempts, charges }: Reverts): Promise<void> {
  await tx.run(sql`
    UPDATE projection_work w SET state = 'pending', batch_id = NULL, error = x.error,
      attempts = w.attempts + ${attempts}, charges = w.charges + ${charges},
      available_at = now() + make_interval(secs => x.delay_ms / 1000.0)
    FROM unnest(${array(items.map((i) => i.chunkPk), "bigint[]")}, ${array(items.map((i) => i.error), "text[]")},
      ${array(items.map((i) => Math.round(i.delayMs)), "int[]")}) AS x(chunk_pk, error, delay_ms)
    WHERE w.tenant = ${tenant} AND w.slot_no = ${slotNo} AND w.chunk_pk = x.chunk_pk`);
}

/** Items that are given up, each with its reason. */
export interface Discards extends ItemErrors {
  readonly kind: string;
  readonly slotId: string;
}

/** Notes why items are given up, as they are at the moment; what becomes of them is the next statement's. */
export async function noteDiscards(tx: Tx, { tenant, kind, slotId, slotNo, items }: Discards): Promise<void> {
  await tx.run(sql`
    INSERT INTO projection_discards (tenant, kind, slot_id, slot_no, chunk_pk, priority, attempts, enqueued_at,
      canonical_hash, chunk_id, error)
    SELECT w.tenant, ${kind}, ${slotId}::uuid, w.slot_no, w.chunk_pk, w.priority, w.attempts, w.enqueued_at,
      w.canonical_hash, c.chunk_id, x.error
    FROM unnest(${array(items.map((i) => i.chunkPk), "bigint[]")}, ${array(items.map((i) => i.error), "text[]")})
      AS x(chunk_pk, error)
    JOIN projection_work w ON w.tenant = ${tenant} AND w.slot_no = ${slotNo} AND w.chunk_pk = x.chunk_pk
    LEFT JOIN chunks c ON c.tenant = ${tenant} AND c.kind = ${kind} AND c.chunk_pk = x.chunk_pk`);
}

/**
 * Enqueues items again that were given up for their hash, with the hash that their chunks have now. They keep their
 * numbers: whoever waits for a write must not be told that it is done because it was counted anew.
 */
export async function renewWork(tx: Tx, { tenant, slotNo, chunkPks, kind }: SlotItems & { readonly kind: string }): Promise<void> {
  await tx.run(sql`
    UPDATE projection_work w SET canonical_hash = c.canonical_hash, tokens = c.tokens, state = 'pending',
      batch_id = NULL, attempts = 0, charges = 0, error = NULL, enqueued_at = now(), available_at = now()
    FROM unnest(${array(chunkPks, "bigint[]")}) AS x(chunk_pk)
    JOIN chunks c ON c.tenant = ${tenant} AND c.kind = ${kind} AND c.chunk_pk = x.chunk_pk
    WHERE w.tenant = ${tenant} AND w.slot_no = ${slotNo} AND w.chunk_pk = x.chunk_pk`);
}
