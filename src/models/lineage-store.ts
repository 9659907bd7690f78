/** The edges of lineage, one step at a time: what lies around a set of versions and jobs that a tenant can see. */
import { type SQL, sql } from "drizzle-orm";
import { array, type Runner } from "../db/database.ts";
import { GLOBAL_TENANT, type ModelKey } from "./model.ts";

/** How two things belong together, from the source to what came of it. */
export type Relation = "base_model" | "job_input" | "job_output" | "eval_run" | "result_table";

/** What can be in a lineage. */
export type LineageEntity =
  | ({ readonly kind: "version" } & ModelKey)
  | { readonly kind: "job" | "eval_run" | "table"; readonly id: string };

/** The things whose neighbours are looked for. */
export interface Frontier {
  readonly versions: readonly ModelKey[];
  readonly jobIds: readonly string[];
}

/** One edge, with what lies at its far end. Of `from*` only the version or the job is set. */
export interface StepRow {
  readonly relation: Relation;
  readonly fromTenant: string | null;
  readonly fromName: string | null;
  readonly fromVersion: number | null;
  readonly fromId: string | null;
  readonly kind: "version" | "job" | "eval_run" | "table";
  readonly tenant: string | null;
  readonly name: string | null;
  readonly version: number | null;
  readonly id: string | null;
  readonly at: string;
}

/** What the frontier was made from: base versions and producing jobs of versions, base versions of jobs. */
export async function stepUpstream(runner: Runner, tenant: string, { frontier, countMax }: { frontier: Frontier; countMax: number }): Promise<StepRow[]> {
  const { versions, jobs } = sources(frontier);
  return await runner.run<StepRow>(sql`
    WITH f AS (${versions}), j AS (${jobs})
    (SELECT 'base_model' AS relation, ${ofVersion}, ${version(sql`b`)}, b.created_at AS at
      FROM f JOIN model_versions v ON v.tenant = f.tenant AND v.name = f.name AND v.version = f.version
      JOIN model_versions b ON b.tenant = v.base_tenant AND b.name = v.base_name AND b.version = v.base_version
      ORDER BY at LIMIT ${countMax})
    UNION ALL
    (SELECT 'job_output', ${ofVersion}, ${thing("job", sql`replace(o.job_id::text, '-', '')`)}, o.at
      FROM f CROSS JOIN LATERAL (
        SELECT o.job_id, jobs.created_at AS at FROM job_output_models o JOIN jobs ON jobs.tenant = o.tenant AND jobs.id = o.job_id
        WHERE f.tenant = ${tenant} AND o.tenant = f.tenant AND o.model_name = f.name AND o.model_version = f.version
        LIMIT ${countMax}
      ) o ORDER BY o.at LIMIT ${countMax})
    UNION ALL
    (SELECT 'job_input', ${ofJob}, ${version(sql`b`)}, b.created_at
      FROM j JOIN job_base_models i ON i.tenant = ${tenant} AND i.job_id = j.job_id
      JOIN model_versions b ON b.tenant = i.model_tenant AND b.name = i.model_name AND b.version = i.model_version
      ORDER BY b.created_at LIMIT ${countMax})`);
}

/** What came of the frontier: versions, jobs, eval runs and tables of versions, output versions of jobs. */
export async function stepDownstream(runner: Runner, tenant: string, { frontier, countMax }: { frontier: Frontier; countMax: number }): Promise<StepRow[]> {
  const { versions, jobs } = sources(frontier);
  const visible = [...new Set([tenant, GLOBAL_TENANT])];
  const made = visible.map((owner) => sql`
    SELECT m.* FROM model_versions m
    WHERE m.base_tenant = f.tenant AND m.base_name = f.name AND m.base_version = f.version AND m.tenant = ${owner}`);
  const ofModel = sql`e.model_tenant = f.tenant AND e.model_name = f.name`;
  return await runner.run<StepRow>(sql`
    WITH f AS (${versions}), j AS (${jobs})
    (SELECT 'base_model' AS relation, ${ofVersion}, ${version(sql`m`)}, m.created_at AS at
      FROM f CROSS JOIN LATERAL ((${sql.join(made, sql` UNION ALL `)}) LIMIT ${countMax}) m ORDER BY at LIMIT ${countMax})
    UNION ALL
    (SELECT 'job_input', ${ofVersion}, ${thing("job", sql`replace(i.job_id::text, '-', '')`)}, i.at
      FROM f CROSS JOIN LATERAL (
        SELECT e.job_id, jobs.created_at AS at FROM job_base_models e JOIN jobs ON jobs.tenant = e.tenant AND jobs.id = e.job_id
        WHERE ${ofModel} AND e.model_version = f.version AND e.tenant = ${tenant} LIMIT ${countMax}
      ) i ORDER BY i.at LIMIT ${countMax})
    UNION ALL
    (SELECT 'eval_run', ${ofVersion}, ${thing("eval_run", sql`replace(r.id::text, '-', '')`)}, r.created_at
      FROM f CROSS JOIN LATERAL (
        SELECT e.id, e.created_at FROM eval_runs e
        WHERE ${ofModel} AND e.model_version = f.version AND e.tenant = ${tenant} ORDER BY e.id LIMIT ${countMax}
      ) r ORDER BY r.created_at LIMIT ${countMax})
    UNION ALL
    (SELECT 'result_table', ${ofVersion}, ${thing("table", sql`t.table_name`)}, t.created_at
      FROM f CROSS JOIN LATERAL (
        (SELECT e.table_name, e.created_at FROM result_tables e
          WHERE ${ofModel} AND e.model_version = f.version AND e.tenant = ${tenant} LIMIT ${countMax})
        UNION ALL
        (SELECT e.table_name, e.created_at FROM result_tables e
          WHERE ${ofModel} AND e.model_version IS NULL AND e.tenant = ${tenant} LIMIT ${countMax})
      ) t ORDER BY t.created_at LIMIT ${countMax})
    UNION ALL
    (SELECT 'job_output', ${ofJob}, ${version(sql`m`)}, m.created_at
      FROM j JOIN job_output_models o ON o.tenant = ${tenant} AND o.job_id = j.job_id
      JOIN model_versions m ON m.tenant = o.tenant AND m.name = o.model_name AND m.version = o.model_version
      ORDER BY m.created_at LIMIT ${countMax})`);
}

function sources({ versions, jobIds }: Frontier): { versions: SQL; jobs: SQL } {
  return {
    versions: sql`SELECT * FROM unnest(${array(versions.map((key) => key.tenant), "text[]")},
      ${array(versions.map((key) => key.name), "text[]")}, ${array(versions.map((key) => key.version), "int[]")})
      AS x(tenant, name, version)`,
    jobs: sql`SELECT * FROM unnest(${array(jobIds, "uuid[]")}) AS x(job_id)`,
  };
}

const ofVersion = sql`f.tenant AS "fromTenant", f.name AS "fromName", f.version AS "fromVersion", NULL AS "fromId"`;
const ofJob = sql`NULL, NULL, NULL::int, replace(j.job_id::text, '-', '')`;

function version(alias: SQL): SQL {
  return sql`'version' AS kind, ${alias}.tenant, ${alias}.name, ${alias}.version, NULL AS id`;
}

function thing(kind: "job" | "eval_run" | "table", id: SQL): SQL {
  return sql`${sql.raw(`'${kind}'`)}, NULL, NULL, NULL::int, ${id}`;
}
