/**
 * `appTest`: `pgTest` with the whole of Millwright in front of the database, as `main.ts` builds it, and clients that
 * act for the test's own tenant.
 */
import type { TestAPI } from "vitest";
import { JobService } from "../../gen/ts/millwright/v1/job_service_pb.ts";
import { type App, startApp } from "../../src/app.ts";
import { createLog, createMetrics } from "../../src/telemetry.ts";
import { type Channel, openChannel, type RpcClient } from "./grpc-client.ts";
import { pgTest } from "./pg.ts";
import { testConfig } from "./server.ts";

/** A Millwright under test. */
export interface TestApp {
  readonly app: App;
  readonly channel: Channel;
  /** Every log line so far. */
  readonly logged: Record<string, unknown>[];
  /** Ends it as a crash of its connections would: without a drain. */
  stop(): Promise<void>;
}

/** Starts Millwright on a migrated database and on free ports; several may share one database. */
export async function startTestApp(databaseUrl: string, env: Readonly<Record<string, string>> = {}): Promise<TestApp> {
  const config = testConfig(env);
  const logged: Record<string, unknown>[] = [];
  const log = createLog(config.logLevel, { write: (line) => void logged.push(JSON.parse(line)) });
  const app = await startApp({ config, databaseUrl, log, metrics: createMetrics() });
  const channel = openChannel(app.server.grpcPort);
  return {
    app,
    channel,
    logged,
    async stop() {
      channel.close();
      await app.server.close();
      await app.stop(0);
    },
  };
}

/** What an `appTest` is given besides `db`, `url` and `tenant`. */
export interface AppFixtures {
  /** The file's own Millwright. */
  readonly served: TestApp;
  /** Its connection, for the test's own tenant. */
  readonly rpc: Channel;
  /** JobService for the test's own tenant. */
  readonly jobs: RpcClient<typeof JobService>;
}

type PgFixtures = typeof pgTest extends TestAPI<infer F> ? F : never;

/** A test against the whole of Millwright. */
export const appTest: TestAPI<PgFixtures & AppFixtures> = appTestWith({});

/** The same with settings of the file's own. */
export function appTestWith(env: Readonly<Record<string, string>>): TestAPI<PgFixtures & AppFixtures> {
  return pgTest.extend<{ $file: Pick<AppFixtures, "served">; $test: Omit<AppFixtures, "served"> }>({
    served: [
      async ({ url }: { url: string }, use: (served: TestApp) => Promise<void>) => {
        const served = await startTestApp(url, env);
        await use(served);
        await served.stop();
      },
      { scope: "file" },
    ],
    rpc: async ({ served, tenant }: { served: TestApp; tenant: string }, use: (rpc: Channel) => Promise<void>) => {
      await use(served.channel.with({ "x-millwright-tenant": tenant }));
    },
    jobs: async ({ rpc }: { rpc: Channel }, use: (jobs: RpcClient<typeof JobService>) => Promise<void>) => {
      await use(rpc.clientOf(JobService));
    },
  }) as never;
}
