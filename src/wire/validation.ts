/**
 * Checks every request message against the rules of the contract before a handler sees it.
 *
 * Three rules hold besides those written on the fields: no text holds a NUL, no number is NaN, and no enum value or
 * time is one that the contract does not know.
 */
import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import { createValidator, type Violation as RuleViolation } from "@bufbuild/protovalidate";
import type { Violation } from "../problem.ts";
import { isProperTime, isTimeType } from "./fast-scalars.ts";
import { certainMessage } from "./fast-validate.ts";
import { regexOf } from "./pattern.ts";
import { invalidRequest } from "./request.ts";

/** Refuses a message that breaks a rule, with the path of every field that does. */
export type Validate = (desc: DescMessage, message: Message) => void;

/** A validator of its own; it learns each message type once. */
export function createValidation(): Validate {
  const validator = createValidator({ regexMatch: (pattern, text) => regexOf(pattern).test(text) });
  return (desc, message) => {
    if (certainMessage(desc)(message)) return;
    const improper: Violation[] = [];
    collectImproper(desc, message as unknown as Fields, "", improper);
    // Rules may fail, not just be violated, on values that no rule was written for.
    if (improper.length > 0) throw invalidRequest(improper);
    const result = validator.validate(desc, message);
    if (result.kind === "error") throw new Error(`The rules of ${desc.typeName} failed`, { cause: result.error });
    if (result.kind === "invalid") throw invalidRequest(result.violations.map(violationOf));
  };
}

type Fields = Record<string, unknown>;

// A caller needs the first few; a message of a million NULs must not cost more than it did to send.
const VIOLATIONS_MAX = 16;

function violationOf(violation: RuleViolation): Violation {
  const field = pathToString(violation.field);
  return { field, description: violation.forKey ? `key ${violation.message}` : violation.message };
}

function collectImproper(desc: DescMessage, message: Fields, prefix: string, found: Violation[]): void {
  for (const field of desc.fields) {
    if (found.length >= VIOLATIONS_MAX) return;
    const chosen =
      field.oneof === undefined ? undefined : (message[field.oneof.localName] as { case?: string; value?: unknown });
    const value =
      chosen === undefined ? message[field.localName] : chosen.case === field.localName ? chosen.value : undefined;
    if (value !== undefined) collectInField(field, value, prefix + field.name, found);
  }
}

function collectInField(field: DescField, value: unknown, path: string, found: Violation[]): void {
  if (field.fieldKind === "list") {
    (value as unknown[]).forEach((item, index) => collectInValue(field, item, `${path}[${index}]`, found));
  } else if (field.fieldKind === "map") {
    for (const [key, item] of Object.entries(value as Fields)) {
      const itemPath = `${path}[${JSON.stringify(key)}]`;
      if (key.includes("\0")) found.push({ field: itemPath, description: "key must not hold a NUL" });
      collectInValue(field, item, itemPath, found);
    }
  } else collectInValue(field, value, path, found);
}

function collectInValue(field: DescField, value: unknown, path: string, found: Violation[]): void {
  if (found.length >= VIOLATIONS_MAX) return;
  if (field.message !== undefined) {
    if (!isTimeType(field.message)) collectImproper(field.message, value as Fields, `${path}.`, found);
    else if (!isProperTime(value as Message)) found.push({ field: path, description: "is out of range" });
  } else if (field.enum !== undefined) {
    if (field.enum.value[value as number] === undefined)
      found.push({ field: path, description: "must be a known value" });
  } else if (typeof value === "string") {
    if (value.includes("\0")) found.push({ field: path, description: "must not hold a NUL" });
  } else if (Number.isNaN(value)) found.push({ field: path, description: "must be a number" });
}
