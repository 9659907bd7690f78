/**
 * Cuts the documentation of a package into passages: a few sentences of prose each, without code, links and markup.
 *
 * Pure text in, text out. What a passage is about must be read from its words, so that a classifier has to learn them.
 */

/** A shorter text says too little to be judged; blocks are joined up to the target; a longer one is cut. */
const PASSAGE_CHARS = { min: 120, target: 400, max: 1000 };

/** The prose of one file, cut by the sort of file that `path` names; empty when the file holds none. */
export function passagesOf(path: string, text: string): string[] {
  const blocks = blocksOf(path, text).map(withoutMarkup).filter((block) => /[a-z]{2} [a-z]{2}/i.test(block));
  return joinShort(blocks).filter((passage) => passage.length >= PASSAGE_CHARS.min);
}

/** `text` without the words that name its own package: a passage must not carry its label. */
export function withoutName(text: string, packageName: string): string {
  const words = packageName.split(/[^a-z0-9]+/i).filter((word) => word.length > 1);
  if (words.length === 0) return text;
  return text.replace(new RegExp(`(?:${words.join("|")})(?:\\.?js)?`, "gi"), " ");
}

/** The words of a text in lower case; digits and punctuation separate them. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[a-z]+(?:'[a-z]+)?/g) ?? [];
}

function blocksOf(path: string, text: string): string[] {
  if (path.endsWith("package.json")) return manifestBlocks(text);
  if (path.endsWith(".d.ts")) return (text.match(/\/\*\*[^]*?\*\//g) ?? []).map(commentText);
  return text.replace(/^(```|~~~)[^]*?^\1/gm, "\n").split(/\n\s*\n|\n(?=#)/);
}

/** What a manifest says of its package; one that is not JSON says nothing. */
function manifestBlocks(text: string): string[] {
  try {
    const { description, keywords } = JSON.parse(text) as { description?: unknown; keywords?: unknown };
    const list = Array.isArray(keywords) ? keywords.join(", ") : "";
    return [`${typeof description === "string" ? description : ""} ${list}`];
  } catch {
    return [];
  }
}

/** A comment without its stars, up to its first tag: `@param` and the like tell the file, not the topic. */
function commentText(comment: string): string {
  const lines = comment.split("\n").map((line) => line.replace(/^\s*(?:\/\*\*|\*\/|\*)?\s?|\*\/\s*$/g, ""));
  const end = lines.findIndex((line) => /^\s*@(?!deprecated|remarks)/.test(line));
  return withoutFences(lines.slice(0, end < 0 ? undefined : end).join("\n"));
}

function withoutFences(text: string): string {
  return text.replace(/```[^]*?(?:```|$)/g, " ");
}

function withoutMarkup(block: string): string {
  return block
    .replace(/<[^>]*>/g, " ")
    .replace(/!\[[^\]]*\]\([^)]*\)/g, " ")
    .replace(/\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])/g, "$1")
    .replace(/\{@\w+ ([^}]*)\}/g, "$1")
    .replace(/\bhttps?:\S+|\bwww\.\S+|\S+@\S+\.\S+/g, " ")
    .replace(/\b[0-9a-f]{7,40}\b/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

/** Joins blocks to passages, so that a heading stays with what follows it. */
function joinShort(blocks: string[]): string[] {
  const passages: string[] = [];
  let open = "";
  for (const block of blocks) {
    open = open === "" ? block : `${open} ${block}`;
    if (open.length < PASSAGE_CHARS.target) continue;
    passages.push(open.slice(0, PASSAGE_CHARS.max));
    open = "";
  }
  return open === "" ? passages : [...passages, open];
}
