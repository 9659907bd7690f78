/**
 * Tells in well under a microsecond that a message certainly satisfies its buf.validate rules.
 *
 * One check per message type is put together from the descriptor. It knows the standard rules that our contract uses
 * and answers only "certainly valid": every doubt, every violation and its wording are left to protovalidate. It asks more
 * than the rules do in three ways: no text holds a NUL, no number is NaN, no enum value is unknown.
 */
import {
  type DescEnum,
  type DescField,
  type DescMessage,
  getOption,
  type Message,
  ScalarType,
} from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import {
  EnumRulesSchema,
  type FieldRules,
  field as fieldOption,
  Ignore,
  MapRulesSchema,
  message as messageOption,
  type MessageRules,
  oneof as oneofOption,
  RepeatedRulesSchema,
} from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import {
  always,
  type Certain,
  certainScalar,
  certainTime,
  hasExpressions,
  isTimeType,
  setsOnly,
} from "./fast-scalars.ts";

type Fields = Record<string, unknown>;
type OneofValue = { readonly case: string | undefined; readonly value?: unknown };

const never: Certain<unknown> = () => false;
const checks = new Map<DescMessage, { certain: Certain<unknown> }>();

// Rules on a whole message, by their exact text. GetModel is called far more often than anything is written; other such
// rules are protovalidate's alone.
const knownExpressions: Record<string, Certain<Fields>> = {
  "this.version == 0 && this.alias == '' || !this.name.contains('@') && (this.version == 0 || this.alias == '')": ({
    name,
    version,
    alias,
  }) => (version === 0 && alias === "") || (!(name as string).includes("@") && (version === 0 || alias === "")),
};

/** The check of a message type. */
export function certainMessage(desc: DescMessage): Certain<Message> {
  const holder = holderOf(desc);
  return (message) => holder.certain(message);
}

/** Whether the type's rules are all known: if not, every message of it goes to protovalidate. */
export function isKnown(desc: DescMessage): boolean {
  return holderOf(desc).certain !== never;
}

/** Recursive types meet their own holder while it is being filled. */
function holderOf(desc: DescMessage): { certain: Certain<unknown> } {
  const existing = checks.get(desc);
  if (existing !== undefined) return existing;
  const holder = { certain: never };
  checks.set(desc, holder);
  holder.certain = checkOf(desc) ?? never;
  return holder;
}

function checkOf(desc: DescMessage): Certain<unknown> | undefined {
  const rules = messageRulesOf(getOption(desc, messageOption));
  const fields = desc.fields.map(fieldCheck);
  const oneofs = desc.oneofs
    .filter((oneof) => getOption(oneof, oneofOption).required)
    .map((oneof) => (message: Fields) => (message[oneof.localName] as OneofValue).case !== undefined);
  const all = [...fields, ...oneofs, ...(rules ?? [undefined])];
  if (!all.every((check) => check !== undefined)) return undefined;
  const needed = all.filter((check) => check !== always);
  return (message) => {
    for (let i = 0; i < needed.length; i++) if (!needed[i]!(message as Fields)) return false;
    return true;
  };
}

function messageRulesOf(rules: MessageRules): Certain<Fields>[] | undefined {
  if (rules.oneof.length > 0) return undefined;
  const expressions = [...rules.celExpression, ...rules.cel.map((rule) => rule.expression)];
  const known = expressions.map((expression) => knownExpressions[expression]);
  return known.every((check) => check !== undefined) ? known : undefined;
}

/** Checks one field of a message, present or not. */
function fieldCheck(field: DescField): Certain<Fields> | undefined {
  const rules = getOption(field, fieldOption);
  const { ignore } = rules;
  const value = presentCheck(field, rules);
  if (value === undefined || (ignore !== Ignore.UNSPECIFIED && ignore !== Ignore.IF_ZERO_VALUE)) return undefined;
  if (value === always && !rules.required) return always;
  const read = readerOf(field);
  const isUnset = unsetCheck(field);
  const isSkipped = field.presence !== FeatureSet_FieldPresence.IMPLICIT || ignore === Ignore.IF_ZERO_VALUE;
  if (rules.required) return (message) => !isUnset(read(message)) && value(read(message));
  if (isSkipped) return (message) => isUnset(read(message)) || value(read(message));
  return (message) => value(read(message));
}

function readerOf(field: DescField): (message: Fields) => unknown {
  const { localName, oneof } = field;
  if (oneof === undefined) return (message) => message[localName];
  const name = oneof.localName;
  return (message) => {
    const chosen = message[name] as OneofValue;
    return chosen.case === localName ? chosen.value : undefined;
  };
}

function unsetCheck(field: DescField): (value: unknown) => boolean {
  if (field.presence !== FeatureSet_FieldPresence.IMPLICIT) return (value) => value === undefined;
  switch (field.fieldKind) {
    case "list":
      return (value) => (value as unknown[]).length === 0;
    case "map":
      return (value) => Object.keys(value as object).length === 0;
    case "scalar":
      if (field.scalar === ScalarType.BYTES) return (value) => (value as Uint8Array).length === 0;
  }
  // "", 0, 0n and false; a double's -0 counts as set, and is left to protovalidate.
  return (value) => !value && !Object.is(value, -0);
}

function presentCheck(field: DescField, rules: FieldRules): Certain<unknown> | undefined {
  switch (field.fieldKind) {
    case "list":
      return hasExpressions(rules) ? undefined : listCheck(field, rules);
    case "map":
      return hasExpressions(rules) ? undefined : mapCheck(field, rules);
    default:
      return elementCheck(field, rules);
  }
}

/** What a field, an item of a list and a value of a map have in common. */
type Element = {
  readonly scalar?: ScalarType | undefined;
  readonly enum?: DescEnum | undefined;
  readonly message?: DescMessage | undefined;
};

function elementCheck(element: Element, rules: FieldRules | undefined): Certain<unknown> | undefined {
  if (element.message !== undefined) return messageCheck(element.message, rules);
  if (element.enum !== undefined) return enumCheck(element.enum, rules);
  return certainScalar(element.scalar!, rules);
}

function listCheck(field: DescField & { fieldKind: "list" }, rules: FieldRules): Certain<unknown> | undefined {
  const bounds = rules.type.case === "repeated" ? rules.type.value : undefined;
  if (bounds === undefined && rules.type.case !== undefined) return undefined;
  if (bounds !== undefined && !setsOnly(RepeatedRulesSchema, bounds, ["minItems", "maxItems", "items"]))
    return undefined;
  const item = itemCheck(field as Element, bounds?.items);
  if (item === undefined) return undefined;
  const min = Number(bounds?.minItems ?? 0n);
  const max = bounds !== undefined && bounds.maxItems > 0n ? Number(bounds.maxItems) : Number.POSITIVE_INFINITY;
  return (value) => {
    const list = value as readonly unknown[];
    if (list.length < min || list.length > max) return false;
    if (item !== always) for (let i = 0; i < list.length; i++) if (!item(list[i])) return false;
    return true;
  };
}

function mapCheck(field: DescField & { fieldKind: "map" }, rules: FieldRules): Certain<unknown> | undefined {
  const bounds = rules.type.case === "map" ? rules.type.value : undefined;
  if (bounds === undefined && rules.type.case !== undefined) return undefined;
  if (bounds !== undefined && !setsOnly(MapRulesSchema, bounds, ["minPairs", "maxPairs", "keys", "values"]))
    return undefined;
  // Object keys are strings: those of other types are spelled differently, and none of ours are.
  if (field.mapKey !== ScalarType.STRING) return undefined;
  const key = itemCheck({ scalar: ScalarType.STRING }, bounds?.keys);
  const item = itemCheck(field as Element, bounds?.values);
  if (key === undefined || item === undefined) return undefined;
  const min = Number(bounds?.minPairs ?? 0n);
  const max = bounds !== undefined && bounds.maxPairs > 0n ? Number(bounds.maxPairs) : Number.POSITIVE_INFINITY;
  return (value) => {
    const map = value as Fields;
    let pairs = 0;
    for (const name in map) if (++pairs > max || !key(name) || !item(map[name])) return false;
    return pairs >= min;
  };
}

function itemCheck(element: Element, rules: FieldRules | undefined): Certain<unknown> | undefined {
  // An item cannot be absent: what `required` and `ignore` mean for it is rare enough to leave.
  if (rules !== undefined && (rules.required || rules.ignore !== Ignore.UNSPECIFIED)) return undefined;
  return elementCheck(element, rules);
}

function messageCheck(desc: DescMessage, rules: FieldRules | undefined): Certain<unknown> | undefined {
  if (rules !== undefined && hasExpressions(rules)) return undefined;
  if (isTimeType(desc)) return certainTime(desc, rules);
  if (rules?.type.case !== undefined) return undefined;
  const holder = holderOf(desc);
  return (value) => holder.certain(value);
}

function enumCheck(desc: DescEnum, rules: FieldRules | undefined): Certain<unknown> | undefined {
  if (rules !== undefined && hasExpressions(rules)) return undefined;
  const allowed = new Set(desc.values.map((value) => value.number));
  if (rules?.type.case === undefined) return (value) => allowed.has(value as number);
  if (rules.type.case !== "enum" || !setsOnly(EnumRulesSchema, rules.type.value, ["definedOnly", "in", "notIn"]))
    return undefined;
  const { in: listed, notIn } = rules.type.value;
  for (const value of allowed)
    if (notIn.includes(value) || (listed.length > 0 && !listed.includes(value))) allowed.delete(value);
  return (value) => allowed.has(value as number);
}
