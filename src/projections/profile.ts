/**
 * The rules of a profile: what makes its fingerprint, and the limits that its embedder is called with.
 *
 * Pure. Everything in `ProfileContent` is part of the fingerprint and never changes; everything else may.
 */
import { createHash } from "node:crypto";
import type { Metric } from "./vector.ts";

/** Who embeds. */
export type EmbedderKind = "lexical_hash" | "http" | "workers";

/** A model version, and whose it is: the tenant's own, or `global`. */
export interface ResolvedModel {
  readonly tenant: string;
  readonly name: string;
  readonly version: number;
}

/** What a profile's vectors depend on. */
export interface ProfileContent {
  readonly model: ResolvedModel | undefined;
  readonly dimension: number;
  readonly metric: Metric;
  readonly normalize: boolean;
  readonly documentPrefix: string;
  readonly queryPrefix: string;
  readonly maxInputTokens: number;
  readonly overflow: "fail" | "truncate";
  readonly embedder: EmbedderKind;
}

/** How the server calls an embedder. 0 means no limit, where a limit is optional. */
export interface EmbedderLimits {
  readonly maxBatchItems: number;
  readonly maxBatchTokens: number;
  readonly requestsPerMinute: number;
  readonly tokensPerMinute: number;
  readonly maxConcurrency: number;
  readonly timeoutMs: number;
}

/** A profile as it is stored. */
export interface Profile extends ProfileContent {
  readonly tenant: string;
  /** 32 hex digits. */
  readonly id: string;
  readonly fingerprint: string;
  readonly endpointRef: string;
  readonly limits: EmbedderLimits;
  readonly createdAt: Date;
}

export const defaultLimits: EmbedderLimits = {
  maxBatchItems: 64,
  maxBatchTokens: 0,
  requestsPerMinute: 0,
  tokensPerMinute: 0,
  maxConcurrency: 2,
  timeoutMs: 30_000,
};

/** SHA-256 over the content in one spelling: a field added later must not change the fingerprints there are. */
export function fingerprintOf(content: ProfileContent): Buffer {
  const { model } = content;
  const fields = [
    model === undefined ? null : [model.tenant, model.name, model.version],
    content.dimension,
    content.metric,
    content.normalize,
    content.documentPrefix,
    content.queryPrefix,
    content.maxInputTokens,
    content.overflow,
    content.embedder,
  ];
  return createHash("sha256").update(JSON.stringify(fields)).digest();
}
