/**
 * The single values of `fast-validate.ts`: texts, bytes, numbers, times and spans that are certainly valid.
 *
 * A check that cannot be built, because a rule is not known here, is undefined.
 */
import { type DescMessage, isFieldSet, type Message, ScalarType } from "@bufbuild/protobuf";
import { type Duration, DurationSchema, type Timestamp, TimestampSchema } from "@bufbuild/protobuf/wkt";
import {
  BytesRulesSchema,
  DurationRulesSchema,
  type FieldRules,
  FieldRulesSchema,
  type StringRules,
  StringRulesSchema,
  TimestampRulesSchema,
} from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { regexOf } from "./pattern.ts";

/** True: certainly valid. False: ask protovalidate. */
export type Certain<T> = (value: T) => boolean;

/** Passes everything. Callers compare with it to leave the check out. */
export const always: Certain<unknown> = () => true;

/** Whether a rules message sets nothing but the rules in `names`: one that is not known must not be passed over. */
export function setsOnly(schema: DescMessage, rules: Message, names: readonly string[]): boolean {
  return (
    rules.$unknown === undefined &&
    schema.fields.every((field) => !isFieldSet(rules, field) || names.includes(field.localName))
  );
}

/** The check of a scalar with its rules. */
export function certainScalar(scalar: ScalarType, rules: FieldRules | undefined): Certain<unknown> | undefined {
  if (scalar === ScalarType.STRING) return certainText(rules) as Certain<unknown> | undefined;
  if (rules !== undefined && hasExpressions(rules)) return undefined;
  switch (scalar) {
    case ScalarType.BOOL:
      return rules?.type.case === undefined ? always : undefined;
    case ScalarType.BYTES:
      return certainBytes(rules) as Certain<unknown> | undefined;
    default:
      return certainNumber(scalar, rules);
  }
}

/** Whether rules hold CEL, which only protovalidate evaluates in full. */
export function hasExpressions(rules: FieldRules): boolean {
  return rules.cel.length > 0 || rules.celExpression.length > 0;
}

const textRuleNames = ["minLen", "maxLen", "minBytes", "maxBytes", "pattern", "in", "tuuid"];

function certainText(rules: FieldRules | undefined): Certain<string> | undefined {
  const { case: kind, value } = rules?.type ?? {};
  if (kind !== undefined && (kind !== "string" || !setsOnly(StringRulesSchema, value as Message, textRuleNames)))
    return undefined;
  const expressions = [...(rules?.celExpression ?? []), ...(rules?.cel ?? []).map((rule) => rule.expression)].map(
    matchOf,
  );
  const limits = kind === "string" ? limitsOf(value as StringRules) : [];
  const tests = [holdsNoNul, ...limits, ...expressions];
  if (!tests.every((test) => test !== undefined)) return undefined;
  // Most texts of most requests are empty.
  const isEmptyFine = tests.every((test) => test(""));
  return (text) => {
    if (text === "") return isEmptyFine;
    for (let i = 0; i < tests.length; i++) if (!tests[i]!(text)) return false;
    return true;
  };
}

function holdsNoNul(text: string): boolean {
  return !text.includes("\0");
}

function limitsOf(rules: StringRules): Certain<string>[] {
  const { minLen, maxLen, minBytes, maxBytes, pattern, in: listed } = rules;
  const tests: Certain<string>[] = [];
  const isSet = (name: keyof typeof StringRulesSchema.field) => isFieldSet(rules, StringRulesSchema.field[name]);
  // Lengths count code points, of which each takes one or two UTF-16 units.
  if (isSet("minLen")) {
    const unitsMin = minLen <= 1n ? Number(minLen) : Number(minLen) * 2;
    tests.push((text) => text.length >= unitsMin);
  }
  if (isSet("maxLen")) tests.push((text) => text.length <= Number(maxLen));
  if (isSet("minBytes")) tests.push((text) => text.length >= Number(minBytes));
  if (isSet("maxBytes")) {
    tests.push((text) => text.length * 3 <= Number(maxBytes) || Buffer.byteLength(text) <= Number(maxBytes));
  }
  if (isSet("pattern")) tests.push(matches(pattern));
  if (listed.length > 0) tests.push((text) => listed.includes(text));
  if (rules.wellKnown.case === "tuuid" && rules.wellKnown.value) tests.push(matches("^[0-9a-fA-F]{32}$"));
  return tests;
}

function matches(pattern: string): Certain<string> {
  const regex = regexOf(pattern);
  return (text) => regex.test(text);
}

/** The one form of CEL that our texts have: `this.matches(r'...')`, or its opposite. */
function matchOf(expression: string): Certain<string> | undefined {
  const [, not, pattern] = /^(!?)this\.matches\(r'([^']*)'\)$/.exec(expression) ?? [];
  if (pattern === undefined) return undefined;
  const regex = regexOf(pattern);
  return not === "!" ? (text) => !regex.test(text) : (text) => regex.test(text);
}

function certainBytes(rules: FieldRules | undefined): Certain<Uint8Array> | undefined {
  if (rules?.type.case === undefined) return always as Certain<Uint8Array>;
  if (rules.type.case !== "bytes" || !setsOnly(BytesRulesSchema, rules.type.value, ["minLen", "maxLen"]))
    return undefined;
  const { minLen, maxLen } = rules.type.value;
  const hasMax = isFieldSet(rules.type.value, BytesRulesSchema.field.maxLen);
  return ({ length }) => length >= Number(minLen) && (!hasMax || length <= Number(maxLen));
}

type Numeric = number | bigint;
type Bound = { readonly case: string | undefined; readonly value?: unknown };
const boundNames = ["gt", "gte", "lt", "lte"];

function certainNumber(scalar: ScalarType, rules: FieldRules | undefined): Certain<unknown> | undefined {
  const isFloat = scalar === ScalarType.DOUBLE || scalar === ScalarType.FLOAT;
  if (rules?.type.case === undefined) return isFloat ? (value) => !Number.isNaN(value) : always;
  const schema = FieldRulesSchema.field[rules.type.case].message;
  const limits = rules.type.value as Message & { greaterThan: Bound; lessThan: Bound; finite?: boolean };
  if (schema === undefined || !setsOnly(schema, limits, [...boundNames, "finite"])) return undefined;
  const isWithin = range(limits, (value) => value as Numeric);
  if (isWithin === undefined) return undefined;
  const mustBeFinite = limits.finite === true;
  return (value) => isWithin(value) && (!isFloat || (mustBeFinite ? Number.isFinite(value) : !Number.isNaN(value)));
}

/** The check of `gt`/`gte` and `lt`/`lte`; upside-down bounds, which exclude a range, are not known here. */
function range<T extends Numeric>(
  { greaterThan, lessThan }: { readonly greaterThan: Bound; readonly lessThan: Bound },
  scaleOf: (value: unknown) => T,
): Certain<unknown> | undefined {
  const low = greaterThan.case === undefined ? undefined : scaleOf(greaterThan.value);
  const high = lessThan.case === undefined ? undefined : scaleOf(lessThan.value);
  if (low !== undefined && high !== undefined && high < low) return undefined;
  const excludesLow = greaterThan.case === "gt";
  const excludesHigh = lessThan.case === "lt";
  return (value) => {
    const scaled = scaleOf(value);
    return (
      (low === undefined || (excludesLow ? scaled > low : scaled >= low)) &&
      (high === undefined || (excludesHigh ? scaled < high : scaled <= high))
    );
  };
}

const NANOS = 1_000_000_000n;
// What the two types can hold: years 1 to 9999, and some 10,000 years either way.
const TIMESTAMP_SECONDS_MIN = -62_135_596_800n;
const TIMESTAMP_SECONDS_MAX = 253_402_300_799n;
const DURATION_SECONDS_MAX = 315_576_000_000n;

/** Whether a type is one of the two whose rules compare a time or a span. */
export function isTimeType({ typeName }: DescMessage): boolean {
  return typeName === TimestampSchema.typeName || typeName === DurationSchema.typeName;
}

/** Whether a time is one: JSON cannot say another, binary can. */
export function isProperTime(value: Message): boolean {
  const { seconds, nanos } = value as Timestamp | Duration;
  if (value.$typeName === TimestampSchema.typeName) {
    return seconds >= TIMESTAMP_SECONDS_MIN && seconds <= TIMESTAMP_SECONDS_MAX && nanos >= 0 && nanos < Number(NANOS);
  }
  return (
    seconds <= DURATION_SECONDS_MAX &&
    seconds >= -DURATION_SECONDS_MAX &&
    Math.abs(nanos) < Number(NANOS) &&
    (seconds === 0n || nanos === 0 || seconds > 0n === nanos > 0)
  );
}

/** The check of a time or span with its rules. */
export function certainTime(desc: DescMessage, rules: FieldRules | undefined): Certain<unknown> | undefined {
  if (rules?.type.case === undefined) return (value) => isProperTime(value as Message);
  const schema = desc.typeName === TimestampSchema.typeName ? TimestampRulesSchema : DurationRulesSchema;
  const limits = rules.type.value as Message & { greaterThan: Bound; lessThan: Bound };
  if (limits.$typeName !== schema.typeName || !setsOnly(schema, limits, boundNames)) return undefined;
  const isWithin = range(limits, nanosOf);
  return isWithin && ((value) => isProperTime(value as Message) && isWithin(value));
}

function nanosOf(value: unknown): bigint {
  const { seconds, nanos } = value as Timestamp | Duration;
  return seconds * NANOS + BigInt(nanos);
}
