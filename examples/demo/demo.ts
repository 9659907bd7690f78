/**
 * The demo: real work on the embedded database, with a worker that is killed half way. Run it with `npm run demo`.
 *
 * Starts a server and a worker, trains a text classifier on the documentation of the installed packages, kills the
 * worker, lets another one take the job over from its checkpoint, and shows what the server recorded of it all.
 * Exits with 0 only if all of that happened. Leaves no process behind, whatever happens.
 */
import { randomUUID } from "node:crypto";
import { join, resolve } from "node:path";
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { type Job, type JobEvent, JobEventType, JobKind, JobStatus } from "../../gen/ts/millwright/v1/job_pb.ts";
import { JobService } from "../../gen/ts/millwright/v1/job_service_pb.ts";
import { historyLines } from "./history.ts";
import { logTail, type Process, startProcess, startServer } from "./processes.ts";
import { checksOf, metricLines, tryLines } from "./report.ts";
import { openScreen, type Screen } from "./screen.ts";
import { removeCheckpoints } from "./train-job.ts";
import { watchJob } from "./watch.ts";

const JOB_NAME = "train_topic_classifier";
/** The progress at which the first worker dies. */
const KILL_PERCENT = 50;
/** What to say of an attempt when its worker has not said anything that fits. */
const NOTES = new Map<JobEventType, string>([[JobEventType.LEASED, "leased"], [JobEventType.COMPLETED, "completed"]]);
const DEMO_MS_MAX = 300_000;
const CALL_MS_MAX = 10_000;

const dataFolder = process.env["MILLWRIGHT_DATA_DIR"] || ".millwright";
const artifactFolder = resolve(import.meta.dirname, "../..", dataFolder, "demo");

/** What all parts of one demo share. */
interface Demo {
  readonly screen: Screen;
  readonly processes: Process[];
  /** Stops everything; the reason is the sentence to end with. */
  readonly abort: AbortController;
}

/** What was seen of the job. */
interface Outcome {
  readonly events: JobEvent[];
  /** How the first worker ended; undefined when it was not killed. */
  readonly killed: number | NodeJS.Signals | undefined;
}

async function main(): Promise<void> {
  const startedAt = performance.now();
  const demo: Demo = { screen: openScreen(process.stdout), processes: [], abort: new AbortController() };
  stopOnSignals(demo.abort);
  const timer = setTimeout(() => demo.abort.abort(`it took more than ${DEMO_MS_MAX / 1000} s`), DEMO_MS_MAX);
  try {
    const outcome = await play(demo);
    await stopAll(demo);
    conclude(demo.screen, outcome);
    demo.screen.say(`\nTook ${((performance.now() - startedAt) / 1000).toFixed(0)} s.`);
  } catch (error) {
    demo.screen.end();
    demo.screen.say(`\nThe demo failed: ${reasonOf(error, demo.abort.signal)}`);
    // An interruption explains itself.
    if (process.exitCode === undefined) showLogs(demo);
    process.exitCode ??= 1;
  } finally {
    clearTimeout(timer);
    await stopAll(demo);
  }
}

/** Everything up to the job's last event. */
async function play(demo: Demo): Promise<Outcome> {
  const { screen, abort: { signal } } = demo;
  screen.say("Millwright demo: train a text classifier, lose its worker half way, go on from its checkpoint.\n");
  screen.say(`Starting a server on the embedded database in ${dataFolder} ...`);
  const server = startServer(dataFolder, processOptions(demo, "server"));
  demo.processes.push(server);
  const baseUrl = `http://${await Promise.race([server.grpcAddress, aborted(signal)])}`;
  screen.say(`The server takes calls on ${baseUrl}.`);
  const client = createClient(JobService, createGrpcTransport({ baseUrl }));
  await cancelJobs(client, "left over from a demo that was interrupted");
  const job = await submitJob(client, signal);
  screen.say(`Submitted job ${job.id}: learn from the READMEs, manifests and type declarations of`);
  screen.say("the installed packages what a package is for; a quarter of the documents is held out.\n");
  try {
    return await followJob(demo, { client, baseUrl, jobId: job.id });
  } catch (error) {
    // The workers first: they would write another checkpoint.
    await stopAll(demo, 1);
    await cancelJobs(client, "the demo was interrupted").catch(() => undefined);
    throw error;
  }
}

async function submitJob(client: Client<typeof JobService>, signal: AbortSignal): Promise<Job> {
  const request = {
    kind: JobKind.TRAIN,
    name: JOB_NAME,
    targetName: "node_modules",
    specJson: JSON.stringify({ seed: 1, epochs: 28 }),
    requestId: randomUUID(),
  };
  const { job } = await client.submitJob(request, { timeoutMs: CALL_MS_MAX, signal });
  if (job === undefined) throw new Error("SubmitJob answered without a job");
  return job;
}

/** A demo's worker would take the jobs of one that was killed before its own. */
async function cancelJobs(client: Client<typeof JobService>, reason: string): Promise<void> {
  const filter = { kinds: [JobKind.TRAIN], name: JOB_NAME, statuses: [JobStatus.QUEUED, JobStatus.RUNNING] };
  const { jobs } = await client.listJobs(filter, { timeoutMs: CALL_MS_MAX });
  for (const { id } of jobs) {
    await client.cancelJob({ id, reason }, { timeoutMs: CALL_MS_MAX });
    await removeCheckpoints(artifactFolder, id);
  }
}

/** Watches the job to its end; kills its first worker on the way and starts the second. */
async function followJob(
  demo: Demo,
  { client, baseUrl, jobId }: { client: Client<typeof JobService>; baseUrl: string; jobId: string },
): Promise<Outcome> {
  const { screen, abort } = demo;
  const events: JobEvent[] = [];
  const first = startWorker(demo, "worker-1", baseUrl);
  let killed: number | NodeJS.Signals | undefined;
  for await (const event of watchJob(client, jobId, abort.signal)) {
    events.push(event);
    showEvent(screen, events);
    const hasCheckpoint = event.job?.checkpoint !== "";
    if (killed === undefined && hasCheckpoint && (event.job?.progress ?? 0) >= KILL_PERCENT) {
      first.kill();
      killed = await first.ended;
      showEnd(screen, event.job, `killed with ${killed}`);
      screen.say(`Killed worker-1 (process ${first.pid}) with ${killed}. Nobody tells the server.`);
      startWorker(demo, "worker-2", baseUrl);
    }
  }
  screen.end();
  return { events, killed };
}

function startWorker(demo: Demo, name: string, baseUrl: string): Process {
  const args = ["--server", baseUrl, "--artifacts", artifactFolder, "--id", name];
  const worker = startProcess(name, "examples/demo/worker.ts", { ...processOptions(demo, name), args });
  demo.processes.push(worker);
  return worker;
}

function processOptions({ abort }: Demo, name: string): { logPath: string; onCrash: (sentence: string) => void } {
  return { logPath: join(artifactFolder, `${name}.log`), onCrash: (sentence) => abort.abort(sentence) };
}

/** Shows the newest event. */
function showEvent(screen: Screen, events: JobEvent[]): void {
  const { type, job, message, metrics } = events.at(-1)!;
  if (job === undefined) return;
  const resumed = metrics.find((point) => point.key === "resumed_from_step");
  if (type === JobEventType.LEASED) screen.say(`${job.workerId} leased the job: attempt ${job.attempt}.`);
  if (type === JobEventType.LEASE_EXPIRED) screen.say(`The lease ran out (${message}): the job is queued again.`);
  if (resumed !== undefined) screen.say(`${job.workerId} goes on from step ${resumed.value}.`);
  if (job.status === JobStatus.QUEUED) return;
  const note = NOTES.get(type) ?? job.progressMessage;
  screen.show({ attempt: job.attempt, worker: job.workerId, progress: job.progress, note });
}

function showEnd(screen: Screen, job: Job | undefined, note: string): void {
  if (job !== undefined) screen.show({ attempt: job.attempt, worker: job.workerId, progress: job.progress, note });
}

/** Prints the results; throws when something of what the demo promises did not happen. */
function conclude(screen: Screen, { events, killed }: Outcome): void {
  const jobId = events[0]?.jobId ?? "";
  const section = (title: string, lines: string[]): void => screen.say(`\n${title}\n${lines.join("\n")}`);
  const checks = checksOf(events, killed);
  section("Metrics", metricLines(events));
  section("Event history", historyLines(events));
  section("What happened", checks.map(({ holds, seen }) => `${holds ? "ok  " : "FAIL"} ${seen}`));
  const broken = checks.filter((check) => !check.holds);
  if (broken.length > 0) throw new Error(broken.map((check) => check.seen).join("; "));
  section("Try", tryLines(jobId, dataFolder));
}

function showLogs({ screen, processes }: Demo): void {
  const said = processes.map((each) => ({ path: each.logPath, tail: logTail(each) })).filter(({ tail }) => tail !== "");
  for (const { path, tail } of said) screen.say(`\nThe end of ${path}:\n${tail}`);
}

/** Stops the processes but for the first `kept`, the newest first: workers give their work back to a server that runs. */
async function stopAll({ processes }: Demo, kept = 0): Promise<void> {
  for (const each of processes.splice(kept).reverse()) await each.stop();
}

/** The first Ctrl-C ends the demo in order, the second at once. */
function stopOnSignals(abort: AbortController): void {
  for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    process.on(signal, () => {
      if (abort.signal.aborted) process.exit(code);
      process.exitCode = code;
      abort.abort(`it was interrupted by ${signal}`);
    });
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

function reasonOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return String(signal.reason);
  return error instanceof Error ? error.message : String(error);
}

await main();
