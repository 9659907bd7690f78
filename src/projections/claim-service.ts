/**
 * Hands out work in batches, keeps their leases alive and takes them back: for the server's own loop and for workers.
 */
import { type Database, instant, type Tx } from "../db/database.ts";
import { Problem } from "../problem.ts";
import { deleteWork, lockHeldWork, noteDiscards, renewWork, revertWork } from "./apply-store.ts";
import {
  type ClaimedRow,
  claimWork,
  endBatch,
  expireWork,
  findHeads,
  type HeadRow,
  lockBatch,
  renewBatch,
  type SlotChoice,
} from "./batch-store.ts";
import type { ProjectionDeps } from "./chunk-service.ts";
import type { Profile } from "./profile.ts";
import { findProfile } from "./profile-store.ts";
import { type Band, discardReasons, isolationOf, prioritiesOf, staleReason } from "./projection.ts";
import { topicsOfWork } from "./projection-topic.ts";
import type { Batch, WorkItem } from "./work-item.ts";

// Others may take the first items of a slot between the look and the claim: then the next best slot is tried.
const HEADS_COUNT_MAX = 8;

/** What a claimant asks for. */
export interface ClaimAsk {
  readonly choice: SlotChoice;
  /** Tried in order until one has work. */
  readonly bands: readonly Band[];
  readonly workerId: string;
  readonly leaseMs: number;
  /** How many items at most of a band of a slot. */
  countMaxOf(band: Band, profile: Profile): number;
  /** Estimated tokens at most; 0 means no limit. */
  tokensMaxOf(profile: Profile): number;
}

/**
 * Claims one batch of one slot: the most urgent that the ask allows. Undefined when there is nothing to claim; a batch
 * without items when all that was claimed turned out to be stale.
 */
export async function claimBatch(db: Database, ask: ClaimAsk): Promise<Batch | undefined> {
  for (const band of ask.bands) {
    for (const head of await findHeads(db, ask.choice, prioritiesOf(band), HEADS_COUNT_MAX)) {
      const profile = await findProfile(db, head.tenant, head.profile_id);
      const countMax = profile === undefined ? 0 : ask.countMaxOf(band, profile);
      if (profile === undefined || countMax === 0) continue;
      const batch = await db.transaction((tx) => claimOf(tx, head, { ask, band, profile, countMax }));
      if (batch !== undefined) return batch;
    }
  }
  return undefined;
}

interface ClaimTerms {
  readonly ask: ClaimAsk;
  readonly band: Band;
  readonly profile: Profile;
  readonly countMax: number;
}

async function claimOf(tx: Tx, head: HeadRow, { ask, band, profile, countMax }: ClaimTerms): Promise<Batch | undefined> {
  const priorities = prioritiesOf(band);
  const isolation = isolationOf(head.charges);
  const rows = await claimWork(tx, {
    tenant: head.tenant,
    kind: head.kind,
    slotNo: head.slot_no,
    workerId: ask.workerId,
    leaseMs: ask.leaseMs,
    priorityMin: priorities.min,
    priorityMax: priorities.max,
    chargesMin: isolation.chargesMin,
    chargesMax: isolation.chargesMax,
    countMax: Math.min(countMax, isolation.countMax),
    tokensMax: ask.tokensMaxOf(profile),
  });
  const [first] = rows;
  if (first === undefined) return undefined;
  const fresh = await dropStale(tx, head, rows);
  if (fresh.length === 0) await endBatch(tx, { tenant: head.tenant, batchId: first.batch_id, processed: 0 });
  return {
    tenant: head.tenant,
    kind: head.kind,
    id: first.batch_id.replaceAll("-", ""),
    deadline: instant(first.expires_at),
    leaseMs: ask.leaseMs,
    profile,
    slotNo: head.slot_no,
    items: fresh.map((row) => claimedItem(row, head)),
    discardedStale: rows.length - fresh.length,
  };
}

/** Gives up what is stale, enqueues again what is only stale by its hash, and answers with the rest. */
async function dropStale(tx: Tx, head: HeadRow, rows: readonly ClaimedRow[]): Promise<ClaimedRow[]> {
  const judged = rows.map((row) => ({
    row,
    error: staleReason({ canonicalHash: row.canonical_hash, currentHash: row.current_hash ?? undefined, slotRole: row.role }),
  }));
  const stale = judged.flatMap(({ row, error }) => (error === undefined ? [] : [{ chunkPk: row.chunk_pk, error }]));
  if (stale.length > 0) {
    const slot = { tenant: head.tenant, kind: head.kind, slotId: head.slot_id, slotNo: head.slot_no };
    await noteDiscards(tx, { ...slot, items: stale });
    const renewed = stale.filter(({ error }) => error === discardReasons.hashMismatch).map(({ chunkPk }) => chunkPk);
    const gone = stale.filter(({ error }) => error !== discardReasons.hashMismatch).map(({ chunkPk }) => chunkPk);
    if (renewed.length > 0) await renewWork(tx, { ...slot, chunkPks: renewed });
    if (gone.length > 0) await deleteWork(tx, { ...slot, chunkPks: gone });
  }
  return judged.filter(({ error }) => error === undefined).map(({ row }) => row);
}

function claimedItem(row: ClaimedRow, head: HeadRow): WorkItem {
  return {
    slotNo: head.slot_no,
    chunkPk: row.chunk_pk,
    kind: head.kind,
    chunkId: row.chunk_id!,
    text: row.body!,
    canonicalHash: row.canonical_hash,
    priority: row.priority,
    slotId: head.slot_id.replaceAll("-", ""),
    profileId: head.profile_id.replaceAll("-", ""),
    state: "inflight",
    attempts: row.attempts,
    charges: row.charges,
    error: row.error ?? "",
    tokens: row.tokens,
    enqueuedAt: instant(row.enqueued_at),
    availableAt: undefined,
  };
}

/** Names a batch. */
export interface BatchKey {
  readonly tenant: string;
  readonly batchId: string;
}

/** A batch that is still held: until when, and what of it is still worth embedding. */
export interface HeldBatch {
  readonly deadline: Date;
  readonly slotNo: number;
  readonly chunkPks: readonly string[];
}

/** Renews a batch. Refuses with `LEASE_LOST`. */
export async function heartbeatBatch(db: Database, { tenant, batchId }: BatchKey): Promise<HeldBatch> {
  const renewed = await renewBatch(db, tenant, batchId);
  if (renewed === undefined) throw leaseLost();
  return { deadline: instant(renewed.expires_at), slotNo: renewed.slot_no, chunkPks: renewed.chunk_pks ?? [] };
}

/** How a batch is given back. */
export interface ReleaseCall extends BatchKey {
  readonly reason: string;
  readonly retryAfterMs: number;
}

/** Gives a batch back in good order: nothing is charged. Tells how many items are pending again. */
export async function releaseBatch({ db, bell }: ProjectionDeps, call: ReleaseCall): Promise<number> {
  const { tenant, batchId, reason, retryAfterMs } = call;
  const { released, kind } = await db.transaction(async (tx) => {
    const batch = await lockBatch(tx, tenant, batchId);
    if (batch === undefined || !batch.is_live) throw leaseLost();
    const held = batch.kind === null ? [] : await lockHeldWork(tx, { tenant, batchId, kind: batch.kind });
    const items = held.map((row) => ({ chunkPk: row.chunk_pk, error: reason, delayMs: retryAfterMs }));
    if (items.length > 0) await revertWork(tx, { tenant, slotNo: batch.slot_no, items, attempts: 0, charges: 0 });
    await endBatch(tx, { tenant, batchId, processed: 0 });
    return { released: items.length, kind: batch.kind };
  });
  if (kind !== null) bell.ring(topicsOfWork({ tenant, kind }));
  return released;
}

/** Returns the items of batches that ran out; tells how many slots that concerned. */
export async function expireBatches({ db, bell }: ProjectionDeps, backoffBaseMs: number): Promise<number> {
  const slots = await expireWork(db, backoffBaseMs);
  if (slots.length > 0) bell.ring(slots.flatMap(topicsOfWork));
  return slots.length;
}

/** The refusal of a batch that ran out, ended, or never was. */
export function leaseLost(): Problem {
  return new Problem("LEASE_LOST", "Cannot go on with the batch: its lease ran out or it has ended; claim again");
}
