/** A work item as services and callers see it, and how it is named. Pure. */
import type { Profile } from "./profile.ts";

/** Where an item stands. */
export type WorkState = "pending" | "inflight" | "failed" | "discarded";

/** Names an item: its slot and its chunk. */
export interface WorkKey {
  readonly slotNo: number;
  readonly chunkPk: string;
}

/** One chunk to embed for one slot. `text` is undefined in lists. */
export interface WorkItem extends WorkKey {
  readonly kind: string;
  readonly chunkId: string;
  readonly text: string | undefined;
  readonly canonicalHash: Uint8Array;
  readonly priority: number;
  /** 32 hex digits, as are profile ids. */
  readonly slotId: string;
  readonly profileId: string;
  readonly state: WorkState;
  readonly attempts: number;
  readonly charges: number;
  readonly error: string;
  readonly tokens: number;
  readonly enqueuedAt: Date;
  readonly availableAt: Date | undefined;
}

/** Items of one slot under one lease. */
export interface Batch {
  readonly tenant: string;
  readonly kind: string;
  readonly id: string;
  readonly deadline: Date;
  readonly leaseMs: number;
  readonly profile: Profile;
  readonly slotNo: number;
  readonly items: readonly WorkItem[];
  /** Items that turned out to be stale when they were claimed, and are gone from the batch. */
  readonly discardedStale: number;
}

/** What became of one item. */
export type WorkOutcome = "processed" | "failed" | "discarded_stale" | "reverted";

const workIdForm = /^([0-9a-z]{1,7})-([0-9a-z]{1,13})$/;

/** The item's name for callers, who must not read anything from it. */
export function writeWorkId({ slotNo, chunkPk }: WorkKey): string {
  return `${slotNo.toString(36)}-${BigInt(chunkPk).toString(36)}`;
}

/** The item that a name stands for, or `undefined`: then there is no such item. */
export function readWorkId(workId: string): WorkKey | undefined {
  const [, slot, chunk] = workIdForm.exec(workId) ?? [];
  if (slot === undefined || chunk === undefined) return undefined;
  let chunkPk = 0n;
  for (const digit of chunk) chunkPk = chunkPk * 36n + BigInt(Number.parseInt(digit, 36));
  const slotNo = Number.parseInt(slot, 36);
  return slotNo > 0x7fff_ffff || chunkPk > 0x7fff_ffff_ffff_ffffn ? undefined : { slotNo, chunkPk: chunkPk.toString() };
}
