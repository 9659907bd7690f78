/**
 * Array literals of PostgreSQL, both ways, and times: what the driver leaves to guesswork or to a catalogue query.
 *
 * postgres.js infers an array's type from its first element and reads NULL as the text "NULL"; these two do neither.
 */

import { type SQL, sql } from "drizzle-orm";

/** A value that can stand in an array parameter; nested arrays become further dimensions. */
export type ArrayElement =
  | string
  | number
  | bigint
  | boolean
  | Date
  | Uint8Array
  | null
  | readonly ArrayElement[];

/** The array types that statements use; the cast tells PostgreSQL what the one text parameter is. */
export type ArrayType = `${
  | ("uuid" | "text" | "boolean" | "bytea" | "jsonb" | "timestamptz" | "interval")
  | ("smallint" | "int" | "bigint" | "real" | "double precision")}[]`;

/**
 * `values` as ONE parameter, cast to `type`: `... = ANY(${array(ids, "uuid[]")})`, `unnest(${array(names, "text[]")})`.
 *
 * One text for any number of elements, so the statement stays prepared. An inner array is a further dimension.
 */
export function array(values: readonly ArrayElement[], type: ArrayType): SQL {
  return sql`${arrayLiteral(values)}::${sql.raw(type)}`;
}

/** `values` in PostgreSQL's own array syntax. Every element but a number is quoted, so nothing in it can be syntax. */
export function arrayLiteral(values: readonly ArrayElement[]): string {
  let text = "{";
  for (let i = 0; i < values.length; i++) {
    if (i > 0) text += ",";
    text += elementLiteral(values[i]!);
  }
  return text + "}";
}

function elementLiteral(value: ArrayElement): string {
  if (value === null || value === undefined) return "NULL";
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return arrayLiteral(value);
  if (value instanceof Date) return quoted(value.toISOString());
  // The backslash of bytea's hex form is itself escaped inside an array.
  if (value instanceof Uint8Array) return `"\\\\x${Buffer.from(value).toString("hex")}"`;
  return Object.is(value, -0) ? "-0" : String(value);
}

function quoted(text: string): string {
  return text.includes('"') || text.includes("\\") ? `"${text.replace(/["\\]/g, "\\$&")}"` : `"${text}"`;
}

/** An array as PostgreSQL writes it: elements are text, `null`, or what `parse` makes of the text. */
export function parseArray<T = string>(text: string, parse?: (element: string) => T): (T | null)[] {
  // An explicit lower bound, `[0:1]={...}`, carries nothing that a JavaScript array could hold.
  const reader = { text, at: text.startsWith("[") ? text.indexOf("=") + 1 : 0 };
  return readArray(reader, (parse ?? String) as (element: string) => T) as (T | null)[];
}

type Nested<T> = (T | null | Nested<T>)[];

function readArray<T>(reader: { text: string; at: number }, parse: (element: string) => T): Nested<T> {
  const elements: Nested<T> = [];
  reader.at++;
  for (;;) {
    const next = reader.text[reader.at];
    if (next === "}" || next === undefined) {
      reader.at++;
      return elements;
    }
    if (next === ",") reader.at++;
    else if (next === "{") elements.push(readArray(reader, parse));
    else if (next === '"') elements.push(parse(readQuoted(reader)));
    else {
      const word = readWord(reader);
      elements.push(word === "NULL" ? null : parse(word));
    }
  }
}

function readQuoted(reader: { text: string; at: number }): string {
  let element = "";
  for (reader.at++; reader.text[reader.at] !== '"'; reader.at++) {
    if (reader.text[reader.at] === "\\") reader.at++;
    element += reader.text[reader.at] ?? "";
    if (reader.at >= reader.text.length) throw new Error("The array literal ends inside a quoted element");
  }
  reader.at++;
  return element;
}

function readWord(reader: { text: string; at: number }): string {
  const start = reader.at;
  while (reader.at < reader.text.length && !",}".includes(reader.text[reader.at]!)) reader.at++;
  return reader.text.slice(start, reader.at);
}

/**
 * A timestamptz as PostgreSQL writes it in UTC (`2026-11-21 11:49:25.123456+00`). Microseconds are cut to milliseconds.
 *
 * Sessions run with TimeZone=UTC, so the offset is always `+00`; another spelling falls back to the engine's parser.
 */
export function instant(text: string): Date {
  if (text.length < 22 || text.charCodeAt(4) !== 45 || !text.endsWith("+00")) return new Date(text);
  const millis = text.charCodeAt(19) === 46 ? Number(`0${text.slice(19, Math.min(23, text.length - 3))}`) * 1000 : 0;
  return new Date(
    Date.UTC(
      twoDigits(text, 0) * 100 + twoDigits(text, 2),
      twoDigits(text, 5) - 1,
      twoDigits(text, 8),
      twoDigits(text, 11),
      twoDigits(text, 14),
      twoDigits(text, 17),
      Math.round(millis),
    ),
  );
}

function twoDigits(text: string, at: number): number {
  return text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 528;
}
