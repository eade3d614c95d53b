// The queue of an EventBatcher: lets events in while there is room, in order, and forms batches.
import type { AcceptedEvent } from './api-types.ts';
import type { PreparedEvent } from './event-text.ts';

export interface BatchLimits {
  maxEvents: number;
  maxBytes: number;
  maxWaitMs: number;
  maxPending: number;
  maxPendingBytes: number;
  concurrency: number;
}

export interface Queued {
  event: PreparedEvent;
  resolve(accepted: AcceptedEvent): void;
  reject(error: unknown): void;
}

interface Entry extends Queued {
  result: Promise<AcceptedEvent>;
  /** When its batch is sent at the latest, on the clock of `performance`. */
  dueAt: number;
}

type Entered = { result: Promise<AcceptedEvent> };

interface Outside {
  bytes: number;
  entered: Promise<Entered>;
  /** `flush` waits for it: its batch is sent as soon as it is let in. */
  isFlushed: boolean;
  letIn(): void;
}

export class BatchQueue {
  readonly #limits: BatchLimits;
  readonly #deliver: (batch: readonly Queued[]) => Promise<void>;
  #waiting: Entry[] = [];
  /** Waiting or in flight. */
  readonly #open = new Set<Promise<AcceptedEvent>>();
  #openBytes = 0;
  #inFlight = 0;
  readonly #outside: Outside[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `deliver` settles each of its events, and does not reject. */
  constructor(limits: BatchLimits, deliver: (batch: readonly Queued[]) => Promise<void>) {
    this.#limits = limits;
    this.#deliver = deliver;
  }

  /** Resolves when the event is in the queue; its result is within an object, so that it is not awaited here. */
  async enter(event: PreparedEvent): Promise<Entered> {
    if (this.#outside.length === 0 && this.#hasRoom(event.bytes)) return this.#take(event, false);
    let letIn = (): void => undefined;
    const entered = new Promise<Entered>((resolve) => {
      letIn = () => resolve(this.#take(event, outside.isFlushed));
    });
    const outside: Outside = { bytes: event.bytes, entered, isFlushed: false, letIn };
    this.#outside.push(outside);
    return entered;
  }

  /** Resolves when all events so far have their result, also those that wait for room. */
  async flush(): Promise<void> {
    for (const entry of this.#waiting) entry.dueAt = 0;
    for (const outside of this.#outside) outside.isFlushed = true;
    const outside = this.#outside.map(({ entered }) => entered.then(({ result }) => result));
    this.#send();
    await Promise.allSettled([...this.#open, ...outside]);
  }

  /** The first is always let in, even if it is larger than all that may be under way. */
  #hasRoom(bytes: number): boolean {
    const { maxPending, maxPendingBytes } = this.#limits;
    return this.#open.size === 0 || (this.#open.size < maxPending && this.#openBytes + bytes <= maxPendingBytes);
  }

  #take(event: PreparedEvent, isDue: boolean): Entered {
    let settle: Pick<Queued, 'resolve' | 'reject'> | undefined;
    const result = new Promise<AcceptedEvent>((resolve, reject) => {
      settle = { resolve, reject };
    });
    this.#open.add(result);
    this.#openBytes += event.bytes;
    const leave = () => this.#leave(result, event.bytes);
    result.then(leave, leave);
    const dueAt = isDue ? 0 : performance.now() + this.#limits.maxWaitMs;
    if (settle) this.#waiting.push({ event, result, dueAt, ...settle });
    this.#send();
    return { result };
  }

  #leave(result: Promise<AcceptedEvent>, bytes: number): void {
    this.#open.delete(result);
    this.#openBytes -= bytes;
    while (this.#outside[0] && this.#hasRoom(this.#outside[0].bytes)) this.#outside.shift()?.letIn();
  }

  /** Sends full batches, and those that are due. The others are looked at when they are. */
  #send(): void {
    clearTimeout(this.#timer);
    while (this.#inFlight < this.#limits.concurrency && this.#waiting.length > 0) {
      const count = this.#nextCount();
      const waitMs = (this.#waiting[0]?.dueAt ?? 0) - performance.now();
      if (count === null && waitMs > 0) {
        this.#timer = setTimeout(() => this.#send(), Math.ceil(waitMs));
        return;
      }
      const batch = this.#waiting.splice(0, count ?? this.#waiting.length);
      this.#inFlight++;
      void this.#deliver(batch).finally(() => {
        this.#inFlight--;
        this.#send();
      });
    }
  }

  /** The size of the next batch; null: it could be larger. */
  #nextCount(): number | null {
    const { maxEvents, maxBytes } = this.#limits;
    let bytes = 0;
    for (const [index, { event }] of this.#waiting.entries()) {
      bytes += event.bytes + 1;
      if (bytes > maxBytes) return Math.max(1, index);
      if (index + 1 === maxEvents) return maxEvents;
    }
    return null;
  }
}
