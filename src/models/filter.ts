/**
 * Reads the filter language of ListModels and ListModelVersions, a subset of AIP-160, into a tree.
 *
 * Pure: what the tree means in SQL is said in filter-store.ts. A filter that is wrong throws a `FilterFault` with the
 * byte where it is. `OR` binds tighter than `AND`, as AIP-160 has it.
 */
import { type ModelStatus, taskFault, VERSION_MAX } from "./model.ts";

/** How a field is compared; `has` is `:`. */
export type Operator = "=" | "!=" | "<" | "<=" | ">" | ">=" | "has";

/** A text to compare with; `isPrefix` when it ended in `*`. */
export interface TextValue {
  readonly text: string;
  readonly isPrefix: boolean;
}

/** One comparison, its value already of the field's type. */
export type Comparison =
  | { readonly field: "name" | "task" | "backend" | "alias"; readonly operator: Operator; readonly value: TextValue }
  | { readonly field: "labels"; readonly key: string; readonly operator: Operator; readonly value: TextValue }
  /** Undefined asks whether there is such a number at all. */
  | { readonly field: "metrics"; readonly key: string; readonly operator: Operator; readonly value: number | undefined }
  | { readonly field: "version"; readonly operator: Operator; readonly value: number }
  | { readonly field: "created_at"; readonly operator: Operator; readonly value: string }
  | { readonly field: "status"; readonly operator: Operator; readonly value: ModelStatus };

/** A filter as a tree. */
export type Filter =
  | { readonly kind: "and" | "or"; readonly parts: readonly Filter[] }
  | { readonly kind: "not"; readonly part: Filter }
  | { readonly kind: "comparison"; readonly comparison: Comparison };

/** What is wrong with a filter, and at which byte of it, from 0. */
export class FilterFault extends Error {
  override readonly name = "FilterFault";
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

const COMPARISONS_MAX = 32;
const DEPTH_MAX = 16;

/** The tree of `source`, or undefined for an empty one. */
export function parseFilter(source: string): Filter | undefined {
  const reader = new Reader(source);
  if (reader.isAtEnd()) return undefined;
  const filter = readConjunction(reader, 1);
  if (!reader.isAtEnd()) throw reader.fault("expected AND, OR or the end");
  return filter;
}

function readConjunction(reader: Reader, depth: number): Filter {
  if (depth > DEPTH_MAX) throw reader.fault(`must not nest deeper than ${DEPTH_MAX} levels`);
  const parts = [readDisjunction(reader, depth)];
  while (reader.take(/AND(?![^\s(-])/y)) parts.push(readDisjunction(reader, depth));
  return parts.length === 1 ? parts[0]! : { kind: "and", parts };
}

function readDisjunction(reader: Reader, depth: number): Filter {
  const parts = [readTerm(reader, depth)];
  while (reader.take(/OR(?![^\s(-])/y)) parts.push(readTerm(reader, depth));
  return parts.length === 1 ? parts[0]! : { kind: "or", parts };
}

function readTerm(reader: Reader, depth: number): Filter {
  let isNegated = false;
  while (reader.take(/NOT(?![^\s(-])|-/y)) isNegated = !isNegated;
  const part = reader.take(/\(/y) ? readGroup(reader, depth) : readComparison(reader);
  return isNegated ? { kind: "not", part } : part;
}

function readGroup(reader: Reader, depth: number): Filter {
  const filter = readConjunction(reader, depth + 1);
  if (!reader.take(/\)/y)) throw reader.fault("expected a closing parenthesis");
  return filter;
}

interface Field {
  readonly name: string;
  readonly key: string | undefined;
  readonly at: number;
}

interface Value extends TextValue {
  readonly at: number;
}

function readComparison(reader: Reader): Filter {
  const field = readField(reader);
  if (++reader.comparisonCount > COMPARISONS_MAX) {
    throw reader.fault(`must not have more than ${COMPARISONS_MAX} comparisons`, field.at);
  }
  const typeOf = types[field.name];
  if (typeOf === undefined || (field.key !== undefined) !== keyedFields.includes(field.name)) {
    throw reader.fault(`must be one of ${fieldNames}`, field.at);
  }
  const operatorAt = reader.position();
  const operator = reader.take(/<=|>=|!=|=|<|>|:/y);
  if (operator === undefined) throw reader.fault("expected one of = != < <= > >= :");
  const value = readValue(reader);
  const fault = (message: string, at = value.at) => reader.fault(message, at);
  const comparison = typeOf(field, { operator: operator === ":" ? "has" : (operator as Operator), operatorAt, value, fault });
  return { kind: "comparison", comparison };
}

function readField(reader: Reader): Field {
  const at = reader.position();
  const name = reader.take(/[A-Za-z_][A-Za-z0-9_]*/y);
  if (name === undefined) throw reader.fault("expected a field");
  if (!reader.takeHere(/\./y)) return { name, key: undefined, at };
  const key = reader.takeHere(/[^\s()"=<>!:]+/y) ?? reader.takeQuoted()?.raw;
  if (key === undefined || key === "") throw reader.fault("expected a key after the dot");
  return { name, key, at };
}

function readValue(reader: Reader): Value {
  const at = reader.position();
  const quoted = reader.takeQuoted();
  if (quoted !== undefined) return { text: quoted.text, isPrefix: quoted.isPrefix, at };
  const word = reader.take(/[^\s()"]+/y);
  if (word === undefined) throw reader.fault("expected a value");
  const isPrefix = word.endsWith("*");
  return { text: isPrefix ? word.slice(0, -1) : word, isPrefix, at };
}

interface Compared {
  readonly operator: Operator;
  readonly operatorAt: number;
  readonly value: Value;
  fault(message: string, at?: number): FilterFault;
}

type TypeOf = (field: Field, compared: Compared) => Comparison;

const types: Record<string, TypeOf | undefined> = {
  name: (_, compared) => ({ field: "name", ...textOf(compared) }),
  backend: (_, compared) => ({ field: "backend", ...textOf(compared) }),
  task: (_, compared) => ({ field: "task", ...taskOf(compared) }),
  alias: (_, compared) => ({ field: "alias", ...textOf(unordered(compared)) }),
  labels: ({ key }, compared) => ({ field: "labels", key: key!, ...textOf(compared) }),
  metrics: ({ key }, compared) => ({ field: "metrics", key: key!, operator: compared.operator, value: numberOf(compared) }),
  version: (_, compared) => ({ field: "version", operator: compared.operator, value: versionOf(compared) }),
  created_at: (_, compared) => ({ field: "created_at", operator: compared.operator, value: timeOf(compared) }),
  status: (_, compared) => ({ field: "status", operator: unordered(compared).operator, value: statusOf(compared) }),
};
const keyedFields = ["labels", "metrics"];
const fieldNames = "name, version, task, backend, status, labels.K, metrics.K, created_at, alias";

function textOf({ operator, value, fault }: Compared): { operator: Operator; value: TextValue } {
  const isOrdered = !["=", "!=", "has"].includes(operator);
  if (isOrdered && value.isPrefix) throw fault("must not end in * with this operator");
  return { operator, value: { text: value.text, isPrefix: value.isPrefix } };
}

function taskOf(compared: Compared): { operator: Operator; value: TextValue } {
  const { operator, value } = textOf(unordered(compared));
  const fault = value.isPrefix ? undefined : taskFault(value.text);
  if (fault !== undefined) throw compared.fault(fault);
  return { operator, value };
}

/** Refuses an order where there is none. */
function unordered(compared: Compared): Compared {
  if (["=", "!=", "has"].includes(compared.operator)) return compared;
  throw compared.fault("must be one of = != : for this field", compared.operatorAt);
}

function numberOf({ operator, value, fault }: Compared): number | undefined {
  if (operator === "has" && value.isPrefix && value.text === "") return undefined;
  const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value.text) && !value.isPrefix ? Number(value.text) : Number.NaN;
  if (!Number.isFinite(number)) throw fault("must be a number");
  return number;
}

function versionOf({ value, fault }: Compared): number {
  const version = /^\d{1,10}$/.test(value.text) && !value.isPrefix ? Number(value.text) : Number.NaN;
  if (!(version <= VERSION_MAX)) throw fault(`must be a whole number of at most ${VERSION_MAX}`);
  return version;
}

const timeForm = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/;

/** A time to the millisecond, as answers tell times. */
function timeOf({ value, fault }: Compared): string {
  const text = value.text.toUpperCase();
  const millis = timeForm.test(text) && !value.isPrefix ? Date.parse(text) : Number.NaN;
  // The engine takes the 31st of February for the 3rd of March.
  const isProper = new Date(`${text.slice(0, 10)}T00:00:00Z`).getUTCDate() === Number(text.slice(8, 10));
  if (!(millis >= 0) || !isProper) throw fault("must be a time such as 2026-01-31T12:00:00Z");
  return new Date(millis).toISOString();
}

const statuses: readonly ModelStatus[] = ["registered", "loaded", "failed", "archived"];

function statusOf({ value, fault }: Compared): ModelStatus {
  const token = value.text.toLowerCase().replace(/^model_status_/, "");
  const status = statuses.find((known) => known === token);
  if (status === undefined || value.isPrefix) throw fault("must be one of REGISTERED, LOADED, FAILED, ARCHIVED");
  return status;
}

class Reader {
  comparisonCount = 0;
  #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  isAtEnd(): boolean {
    return this.position() === this.#source.length;
  }

  /** Where the next thing begins, after white space. */
  position(): number {
    while (/\s/.test(this.#source[this.#at] ?? "")) this.#at++;
    return this.#at;
  }

  /** What `form` matches here or after white space, or undefined. */
  take(form: RegExp): string | undefined {
    this.position();
    return this.takeHere(form);
  }

  takeHere(form: RegExp): string | undefined {
    form.lastIndex = this.#at;
    const [found] = form.exec(this.#source) ?? [];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  /** A text in double quotes; a backslash takes the meaning from what follows it. */
  takeQuoted(): (TextValue & { readonly raw: string }) | undefined {
    if (this.#source[this.#at] !== '"') return undefined;
    const quoted = this.takeHere(/"(?:[^"\\]|\\.)*"/sy);
    if (quoted === undefined) throw this.fault("expected a closing quote");
    const inner = quoted.slice(1, -1);
    const raw = inner.replace(/\\(.)/gs, "$1");
    const isPrefix = /^(?:[^\\]|\\.)*\*$/s.test(inner);
    return { raw, text: isPrefix ? raw.slice(0, -1) : raw, isPrefix };
  }

  /** A fault at `at`, or where the next thing begins. */
  fault(message: string, at = this.position()): FilterFault {
    return new FilterFault(message, Buffer.byteLength(this.#source.slice(0, at)));
  }
}
