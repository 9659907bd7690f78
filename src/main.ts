/**
 * The process: settings, the database (given, or embedded), migrations, the app, and a drain on SIGTERM.
 */
import { type App, startApp } from "./app.ts";
import { ConfigError, type Config, loadConfig, unknownVariables, withoutPassword } from "./config.ts";
import { startEmbedded } from "./db/embedded.ts";
import { migrateDatabase } from "./db/migrate.ts";
import { openDatabase } from "./db/database.ts";
import { assertDurable } from "./db/preflight.ts";
import { Problem } from "./problem.ts";
import { createLog, createMetrics, type Log } from "./telemetry.ts";

// sysexits.h: a wrong configuration, and a defect of the program.
const EXIT_CONFIG = 78;
const EXIT_SOFTWARE = 70;
const CONNECT_PAUSE_MS = 2_000;

async function main(): Promise<void> {
  const config = loadConfig(process.env);
  const log = createLog(config.logLevel);
  for (const warning of unknownVariables(process.env)) log.warn(warning);
  // What is thrown where nobody waits for it may have left anything behind: another start is safer than going on.
  process.on("uncaughtException", (error) => {
    log.fatal({ err: error }, "The process ends because of a defect");
    process.exit(EXIT_SOFTWARE);
  });
  const embedded = config.databaseUrl === undefined ? await startEmbedded({ dataDir: config.dataDir, log }) : undefined;
  const databaseUrl = config.databaseUrl ?? embedded!.url;
  await prepareDatabase(databaseUrl, log);
  const app = await startApp({ config, databaseUrl, log, metrics: createMetrics({ withProcess: true }) });
  drainOnSignals(app, { config, log, leaveDatabase: async () => await embedded?.stop() });
  const shownUrl = embedded ? databaseUrl : withoutPassword(databaseUrl);
  const { grpcPort, httpPort } = app.server;
  process.stdout.write(
    `Millwright serves gRPC on ${config.host}:${grpcPort}, HTTP on http://${config.host}:${httpPort}, database ${shownUrl}\n`,
  );
}

/** Migrates and checks the database, for as long as it takes it to answer. */
async function prepareDatabase(url: string, log: Log): Promise<void> {
  for (;;) {
    try {
      const migrationCount = await migrateDatabase(url);
      if (migrationCount > 0) log.info({ migrationCount }, "The database was migrated");
      const db = openDatabase({ url, poolSize: 1 });
      await assertDurable(db).finally(() => db.close());
      return;
    } catch (error) {
      if (!(error instanceof Problem) || error.reason !== "DATABASE_UNAVAILABLE") throw error;
      process.stderr.write(
        `The database at ${withoutPassword(url)} does not answer (${error.message}). Trying again in ${CONNECT_PAUSE_MS / 1_000} s; Ctrl-C ends\n`,
      );
      await new Promise((resolve) => setTimeout(resolve, CONNECT_PAUSE_MS));
    }
  }
}

function drainOnSignals(
  app: App,
  { config, log, leaveDatabase }: { config: Config; log: Log; leaveDatabase: () => Promise<void> },
): void {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      log.info({ signal }, "draining");
      void app
        .stop(config.shutdownGraceMs)
        .then(leaveDatabase)
        .then(() => process.exit(0));
    });
  }
}

try {
  await main();
} catch (error) {
  // A wrong setting or an unfit database is the operator's to mend: a sentence serves better than a stack.
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(error instanceof ConfigError ? EXIT_CONFIG : EXIT_SOFTWARE);
}
