/**
 * The bell: tells readers that something may have changed, on every server, and carries nothing else.
 *
 * A ring after a commit wakes the readers of this process at once and, through one NOTIFY for all rings of 10 ms, those
 * of the others. A lost ring costs a reader its own timeout, no more: the tables are the truth. Readers subscribe
 * before they read, and a ring between the read and the wait is remembered.
 */
import { randomBytes } from "node:crypto";
import { BellConnection, type BellLog } from "./bell-connection.ts";

const FLUSH_MS = 10;
const TICK_MS = 50;
// PostgreSQL refuses payloads of 8,000 bytes and more.
const PAYLOAD_BYTES_MAX = 7_900;
const PAYLOAD_COUNT_MAX = 16;
const EVERYTHING = "*";
// What a reader waits when the bell is closed before the reader is: it must not spin.
const CLOSED_PAUSE_MS = 100;

/** One reader's ear for one topic. */
export interface Subscription {
  /** Resolves at the next ring, at once when there was one since the last call, after the timeout, or on abort. */
  next(timeoutMs: number, signal?: AbortSignal): Promise<void>;
  close(): void;
}

/** Rings and hears, for one process. */
export interface Bell {
  /** Resolves when rings of other servers are heard for the first time. */
  readonly listening: Promise<void>;
  /** Call it after the commit: `job:<hex>`, `queue:<tenant>`. A topic holds no line break. */
  ring(topics: Iterable<string>): void;
  /** Subscribe first, then read, then wait. */
  subscribe(topic: string): Subscription;
  /** One wait without a subscription to keep: for callers that read after it. */
  wait(topic: string, timeoutMs: number, signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Opens the one LISTEN connection of this process; it comes back by itself. */
export function openBell(url: string, log?: BellLog): Bell {
  return new NotifyBell(url, log);
}

class NotifyBell implements Bell {
  // Tells our own notifications from those of others: ours have been heard already.
  #id = randomBytes(6).toString("base64url");
  #ears = new Map<string, Set<Ear>>();
  #timeouts = new Timeouts();
  #dirty = new Set<string>();
  #isFlushing = false;
  #flushedAt = 0;
  #isClosed = false;
  #connection: BellConnection;

  constructor(url: string, log: BellLog | undefined) {
    this.#connection = new BellConnection(url, log, {
      onNotify: (payload) => this.#hear(payload),
      // What was rung while nobody listened is unknown: everybody looks once.
      onListening: () => this.#wakeAll(),
    });
  }

  get listening(): Promise<void> {
    return this.#connection.listening;
  }

  ring(topics: Iterable<string>): void {
    for (const topic of topics) {
      this.#wake(topic);
      this.#dirty.add(topic);
    }
    if (this.#dirty.size > 0 && !this.#isFlushing && !this.#isClosed) this.#flushSoon();
  }

  subscribe(topic: string): Subscription {
    const ears = this.#ears.get(topic) ?? new Set();
    this.#ears.set(topic, ears);
    const ear = new Ear(this.#timeouts, () => {
      ears.delete(ear);
      if (ears.size === 0 && this.#ears.get(topic) === ears) this.#ears.delete(topic);
    });
    ears.add(ear);
    return ear;
  }

  async wait(topic: string, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const subscription = this.subscribe(topic);
    await subscription.next(timeoutMs, signal);
    subscription.close();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timeouts.close();
    this.#wakeAll();
    await this.#connection.close();
  }

  #flushSoon(): void {
    this.#isFlushing = true;
    const waitMs = this.#flushedAt + FLUSH_MS - performance.now();
    const flush = () => void this.#flush();
    if (waitMs > 0) setTimeout(flush, Math.ceil(waitMs));
    else setImmediate(flush);
  }

  async #flush(): Promise<void> {
    const payloads = packed(this.#id, this.#dirty);
    this.#dirty.clear();
    this.#flushedAt = performance.now();
    await this.#connection.notify(payloads);
    this.#isFlushing = false;
    if (this.#dirty.size > 0 && !this.#isClosed) this.#flushSoon();
  }

  #hear(payload: string): void {
    const [id, ...topics] = payload.split("\n");
    if (id === this.#id) return;
    for (const topic of topics) topic === EVERYTHING ? this.#wakeAll() : this.#wake(topic);
  }

  #wake(topic: string): void {
    const ears = this.#ears.get(topic);
    if (ears) for (const ear of ears) ear.ring();
  }

  #wakeAll(): void {
    for (const ears of this.#ears.values()) for (const ear of ears) ear.ring();
  }
}

/** Topics in as few payloads as they fit in, or one that stands for everything when they are too many. */
function packed(id: string, topics: Iterable<string>): string[] {
  const payloads: string[] = [];
  let payload = id;
  let bytes = Buffer.byteLength(id);
  for (const topic of topics) {
    const more = Buffer.byteLength(topic) + 1;
    if (bytes + more > PAYLOAD_BYTES_MAX) {
      if (payload !== id) payloads.push(payload);
      if (payloads.length >= PAYLOAD_COUNT_MAX || id.length + more > PAYLOAD_BYTES_MAX) return [`${id}\n${EVERYTHING}`];
      payload = id;
      bytes = Buffer.byteLength(id);
    }
    payload += `\n${topic}`;
    bytes += more;
  }
  return [...payloads, payload];
}

class Ear implements Subscription {
  /** The tick at which the wait ends by itself; kept by `Timeouts`. */
  tick = 0;
  #timeouts: Timeouts;
  #onClose: () => void;
  #wasRung = false;
  #wake: (() => void) | undefined;

  constructor(timeouts: Timeouts, onClose: () => void) {
    this.#timeouts = timeouts;
    this.#onClose = onClose;
  }

  next(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    if (this.#wasRung || signal?.aborted) {
      this.#wasRung = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const wake = () => {
        signal?.removeEventListener("abort", wake);
        this.#timeouts.remove(this);
        this.#wake = undefined;
        resolve();
      };
      this.#wake = wake;
      signal?.addEventListener("abort", wake, { once: true });
      this.#timeouts.add(this, timeoutMs);
    });
  }

  ring(): void {
    if (this.#wake) this.#wake();
    else this.#wasRung = true;
  }

  /** Ends the wait without a ring. */
  timeOut(): void {
    this.#wake?.();
  }

  close(): void {
    this.#onClose();
    this.#wake?.();
  }
}

/** The timeouts of all ears on one timer: a waiting reader costs a place in a set, and nothing while it waits. */
class Timeouts {
  #due = new Map<number, Set<Ear>>();
  #lastTick = 0;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  add(ear: Ear, timeoutMs: number): void {
    if (this.#isClosed) {
      setTimeout(() => ear.timeOut(), Math.min(timeoutMs, CLOSED_PAUSE_MS));
      return;
    }
    if (!this.#timer) {
      this.#lastTick = Math.floor(performance.now() / TICK_MS);
      this.#timer = setInterval(() => this.#expire(), TICK_MS);
    }
    ear.tick = Math.max(Math.ceil((performance.now() + timeoutMs) / TICK_MS), this.#lastTick + 1);
    const ears = this.#due.get(ear.tick) ?? new Set();
    this.#due.set(ear.tick, ears.add(ear));
  }

  remove(ear: Ear): void {
    const ears = this.#due.get(ear.tick);
    if (!ears?.delete(ear) || ears.size > 0) return;
    this.#due.delete(ear.tick);
    if (this.#due.size === 0) this.#stop();
  }

  close(): void {
    this.#isClosed = true;
    this.#stop();
  }

  #expire(): void {
    const now = Math.floor(performance.now() / TICK_MS);
    // After a long pause of the process few ticks may be due and many have passed: walk whichever is less.
    if (now - this.#lastTick > this.#due.size) {
      for (const tick of [...this.#due.keys()]) if (tick <= now) this.#expireTick(tick);
    } else for (let tick = this.#lastTick + 1; tick <= now; tick++) this.#expireTick(tick);
    this.#lastTick = now;
  }

  #expireTick(tick: number): void {
    for (const ear of this.#due.get(tick) ?? []) ear.timeOut();
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
