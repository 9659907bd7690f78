/** The rules of the contract, and the quick check that must never pass what they refuse. */
import {
  create,
  type DescField,
  type DescMessage,
  fromBinary,
  type Message,
  ScalarType,
  toBinary,
} from "@bufbuild/protobuf";
import { createValidator } from "@bufbuild/protovalidate";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  FinishJobsRequestSchema,
  GetJobRequestSchema,
  JobService,
  LeaseJobsRequestSchema,
  ListJobsRequestSchema,
  ReconcileOrphanedJobsRequestSchema,
  SubmitJobRequestSchema,
  SubmitJobsRequestSchema,
  SyncWorkerRequestSchema,
} from "../../gen/ts/millwright/v1/job_service_pb.ts";
import { ModelRegistry } from "../../gen/ts/millwright/v1/model_registry_pb.ts";
import { ProjectionService } from "../../gen/ts/millwright/v1/projection_service_pb.ts";
import { Problem, type Violation } from "../../src/problem.ts";
import { certainMessage, isKnown } from "../../src/wire/fast-validate.ts";
import { regexOf } from "../../src/wire/pattern.ts";
import { createValidation } from "../../src/wire/validation.ts";

const validate = createValidation();
const reference = createValidator({ regexMatch: (pattern, text) => regexOf(pattern).test(text) });
const services = [JobService, ModelRegistry, ProjectionService];
const requests = [...new Set(services.flatMap((service) => service.methods.map((method) => method.input)))];

function violationsOf(desc: DescMessage, message: Message): readonly Violation[] {
  try {
    validate(desc, message);
  } catch (error) {
    if (error instanceof Problem) return error.violations;
    throw error;
  }
  return [];
}

function fieldsRefused(desc: DescMessage, init: object): string[] {
  return violationsOf(desc, create(desc, init as never)).map((violation) => violation.field);
}

const text = "x".repeat(10_000);

describe("validation", () => {
  test.each([
    ["a kind that is not given", SubmitJobRequestSchema, {}, ["kind"]],
    ["an unknown kind", SubmitJobRequestSchema, { kind: 99 }, ["kind"]],
    ["a name that is too long", SubmitJobRequestSchema, { kind: 1, name: text }, ["name"]],
    ["a control character", SubmitJobRequestSchema, { kind: 1, name: "a\nb" }, ["name"]],
    ["a priority out of range", SubmitJobRequestSchema, { kind: 1, priority: 1_000_001 }, ["priority"]],
    ["a time out of range", SubmitJobRequestSchema, { kind: 1, runAfter: { seconds: -1n, nanos: 0 } }, ["run_after"]],
    [
      "a time that is none",
      SubmitJobRequestSchema,
      { kind: 1, runAfter: { seconds: 0n, nanos: 2_000_000_000 } },
      ["run_after"],
    ],
    ["a span of opposite signs", SubmitJobRequestSchema, { kind: 1, timeout: { seconds: 1n, nanos: -5 } }, ["timeout"]],
    ["no requests", SubmitJobsRequestSchema, { requests: [] }, ["requests"]],
    [
      "a bad item",
      SubmitJobsRequestSchema,
      { requests: [{ kind: 1 }, { kind: 1, maxAttempts: -1 }] },
      ["requests[1].max_attempts"],
    ],
    ["an unknown status in a list", ListJobsRequestSchema, { statuses: [1, 77] }, ["statuses[1]"]],
    ["no result", FinishJobsRequestSchema, { workerId: "w", results: [{ jobId: "x" }] }, ["results[0].result"]],
    ["negative progress", SyncWorkerRequestSchema, { workerId: "w", held: [{ progress: -1 }] }, ["held[0].progress"]],
    [
      "a metric that is no number",
      SyncWorkerRequestSchema,
      { workerId: "w", held: [{ metrics: [{ key: "loss", value: Number.NaN }] }] },
      ["held[0].metrics[0].value"],
    ],
    [
      "an infinite metric",
      SyncWorkerRequestSchema,
      { workerId: "w", held: [{ metrics: [{ key: "loss", value: Number.POSITIVE_INFINITY }] }] },
      ["held[0].metrics[0].value"],
    ],
    [
      "a lease that is too short",
      LeaseJobsRequestSchema,
      { workerId: "w", maxJobs: 1, lease: { seconds: 0n, nanos: 1 } },
      ["lease"],
    ],
  ])("refuses %s by its path", (_, desc, init, fields) => {
    expect(fieldsRefused(desc as DescMessage, init)).toEqual(fields);
  });

  test.each([
    ["a text without rules", GetJobRequestSchema, { id: "a\0" }, ["id"]],
    ["opaque JSON", SubmitJobRequestSchema, { kind: 1, specJson: "{}\0" }, ["spec_json"]],
    ["a label's value", SubmitJobRequestSchema, { kind: 1, labels: { team: "\0" } }, ['labels["team"]']],
    ["a label's name", SubmitJobRequestSchema, { kind: 1, labels: { "a\0": "" } }, ['labels["a\\u0000"]']],
    ["an item of a list", LeaseJobsRequestSchema, { maxJobs: 1, tenants: ["ok", "\0"] }, ["tenants[1]"]],
    [
      "a nested message",
      FinishJobsRequestSchema,
      { workerId: "w", results: [{ leaseToken: "\0", result: { case: "cancelled", value: {} } }] },
      ["results[0].lease_token"],
    ],
  ])("refuses a NUL in %s", (_, desc, init, fields) => {
    expect(fieldsRefused(desc as DescMessage, init)).toEqual(fields);
  });

  test("refuses an unknown value of an enum", () => {
    expect(fieldsRefused(ReconcileOrphanedJobsRequestSchema, { scope: 99 })).toEqual(["scope"]);
  });

  test("names the first broken rule in its sentence and counts the others", () => {
    const message = create(SubmitJobRequestSchema, { priority: 2_000_000, maxAttempts: 101, kind: 1 });

    expect(() => validate(SubmitJobRequestSchema, message)).toThrow(/^priority: must be .*1000000 \(and 1 more\)$/);
  });

  test("stops listing after a few, whatever is sent", () => {
    const message = create(LeaseJobsRequestSchema, { maxJobs: 1, names: Array.from({ length: 100_000 }, () => "\0") });

    expect(violationsOf(LeaseJobsRequestSchema, message)).toHaveLength(16);
  });

  test("accepts characters outside the basic plane up to the limit that counts them once", () => {
    expect(fieldsRefused(SubmitJobRequestSchema, { kind: 1, name: "😀".repeat(256) })).toEqual([]);
    expect(fieldsRefused(SubmitJobRequestSchema, { kind: 1, name: "😀".repeat(257) })).toEqual(["name"]);
  });

  test.each(requests.map((desc) => [desc.name, desc] as const))("compiles the rules of %s", (_, desc) => {
    expect(reference.validate(desc, create(desc)).kind).not.toBe("error");
  });
});

describe("certainMessage", () => {
  test.each([...JobService.methods, ...ModelRegistry.methods.filter((method) => method.name === "GetModel")])(
    "knows all rules of $name, which is called often",
    (method) => {
      expect(isKnown(method.input)).toBe(true);
    },
  );

  test.each(requests.map((desc) => [desc.name, desc] as const))(
    "never passes a %s that the rules refuse",
    (_, desc) => {
      const certain = certainMessage(desc);

      fc.assert(
        fc.property(messages(desc), (init) => {
          const message = fromBinary(desc, toBinary(desc, create(desc, init as never)));
          if (certain(message)) expect(reference.validate(desc, message).violations ?? []).toEqual([]);
        }),
        { numRuns: 300 },
      );
    },
  );

  test("passes most of what is valid", () => {
    let passed = 0;
    let valid = 0;
    fc.assert(
      fc.property(messages(SubmitJobRequestSchema), (init) => {
        const message = create(SubmitJobRequestSchema, init as never);
        if (violationsOf(SubmitJobRequestSchema, message).length > 0) return;
        valid++;
        if (certainMessage(SubmitJobRequestSchema)(message)) passed++;
      }),
      { numRuns: 2_000 },
    );

    expect(valid).toBeGreaterThan(200);
    expect(passed / valid).toBeGreaterThan(0.9);
  });
});

/** Messages of a type, most fields at or around the edges that rules draw. */
function messages(desc: DescMessage, depth = 0): fc.Arbitrary<object> {
  const members: Record<string, fc.Arbitrary<unknown>> = {};
  for (const field of desc.fields) if (field.oneof === undefined) members[field.localName] = values(field, depth);
  for (const oneof of desc.oneofs) {
    const cases = oneof.fields.map((field) => values(field, depth).map((value) => ({ case: field.localName, value })));
    members[oneof.localName] = fc.oneof(fc.constant({ case: undefined }), ...cases);
  }
  return fc.record(members, { requiredKeys: [] });
}

/** Mostly what most rules allow, so that single violations are met alone. */
function mostly(fine: unknown[], ...odd: (unknown[] | fc.Arbitrary<unknown>)[]): fc.Arbitrary<unknown> {
  const rest = odd.map((one) => ({ weight: 1, arbitrary: Array.isArray(one) ? fc.constantFrom(...one) : one }));
  return fc.oneof({ weight: 24, arbitrary: fc.constantFrom(...fine) }, ...rest);
}

const floats = mostly([0, 1, 0.5], [-0, -1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
const scalars: Partial<Record<ScalarType, fc.Arbitrary<unknown>>> = {
  [ScalarType.STRING]: mostly(
    ["", "a", "ner", "0192abcdef0123456789abcdef012345"],
    fc.string({ unit: "binary", maxLength: 20 }),
    [
      "a/b",
      "model@3",
      "m@v",
      "team.x",
      "sha256:" + "0".repeat(64),
      "s3://b/k",
      "s3://u@b/k",
      "file:/../x",
      "12",
      "latest",
      "LATEST",
    ],
    [
      "\0",
      "a\u0001",
      " a",
      "..",
      "a//b",
      "a\u2028",
      "é".repeat(256),
      "😀".repeat(200),
      "x".repeat(257),
      "y".repeat(9_000),
    ],
  ),
  [ScalarType.BOOL]: fc.boolean(),
  [ScalarType.INT32]: mostly([0, 1], [-1, 2, 16, 100, 101, 500, 501, 1_000, 1_000_000, 1_000_001, 2_147_483_647]),
  [ScalarType.INT64]: mostly([0n, 1n], [-1n, 1_000n, 9_223_372_036_854_775_807n]),
  [ScalarType.UINT64]: fc.constantFrom(0n, 1n, 18_446_744_073_709_551_615n),
  [ScalarType.DOUBLE]: floats,
  [ScalarType.FLOAT]: floats,
  [ScalarType.BYTES]: fc.uint8Array({ maxLength: 40 }),
};
const times = fc.record({
  seconds: mostly([1n, 55n], [-1n, 0n, 3_600n, 3_601n, 86_401n, 31_622_400n, 253_402_300_799n, 253_402_300_800n]),
  nanos: mostly([0, 1_000_000], [-1, 1, 999_999_999, 1_000_000_000]),
});

function values(field: DescField, depth: number): fc.Arbitrary<unknown> {
  if (field.fieldKind === "list") return fc.array(one(field, depth), { maxLength: 3 });
  if (field.fieldKind === "map")
    return fc.dictionary(
      mostly(["a", "b", "c"], ["", "\u0001", "k".repeat(65)]) as fc.Arbitrary<string>,
      one(field, depth),
      { maxKeys: 3 },
    );
  return one(field, depth);
}

function one(field: DescField, depth: number): fc.Arbitrary<unknown> {
  if (field.enum !== undefined)
    return mostly(
      field.enum.values.map((value) => value.number),
      [99, -1],
    );
  if (field.message === undefined) return scalars[field.scalar!] ?? fc.constant(0);
  if (/\.(Timestamp|Duration)$/.test(field.message.typeName)) return times;
  return depth > 2 ? fc.constant({}) : messages(field.message, depth + 1);
}
