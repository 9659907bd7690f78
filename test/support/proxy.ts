/** A TCP proxy in front of PostgreSQL that loses, holds back or cuts what the test says. */
import { connect, createServer, type Socket } from "node:net";

/** What a proxied connection does with a message of the client. */
export type Verdict = "pass" | "cut-before" | "cut-after" | "swallow";

/** A running proxy; `url` leads through it. */
export interface Proxy {
  readonly url: string;
  /** Decides on each message from client to server; the bytes are PostgreSQL's protocol. */
  judge: (message: Buffer) => Verdict;
  /** When true, answers of the server are held back for ever. */
  isSilent: boolean;
  close(): Promise<void>;
}

/** Starts a proxy to the server at `target`. `cut-after` delivers the message, then cuts before the answer. */
export async function startProxy(target: string): Promise<Proxy> {
  const upstream = new URL(target);
  const sockets = new Set<Socket>();
  const proxy: Proxy = { url: "", judge: () => "pass", isSilent: false, close };
  const server = createServer((client) => {
    const backend = connect(Number(upstream.port), upstream.hostname);
    const end = () => void (client.destroy(), backend.destroy());
    for (const socket of [client, backend]) {
      sockets.add(socket);
      socket.setNoDelay(true).on("error", end).on("close", () => (sockets.delete(socket), end()));
    }
    client.on("data", (message) => pass(message));
    backend.on("data", (answer) => proxy.isSilent || client.write(answer));

    function pass(message: Buffer): void {
      const verdict = proxy.judge(message);
      if (verdict === "swallow") return;
      if (verdict === "cut-before") {
        end();
        return;
      }
      if (verdict === "pass") {
        backend.write(message);
        return;
      }
      // The server must have acted before the connection ends: its first answer says that it has.
      backend.removeAllListeners("data").once("data", end);
      backend.write(message);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const url = new URL(target);
  url.port = String(typeof address === "object" ? address?.port : "");
  return Object.assign(proxy, { url: url.href });

  async function close(): Promise<void> {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}
