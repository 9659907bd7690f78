/**
 * Pages of models and versions.
 *
 * A page reads a bounded number of rows, whatever its filter keeps of them, and holds a bounded number of bytes: it may
 * be shorter than asked for. Its cursor is where it stopped to look.
 */
import { type SQL, sql } from "drizzle-orm";
import type { Runner } from "../db/database.ts";
import type { Filter } from "./filter.ts";
import { conditionOf } from "./filter-store.ts";
import { GLOBAL_TENANT, type ModelVersion } from "./model.ts";
import { versionColumns } from "./model-store.ts";

/** A page of rows, and where the next one begins; no cursor on the last. */
export interface Page<T> {
  readonly rows: readonly T[];
  readonly cursor: readonly string[] | undefined;
}

/** What every list of models asks for. */
export interface ListQuery {
  readonly tenant: string;
  readonly filter: Filter | undefined;
  readonly withConfig: boolean;
  readonly countMax: number;
  /** Of the page before. */
  readonly after: readonly string[] | undefined;
}

// A filter that keeps nothing still ends: what it has looked at is behind it on the next page.
const FILTERED_MAX = 2_000;
// Clients take messages of 4 MiB; one version more than these bytes can hold still fits.
const BYTES_MAX = 2 * 1024 * 1024;

function examinedMaxOf(query: ListQuery): number {
  return query.filter === undefined ? query.countMax + 1 : FILTERED_MAX;
}

type Listed = ModelVersion & { readonly key: string; readonly tie: string };
type PageRow = Partial<Listed> & { readonly examined: string; readonly lastKey: string | null; readonly lastTie: string | null; readonly kept: string };

/** One version for each visible name, in order of name: the one that the name resolves to. Reads `models_pkey`. */
export async function listModels(runner: Runner, query: ListQuery): Promise<Page<ModelVersion>> {
  const [after = ""] = query.after ?? [];
  const examinedMax = examinedMaxOf(query);
  const names = (tenant: SQL, hidden: SQL) => sql`
    SELECT m.tenant, m.name FROM models m
    WHERE m.tenant = ${tenant} AND m.name > ${after} ${hidden}
      AND EXISTS (SELECT FROM model_versions x WHERE x.tenant = m.tenant AND x.name = m.name)
    ORDER BY m.name LIMIT ${examinedMax}`;
  const notHidden = sql`AND m.tenant <> ${query.tenant}
    AND NOT EXISTS (SELECT FROM model_versions o WHERE o.tenant = ${query.tenant} AND o.name = m.name)`;
  const examined = sql`
    SELECT n.name AS key, '' AS tie, v.* FROM (
      (${names(sql`${query.tenant}`, sql``)}) UNION ALL (${names(sql`${GLOBAL_TENANT}`, notHidden)})
      ORDER BY 2 LIMIT ${examinedMax}
    ) n CROSS JOIN LATERAL (
      SELECT * FROM model_versions r WHERE r.tenant = n.tenant AND r.name = n.name ORDER BY r.version DESC LIMIT 1
    ) v`;
  return await readPage(runner, query, { examined, order: sql`v.key`, lastOrder: sql`v.key DESC` });
}

/** In which order versions can be listed. */
export interface VersionOrder {
  readonly by: "version" | "created_at" | "updated_at";
  readonly isDescending: boolean;
}

const orderColumns: Record<VersionOrder["by"], { readonly column: SQL; readonly type: SQL }> = {
  version: { column: sql`r.version`, type: sql`int` },
  created_at: { column: sql`r.created_at`, type: sql`timestamptz` },
  updated_at: { column: sql`r.updated_at`, type: sql`timestamptz` },
};

/** The versions of one name that `owner` has. Reads the index of the order. */
export async function listVersions(runner: Runner, query: ListQuery, { owner, name, order }: { owner: string; name: string; order: VersionOrder }): Promise<Page<ModelVersion>> {
  const { column, type } = orderColumns[order.by];
  const [key, tie] = query.after ?? [];
  const [direction, opposite] = order.isDescending ? [sql`DESC`, sql`ASC`] : [sql`ASC`, sql`DESC`];
  const beyond = order.isDescending ? sql`<` : sql`>`;
  const rest = key === undefined ? sql`` : sql`AND (${column}, r.version) ${beyond} (${key}::${type}, ${tie}::int)`;
  const examined = sql`
    SELECT ${column}::text AS key, r.version::text AS tie, r.* FROM model_versions r
    WHERE r.tenant = ${owner} AND r.name = ${name} ${rest}
    ORDER BY ${column} ${direction}, r.version ${direction} LIMIT ${examinedMaxOf(query)}`;
  const sorted = (how: SQL) => sql`v.${sql.raw(order.by)} ${how}, v.version ${how}`;
  return await readPage(runner, query, { examined, order: sorted(direction), lastOrder: sorted(opposite) });
}

interface PageParts {
  /** Rows `key`, `tie` and the version's own columns, as many as `examinedMaxOf` says at most. */
  readonly examined: SQL;
  readonly order: SQL;
  readonly lastOrder: SQL;
}

/** Keeps of the examined rows what matches and fits, and answers with that and with where the next page begins. */
async function readPage(runner: Runner, query: ListQuery, { examined, order, lastOrder }: PageParts): Promise<Page<ModelVersion>> {
  const condition = query.filter === undefined ? sql`true` : conditionOf(query.filter);
  const config = query.withConfig ? sql`coalesce(octet_length(v.config_json), 0)` : sql`0`;
  const bytes = sql`${config} + octet_length(v.labels::text) + octet_length(v.metrics::text) + 4096`;
  const rows = await runner.run<PageRow>(sql`
    WITH examined AS MATERIALIZED (${examined}),
    last AS (
      SELECT (SELECT count(*) FROM examined) AS examined, v.key AS "lastKey", v.tie AS "lastTie"
      FROM examined v ORDER BY ${lastOrder} LIMIT 1
    ), kept AS MATERIALIZED (
      SELECT v.*, row_number() OVER w AS place, sum(${bytes}) OVER w - (${bytes}) AS before
      FROM examined v WHERE ${condition} WINDOW w AS (ORDER BY ${order} ROWS UNBOUNDED PRECEDING)
      ORDER BY place LIMIT ${query.countMax + 1}
    )
    SELECT last.*, (SELECT count(*) FROM kept) AS kept, p.* FROM last LEFT JOIN LATERAL (
      SELECT v.key, v.tie, v.place, ${versionColumns({ withConfig: query.withConfig })} FROM kept v
      WHERE v.place <= ${query.countMax} AND v.before < ${BYTES_MAX}
    ) p ON true
    ORDER BY p.place`);
  return pageOf(rows, examinedMaxOf(query));
}

function pageOf(rows: readonly PageRow[], examinedMax: number): Page<ModelVersion> {
  const [first] = rows;
  if (first === undefined) return { rows: [], cursor: undefined };
  const versions = rows.filter((row): row is PageRow & Listed => row.name !== undefined && row.name !== null);
  // More of them matched than fit: the next page begins behind the last that is answered.
  const last = versions.at(-1);
  if (last !== undefined && Number(first.kept) > versions.length) return { rows: versions, cursor: [last.key, last.tie] };
  const isWhole = Number(first.examined) < examinedMax;
  return { rows: versions, cursor: isWhole ? undefined : [first.lastKey!, first.lastTie!] };
}
