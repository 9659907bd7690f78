/** One statement on one seat: how its parameters are bound, when its answer is overdue, and how it is cancelled. */
import { type ArrayElement, arrayLiteral } from "./literal.ts";
import { codeOf } from "./failure.ts";
import type { Pool, Seat } from "./pool.ts";

/** Rows of a statement, with the count that it touched and the command tag that PostgreSQL answered. */
export type Rows<T> = T[] & { readonly count: number; readonly command: string };

/** Where a statement is sent, and what may call it off. */
export interface Line {
  readonly pool: Pool;
  readonly seat: Seat;
  readonly signal: AbortSignal | undefined;
}

/** How a statement is sent: simple ones (BEGIN, COMMIT) have no parameters and no plan; `asArrays` gives rows as arrays. */
export interface Manner {
  readonly simple?: boolean;
  readonly asArrays?: boolean;
}

/**
 * Sends one statement and gives its rows. When the line's signal aborts, the server is told to cancel it and the
 * signal's reason is thrown.
 *
 * The seat must have nothing else in flight.
 */
export async function sendStatement<T>(line: Line, text: string, params: unknown[], manner: Manner): Promise<Rows<T>> {
  const { pool, seat, signal } = line;
  signal?.throwIfAborted();
  const simple = manner.simple === true;
  const query = seat.sql.unsafe(text, bound(params) as never[], { prepare: !simple && pool.prepares(text), simple } as object);
  if (manner.asArrays) query.values();
  pool.expectAnswer(seat);
  try {
    const rows = signal ? await cancellable(line, query, signal) : await query;
    return rows as unknown as Rows<T>;
  } finally {
    seat.overdueAt = 0;
  }
}

interface Cancellable extends PromiseLike<unknown> {
  execute(): unknown;
  cancel(): unknown;
}

async function cancellable({ pool, seat }: Line, query: Cancellable, signal: AbortSignal): Promise<unknown> {
  // The driver loses its connection when a statement is cancelled before it was written, which it does a tick later.
  query.execute();
  await null;
  let cancelled: Promise<unknown> | undefined;
  const cancel = () => {
    cancelled = Promise.resolve(query.cancel()).catch(() => {});
    pool.expectAnswerSoon(seat);
  };
  if (signal.aborted) cancel();
  else signal.addEventListener("abort", cancel, { once: true });
  try {
    return await query;
  } catch (error) {
    if (signal.aborted && codeOf(error) === "57014") throw signal.reason;
    throw error;
  } finally {
    signal.removeEventListener("abort", cancel);
    // A cancel that is still on its way would hit the seat's next statement.
    await cancelled;
  }
}

/** Arrays become one literal each: the driver would guess their type from the first element. */
function bound(params: unknown[]): unknown[] {
  if (!params.some(Array.isArray)) return params;
  return params.map((param) => (Array.isArray(param) ? arrayLiteral(param as ArrayElement[]) : param));
}
