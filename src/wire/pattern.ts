/**
 * The patterns of the contract's rules, as JavaScript reads them.
 *
 * The rules are written in the part of RE2 that JavaScript reads the same way, so one engine, the platform's, serves
 * here; RE2 in JavaScript is some thirty times slower.
 */

const compiled = new Map<string, RegExp>();

/** The regular expression of a pattern, compiled once. Throws on a pattern that JavaScript cannot read. */
export function regexOf(pattern: string): RegExp {
  const existing = compiled.get(pattern);
  if (existing !== undefined) return existing;
  // RE2 takes flags in front, JavaScript beside.
  const [, flags = "", source = pattern] = /^\(\?([ims]+)\)(.*)$/s.exec(pattern) ?? [];
  const regex = new RegExp(source, `u${flags}`);
  compiled.set(pattern, regex);
  return regex;
}
