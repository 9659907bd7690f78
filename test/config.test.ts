/** Settings: defaults, bounds, and sentences that say what is wrong. */
import { describe, expect, test } from "vitest";
import { allSettings, loadConfig, unknownVariables } from "../src/config.ts";

describe("loadConfig", () => {
  test("needs nothing to be set", () => {
    expect(loadConfig({})).toMatchObject({
      host: "127.0.0.1",
      grpcPort: 50_051,
      httpPort: 8_080,
      databaseUrl: undefined,
      dataDir: ".millwright",
      jsonBytesMax: 1_048_576,
      leaseMs: 30_000,
      syncIntervalMs: 10_000,
      syncDivisor: 3,
      isInsecure: false,
    });
  });

  test("is frozen", () => {
    expect(Object.isFrozen(loadConfig({}))).toBe(true);
  });

  test("takes an empty variable for an unset one", () => {
    expect(loadConfig({ MILLWRIGHT_HTTP_PORT: "", DATABASE_URL: "" })).toEqual(loadConfig({}));
  });

  test("reads spans and sizes with their units", () => {
    const config = loadConfig({ MILLWRIGHT_LEASE: "2m", MILLWRIGHT_MESSAGE_LIMIT: "8MiB", MILLWRIGHT_JSON_LIMIT: "1000" });

    expect(config).toMatchObject({ leaseMs: 120_000, messageBytesMax: 8_388_608, jsonBytesMax: 1_000 });
  });

  test.each([
    ["MILLWRIGHT_GRPC_PORT", "65536", "a whole number from 0 to 65535"],
    ["MILLWRIGHT_GRPC_PORT", "1e3", "a whole number"],
    ["MILLWRIGHT_HTTP_PORT", "-1", "a whole number"],
    ["MILLWRIGHT_LOG_LEVEL", "loud", "one of fatal, error"],
    ["MILLWRIGHT_LEASE", "30", "such as 500ms, 30s"],
    ["MILLWRIGHT_LEASE", "2h", "from 1s to 1h"],
    ["MILLWRIGHT_MESSAGE_LIMIT", "4MB", "such as 65536, 64KiB"],
    ["MILLWRIGHT_INSECURE", "yes", "true or false"],
    ["MILLWRIGHT_HOST", "127.0.0.1:80", "without a port"],
    ["DATABASE_URL", "mysql://x", "postgres://"],
  ])("refuses %s=%s in one sentence that says what is allowed", (variable, value, allowed) => {
    expect(() => loadConfig({ [variable]: value })).toThrow(`${variable} is "${value}". Allowed: `);
    expect(() => loadConfig({ [variable]: value })).toThrow(allowed);
  });

  test("does not repeat a password", () => {
    expect(() => loadConfig({ DATABASE_URL: "pg://admin:s3cret@pw@db/x" })).toThrow('"pg://admin:***@db/x"');
  });

  test.each([["10s", "20s"], ["15s", "30s"], ["1m", "30s"]])("refuses a sync every %s for leases of %s", (interval, lease) => {
    const env = { MILLWRIGHT_SYNC_INTERVAL: interval, MILLWRIGHT_LEASE: lease };

    expect(() => loadConfig(env)).toThrow(/MILLWRIGHT_SYNC_INTERVAL is .* double is less than the lease/);
  });

  test("takes a sync interval whose double is just less than the lease", () => {
    expect(loadConfig({ MILLWRIGHT_SYNC_INTERVAL: "14999ms" }).syncDivisor).toBeGreaterThan(2);
  });

  test.each(["0.0.0.0", "192.168.1.4", "::", "db.internal"])("does not bind %s while callers are not authenticated", (host) => {
    expect(() => loadConfig({ MILLWRIGHT_HOST: host })).toThrow("MILLWRIGHT_INSECURE=true");
    expect(loadConfig({ MILLWRIGHT_HOST: host, MILLWRIGHT_INSECURE: "true" }).host).toBe(host);
  });

  test.each(["127.0.0.1", "127.1.2.3", "::1", "localhost"])("binds the loopback address %s", (host) => {
    expect(loadConfig({ MILLWRIGHT_HOST: host }).host).toBe(host);
  });

  test.each(allSettings.filter((entry) => entry.fallback !== undefined))("accepts the default of $variable", (entry) => {
    expect(entry.schema.safeParse(entry.fallback).success).toBe(true);
  });
});

describe("unknownVariables", () => {
  test("names the setting that was probably meant", () => {
    expect(unknownVariables({ MILLWRIGHT_GRPC_PROT: "1", MILLWRIGHT_HOST: "x", PATH: "/" })).toEqual([
      "MILLWRIGHT_GRPC_PROT is not a setting and has no effect: did you mean MILLWRIGHT_GRPC_PORT?",
    ]);
  });
});
