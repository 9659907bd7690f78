/** How the demo's worker keeps its leases, against a server in the same process that answers as told. */
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { LeaseKeeper } from "../../examples/demo/lease-keeper.ts";
import { type Lease, LeaseSchema } from "../../gen/ts/millwright/v1/job_pb.ts";
import {
  Directive,
  type FinishJobsRequest,
  JobService,
  type SyncWorkerRequest,
  Verdict,
} from "../../gen/ts/millwright/v1/job_service_pb.ts";

type Answer = { verdict?: Verdict; directive?: Directive; redelivered?: Lease[] } | ConnectError;

const lost = { verdict: Verdict.LOST, directive: Directive.CONTINUE };
const unavailable = new ConnectError("no answer", Code.Unavailable);

/** A keeper whose server answers syncs and finishes with these, in turn, and then with OK. */
function keeperOver(answers: { syncs?: Answer[]; finishes?: (ConnectError | undefined)[] }, leaseMs = 3_000) {
  const syncs: SyncWorkerRequest[] = [];
  const finishes: FinishJobsRequest[] = [];
  const transport = createRouterTransport(({ service }) => service(JobService, {
    syncWorker(request) {
      const index = syncs.push(request) - 1;
      const answer = answers.syncs?.[index] ?? {};
      if (answer instanceof ConnectError) throw answer;
      const { verdict = Verdict.OK, directive = Directive.CONTINUE, redelivered = [] } = answer;
      return { verdicts: request.held.map(({ jobId }) => ({ jobId, verdict, directive })), redelivered };
    },
    finishJobs(request) {
      const index = finishes.push(request) - 1;
      const answer = answers.finishes?.[index];
      if (answer !== undefined) throw answer;
      return { outcomes: request.results.map(({ jobId }) => ({ jobId })) };
    },
  }));
  const keeper = new LeaseKeeper({ client: createClient(JobService, transport), workerId: "w", leaseMs });
  return { keeper, syncs, finishes };
}

function leaseOf(id: string): Lease {
  return create(LeaseSchema, { job: { id }, leaseToken: `token ${id}`, syncInterval: { nanos: 5_000_000 } });
}

describe("LeaseKeeper", () => {
  test("declares every lease it took, with its token and what the work reported", async () => {
    const { keeper, syncs } = keeperOver({});
    keeper.take([leaseOf("a"), leaseOf("b")]);
    const job = keeper.next()!;
    keeper.report(job, { progress: 10, message: "early", metrics: [{ key: "loss", step: 1, value: 2 }] });
    keeper.report(job, { progress: 20, metrics: [{ key: "loss", step: 2, value: 1 }] });

    await keeper.sync();
    await keeper.sync();

    expect(syncs[0]!.held).toMatchObject([
      { jobId: "a", leaseToken: "token a", progress: 20, message: "early", metrics: [{ step: 1n }, { step: 2n }] },
      { jobId: "b", leaseToken: "token b", metrics: [] },
    ]);
    expect(syncs[1]!.held).toMatchObject([{ jobId: "a", metrics: [] }, { jobId: "b" }]);
    expect(syncs[1]!.held[0]!.progress).toBeUndefined();
  });

  test("sends again what a failed sync carried, and the newer of two reports", async () => {
    const { keeper, syncs } = keeperOver({ syncs: [unavailable] });
    keeper.take([leaseOf("a")]);
    const job = keeper.next()!;
    keeper.report(job, { progress: 10, checkpoint: "file:///1", metrics: [{ key: "loss", step: 1, value: 2 }] });
    await keeper.sync();
    keeper.report(job, { progress: 20, metrics: [{ key: "loss", step: 2, value: 1 }] });

    await keeper.sync();

    const again = { progress: 20, checkpoint: "file:///1", metrics: [{ step: 1n }, { step: 2n }] };
    expect(syncs[1]!.held).toMatchObject([again]);
  });

  test("knows a checkpoint only once the server has acknowledged it", async () => {
    const { keeper } = keeperOver({ syncs: [unavailable] });
    keeper.take([leaseOf("a")]);
    const job = keeper.next()!;
    keeper.report(job, { checkpoint: "file:///1" });

    await keeper.sync();
    expect(job.checkpoint).toBe("");
    await keeper.sync();
    expect(job.checkpoint).toBe("file:///1");
  });

  test("stops work whose lease is lost and declares it no more", async () => {
    const { keeper, syncs } = keeperOver({ syncs: [lost] });
    keeper.take([leaseOf("a")]);
    const job = keeper.next()!;

    await keeper.sync();
    await keeper.sync();

    expect(job.stop.reason).toBe("lost");
    expect(syncs[1]!.held).toEqual([]);
  });

  test("stops work that is cancelled and declares it until its finish is acknowledged", async () => {
    const { keeper, syncs } = keeperOver({ syncs: [{ directive: Directive.CANCEL }] });
    keeper.take([leaseOf("a")]);
    const job = keeper.next()!;

    await keeper.sync();
    expect(job.stop.reason).toBe("cancelled");
    await keeper.sync();
    expect(syncs[1]!.held).toHaveLength(1);

    await keeper.finish(job, { case: "cancelled", value: {} });
    await keeper.sync();
    expect(syncs[2]!.held).toEqual([]);
  });

  test("stops work by itself when no sync got through for a whole lease", async () => {
    const { keeper } = keeperOver({ syncs: new Array<Answer>(1000).fill(unavailable) }, 20);
    keeper.take([leaseOf("a")]);
    const job = keeper.next()!;

    while (!job.stop.aborted) await keeper.sync();

    expect(job.stop.reason).toBe("lost");
  });

  test("takes on a lease whose answer was lost", async () => {
    const { keeper } = keeperOver({ syncs: [{ redelivered: [leaseOf("b")] }] });
    expect(keeper.next()).toBeUndefined();

    await keeper.sync();

    expect(keeper.next()?.lease.leaseToken).toBe("token b");
    expect(keeper.next()).toBeUndefined();
  });

  test("asks for the same result until it is acknowledged", async () => {
    const { keeper, finishes } = keeperOver({ finishes: [unavailable, unavailable] });
    keeper.take([leaseOf("a")]);

    await keeper.finish(keeper.next()!, { case: "completed", value: { metricsJson: "{}" } });

    expect(finishes).toHaveLength(3);
    expect(finishes[2]).toEqual(finishes[0]);
  });

  test("gives up on a result that the server refuses for good", async () => {
    const { keeper, finishes } = keeperOver({ finishes: [new ConnectError("bad", Code.InvalidArgument)] });
    keeper.take([leaseOf("a")]);

    await expect(keeper.finish(keeper.next()!, { case: "completed", value: {} })).rejects.toThrow("bad");
    expect(finishes).toHaveLength(1);
  });
});
