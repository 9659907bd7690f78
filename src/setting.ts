/**
 * What settings may hold: each kind reads the text of an environment variable and can say what it allows.
 *
 * Spans are written `500ms`, `30s`, `10m`, `1h`; sizes as bytes or `64KiB`, `4MiB`.
 */
import { isIP } from "node:net";
import * as z from "zod";

/** One setting as operators see it. */
export interface Setting<T> {
  readonly variable: string;
  /** Written as in the environment; undefined: unset. */
  readonly fallback: string | undefined;
  /** Completes the sentence "Allowed: ...". */
  readonly allowed: string;
  readonly about: string;
  readonly schema: z.ZodType<T, string>;
}

type Fallback = string | undefined;

/** A setting of some kind. */
export function setting<T>(variable: string, fallback: Fallback, kind: Kind<T>, about: string): Setting<T> {
  return { variable, fallback, about, ...kind };
}

/** What a setting may hold, and how it is read. */
export interface Kind<T> {
  readonly allowed: string;
  readonly schema: z.ZodType<T, string>;
}

/** A whole number within bounds, both allowed. */
export function count(min: number, max: number): Kind<number> {
  const schema = z.string().regex(/^\d+$/).transform(Number).pipe(z.number().int().min(min).max(max));
  return { allowed: `a whole number from ${min} to ${max}`, schema };
}

/** Reads `15s` with `units`: milliseconds or bytes; the bounds are written as the setting is. */
function quantity(units: Record<string, number>, what: string, min: string, max: string): Kind<number> {
  const form = new RegExp(`^(\\d{1,12})(${Object.keys(units).join("|")})$`);
  const parse = (text: string) => {
    const [, digits, unit] = form.exec(text) ?? [];
    return digits === undefined || unit === undefined ? Number.NaN : Number(digits) * units[unit]!;
  };
  const schema = z
    .string()
    .transform(parse)
    .pipe(z.number().min(parse(min)).max(parse(max)));
  return { allowed: `${what} from ${min} to ${max}`, schema };
}

/** A span of time within bounds, in milliseconds. */
export function span(min: string, max: string): Kind<number> {
  return quantity({ ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }, "a span such as 500ms, 30s, 10m or 1h,", min, max);
}

/** A size within bounds, in bytes. */
export function size(min: string, max: string): Kind<number> {
  return quantity(
    { "": 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 },
    "a size such as 65536, 64KiB or 4MiB,",
    min,
    max,
  );
}

/** One of a few words. */
export function oneOf<const T extends string>(...values: T[]): Kind<T> {
  return { allowed: `one of ${values.join(", ")}`, schema: z.enum(values) };
}

/** Yes or no. */
export const flag: Kind<boolean> = {
  allowed: "true or false",
  schema: z.enum(["true", "false"]).transform((value) => value === "true"),
};

/** An address to bind. */
export const hostName: Kind<string> = {
  allowed: "an IP address or a host name, without a port",
  schema: z.string().refine((text) => isIP(text) !== 0 || /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(text)),
};

/** Names that a server is known by. */
export const hostNames: Kind<readonly string[]> = {
  allowed: "host names without ports, separated by commas",
  schema: z
    .string()
    .transform((text) => text.split(",").map((name) => name.trim().toLowerCase()))
    .pipe(z.array(z.string().regex(/^[a-z0-9.:-]+$/))),
};

/** Where a PostgreSQL is. */
export const postgresUrl: Kind<string> = {
  allowed: "a URL such as postgres://user:password@host:5432/database",
  schema: z.string().refine((text) => /^postgres(ql)?:\/\//.test(text) && URL.canParse(text)),
};

/** A file or folder. */
export const path: Kind<string> = { allowed: "a path", schema: z.string().refine((text) => !text.includes("\0")) };
