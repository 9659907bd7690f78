/**
 * Projections and their slots: one statement per function.
 *
 * Whoever enqueues for a kind holds the kind's lock shared, whoever changes its slots holds it alone: a slot that opens
 * misses no writer in flight, and a slot that is retired gets no work any more.
 */
import { createHash } from "node:crypto";
import { sql } from "drizzle-orm";
import { type Runner, type Tx } from "../db/database.ts";
import type { SlotRole } from "./projection.ts";

/** Names a projection. */
export interface KindKey {
  readonly tenant: string;
  readonly kind: string;
}

/** A slot as its columns read. `slot_no` is null once it is retired. */
export interface SlotRow {
  readonly id: string;
  readonly kind: string;
  readonly profile_id: string;
  readonly slot_no: number | null;
  readonly role: SlotRole;
  readonly backfill_job_id: string | null;
  readonly problem: string;
  readonly feed_after: string;
  readonly feed_through: string;
  readonly feed_total: string;
  readonly feed_done: string;
  readonly created_at: string;
  readonly activated_at: string | null;
  readonly retired_at: string | null;
}

/** A projection as its columns read. */
export interface ProjectionRow {
  readonly tenant: string;
  readonly kind: string;
  readonly enabled: boolean;
  readonly paused: boolean;
  readonly pause_reason: string;
  readonly auto_cut_over: boolean;
  readonly max_failed: number;
  readonly created_at: string;
  readonly updated_at: string;
}

const slotColumns = sql.raw(`s.id, s.kind, s.profile_id, s.slot_no, s.role, s.backfill_job_id, s.problem, s.feed_after,
  s.feed_through, s.feed_total, s.feed_done, s.created_at, s.activated_at, s.retired_at`);
const projectionColumns = sql.raw(
  "p.tenant, p.kind, p.enabled, p.paused, p.pause_reason, p.auto_cut_over, p.max_failed, p.created_at, p.updated_at",
);

/** The number that a kind is locked under. Two kinds may share one: they then wait for each other, no more. */
function lockNumber({ tenant, kind }: KindKey): string {
  return createHash("sha256").update(`projection\0${tenant}\0${kind}`).digest().readBigInt64BE(0).toString();
}

/** Lets no slot of the kind change before the transaction ends. Statements after this one see the slots as they stay. */
export async function lockKindShared(tx: Tx, key: KindKey): Promise<void> {
  await tx.run(sql`SELECT pg_advisory_xact_lock_shared(${lockNumber(key)}::bigint)`);
}

/** Waits until nobody enqueues for the kind, and lets nobody until the transaction ends. */
export async function lockKind(tx: Tx, key: KindKey): Promise<void> {
  await tx.run(sql`SELECT pg_advisory_xact_lock(${lockNumber(key)}::bigint)`);
}

/** Finds a projection. Reads `projections_pkey`. */
export async function findProjection(runner: Runner, { tenant, kind }: KindKey): Promise<ProjectionRow | undefined> {
  const [row] = await runner.run<ProjectionRow>(sql`
    SELECT ${projectionColumns} FROM projections p WHERE p.tenant = ${tenant} AND p.kind = ${kind}`);
  return row;
}

/** Lists projections in order of kind, behind `after`. Reads `projections_pkey`. */
export async function listProjections(
  runner: Runner,
  { tenant, after, countMax }: { readonly tenant: string; readonly after: string; readonly countMax: number },
): Promise<ProjectionRow[]> {
  return await runner.run<ProjectionRow>(sql`
    SELECT ${projectionColumns} FROM projections p WHERE p.tenant = ${tenant} AND p.kind > ${after}
    ORDER BY p.kind LIMIT ${countMax}`);
}

/** All slots of a projection, newest first, retired ones last. Reads `projection_slots_profile_idx`. */
export async function findSlots(runner: Runner, { tenant, kind }: KindKey): Promise<SlotRow[]> {
  return await runner.run<SlotRow>(sql`
    SELECT ${slotColumns} FROM projection_slots s WHERE s.tenant = ${tenant} AND s.kind = ${kind}
    ORDER BY s.role = 'retired', s.created_at DESC, s.id DESC`);
}

/** One slot by its id. Reads `projection_slots_pkey`. */
export async function findSlot(runner: Runner, tenant: string, id: string): Promise<SlotRow | undefined> {
  const [row] = await runner.run<SlotRow>(sql`
    SELECT ${slotColumns} FROM projection_slots s WHERE s.tenant = ${tenant} AND s.id = ${id}::uuid`);
  return row;
}

/** What a configuration sets. */
export interface ProjectionSettings extends KindKey {
  readonly autoCutOver: boolean;
  readonly maxFailed: number;
}

/** Makes the projection or enables it, with these settings. Whether it is paused stays. */
export async function saveProjection(tx: Tx, { tenant, kind, autoCutOver, maxFailed }: ProjectionSettings): Promise<void> {
  await tx.run(sql`
    INSERT INTO projections (tenant, kind, auto_cut_over, max_failed)
    VALUES (${tenant}, ${kind}, ${autoCutOver}, ${maxFailed})
    ON CONFLICT (tenant, kind) DO UPDATE SET enabled = true, auto_cut_over = excluded.auto_cut_over,
      max_failed = excluded.max_failed, updated_at = now()`);
}

/** Switches a projection, and tells whether it is there. Undefined leaves a switch as it is. */
export async function switchProjection(
  tx: Tx,
  { tenant, kind }: KindKey,
  to: { readonly enabled?: boolean; readonly paused?: boolean; readonly pauseReason?: string },
): Promise<boolean> {
  const { enabled = null, paused = null, pauseReason = null } = to;
  const rows = await tx.run(sql`
    UPDATE projections SET enabled = coalesce(${enabled}::boolean, enabled), paused = coalesce(${paused}::boolean, paused),
      pause_reason = coalesce(${pauseReason}::text, pause_reason), updated_at = now()
    WHERE tenant = ${tenant} AND kind = ${kind} RETURNING 1`);
  return rows.length > 0;
}

/** Notes that a slot of the projection changed. */
export async function touchProjection(tx: Tx, { tenant, kind }: KindKey): Promise<void> {
  await tx.run(sql`UPDATE projections SET updated_at = now() WHERE tenant = ${tenant} AND kind = ${kind}`);
}

/** A slot to open. */
export interface OpenedSlot extends KindKey {
  readonly profileId: string;
  readonly role: "active" | "building";
}

/**
 * Opens the slot of a profile, or opens it again: from RETIRED with another number, because the vectors of the old one
 * are being deleted, otherwise with the vectors that it has.
 */
export async function openSlot(tx: Tx, { tenant, kind, profileId, role }: OpenedSlot): Promise<SlotRow> {
  const [row] = await tx.run<SlotRow>(sql`
    INSERT INTO projection_slots AS s (tenant, kind, profile_id, slot_no, role, activated_at)
    VALUES (${tenant}, ${kind}, ${profileId}::uuid, nextval('projection_slot_no'), ${role},
      CASE WHEN ${role} = 'active' THEN now() END)
    ON CONFLICT (tenant, kind, profile_id) DO UPDATE SET role = excluded.role,
      slot_no = coalesce(s.slot_no, excluded.slot_no), retired_at = NULL, backfill_job_id = NULL, problem = '',
      feed_after = 0, feed_through = 0, feed_total = 0, feed_done = 0,
      created_at = CASE WHEN s.role = 'retired' THEN now() ELSE s.created_at END,
      activated_at = coalesce(excluded.activated_at, s.activated_at)
    RETURNING ${slotColumns}`);
  return row!;
}

/** Gives a slot another role; becoming active is noted. */
export async function setSlotRole(tx: Tx, tenant: string, id: string, role: "active" | "previous"): Promise<void> {
  await tx.run(sql`
    UPDATE projection_slots SET role = ${role}, activated_at = CASE WHEN ${role} = 'active' THEN now() ELSE activated_at END
    WHERE tenant = ${tenant} AND id = ${id}::uuid`);
}

/** Retires a slot and leaves its number to the sweep that deletes its vectors. */
export async function retireSlotRow(tx: Tx, tenant: string, id: string): Promise<void> {
  await tx.run(sql`
    WITH retired AS (
      UPDATE projection_slots SET role = 'retired', slot_no = NULL, retired_at = now(), problem = ''
      WHERE tenant = ${tenant} AND id = ${id}::uuid AND slot_no IS NOT NULL
      RETURNING tenant, old.slot_no AS slot_no)
    INSERT INTO projection_sweeps (tenant, slot_no) SELECT tenant, slot_no FROM retired`);
}

/** Notes why the server stopped embedding for a profile's slots; an empty problem lets it go on. */
export async function setSlotProblem(
  runner: Runner,
  { tenant, profileId, kind, problem }: { tenant: string; profileId?: string; kind?: string; problem: string },
): Promise<void> {
  await runner.run(sql`
    UPDATE projection_slots SET problem = ${problem}
    WHERE tenant = ${tenant} AND role <> 'retired' AND problem <> ${problem}
      AND profile_id = coalesce(${profileId ?? null}::uuid, profile_id) AND kind = coalesce(${kind ?? null}::text, kind)`);
}

/** Where the backfill of a slot begins: the chunks there are now, up to `through`. */
export interface Feed {
  readonly tenant: string;
  readonly id: string;
  readonly jobId: string;
  readonly through: bigint;
  readonly total: bigint;
}

/** Notes the job that fills a slot, and what it has to look at. */
export async function setSlotFeed(tx: Tx, { tenant, id, jobId, through, total }: Feed): Promise<void> {
  await tx.run(sql`
    UPDATE projection_slots SET backfill_job_id = ${jobId}::uuid, feed_after = 0, feed_done = 0,
      feed_through = ${through.toString()}::bigint, feed_total = ${total.toString()}::bigint
    WHERE tenant = ${tenant} AND id = ${id}::uuid`);
}
