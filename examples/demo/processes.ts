/**
 * The processes that the demo starts: each in a group of its own, so that Ctrl-C reaches only the demo, which then ends
 * them by their ids, in order. What they print goes to a log file each.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const ROOT = join(import.meta.dirname, "../..");
const FOLLOW_PARENT = pathToFileURL(join(import.meta.dirname, "follow-parent.ts")).href;
const STOP_MS_MAX = 15_000;
const LOG_CHARS_MAX = 2_000;

/** A child process. */
export interface Process {
  readonly name: string;
  readonly pid: number;
  readonly logPath: string;
  /** Resolves with the exit code or the signal once it has ended. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Ends it at once, as a crash or the kernel would. */
  kill(): void;
  /** Asks it to end; kills it when it does not. */
  stop(): Promise<void>;
}

/** The line that a server prints once it takes calls. */
const READY = /gRPC on (\S+:\d+)/;

const running = new Set<ChildProcess>();
// The last resort of a demo that fails in a way it did not foresee.
process.once("exit", () => running.forEach((child) => child.kill("SIGTERM")));

/** How a process is started. */
export interface ProcessOptions {
  readonly args?: string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly logPath: string;
  /** Called when it ends although nobody here ended it. */
  readonly onCrash: (sentence: string) => void;
}

/** Starts `script` of this repository. */
export function startProcess(name: string, script: string, options: ProcessOptions): Process & { child: ChildProcess } {
  mkdirSync(dirname(options.logPath), { recursive: true });
  const log = openSync(options.logPath, "w");
  const child = spawn(process.execPath, ["--import", FOLLOW_PARENT, join(ROOT, script), ...(options.args ?? [])], {
    cwd: ROOT,
    env: options.env ?? process.env,
    detached: true,
    // Its own file, not a pipe: it can still write there when the demo is gone.
    stdio: ["ignore", "pipe", log, "ipc"],
  });
  running.add(child);
  let isEnding = false;
  const end = (signal: NodeJS.Signals): void => {
    isEnding = true;
    child.kill(signal);
  };
  child.stdout?.pipe(createWriteStream(options.logPath, { fd: log }));
  const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      running.delete(child);
      if (!isEnding) options.onCrash(`The ${name} ended by itself with ${signal ?? `code ${code}`}`);
      resolve(signal ?? code ?? 1);
    });
  });
  return {
    name,
    pid: child.pid ?? 0,
    logPath: options.logPath,
    child,
    ended,
    kill: () => end("SIGKILL"),
    stop: async () => {
      end("SIGTERM");
      const timer = setTimeout(() => end("SIGKILL"), STOP_MS_MAX);
      await ended.finally(() => clearTimeout(timer));
    },
  };
}

/** Starts a server on free ports over the embedded database in `dataFolder`; `grpcAddress` resolves when it is ready. */
export function startServer(dataFolder: string, options: ProcessOptions): Process & { grpcAddress: Promise<string> } {
  const { DATABASE_URL: _, ...inherited } = process.env;
  const env = {
    ...inherited,
    MILLWRIGHT_HOST: "127.0.0.1",
    MILLWRIGHT_GRPC_PORT: "0",
    MILLWRIGHT_HTTP_PORT: "0",
    MILLWRIGHT_DATA_DIR: dataFolder,
  };
  const server = startProcess("server", "src/main.ts", { ...options, env });
  const grpcAddress = new Promise<string>((resolve) => {
    let printed = "";
    server.child.stdout?.on("data", (chunk: Buffer) => {
      printed += chunk.toString();
      const [, address] = READY.exec(printed) ?? [];
      if (address !== undefined) resolve(address);
    });
  });
  return { ...server, grpcAddress };
}

/** The last words of a process. */
export function logTail({ logPath }: Process): string {
  return readFileSync(logPath, "utf8").slice(-LOG_CHARS_MAX);
}
