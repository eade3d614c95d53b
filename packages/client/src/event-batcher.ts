// Collects events and sends them in batches, bounded in count, bytes and wait. When too many are under way, `add` and `send`
// wait: that is the back-pressure. With one request at a time, which is the default, events are accepted in their order.
import type { AcceptedEvent, BatchResult } from './api-types.ts';
import { BatchQueue, type Queued } from './batch-queue.ts';
import { type AnyEvent, type EventToSend, type PreparedEvent, prepareEvent } from './event-text.ts';
import { type FieldError, PosthornProblem } from './problem.ts';
import type { CallOptions } from './request.ts';

export interface EventBatcherOptions<Data extends object = Record<string, unknown>> {
  /** Events in a request, at most 1,000. Default: 500. */
  maxEvents?: number;
  /** Bytes of events in a request, at most 10 MiB. Default: 2 MiB. A larger event is sent alone. */
  maxBytes?: number;
  /** How long an event waits for others. Default: 20. */
  maxWaitMs?: number;
  /** Events that wait or are in flight before `add` and `send` wait. Default: ten times `maxEvents`. */
  maxPending?: number;
  /** Their bytes. Default: four times `maxBytes`. */
  maxPendingBytes?: number;
  /** Requests at a time. Default: 1. */
  concurrency?: number;
  /** Is told of each event of `add` that was not accepted. Without it, `flush` and `close` reject. Must not throw. */
  onError?: (error: unknown, event: EventToSend<Data>) => void;
  /** Of each request, such as `retries` or `signal`. */
  call?: Omit<CallOptions, 'idempotencyKey'>;
}

export type SendPrepared = (events: readonly PreparedEvent[], options: CallOptions | undefined) => Promise<BatchResult[]>;

export interface Refused {
  /** As it was given to `add`. */
  event: AnyEvent;
  error: unknown;
}

/** `flush` and `close` reject with it. `refused` has the first 100; `count` says how many there are. */
export class EventsNotAccepted extends Error {
  override name = 'EventsNotAccepted';
  readonly refused: Refused[];
  readonly count: number;

  constructor(refused: Refused[], count: number) {
    const [first] = refused;
    const why = first?.error instanceof Error ? first.error.message : String(first?.error);
    super(`${count} events were not accepted; the first: ${why}`, { cause: first?.error });
    this.refused = refused;
    this.count = count;
  }
}

const mostRefused = 100;
const maxBytesOfApi = 10 * 1024 * 1024;

export class EventBatcher<Data extends object = Record<string, unknown>> {
  readonly #send: SendPrepared;
  readonly #queue: BatchQueue;
  readonly #options: EventBatcherOptions<Data>;
  #refused: Refused[] = [];
  #refusedCount = 0;
  #isClosed = false;

  constructor(send: SendPrepared, options: EventBatcherOptions<Data> = {}) {
    this.#send = send;
    this.#options = options;
    const { maxEvents = 500, maxBytes = 2 * 1024 * 1024, maxWaitMs = 20, concurrency = 1 } = options;
    if (!(maxEvents >= 1 && maxEvents <= 1_000)) throw new RangeError('maxEvents must be 1 to 1,000');
    if (!(maxBytes >= 1 && maxBytes <= maxBytesOfApi)) throw new RangeError('maxBytes must be 1 to 10 MiB');
    const { maxPending = 10 * maxEvents, maxPendingBytes = 4 * maxBytes } = options;
    const limits = { maxEvents, maxBytes, maxWaitMs, maxPending, maxPendingBytes, concurrency };
    this.#queue = new BatchQueue(limits, (batch) => this.#deliver(batch));
  }

  /** Resolves when the event is committed. Waits first if too much is under way. */
  async send(event: EventToSend<Data>): Promise<AcceptedEvent> {
    return (await this.#enter(event)).result;
  }

  /** Resolves when there is room for the event. What becomes of it: `onError`, or `flush` and `close`. */
  async add(event: EventToSend<Data>): Promise<void> {
    const { result } = await this.#enter(event);
    result.catch((error) => this.#refuse(error, event));
  }

  /** Sends at once what waits. Resolves when all events that were added before have their result. */
  async flush(): Promise<void> {
    await this.#queue.flush();
    if (this.#refusedCount === 0) return;
    const error = new EventsNotAccepted(this.#refused, this.#refusedCount);
    this.#refused = [];
    this.#refusedCount = 0;
    throw error;
  }

  /** `flush`, and no other event is taken. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.flush();
  }

  #enter(event: EventToSend<Data>): Promise<{ result: Promise<AcceptedEvent> }> {
    if (this.#isClosed) return Promise.reject(new Error('the batcher is closed'));
    return this.#queue.enter(prepareEvent(event));
  }

  #refuse(error: unknown, event: EventToSend<Data>): void {
    if (this.#options.onError) {
      this.#options.onError(error, event);
      return;
    }
    this.#refusedCount++;
    if (this.#refused.length < mostRefused) this.#refused.push({ event, error });
  }

  /** Settles each of the batch. Never rejects. */
  async #deliver(batch: readonly Queued[]): Promise<void> {
    try {
      const results = await this.#send(
        batch.map(({ event }) => event),
        this.#options.call,
      );
      for (const [index, one] of batch.entries()) settle(one, results[index]);
    } catch (error) {
      await this.#deliverWithout(batch, error);
    }
  }

  /** One invalid event fails its whole request, so the others are sent again without it. Too many bytes are sent in halves. */
  async #deliverWithout(batch: readonly Queued[], error: unknown): Promise<void> {
    const faults =
      error instanceof PosthornProblem && error.status === 422 ? faultsByIndex(error, batch.length) : new Map<number, FieldError[]>();
    const isTooLarge = error instanceof PosthornProblem && error.status === 413;
    if (isTooLarge && batch.length > 1) {
      const half = Math.ceil(batch.length / 2);
      await this.#deliver(batch.slice(0, half));
      return this.#deliver(batch.slice(half));
    }
    const isInvalid = (index: number) => faults.size === 0 || faults.has(index);
    for (const [index, one] of batch.entries()) if (isInvalid(index)) one.reject(ownProblem(error, faults.get(index)));
    const others = batch.filter((_, index) => !isInvalid(index));
    if (others.length > 0) await this.#deliver(others);
  }
}

function settle({ event, resolve, reject }: Queued, result: BatchResult | undefined): void {
  const attempted = { method: 'POST', path: 'events/batch', tries: 1, eventIds: [event.id] };
  const detail = 'The id is already used by an event with different content.';
  const facts = {
    title: 'Conflict',
    code: 'conflict',
    detail,
    errors: [{ path: 'id', message: detail }],
    requestId: null,
    retryAfterMs: null,
  };
  if (!result) reject(new Error(`Posthorn gave no result for the event ${event.id}`));
  else if (result.conflict) reject(new PosthornProblem(409, facts, attempted));
  else resolve({ id: result.id, duplicate: result.duplicate });
}

const ofEvent = /^events\[(\d+)\]\.?/;

/** Those of `count` events: others would be sent again for ever. */
function faultsByIndex({ errors }: PosthornProblem, count: number): Map<number, FieldError[]> {
  const faults = new Map<number, FieldError[]>();
  for (const { path, message } of errors) {
    const [prefix, index] = ofEvent.exec(path) ?? [];
    if (prefix === undefined || Number(index) >= count) continue;
    const fault = { path: path.slice(prefix.length), message };
    faults.set(Number(index), [...(faults.get(Number(index)) ?? []), fault]);
  }
  return faults;
}

/** The problem of one event of the batch, as if it had been sent alone. */
function ownProblem(error: unknown, errors: FieldError[] | undefined): unknown {
  if (!(error instanceof PosthornProblem) || !errors) return error;
  const { status, title, code, requestId, retryAfterMs, attempted } = error;
  const [first] = errors;
  const detail = first ? `${first.path || 'The event'} ${first.message}` : error.detail;
  return new PosthornProblem(status, { title, code, detail, errors, requestId, retryAfterMs }, attempted);
}
