/** Profiles: one statement per function. */
import { sql } from "drizzle-orm";
import { instant, type Runner } from "../db/database.ts";
import { type EmbedderLimits, fingerprintOf, type EmbedderKind, type Profile, type ProfileContent } from "./profile.ts";
import type { Metric } from "./vector.ts";

interface ProfileRow {
  readonly tenant: string;
  readonly id: string;
  readonly fingerprint: Uint8Array;
  readonly model_tenant: string | null;
  readonly model_name: string | null;
  readonly model_version: number | null;
  readonly dimension: number;
  readonly metric: Metric;
  readonly normalize: boolean;
  readonly document_prefix: string;
  readonly query_prefix: string;
  readonly max_input_tokens: number;
  readonly overflow: "fail" | "truncate";
  readonly embedder: EmbedderKind;
  readonly endpoint_ref: string;
  readonly limits: EmbedderLimits;
  readonly created_at: string;
}

const columns = sql.raw(`f.tenant, f.id, f.fingerprint, f.model_tenant, f.model_name, f.model_version, f.dimension, f.metric,
  f.normalize, f.document_prefix, f.query_prefix, f.max_input_tokens, f.overflow, f.embedder, f.endpoint_ref, f.limits,
  f.created_at`);

function profileOf(row: ProfileRow): Profile {
  const { model_tenant: tenant, model_name: name, model_version: version } = row;
  return {
    tenant: row.tenant,
    id: row.id.replaceAll("-", ""),
    fingerprint: Buffer.from(row.fingerprint).toString("hex"),
    model: tenant === null || name === null || version === null ? undefined : { tenant, name, version },
    dimension: row.dimension,
    metric: row.metric,
    normalize: row.normalize,
    documentPrefix: row.document_prefix,
    queryPrefix: row.query_prefix,
    maxInputTokens: row.max_input_tokens,
    overflow: row.overflow,
    embedder: row.embedder,
    endpointRef: row.endpoint_ref,
    limits: row.limits,
    createdAt: instant(row.created_at),
  };
}

/** What is registered besides the content. */
export interface ProfileCall {
  readonly tenant: string;
  readonly endpointRef: string;
  readonly limits: EmbedderLimits;
}

/** Inserts a profile; undefined when the tenant has one with this fingerprint. */
export async function insertProfile(runner: Runner, content: ProfileContent, call: ProfileCall): Promise<Profile | undefined> {
  const { model } = content;
  const [row] = await runner.run<ProfileRow>(sql`
    INSERT INTO embedding_profiles AS f (tenant, fingerprint, model_tenant, model_name, model_version, dimension, metric,
      normalize, document_prefix, query_prefix, max_input_tokens, overflow, embedder, endpoint_ref, limits)
    VALUES (${call.tenant}, ${fingerprintOf(content)}::bytea, ${model?.tenant ?? null}, ${model?.name ?? null},
      ${model?.version ?? null}, ${content.dimension}, ${content.metric}, ${content.normalize}, ${content.documentPrefix},
      ${content.queryPrefix}, ${content.maxInputTokens}, ${content.overflow}, ${content.embedder}, ${call.endpointRef},
      ${JSON.stringify(call.limits)}::text::jsonb)
    ON CONFLICT (tenant, fingerprint) DO NOTHING
    RETURNING ${columns}`);
  return row === undefined ? undefined : profileOf(row);
}

/** Finds the profile with this content. Reads `embedding_profiles_fingerprint_idx`. */
export async function findProfileByContent(runner: Runner, tenant: string, content: ProfileContent): Promise<Profile | undefined> {
  const [row] = await runner.run<ProfileRow>(sql`
    SELECT ${columns} FROM embedding_profiles f
    WHERE f.tenant = ${tenant} AND f.fingerprint = ${fingerprintOf(content)}::bytea`);
  return row === undefined ? undefined : profileOf(row);
}

/** Finds a profile. Reads `embedding_profiles_pkey`. */
export async function findProfile(runner: Runner, tenant: string, id: string): Promise<Profile | undefined> {
  const [row] = await runner.run<ProfileRow>(sql`
    SELECT ${columns} FROM embedding_profiles f WHERE f.tenant = ${tenant} AND f.id = ${id}::uuid`);
  return row === undefined ? undefined : profileOf(row);
}

/** Lists profiles, newest first, behind `afterId`: ids begin with the time they were made at. */
export async function listProfiles(
  runner: Runner,
  { tenant, afterId, countMax }: { readonly tenant: string; readonly afterId: string | undefined; readonly countMax: number },
): Promise<Profile[]> {
  const behind = afterId === undefined ? sql`` : sql`AND f.id < ${afterId}::uuid`;
  const rows = await runner.run<ProfileRow>(sql`
    SELECT ${columns} FROM embedding_profiles f WHERE f.tenant = ${tenant} ${behind} ORDER BY f.id DESC LIMIT ${countMax}`);
  return rows.map(profileOf);
}

/** Sets limits and endpoint; undefined keeps what there is. */
export async function updateProfileCall(
  runner: Runner,
  { tenant, id, limits, endpointRef }: { tenant: string; id: string; limits: EmbedderLimits | undefined; endpointRef: string | undefined },
): Promise<Profile | undefined> {
  const [row] = await runner.run<ProfileRow>(sql`
    UPDATE embedding_profiles f SET endpoint_ref = coalesce(${endpointRef ?? null}::text, f.endpoint_ref),
      limits = coalesce(${limits === undefined ? null : JSON.stringify(limits)}::text::jsonb, f.limits)
    WHERE f.tenant = ${tenant} AND f.id = ${id}::uuid
    RETURNING ${columns}`);
  return row === undefined ? undefined : profileOf(row);
}

/** Keeps the vector of the first probe, and gives the one that is kept. */
export async function keepProbeVector(runner: Runner, tenant: string, id: string, bytes: Uint8Array): Promise<Uint8Array> {
  const [row] = await runner.run<{ probe_vector: Uint8Array }>(sql`
    UPDATE embedding_profiles SET probe_vector = coalesce(probe_vector, ${bytes}::bytea)
    WHERE tenant = ${tenant} AND id = ${id}::uuid RETURNING probe_vector`);
  return row!.probe_vector;
}
