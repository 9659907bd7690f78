/** Which models jobs start from and make: the edges from jobs to models. */
import { sql } from "drizzle-orm";
import { array, type Runner, type Tx } from "../db/database.ts";
import type { ModelKey } from "./model.ts";

/** What one job refers to. */
export interface JobModels {
  readonly tenant: string;
  /** 32 hex digits or a UUID. */
  readonly jobId: string;
  /** As `findBase` resolved it, in the same transaction. */
  readonly base: ModelKey | undefined;
  /** Empty when it makes none. */
  readonly outputName: string;
}

/**
 * Notes what new jobs refer to, in the transaction that makes them. Breaks a foreign key when a base went away since it
 * was resolved: the transaction is then worth one more try.
 */
export async function insertJobModels(tx: Tx, jobs: readonly JobModels[]): Promise<void> {
  const bases = jobs.filter((job) => job.base !== undefined);
  const outputs = jobs.filter((job) => job.outputName !== "");
  if (bases.length > 0) await insertBases(tx, bases);
  if (outputs.length > 0) await insertOutputs(tx, outputs);
}

async function insertBases(tx: Tx, jobs: readonly JobModels[]): Promise<void> {
  await tx.run(sql`
    INSERT INTO job_base_models (tenant, job_id, model_tenant, model_name, model_version)
    SELECT * FROM unnest(${array(jobs.map((job) => job.tenant), "text[]")}, ${array(jobs.map((job) => job.jobId), "uuid[]")},
      ${array(jobs.map((job) => job.base!.tenant), "text[]")}, ${array(jobs.map((job) => job.base!.name), "text[]")},
      ${array(jobs.map((job) => job.base!.version), "int[]")})`);
}

/** Names are put in use in their order, so that two transactions never wait for each other. */
async function insertOutputs(tx: Tx, jobs: readonly JobModels[]): Promise<void> {
  const tenants = array(jobs.map((job) => job.tenant), "text[]");
  const names = array(jobs.map((job) => job.outputName), "text[]");
  await tx.run(sql`
    INSERT INTO models (tenant, name) SELECT DISTINCT * FROM unnest(${tenants}, ${names}) AS x(tenant, name) ORDER BY 1, 2
    ON CONFLICT DO NOTHING`);
  await tx.run(sql`
    INSERT INTO job_output_models (tenant, job_id, model_name)
    SELECT * FROM unnest(${tenants}, ${array(jobs.map((job) => job.jobId), "uuid[]")}, ${names})`);
}

/** The version that a job starts from. Reads `job_base_models_pkey`. */
export async function findJobBase(runner: Runner, tenant: string, jobId: string): Promise<ModelKey | undefined> {
  const [base] = await runner.run<ModelKey>(sql`
    SELECT model_tenant AS tenant, model_name AS name, model_version AS version FROM job_base_models
    WHERE tenant = ${tenant} AND job_id = ${jobId}::uuid`);
  return base;
}

/** Pins a job's output to the version that it made. */
export async function saveJobOutput(tx: Tx, output: ModelKey & { readonly jobId: string }): Promise<void> {
  await tx.run(sql`
    INSERT INTO job_output_models (tenant, job_id, model_name, model_version)
    VALUES (${output.tenant}, ${output.jobId}::uuid, ${output.name}, ${output.version})
    ON CONFLICT (tenant, job_id) DO UPDATE SET model_name = excluded.model_name, model_version = excluded.model_version`);
}

/** Lets go of what purged jobs referred to, in the transaction that deletes them. */
export async function deleteJobModels(tx: Tx, jobs: readonly { readonly tenant: string; readonly jobId: string }[]): Promise<void> {
  const tenants = array(jobs.map((job) => job.tenant), "text[]");
  const ids = array(jobs.map((job) => job.jobId), "uuid[]");
  await tx.run(sql`
    WITH purged AS (SELECT * FROM unnest(${tenants}, ${ids}) AS x(tenant, job_id)),
    bases AS (
      DELETE FROM job_base_models b USING purged p WHERE b.tenant = p.tenant AND b.job_id = p.job_id
    )
    DELETE FROM job_output_models o USING purged p WHERE o.tenant = p.tenant AND o.job_id = p.job_id`);
}
