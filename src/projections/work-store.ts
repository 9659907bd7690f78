/**
 * The queue as people look at it and put it right: lists, retries, discards, and chunks that are enqueued again. One
 * statement per function.
 *
 * What is done to many items is done in slices, so that no statement takes long and none waits for a holder.
 */
import { type SQL, sql } from "drizzle-orm";
import { array, type Runner, type Tx } from "../db/database.ts";
import type { KindKey } from "./slot-store.ts";

/** Items that one statement changes at most. */
export const SLICE_COUNT_MAX = 1_000;

/** Which of the chunks that left a batch are still there, and whether their kind is still enabled. Absent ones are left out. */
export async function findLostReasons(
  runner: Runner,
  { tenant, kind }: KindKey,
  chunkPks: readonly string[],
): Promise<{ chunk_pk: string; is_enabled: boolean }[]> {
  return await runner.run(sql`
    SELECT c.chunk_pk, p.enabled AS is_enabled
    FROM unnest(${array(chunkPks, "bigint[]")}) AS x(chunk_pk)
    JOIN chunks c ON c.tenant = ${tenant} AND c.kind = ${kind} AND c.chunk_pk = x.chunk_pk
    JOIN projections p ON p.tenant = c.tenant AND p.kind = c.kind`);
}

/** An item as lists show it. */
export interface WorkRow {
  readonly slot_no: number;
  readonly chunk_pk: string;
  /** `seq`, or the number of the discard: where the next page begins. */
  readonly place: string;
  readonly chunk_id: string | null;
  readonly canonical_hash: Uint8Array;
  readonly priority: number;
  readonly slot_id: string;
  readonly profile_id: string;
  readonly state: "pending" | "inflight" | "failed" | "discarded";
  readonly attempts: number;
  readonly error: string | null;
  readonly tokens: number;
  readonly enqueued_at: string;
  readonly available_at: string | null;
}

/** Which items to list, and behind which. */
export interface WorkPage extends KindKey {
  /** Undefined means all slots. */
  readonly slotId: string | undefined;
  readonly after: { readonly priority: number; readonly place: string } | undefined;
  readonly countMax: number;
}

const workColumns = sql.raw(`w.slot_no, w.chunk_pk, w.seq AS place, c.chunk_id, w.canonical_hash, w.priority,
  s.id AS slot_id, s.profile_id, w.state, w.attempts, w.error, w.tokens, w.enqueued_at, w.available_at`);

function slotCondition(slotId: string | undefined): SQL {
  return slotId === undefined ? sql`` : sql`AND s.id = ${slotId}::uuid`;
}

/** Lists pending or inflight items in claim order. Reads the first entries of `projection_work_claim_idx` of each slot. */
export async function listOpenWork(runner: Runner, page: WorkPage, state: "pending" | "inflight"): Promise<WorkRow[]> {
  const { tenant, kind, slotId, after, countMax } = page;
  const behind = after === undefined ? sql`` : sql`AND w.priority <= ${after.priority}
    AND (w.priority < ${after.priority} OR w.seq > ${after.place}::bigint)`;
  const is = sql.raw(`'${state}'`);
  return await runner.run<WorkRow>(sql`
    SELECT ${workColumns}
    FROM projection_slots s
    CROSS JOIN LATERAL (
      SELECT * FROM projection_work w
      WHERE w.tenant = s.tenant AND w.slot_no = s.slot_no AND w.state = ${is} ${behind}
      ORDER BY w.priority DESC, w.seq LIMIT ${countMax}) w
    LEFT JOIN chunks c ON c.tenant = s.tenant AND c.kind = s.kind AND c.chunk_pk = w.chunk_pk
    WHERE s.tenant = ${tenant} AND s.kind = ${kind} AND s.slot_no IS NOT NULL ${slotCondition(slotId)}
    ORDER BY w.priority DESC, w.seq LIMIT ${countMax}`);
}

/** Lists failed items, newest first. Reads `projection_work_failed_idx` of each slot. */
export async function listFailedWork(runner: Runner, page: WorkPage): Promise<WorkRow[]> {
  const { tenant, kind, slotId, after, countMax } = page;
  const behind = after === undefined ? sql`` : sql`AND w.seq < ${after.place}::bigint`;
  return await runner.run<WorkRow>(sql`
    SELECT ${workColumns}
    FROM projection_slots s
    CROSS JOIN LATERAL (
      SELECT * FROM projection_work w
      WHERE w.tenant = s.tenant AND w.slot_no = s.slot_no AND w.state = 'failed' ${behind}
      ORDER BY w.seq DESC LIMIT ${countMax}) w
    LEFT JOIN chunks c ON c.tenant = s.tenant AND c.kind = s.kind AND c.chunk_pk = w.chunk_pk
    WHERE s.tenant = ${tenant} AND s.kind = ${kind} AND s.slot_no IS NOT NULL ${slotCondition(slotId)}
    ORDER BY w.seq DESC LIMIT ${countMax}`);
}

/** Lists discarded items, newest first. Reads `projection_discards_pkey`. */
export async function listDiscards(runner: Runner, page: WorkPage): Promise<WorkRow[]> {
  const { tenant, kind, slotId, after, countMax } = page;
  const behind = after === undefined ? sql`` : sql`AND d.discard_no < ${after.place}::bigint`;
  return await runner.run<WorkRow>(sql`
    SELECT d.slot_no, d.chunk_pk, d.discard_no AS place, d.chunk_id, d.canonical_hash, d.priority, d.slot_id,
      s.profile_id, 'discarded' AS state, d.attempts, d.error, 0 AS tokens, d.enqueued_at, NULL AS available_at
    FROM projection_discards d
    JOIN projection_slots s ON s.tenant = d.tenant AND s.id = d.slot_id
    WHERE d.tenant = ${tenant} AND d.kind = ${kind} ${slotCondition(slotId)} ${behind}
    ORDER BY d.discard_no DESC LIMIT ${countMax}`);
}

/** Which items to change: those named, or all in the state. */
export interface WorkSelection extends KindKey {
  readonly state: "pending" | "failed";
  readonly named: readonly { readonly slotNo: number; readonly chunkPk: string }[] | undefined;
}

/** Items of a selection, locked in the order of all locks on work; those that others hold are left out. */
function lockedSelection({ tenant, kind, state, named }: WorkSelection, condition: SQL): SQL {
  const is = sql.raw(`'${state}'`);
  const own = sql`s.tenant = ${tenant} AND s.kind = ${kind} AND s.slot_no IS NOT NULL AND w.state = ${is} ${condition}`;
  if (named === undefined) {
    return sql`
      SELECT w.tenant, w.slot_no, w.chunk_pk, s.id AS slot_id
      FROM projection_slots s JOIN projection_work w ON w.tenant = s.tenant AND w.slot_no = s.slot_no
      WHERE ${own} LIMIT ${SLICE_COUNT_MAX} FOR UPDATE OF w SKIP LOCKED`;
  }
  return sql`
    SELECT w.tenant, w.slot_no, w.chunk_pk, s.id AS slot_id
    FROM unnest(${array(named.map((key) => key.slotNo), "int[]")}, ${array(named.map((key) => key.chunkPk), "bigint[]")})
      AS x(slot_no, chunk_pk)
    JOIN projection_slots s ON s.slot_no = x.slot_no
    JOIN projection_work w ON w.tenant = s.tenant AND w.slot_no = s.slot_no AND w.chunk_pk = x.chunk_pk
    WHERE ${own} FOR UPDATE OF w SKIP LOCKED`;
}

/** Makes a slice of the selection claimable at once, as if it had never failed; tells how many that were. */
export async function retryWorkSlice(runner: Runner, selection: WorkSelection): Promise<number> {
  const waiting = selection.state === "pending" ? sql`AND (w.available_at > now() OR w.attempts > 0)` : sql``;
  const rows = await runner.run(sql`
    WITH chosen AS MATERIALIZED (${lockedSelection(selection, waiting)})
    UPDATE projection_work w SET state = 'pending', attempts = 0, charges = 0, error = NULL, available_at = now()
    FROM chosen c WHERE w.tenant = c.tenant AND w.slot_no = c.slot_no AND w.chunk_pk = c.chunk_pk
    RETURNING 1`);
  return rows.length;
}

/** Discards a slice of the selection; tells how many that were. An empty reason keeps the error there is. */
export async function discardWorkSlice(runner: Runner, selection: WorkSelection, reason: string): Promise<number> {
  const rows = await runner.run(sql`
    WITH chosen AS MATERIALIZED (${lockedSelection(selection, sql``)}),
    gone AS (
      DELETE FROM projection_work w USING chosen c
      WHERE w.tenant = c.tenant AND w.slot_no = c.slot_no AND w.chunk_pk = c.chunk_pk
      RETURNING w.*, c.slot_id)
    INSERT INTO projection_discards (tenant, kind, slot_id, slot_no, chunk_pk, priority, attempts, enqueued_at,
      canonical_hash, chunk_id, error)
    SELECT g.tenant, ${selection.kind}, g.slot_id, g.slot_no, g.chunk_pk, g.priority, g.attempts, g.enqueued_at,
      g.canonical_hash, c.chunk_id, coalesce(nullif(${reason}::text, ''), g.error, 'discarded')
    FROM gone g LEFT JOIN chunks c ON c.tenant = g.tenant AND c.kind = ${selection.kind} AND c.chunk_pk = g.chunk_pk
    RETURNING 1`);
  return rows.length;
}

/** Chunks that are enqueued again. */
export interface Requeue extends KindKey {
  readonly chunkPks: readonly string[];
  readonly priority: number;
  /** Also where the slot holds the vector of the present text. */
  readonly isForced: boolean;
}

/** Enqueues chunks for every slot that is not retired; an item that somebody holds is left to them. */
export async function requeueChunks(tx: Tx, { tenant, kind, chunkPks, priority, isForced }: Requeue): Promise<{ seq: string; role: string }[]> {
  return await tx.run(sql`
    WITH enqueued AS (
      INSERT INTO projection_work AS w (tenant, slot_no, chunk_pk, priority, tokens, canonical_hash)
      SELECT c.tenant, s.slot_no, c.chunk_pk, ${priority}, c.tokens, c.canonical_hash
      FROM projection_slots s
      CROSS JOIN unnest(${array(chunkPks, "bigint[]")}) AS x(chunk_pk)
      JOIN chunks c ON c.tenant = s.tenant AND c.kind = s.kind AND c.chunk_pk = x.chunk_pk
      LEFT JOIN projection_vectors v ON v.tenant = s.tenant AND v.slot_no = s.slot_no AND v.chunk_pk = c.chunk_pk
      WHERE s.tenant = ${tenant} AND s.kind = ${kind} AND s.slot_no IS NOT NULL
        AND (${isForced}::boolean OR v.canonical_hash IS DISTINCT FROM c.canonical_hash)
      ORDER BY s.slot_no, c.chunk_pk
      ON CONFLICT (tenant, slot_no, chunk_pk) DO UPDATE SET canonical_hash = excluded.canonical_hash,
        priority = greatest(w.priority, excluded.priority), tokens = excluded.tokens, seq = excluded.seq,
        state = 'pending', attempts = 0, charges = 0, error = NULL, enqueued_at = now(), available_at = now()
      WHERE w.state <> 'inflight'
      RETURNING w.slot_no, w.seq)
    SELECT e.seq, s.role FROM enqueued e JOIN projection_slots s ON s.slot_no = e.slot_no`);
}

/** Chunks of failed items, behind `after` in order of chunk. */
export async function findFailedChunks(runner: Runner, { tenant, kind }: KindKey, after: string): Promise<{ chunk_pk: string }[]> {
  return await runner.run(sql`
    SELECT DISTINCT w.chunk_pk FROM projection_slots s
    JOIN projection_work w ON w.tenant = s.tenant AND w.slot_no = s.slot_no AND w.state = 'failed'
    WHERE s.tenant = ${tenant} AND s.kind = ${kind} AND s.slot_no IS NOT NULL AND w.chunk_pk > ${after}::bigint
    ORDER BY w.chunk_pk LIMIT ${SLICE_COUNT_MAX}`);
}

/** Chunks of discarded items that are still there, behind `after` in order of discard. */
export async function findDiscardedChunks(
  runner: Runner,
  { tenant, kind }: KindKey,
  after: string,
): Promise<{ chunk_pk: string; place: string }[]> {
  return await runner.run(sql`
    SELECT d.discard_no AS place, d.chunk_pk FROM projection_discards d
    WHERE d.tenant = ${tenant} AND d.kind = ${kind} AND d.discard_no > ${after}::bigint
    ORDER BY d.discard_no LIMIT ${SLICE_COUNT_MAX}`);
}

/** Drops a slice of the open work of slots that stop receiving any; notes what somebody held. Tells how many. */
export async function dropWorkSlice(
  runner: Runner,
  { tenant, kind, slotNos, error }: KindKey & { readonly slotNos: readonly number[]; readonly error: string },
): Promise<number> {
  const [row] = await runner.run<{ count: number }>(sql`
    WITH chosen AS MATERIALIZED (
      SELECT w.tenant, w.slot_no, w.chunk_pk FROM projection_work w
      WHERE w.tenant = ${tenant} AND w.slot_no = ANY(${array(slotNos, "int[]")})
      ORDER BY w.slot_no, w.chunk_pk LIMIT ${SLICE_COUNT_MAX * 5} FOR UPDATE),
    gone AS (
      DELETE FROM projection_work w USING chosen c
      WHERE w.tenant = c.tenant AND w.slot_no = c.slot_no AND w.chunk_pk = c.chunk_pk
      RETURNING w.*),
    noted AS (
      INSERT INTO projection_discards (tenant, kind, slot_id, slot_no, chunk_pk, priority, attempts, enqueued_at,
        canonical_hash, chunk_id, error)
      SELECT g.tenant, ${kind}, s.id, g.slot_no, g.chunk_pk, g.priority, g.attempts, g.enqueued_at, g.canonical_hash,
        c.chunk_id, ${error}
      FROM gone g JOIN projection_slots s ON s.slot_no = g.slot_no
      LEFT JOIN chunks c ON c.tenant = g.tenant AND c.kind = ${kind} AND c.chunk_pk = g.chunk_pk
      WHERE g.state = 'inflight')
    SELECT count(*)::int AS count FROM gone`);
  return row!.count;
}
