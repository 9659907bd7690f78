/**
 * `rpcTestOf`: `pgTest` with a real server in front of the database, and a client that acts for the test's own tenant.
 */
import type { TestAPI } from "vitest";
import type { Config } from "../../src/config.ts";
import type { Database } from "../../src/db/database.ts";
import type { Service } from "../../src/wire/service.ts";
import type { Channel } from "./grpc-client.ts";
import { pgTest } from "./pg.ts";
import { startTestServer, testConfig, type TestServer } from "./server.ts";

/** What services are built from in `rpcTestOf`. */
export interface Parts {
  readonly db: Database;
  /** The database's address, for connections of one's own. */
  readonly url: string;
  readonly config: Config;
  readonly draining: AbortSignal;
}

/** Services under test, and what ends their background work. */
export interface BuiltServices {
  readonly services: readonly Service[];
  stop?(): Promise<void>;
}

/** What an `rpcTest` is given besides `db`, `url` and `tenant`. */
export interface RpcFixtures {
  $file: { served: TestServer };
  /** A connection that acts for the test's own tenant. */
  $test: { rpc: Channel };
}

type PgFixtures = typeof pgTest extends TestAPI<infer F> ? F : never;

/** `pgTest` with a server per file, made of what `build` answers, and a connection per test that acts for its tenant. */
export function rpcTestOf(
  build: (parts: Parts) => BuiltServices | Promise<BuiltServices>,
  env: Readonly<Record<string, string>> = {},
): TestAPI<PgFixtures & RpcFixtures["$file"] & RpcFixtures["$test"]> {
  return pgTest.extend<RpcFixtures>({
    served: [
      async ({ db, url }: { db: Database; url: string }, use: (served: TestServer) => Promise<void>) => {
        const draining = new AbortController();
        const built = await build({ db, url, config: testConfig(env), draining: draining.signal });
        const served = await startTestServer(built.services, { env, draining });
        await use(served);
        await served.stop();
        await built.stop?.();
      },
      { scope: "file" },
    ],
    rpc: async ({ served, tenant }: { served: TestServer; tenant: string }, use: (rpc: Channel) => Promise<void>) => {
      await use(served.channel.with({ "x-millwright-tenant": tenant }));
    },
  }) as never;
}
