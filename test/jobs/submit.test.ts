/** Jobs coming in, through the wire. */
import { describe, expect } from "vitest";
import { JobKind, JobStatus } from "../../gen/ts/millwright/v1/job_pb.ts";
import { appTest } from "../support/app.ts";

describe("SubmitJob", () => {
  appTest("answers with a queued job that has made no progress (J5)", async ({ jobs, tenant }) => {
    const { job } = await jobs.submitJob({ kind: JobKind.TRAIN, name: "fine_tune", specJson: '{"b":1, "a":1e2}' });

    expect(job).toMatchObject({ tenant, kind: JobKind.TRAIN, status: JobStatus.QUEUED, progress: 0, attempt: 0, eventSeq: 1n });
    expect(job!.specJson).toBe('{"b":1, "a":1e2}');
    expect([job!.startedAt, job!.finishedAt, job!.metricsJson, job!.duration]).toEqual([undefined, undefined, undefined, undefined]);
    expect((await jobs.getJob({ id: job!.id })).job).toEqual(job);
  });
});
