/** Arrays, bytes, JSON and times, there and back through PostgreSQL. */
import { sql } from "drizzle-orm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { array, instant } from "../../src/db/database.ts";
import { arrayLiteral, parseArray } from "../../src/db/literal.ts";
import { pgTest } from "../support/pg.ts";

const SYNTAX = ["", " ", "NULL", "null", '"', "\\", '\\"', "{", "}", "{}", ",", "a,b", "'", "$1", "\\N"];
const NASTY = [...SYNTAX, "\n\t", " pad ", "é", "漢字", "🔔"];

/** Any text that PostgreSQL can hold: well-formed and without NUL. */
const text = fc.string({ unit: "grapheme", maxLength: 20 }).filter((value) => !value.includes("\0"));

describe("array", () => {
  pgTest("binds texts exactly, with NULLs, quotes, backslashes, braces and any alphabet", async ({ db }) => {
    const [row] = await db.run<{ back: unknown }>(sql`select ${array([...NASTY, null], "text[]")} as back`);

    expect(row?.back).toEqual([...NASTY, null]);
  });

  pgTest("binds any well-formed texts exactly", async ({ db }) => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(text)), async (values) => {
        const [row] = await db.run<{ back: unknown; json: unknown }>(sql`
          select ${array(values, "text[]")} as back, array_to_json(${array(values, "text[]")})::text as json`);

        expect(row?.back).toEqual(values);
        expect(JSON.parse(row?.json as string)).toEqual(values);
      }),
      { numRuns: 200 },
    );
  });

  pgTest("binds one parameter for any number of elements, so the statement stays prepared", async ({ db }) => {
    await db.transaction(async (tx) => {
      for (const values of [[], ["a"], ["a", "b", "c"]]) {
        await tx.run(sql`select 'plan' as p, ${array(values, "text[]")} as a`);
      }

      const plans = await tx.run(sql`
        select parameter_types::text[] as types from pg_prepared_statements where statement like 'select ''plan''%'`);
      expect(plans).toEqual([{ types: ["text[]"] }]);
    });
  });

  const bytes = Buffer.from([0, 92, 34, 255]);
  const id = "01936b2e-7e3c-7000-8000-000000000001";
  const cases: [string, Parameters<typeof array>, unknown][] = [
    ["uuids", [[id, null], "uuid[]"], [id, null]],
    ["ints", [[1, -2, null, 2147483647], "int[]"], [1, -2, null, 2147483647]],
    ["bigints", [[1n, 9223372036854775807n, null], "bigint[]"], ["1", "9223372036854775807", null]],
    ["doubles", [[0.1, -0, 1e300, Number.NaN, Infinity], "double precision[]"], [0.1, -0, 1e300, Number.NaN, Infinity]],
    ["booleans", [[true, false, null], "boolean[]"], [true, false, null]],
    ["bytes", [[bytes, Buffer.alloc(0), null], "bytea[]"], [bytes, Buffer.alloc(0), null]],
    ["times", [[new Date("2026-11-21T11:49:25.123Z"), null], "timestamptz[]"], ["2026-11-21 11:49:25.123+00", null]],
    ["an empty array", [[], "text[]"], []],
    ["two dimensions", [[["a", "b"], ["c", null]], "text[]"], [["a", "b"], ["c", null]]],
  ];
  pgTest.for(cases)("binds %s", async ([, [values, type], expected], { db }) => {
    const [row] = await db.run<{ back: unknown }>(sql`select ${array(values, type)} as back`);

    expect(row?.back).toEqual(expected);
  });
});

describe("a JavaScript array as a parameter", () => {
  pgTest("binds as one literal, whatever its first element is", async ({ db }) => {
    const [row] = await db.run(sql`
      select ${sql.param([null, 'q"\\{},'])}::text[] as texts, ${sql.param([true, null])}::boolean[] as flags,
        ${sql.param([2n ** 60n])}::bigint[] as bigs, ${sql.param([])}::int[] as none`);

    expect(row).toEqual({ texts: [null, 'q"\\{},'], flags: [true, null], bigs: [String(2n ** 60n)], none: [] });
  });

  pgTest("binds the same way inside a transaction", async ({ db }) => {
    const rows = await db.transaction((tx) => tx.execute(sql`select ${sql.param([null, "{}"])}::text[] as texts`));

    expect(rows).toEqual([{ texts: [null, "{}"] }]);
  });
});

describe("a single parameter", () => {
  pgTest("keeps every byte of bytea", async ({ db }) => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, n) => n));

    const [row] = await db.run<{ back: Buffer; length: number }>(sql`
      select ${bytes}::bytea as back, octet_length(${bytes}) as length`);

    expect(row?.back.equals(bytes)).toBe(true);
    expect(row?.length).toBe(256);
  });

  pgTest("is JSON when a JSON text is bound to jsonb, not a JSON string", async ({ db }) => {
    const [row] = await db.run(sql`select jsonb_typeof(${'{"a":1}'}::jsonb) as type, ${'{"a":1}'}::jsonb as value`);

    expect(row).toEqual({ type: "object", value: { a: 1 } });
  });

  pgTest("keeps a time to the millisecond", async ({ db }) => {
    const time = new Date("2026-03-04T05:06:07.089Z");

    const [row] = await db.run<{ back: string }>(sql`select ${time}::timestamptz as back`);

    expect(instant(row?.back ?? "")).toEqual(time);
  });
});

describe("parseArray", () => {
  test("reads back what arrayLiteral writes", () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.string())), (values) => {
        expect(parseArray(arrayLiteral(values))).toEqual(values);
      }),
    );
  });

  test("skips the bounds of an array that does not begin at 1", () => {
    expect(parseArray("[0:1]={a,NULL}")).toEqual(["a", null]);
  });

  test("refuses a literal that ends inside an element", () => {
    expect(() => parseArray('{"abc')).toThrow("ends inside");
  });
});

describe("instant", () => {
  test.for([
    ["2026-11-21 11:49:25.123456+00", "2026-11-21T11:49:25.123Z"],
    ["2026-11-21 11:49:25.9+00", "2026-11-21T11:49:25.900Z"],
    ["2026-11-21 11:49:25.05+00", "2026-11-21T11:49:25.050Z"],
    ["2026-11-21 11:49:25+00", "2026-11-21T11:49:25.000Z"],
    ["2026-11-21 11:49:25.999999+00", "2026-11-21T11:49:25.999Z"],
    ["1970-01-01 00:00:00.001+00", "1970-01-01T00:00:00.001Z"],
    ["2026-11-21 11:49:25.5+05:30", "2026-11-21T06:19:25.500Z"],
  ] as const)("reads %s", ([written, expected]) => {
    expect(instant(written).toISOString()).toBe(expected);
  });

  pgTest("agrees with PostgreSQL for times of a hundred years", async ({ db }) => {
    const rows = await db.run<{ at: string; ms: string }>(sql`
      select t as at, floor(extract(epoch from t) * 1000)::bigint as ms
      from (select timestamptz '1970-01-01' + n * interval '40 hours 3 minutes 7.123457 seconds'
        from generate_series(0, 20000) n) s(t)`);

    for (const { at, ms } of rows) expect(instant(at).getTime()).toBe(Number(ms));
  });
});
