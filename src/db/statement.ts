/** One statement on one seat: how its parameters are bound, when its answer is overdue, and how it is cancelled. */
import { setTimeout as delay } from "node:timers/promises";
import { type ArrayElement, arrayLiteral } from "./literal.ts";
import { codeOf } from "./failure.ts";
import type { Pool, Seat } from "./pool.ts";

const CANCEL_MS_MAX = 1_000;

/** Rows of a statement, with the count that it touched and the command tag that PostgreSQL answered. */
export type Rows<T> = T[] & { readonly count: number; readonly command: string };

/** Where a statement is sent, and what may call it off. */
export interface Line {
  readonly pool: Pool;
  readonly seat: Seat;
  readonly signal: AbortSignal | undefined;
}

/** How a statement is sent: `simple` without parameters and plan, as BEGIN and COMMIT; `asArrays` makes rows arrays. */
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
  const how = { prepare: !simple && pool.prepares(text), simple };
  const query = seat.sql.unsafe(text, bound(params) as never[], how);
  if (manner.asArrays) query.values();
  pool.expectAnswer(seat);
  try {
    const rows = signal ? await cancellable(line, query as unknown as Query, signal) : await query;
    return rows as unknown as Rows<T>;
  } finally {
    seat.overdueAt = 0;
  }
}

/** What the driver's query is besides a promise. */
interface Query extends PromiseLike<unknown> {
  execute(): unknown;
  // What `cancel()` calls, but gives the promise back that `cancel()` drops: without it a failed cancel would be an
  // unhandled rejection, and nobody would know when the cancel has reached the server.
  canceller: (query: Query) => Promise<unknown>;
}

async function cancellable({ pool, seat }: Line, query: Query, signal: AbortSignal): Promise<unknown> {
  // The driver loses its connection when a statement is cancelled before it was written, which it does a tick later.
  query.execute();
  await null;
  let cancelled: Promise<boolean> | undefined;
  const cancel = () => {
    cancelled = query.canceller(query).then(
      () => true,
      () => false,
    );
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
    // A cancel that is still on its way would hit the seat's next statement: without proof of its end the seat goes.
    if (cancelled && !(await Promise.race([cancelled, delay(CANCEL_MS_MAX, false, { ref: false })]))) pool.drop(seat);
  }
}

/** Arrays become one literal each: the driver would guess their type from the first element. */
function bound(params: unknown[]): unknown[] {
  if (!params.some(Array.isArray)) return params;
  return params.map((param) => (Array.isArray(param) ? arrayLiteral(param as ArrayElement[]) : param));
}
