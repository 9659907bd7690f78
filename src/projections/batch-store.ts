/**
 * Claims on work: who holds which items until when. One statement per function.
 *
 * A batch is one row with the lease, and the items that point at it. Claimants skip what others hold and never wait for
 * each other.
 */
import { type SQL, sql } from "drizzle-orm";
import { array, type Runner, type Tx } from "../db/database.ts";
import type { EmbedderKind } from "./profile.ts";
import { EXPIRY_CHARGES_MAX, LEASE_EXPIRED, type SlotRole } from "./projection.ts";

/** Which slots a claimant may serve. Undefined and empty mean any. */
export interface SlotChoice {
  readonly tenant: string | undefined;
  readonly kinds: readonly string[];
  readonly profileIds: readonly string[];
  readonly embedders: readonly EmbedderKind[];
}

/** The item that would be claimed first of a slot. */
export interface HeadRow {
  readonly tenant: string;
  readonly kind: string;
  readonly slot_id: string;
  readonly slot_no: number;
  readonly profile_id: string;
  readonly priority: number;
  readonly charges: number;
}

/**
 * The slots with claimable work in the range of priorities, the most urgent first: by priority, then age.
 *
 * Reads the slots that are not retired and the first entry of `projection_work_claim_idx` of each.
 */
export async function findHeads(
  runner: Runner,
  choice: SlotChoice,
  { min, max }: { readonly min: number; readonly max: number },
  countMax: number,
): Promise<HeadRow[]> {
  return await runner.run<HeadRow>(sql`
    SELECT s.tenant, s.kind, s.id AS slot_id, s.slot_no, s.profile_id, h.priority, h.charges
    FROM projection_slots s
    JOIN projections p ON p.tenant = s.tenant AND p.kind = s.kind AND p.enabled AND NOT p.paused
    JOIN embedding_profiles f ON f.tenant = s.tenant AND f.id = s.profile_id
      AND f.embedder = ANY(${array(choice.embedders, "text[]")})
    CROSS JOIN LATERAL (
      SELECT w.priority, w.seq, w.charges FROM projection_work w
      WHERE w.tenant = s.tenant AND w.slot_no = s.slot_no AND w.state = 'pending' AND w.available_at <= now()
        AND w.priority BETWEEN ${min} AND ${max}
      ORDER BY w.priority DESC, w.seq LIMIT 1) h
    WHERE s.slot_no IS NOT NULL AND s.problem = '' ${choiceConditions(choice)}
    ORDER BY h.priority DESC, h.seq LIMIT ${countMax}`);
}

function choiceConditions({ tenant, kinds, profileIds }: SlotChoice): SQL {
  const conditions: SQL[] = [];
  if (tenant !== undefined) conditions.push(sql`AND s.tenant = ${tenant}`);
  if (kinds.length > 0) conditions.push(sql`AND s.kind = ANY(${array(kinds, "text[]")})`);
  if (profileIds.length > 0) conditions.push(sql`AND s.profile_id = ANY(${array(profileIds, "uuid[]")})`);
  return sql.join(conditions, sql` `);
}

/** What to claim of one slot. */
export interface Claim {
  readonly tenant: string;
  readonly kind: string;
  readonly slotNo: number;
  readonly workerId: string;
  readonly leaseMs: number;
  readonly priorityMin: number;
  readonly priorityMax: number;
  readonly chargesMin: number;
  readonly chargesMax: number;
  readonly countMax: number;
  /** 0 means no limit; one item is given in any case. */
  readonly tokensMax: number;
}

/** A claimed item with its chunk as this statement saw it, which may be older than the item. */
export interface ClaimedRow {
  readonly batch_id: string;
  readonly expires_at: string;
  readonly chunk_pk: string;
  readonly seq: string;
  readonly priority: number;
  readonly attempts: number;
  readonly charges: number;
  readonly tokens: number;
  readonly canonical_hash: Uint8Array;
  readonly enqueued_at: string;
  readonly error: string | null;
  readonly chunk_id: string | null;
  readonly body: string | null;
  readonly current_hash: Uint8Array | null;
  readonly role: SlotRole;
}

/**
 * Claims the first items of a slot, in order of priority, then age.
 *
 * Reads `projection_work_claim_idx` and locks what it returns. An item that changed hands while the statement ran comes
 * with its new hash and the chunk's old text: `current_hash` shows it, and such an item must not be embedded.
 */
export async function claimWork(tx: Tx, claim: Claim): Promise<ClaimedRow[]> {
  const { tenant, slotNo, tokensMax } = claim;
  return await tx.run<ClaimedRow>(sql`
    WITH candidates AS MATERIALIZED (
      SELECT chunk_pk, priority, seq, tokens FROM projection_work
      WHERE tenant = ${tenant} AND slot_no = ${slotNo} AND state = 'pending' AND available_at <= now()
        AND priority BETWEEN ${claim.priorityMin} AND ${claim.priorityMax}
        AND charges BETWEEN ${claim.chargesMin} AND ${claim.chargesMax}
      ORDER BY priority DESC, seq LIMIT ${claim.countMax} FOR UPDATE SKIP LOCKED),
    chosen AS MATERIALIZED (
      SELECT chunk_pk FROM (
        SELECT chunk_pk, row_number() OVER w AS place, sum(tokens) OVER w AS tokens_so_far
        FROM candidates WINDOW w AS (ORDER BY priority DESC, seq)) c
      WHERE place = 1 OR ${tokensMax}::bigint = 0 OR tokens_so_far <= ${tokensMax}::bigint),
    batch AS (
      INSERT INTO projection_batches (tenant, slot_no, worker_id, lease_ms, expires_at)
      SELECT ${tenant}, ${slotNo}, ${claim.workerId}, ${claim.leaseMs}, now() + make_interval(secs => ${claim.leaseMs / 1000})
      FROM chosen HAVING count(*) > 0
      RETURNING id, expires_at),
    claimed AS (
      UPDATE projection_work w SET state = 'inflight', batch_id = b.id
      FROM chosen c, batch b
      WHERE w.tenant = ${tenant} AND w.slot_no = ${slotNo} AND w.chunk_pk = c.chunk_pk
      RETURNING w.*)
    SELECT b.id AS batch_id, b.expires_at, w.chunk_pk, w.seq, w.priority, w.attempts, w.charges, w.tokens,
      w.canonical_hash, w.enqueued_at, w.error, c.chunk_id, c.body, c.canonical_hash AS current_hash,
      coalesce(s.role, 'retired') AS role
    FROM claimed w CROSS JOIN batch b
    LEFT JOIN projection_slots s ON s.slot_no = w.slot_no
    LEFT JOIN chunks c ON c.tenant = w.tenant AND c.kind = ${claim.kind} AND c.chunk_pk = w.chunk_pk
    ORDER BY w.priority DESC, w.seq`);
}

/** A batch and the slot that it is of; the slot is null once it has been retired. */
export interface BatchRow {
  readonly id: string;
  readonly tenant: string;
  readonly slot_no: number;
  readonly kind: string | null;
  readonly slot_id: string | null;
  readonly role: SlotRole | null;
  readonly profile_id: string | null;
  readonly is_live: boolean;
  readonly ended_at: string | null;
  readonly request_digest: Uint8Array | null;
  readonly answer: string | null;
}

/** Locks a batch, so that it ends once. */
export async function lockBatch(tx: Tx, tenant: string, batchId: string): Promise<BatchRow | undefined> {
  const [row] = await tx.run<BatchRow>(sql`
    SELECT b.id, b.tenant, b.slot_no, s.kind, s.id AS slot_id, s.role, s.profile_id,
      b.ended_at IS NULL AND b.expires_at > now() AS is_live, b.ended_at, b.request_digest, b.answer
    FROM projection_batches b
    LEFT JOIN projection_slots s ON s.slot_no = b.slot_no
    WHERE b.tenant = ${tenant} AND b.id = ${batchId}::uuid
    FOR UPDATE OF b`);
  return row;
}

/** Renews a live batch and names the items that it still holds; none when the batch is not live. */
export async function renewBatch(
  runner: Runner,
  tenant: string,
  batchId: string,
): Promise<{ expires_at: string; slot_no: number; chunk_pks: string[] | null } | undefined> {
  const [row] = await runner.run<{ expires_at: string; slot_no: number; chunk_pks: string[] | null }>(sql`
    WITH renewed AS (
      UPDATE projection_batches SET expires_at = now() + make_interval(secs => lease_ms / 1000.0)
      WHERE tenant = ${tenant} AND id = ${batchId}::uuid AND ended_at IS NULL AND expires_at > now()
      RETURNING tenant, id, slot_no, expires_at)
    SELECT r.expires_at, r.slot_no, (
      SELECT array_agg(w.chunk_pk ORDER BY w.priority DESC, w.seq) FROM projection_work w
      WHERE w.tenant = r.tenant AND w.batch_id = r.id AND w.state = 'inflight') AS chunk_pks
    FROM renewed r`);
  return row;
}

/** How a batch ended; the digest and the answer are for whoever sends the same again. */
export interface BatchEnd {
  readonly tenant: string;
  readonly batchId: string;
  readonly processed: number;
  readonly digest?: Uint8Array;
  readonly answer?: string;
}

/** Ends a locked batch. */
export async function endBatch(tx: Tx, { tenant, batchId, processed, digest, answer }: BatchEnd): Promise<void> {
  await tx.run(sql`
    UPDATE projection_batches SET ended_at = now(), processed = ${processed}, request_digest = ${digest ?? null}::bytea,
      answer = ${answer ?? null}::text
    WHERE tenant = ${tenant} AND id = ${batchId}::uuid`);
}

/**
 * Returns the items of batches that ran out to pending, at most 500 at a time, and tells whose they were. An item
 * whose holders kept vanishing fails in the end. `batch_id` is compared again under the lock: an item that was claimed
 * anew in the meantime stays where it is.
 */
export async function expireWork(runner: Runner, backoffBaseMs: number): Promise<{ tenant: string; kind: string; slot_no: number }[]> {
  return await runner.run(sql`
    WITH stranded AS MATERIALIZED (
      SELECT w.tenant, w.slot_no, w.chunk_pk, w.batch_id FROM projection_work w
      WHERE w.state = 'inflight' AND NOT EXISTS (
        SELECT FROM projection_batches b
        WHERE b.tenant = w.tenant AND b.id = w.batch_id AND b.ended_at IS NULL AND b.expires_at > now())
      LIMIT 500),
    locked AS (
      SELECT w.tenant, w.slot_no, w.chunk_pk FROM stranded x
      JOIN projection_work w ON w.tenant = x.tenant AND w.slot_no = x.slot_no AND w.chunk_pk = x.chunk_pk
      WHERE w.batch_id = x.batch_id AND w.state = 'inflight'
      ORDER BY w.slot_no, w.chunk_pk FOR UPDATE OF w SKIP LOCKED),
    returned AS (
      UPDATE projection_work w SET batch_id = NULL, attempts = w.attempts + 1, charges = w.charges + 1,
        error = ${LEASE_EXPIRED},
        state = CASE WHEN w.charges + 1 >= ${EXPIRY_CHARGES_MAX} THEN 'failed' ELSE 'pending' END,
        available_at = now() + make_interval(secs => ${backoffBaseMs / 1000} * least(300, 2 ^ least(w.attempts, 20)))
      FROM locked l WHERE w.tenant = l.tenant AND w.slot_no = l.slot_no AND w.chunk_pk = l.chunk_pk
      RETURNING w.tenant, w.slot_no)
    SELECT DISTINCT r.tenant, s.kind, r.slot_no FROM returned r JOIN projection_slots s ON s.slot_no = r.slot_no`);
}

/** Forgets batches that ended, or ran out, more than ten minutes ago; each slot keeps when it last completed one. */
export async function purgeBatches(runner: Runner): Promise<number> {
  const rows = await runner.run(sql`
    WITH old AS (
      SELECT tenant, id FROM projection_batches
      WHERE expires_at < now() - interval '70 minutes'
        OR (expires_at < now() - interval '10 minutes' AND ended_at < now() - interval '10 minutes')
      LIMIT 1000 FOR UPDATE SKIP LOCKED),
    gone AS (
      DELETE FROM projection_batches b USING old o WHERE b.tenant = o.tenant AND b.id = o.id
      RETURNING b.slot_no, b.processed, b.ended_at),
    noted AS (
      UPDATE projection_slots s SET last_completed_at = greatest(s.last_completed_at, g.ended_at)
      FROM (SELECT slot_no, max(ended_at) AS ended_at FROM gone WHERE processed > 0 GROUP BY slot_no) g
      WHERE s.slot_no = g.slot_no)
    SELECT 1 FROM gone`);
  return rows.length;
}
