/** What writes with a request id were answered. */
import { sql } from "drizzle-orm";
import type { Database, Tx } from "../db/database.ts";

/** A write that was answered before. */
export interface AnsweredRequest {
  readonly digest: Uint8Array;
  readonly answer: string;
}

/** Finds the answer that a request id was given. Reads `model_requests_pkey`. */
export async function findRequest(tx: Tx, tenant: string, requestId: string): Promise<AnsweredRequest | undefined> {
  const [request] = await tx.run<AnsweredRequest>(sql`
    SELECT payload_digest AS digest, answer FROM model_requests WHERE tenant = ${tenant} AND request_id = ${requestId}`);
  return request;
}

/** Remembers an answer; the same id in another open transaction is waited for, and then breaks `model_requests_pkey`. */
export async function insertRequest(tx: Tx, tenant: string, request: AnsweredRequest & { readonly requestId: string }): Promise<void> {
  await tx.run(sql`
    INSERT INTO model_requests (tenant, request_id, payload_digest, answer)
    VALUES (${tenant}, ${request.requestId}, ${request.digest}, ${request.answer})`);
}

/** Forgets answers older than `maxAgeMs`, at most `countMax`; tells how many. Reads `model_requests_created_idx`. */
export async function purgeRequests(db: Database, maxAgeMs: number, countMax: number): Promise<number> {
  const purged = await db.run(sql`
    DELETE FROM model_requests WHERE (tenant, request_id) IN (
      SELECT tenant, request_id FROM model_requests
      WHERE created_at < now() - ${maxAgeMs}::bigint * interval '1 millisecond' ORDER BY created_at LIMIT ${countMax})`);
  return purged.count;
}
