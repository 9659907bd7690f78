/** Readers of a request: what they accept, and by which field they refuse. */
import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ListJobsRequestSchema } from "../../gen/ts/millwright/v1/job_service_pb.ts";
import { Problem } from "../../src/problem.ts";
import {
  queryOf,
  readCaller,
  readDuration,
  readJobId,
  readJson,
  readPageToken,
  readTimestamp,
  type TokenScope,
  writePageToken,
} from "../../src/wire/request.ts";

function fieldRefused(read: () => unknown): string | undefined {
  try {
    read();
  } catch (error) {
    if (error instanceof Problem && error.reason === "INVALID_FIELD") return error.violations[0]?.field;
    throw error;
  }
  return undefined;
}

describe("readJobId", () => {
  test("takes 32 hex digits of either case and gives the lower-case spelling", () => {
    expect(readJobId("0192AbCdEf0123456789aBcDeF012345", "id")).toBe("0192abcdef0123456789abcdef012345");
  });

  const digits = "0192abcdef0123456789abcdef012345";
  test.each([
    ["31 digits", digits.slice(1)],
    ["33 digits", `${digits}0`],
    ["a sign", `+${digits.slice(1)}`],
    ["dashes", "0192abcd-ef01-2345-6789-abcdef012345"],
    ["0x", `0x${digits.slice(2)}`],
    ["a letter that is no digit", `g${digits.slice(1)}`],
    ["a line break at the end", `${digits}\n`],
    ["full-width digits", `０${digits.slice(1)}`],
    ["nothing", ""],
  ])("refuses %s", (_, text) => {
    expect(fieldRefused(() => readJobId(text, "held[2].job_id"))).toBe("held[2].job_id");
  });
});

describe("readJson", () => {
  test.each(['{"b":1,"a":1.0,"a":2}', ' [1e400, "\\ud800"] ', '"text"', "null", "1.50"])(
    "keeps %s byte for byte",
    (text) => {
      expect(readJson(text, "spec_json", 1_000)).toBe(text);
    },
  );

  test("takes nothing for an empty object", () => {
    expect(readJson("", "spec_json", 1_000)).toBe("{}");
  });

  test.each(["{", "{'a':1}", "undefined", "NaN", "[1,]", "\0", '"\0"', "{} x"])("refuses %j", (text) => {
    expect(fieldRefused(() => readJson(text, "spec_json", 1_000))).toBe("spec_json");
  });

  test("counts its limit in bytes", () => {
    expect(readJson(`"${"é".repeat(4)}"`, "f", 10)).toBe(`"éééé"`);
    expect(fieldRefused(() => readJson(`"${"é".repeat(5)}"`, "f", 11))).toBe("f");
  });

  test("refuses what nests deeper than worker libraries parse, and counts no brackets inside strings", () => {
    expect(readJson("[".repeat(512) + "]".repeat(512), "f", 10_000)).toHaveLength(1_024);
    expect(readJson(`"${"[".repeat(5_000)}\\"[[["`, "f", 10_000)).toHaveLength(5_007);
    expect(fieldRefused(() => readJson("[".repeat(513) + "]".repeat(513), "f", 10_000))).toBe("f");
    expect(fieldRefused(() => readJson("[".repeat(100_000) + "]".repeat(100_000), "f", 1_000_000))).toBe("f");
  });
});

describe("readCaller", () => {
  test("acts for the tenant default without the header", () => {
    expect(readCaller(null, "r")).toEqual({ tenant: "default", isAdmin: true, requestId: "r" });
  });

  test.each(["a", "team-a_1.x", "global", "A".repeat(64)])("acts for %s", (tenant) => {
    expect(readCaller(tenant, "r").tenant).toBe(tenant);
  });

  test.each(["-a", ".a", "a b", "a/b", "A".repeat(65), "ä", "a,b", "a\n"])("refuses the tenant %j", (tenant) => {
    expect(fieldRefused(() => readCaller(tenant, "r"))).toBe("x-millwright-tenant");
  });
});

const scope: TokenScope = { key: Buffer.from("key"), tenant: "a", query: "q" };

describe("page tokens", () => {
  test("give back the cursor that was put in", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (cursor) => {
        expect(readPageToken(writePageToken(cursor, scope), scope)).toEqual(cursor);
      }),
    );
  });

  test("begin at the first page when empty", () => {
    expect(readPageToken("", scope)).toBeUndefined();
  });

  test.each([
    ["tenant", { ...scope, tenant: "b" }],
    ["query", { ...scope, query: "q2" }],
    ["key", { ...scope, key: Buffer.from("other") }],
    ["split between tenant and query", { ...scope, tenant: "aq", query: "" }],
  ])("open for no other %s", (_, other) => {
    expect(fieldRefused(() => readPageToken(writePageToken(["1"], scope), other))).toBe("page_token");
  });

  test("open in no altered form", () => {
    const token = writePageToken(["2026-01-01", "0192"], scope);
    const altered = fc.tuple(fc.nat(token.length - 1), fc.constantFrom(..."AZaz09-_=+/ "));

    fc.assert(
      fc.property(altered, ([at, char]) => {
        const text = token.slice(0, at) + char + token.slice(at + 1);
        fc.pre(text !== token);
        expect(fieldRefused(() => readPageToken(text, scope))).toBe("page_token");
      }),
    );
  });

  test.each(["x", "AAAA", "%", "a".repeat(2_000), `${writePageToken([], scope)}=`])("refuse %j", (text) => {
    expect(fieldRefused(() => readPageToken(text, scope, "resume_token"))).toBe("resume_token");
  });
});

describe("queryOf", () => {
  const request = (init: object) => queryOf(ListJobsRequestSchema, create(ListJobsRequestSchema, init));

  test("does not depend on the order of labels, nor on the page asked for", () => {
    expect(request({ labels: { a: "1", b: "2" }, pageSize: 3, pageToken: "x" })).toBe(
      request({ labels: { b: "2", a: "1" } }),
    );
  });

  test("depends on every filter", () => {
    const queries = [
      {},
      { name: "a" },
      { targetName: "a" },
      { labels: { a: "1" } },
      { kinds: [1] },
      { kinds: [1, 2] },
    ].map(request);

    expect(new Set(queries).size).toBe(queries.length);
  });
});

describe("times", () => {
  test("read a span in milliseconds and never round a positive one to nothing", () => {
    expect(readDuration({ seconds: 2n, nanos: 1 } as never)).toBe(2_001);
    expect(readDuration({ seconds: 0n, nanos: 0 } as never)).toBe(0);
  });

  test("read a time to the millisecond, before 1970 too", () => {
    expect(readTimestamp({ seconds: 1n, nanos: 999_999_999 } as never)).toEqual(new Date(1_999));
    expect(readTimestamp({ seconds: -1n, nanos: 500_000_000 } as never)).toEqual(new Date(-500));
  });
});
