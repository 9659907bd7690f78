/**
 * Ends a batch: vectors are stored, failures noted and the rest returned in ONE transaction that checks hash, slot and
 * dimension of every item again under lock. An item that changed hands since it was claimed is dropped.
 */
import type { Tx } from "../db/database.ts";
import {
  deleteWork,
  failWork,
  type HeldRow,
  lockHeldWork,
  noteDiscards,
  renewWork,
  revertWork,
  type VectorInput,
  writeVectors,
} from "./apply-store.ts";
import { type BatchRow, endBatch, lockBatch } from "./batch-store.ts";
import type { ProjectionDeps } from "./chunk-service.ts";
import { leaseLost } from "./claim-service.ts";
import type { Profile } from "./profile.ts";
import { findProfile } from "./profile-store.ts";
import { backoffMs, discardReasons, INVALID_VECTOR, isIncremental, isSpent, staleReason } from "./projection.ts";
import { projectionTopic, topicsOfWork } from "./projection-topic.ts";
import { findLostReasons } from "./work-store.ts";
import { signatureOf, storedForm, vectorFault } from "./vector.ts";
import { readWorkId, type WorkOutcome, writeWorkId } from "./work-item.ts";

/** Why items that got no vector go back. */
export interface Unavailable {
  /** What the items say. */
  readonly reason: string;
  /** What an item says that had its last chance; by default the same. */
  readonly lastReason?: string;
  /** False when the embedder was at fault for certain: then no item is ever given up for it. */
  readonly isCharged: boolean;
  /** The items wait at least so long. */
  readonly retryAfterMs?: number;
}

/** What a worker made of a batch. No item may be named twice. */
export interface ApplyCall {
  readonly tenant: string;
  readonly batchId: string;
  readonly vectors: readonly { readonly workId: string; readonly values: Uint8Array }[];
  readonly failures: readonly { readonly workId: string; readonly error: string }[];
  /** What happens to the items that are named in neither list. */
  readonly unavailable: Unavailable;
  /** Of the request, to know it when it is sent again. Without one, nothing is kept for that. */
  readonly digest?: Uint8Array;
}

/** What became of one item. */
export interface ItemOutcome {
  readonly workId: string;
  readonly outcome: WorkOutcome;
  readonly error: string;
}

/** What became of a batch: outcomes in the order of vectors, failures, items not named. */
export interface ApplyResult {
  readonly incrementalProcessed: number;
  readonly processed: number;
  readonly failed: number;
  readonly discardedStale: number;
  readonly reverted: number;
  readonly outcomes: readonly ItemOutcome[];
}

/** What applying needs besides: how long a first failure waits. */
export interface ApplyDeps extends ProjectionDeps {
  readonly backoffBaseMs: number;
}

/** Ends a batch. Refuses with `LEASE_LOST`, unless the same call ended it within the last minutes: that is answered. */
export async function applyBatch(deps: ApplyDeps, call: ApplyCall): Promise<ApplyResult> {
  const { result, kind } = await deps.db.transaction((tx) => applyLocked(tx, deps, call), { idempotent: call.digest !== undefined });
  if (kind !== null) {
    const key = { tenant: call.tenant, kind };
    deps.bell.ring(result.reverted + result.discardedStale > 0 ? topicsOfWork(key) : [projectionTopic(key.tenant, key.kind)]);
  }
  return result;
}

async function applyLocked(tx: Tx, deps: ApplyDeps, call: ApplyCall): Promise<{ result: ApplyResult; kind: string | null }> {
  const { tenant, batchId, digest } = call;
  const batch = await lockBatch(tx, tenant, batchId);
  if (batch === undefined) throw leaseLost();
  if (!batch.is_live) return { result: answeredBefore(batch, digest), kind: null };
  const result = await settle(tx, deps, call, batch);
  const answer = digest === undefined ? {} : { digest, answer: JSON.stringify(result) };
  await endBatch(tx, { tenant, batchId, processed: result.processed, ...answer });
  return { result, kind: batch.kind };
}

/** The same call again is told what it was told before. */
function answeredBefore(batch: BatchRow, digest: Uint8Array | undefined): ApplyResult {
  const isSame = digest !== undefined && batch.request_digest !== null && Buffer.compare(digest, batch.request_digest) === 0;
  if (!isSame || batch.answer === null) throw leaseLost();
  return JSON.parse(batch.answer) as ApplyResult;
}

/** Every item of the batch, sorted by what becomes of it. */
interface Verdicts {
  readonly vectors: VectorInput[];
  readonly failed: { chunkPk: string; error: string }[];
  readonly stale: { chunkPk: string; error: string }[];
  readonly reverted: { chunkPk: string; error: string; delayMs: number }[];
  readonly outcomes: ItemOutcome[];
  incrementalProcessed: number;
}

async function settle(tx: Tx, deps: ApplyDeps, call: ApplyCall, batch: BatchRow): Promise<ApplyResult> {
  const { tenant, batchId } = call;
  const profile = batch.profile_id === null ? undefined : await findProfile(tx, tenant, batch.profile_id);
  const held = batch.kind === null ? [] : await lockHeldWork(tx, { tenant, batchId, kind: batch.kind });
  const lost = await lostReasons(tx, call, batch, held);
  const verdicts = judge({ deps, call, batch, profile, held, lost });
  await execute(tx, verdicts, { tenant, batch, isCharged: call.unavailable.isCharged });
  const count = (outcome: WorkOutcome) => verdicts.outcomes.filter((item) => item.outcome === outcome).length;
  return {
    incrementalProcessed: verdicts.incrementalProcessed,
    processed: verdicts.vectors.length,
    failed: count("failed"),
    discardedStale: count("discarded_stale"),
    reverted: count("reverted"),
    outcomes: verdicts.outcomes,
  };
}

/** Why items that the call names are not in the batch any more. */
async function lostReasons(tx: Tx, call: ApplyCall, batch: BatchRow, held: readonly HeldRow[]): Promise<Map<string, string>> {
  const own = new Set(held.map((row) => row.chunk_pk));
  const named = [...call.vectors, ...call.failures].map(({ workId }) => readWorkId(workId));
  const chunkPks = named.flatMap((key) => (key?.slotNo === batch.slot_no && !own.has(key.chunkPk) ? [key.chunkPk] : []));
  if (chunkPks.length === 0 || batch.kind === null) return new Map();
  const rows = await findLostReasons(tx, { tenant: call.tenant, kind: batch.kind }, chunkPks);
  return new Map(rows.map((row) => [row.chunk_pk, row.is_enabled ? discardReasons.hashMismatch : discardReasons.profileChanged]));
}

interface Judgement {
  readonly deps: ApplyDeps;
  readonly call: ApplyCall;
  readonly batch: BatchRow;
  readonly profile: Profile | undefined;
  readonly held: readonly HeldRow[];
  readonly lost: ReadonlyMap<string, string>;
}

function judge({ deps, call, batch, profile, held, lost }: Judgement): Verdicts {
  const verdicts: Verdicts = { vectors: [], failed: [], stale: [], reverted: [], outcomes: [], incrementalProcessed: 0 };
  const open = new Map(held.map((row) => [row.chunk_pk, row]));
  const tell = (workId: string, outcome: WorkOutcome, error = "") => verdicts.outcomes.push({ workId, outcome, error });

  /** Takes an item out of the batch; undefined, and told, when it is not or no longer worth anything there. */
  const take = (workId: string): HeldRow | undefined => {
    const key = readWorkId(workId);
    const row = key?.slotNo === batch.slot_no ? open.get(key.chunkPk) : undefined;
    if (row === undefined) {
      const gone = batch.role === null ? discardReasons.profileChanged : discardReasons.chunkGone;
      tell(workId, "discarded_stale", (key && lost.get(key.chunkPk)) ?? gone);
      return undefined;
    }
    open.delete(row.chunk_pk);
    const error = staleOf(row, batch);
    if (error === undefined) return row;
    verdicts.stale.push({ chunkPk: row.chunk_pk, error });
    tell(workId, "discarded_stale", error);
    return undefined;
  };
  const fail = (workId: string, row: HeldRow, error: string) => {
    verdicts.failed.push({ chunkPk: row.chunk_pk, error });
    tell(workId, "failed", error);
  };

  for (const { workId, values } of call.vectors) {
    const row = take(workId);
    if (row === undefined || profile === undefined) continue;
    if (vectorFault(values, profile) !== undefined) fail(workId, row, INVALID_VECTOR);
    else {
      const bytes = storedForm(values, profile);
      verdicts.vectors.push({ chunkPk: row.chunk_pk, canonicalHash: row.canonical_hash, signature: signatureOf(bytes), bytes });
      if (isIncremental(row.priority)) verdicts.incrementalProcessed++;
      tell(workId, "processed");
    }
  }
  for (const { workId, error } of call.failures) {
    const row = take(workId);
    if (row !== undefined) fail(workId, row, error);
  }
  for (const unnamed of [...open.values()]) {
    const workId = writeWorkId({ slotNo: batch.slot_no, chunkPk: unnamed.chunk_pk });
    const row = take(workId);
    if (row !== undefined) sendBack(row, workId);
  }
  // The order of the locks on vectors.
  verdicts.vectors.sort((a, b) => (BigInt(a.chunkPk) < BigInt(b.chunkPk) ? -1 : 1));
  return verdicts;

  function sendBack(row: HeldRow, workId: string): void {
    const { reason, lastReason, isCharged, retryAfterMs = 0 } = call.unavailable;
    if (isCharged && isSpent(row.charges)) {
      fail(workId, row, lastReason ?? reason);
      return;
    }
    const delayMs = Math.max(retryAfterMs, backoffMs(row.attempts + 1, deps.backoffBaseMs, Math.random()));
    verdicts.reverted.push({ chunkPk: row.chunk_pk, error: reason, delayMs });
    tell(workId, "reverted", reason);
  }
}

function staleOf(row: HeldRow, batch: BatchRow): string | undefined {
  return staleReason({
    canonicalHash: row.canonical_hash,
    currentHash: row.current_hash ?? undefined,
    slotRole: batch.role ?? "retired",
  });
}

async function execute(
  tx: Tx,
  { vectors, failed, stale, reverted }: Verdicts,
  { tenant, batch, isCharged }: { readonly tenant: string; readonly batch: BatchRow; readonly isCharged: boolean },
): Promise<void> {
  if (batch.kind === null || batch.slot_id === null) return;
  const slot = { tenant, kind: batch.kind, slotId: batch.slot_id, slotNo: batch.slot_no };
  if (vectors.length > 0) {
    await writeVectors(tx, tenant, batch.slot_no, vectors);
    await deleteWork(tx, { ...slot, chunkPks: vectors.map((vector) => vector.chunkPk) });
  }
  if (failed.length > 0) await failWork(tx, { ...slot, items: failed });
  if (reverted.length > 0) await revertWork(tx, { ...slot, items: reverted, attempts: 1, charges: isCharged ? 1 : 0 });
  if (stale.length > 0) {
    await noteDiscards(tx, { ...slot, items: stale });
    const edited = stale.filter(({ error }) => error === discardReasons.hashMismatch).map(({ chunkPk }) => chunkPk);
    const gone = stale.filter(({ error }) => error !== discardReasons.hashMismatch).map(({ chunkPk }) => chunkPk);
    if (edited.length > 0) await renewWork(tx, { ...slot, chunkPks: edited });
    if (gone.length > 0) await deleteWork(tx, { ...slot, chunkPks: gone });
  }
}
