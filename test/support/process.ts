/**
 * Millwright as its users run it: `src/main.ts` in a process of its own, with its ready line, its output and its end.
 *
 * A process that a test leaves behind ends with the test's own, and never by a name that others may share.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Channel, openChannel } from "./grpc-client.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const READY_MS_MAX = 30_000;

/** How a process ended: one of the two is null. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process that may or may not be ready. */
export interface Spawned {
  readonly pid: number;
  /** Everything it wrote so far, of both streams. */
  readonly output: string;
  readonly exited: Promise<Exit>;
  /** Resolves with the ready line; rejects with the output when the process ends first. */
  readonly ready: Promise<string>;
  /** Resolves once the output holds `text`; rejects with the output when the process ends first. */
  wrote(text: string): Promise<void>;
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<Exit>;
}

/** A process that serves. */
export interface Serving extends Spawned {
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly databaseUrl: string;
  /** A connection that comes back at once when the process was replaced by another on the same port. */
  readonly channel: Channel;
}

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Starts `src/main.ts` with nothing but `env`; both ports are free ones unless it says otherwise. */
export function spawnMillwright(env: Readonly<Record<string, string>>): Spawned {
  const ports = { MILLWRIGHT_GRPC_PORT: "0", MILLWRIGHT_HTTP_PORT: "0" };
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env["PATH"], ...ports, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  let output = "";
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      for (const listener of listeners) listener();
    });
  }
  // `close` comes after the last of the output, `exit` may come before.
  const exited = new Promise<Exit>((resolve) => {
    child.once("close", (code, signal) => {
      running.delete(child);
      resolve({ code, signal });
    });
  });

  async function wrote(text: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!output.includes(text)) return;
        done();
        resolve();
      };
      const fail = (why: string) => {
        done();
        reject(new Error(`Millwright ${why} before it wrote "${text}":\n${output}`));
      };
      const timer = setTimeout(() => fail("took too long"), READY_MS_MAX);
      const done = () => {
        clearTimeout(timer);
        listeners.delete(look);
      };
      listeners.add(look);
      void exited.then(() => fail("ended"));
      look();
    });
  }

  const ready = wrote("\nMillwright serves").catch(() => wrote("Millwright serves")).then(() => readyLine.exec(output)![0]);
  // Whoever expects it to end does not wait for it to be ready.
  ready.catch(() => undefined);
  return {
    pid: child.pid!,
    get output() {
      return output;
    },
    exited,
    ready,
    wrote,
    async end(signal) {
      child.kill(signal);
      return await exited;
    },
  };
}

const readyLine = /Millwright serves gRPC on \S+:(\d+), HTTP on http:\/\/\S+:(\d+), database (\S+)\n/;

/** Starts `src/main.ts` and waits until it serves. */
export async function startMillwright(env: Readonly<Record<string, string>>): Promise<Serving> {
  const spawned = spawnMillwright(env);
  const [, grpcPort, httpPort, databaseUrl] = readyLine.exec(await spawned.ready)!;
  const channel = openChannel(Number(grpcPort), {
    "grpc.initial_reconnect_backoff_ms": 20,
    "grpc.min_reconnect_backoff_ms": 20,
    "grpc.max_reconnect_backoff_ms": 100,
  });
  void spawned.exited.then(() => undefined);
  return Object.defineProperties(
    { grpcPort: Number(grpcPort), httpPort: Number(httpPort), databaseUrl: databaseUrl!, channel } as Serving,
    Object.getOwnPropertyDescriptors(spawned),
  );
}
