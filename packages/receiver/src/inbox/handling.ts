// Handles one claimed event: runs its handler, and records the end. Crash points: README.
import { LeaseLost, Unrecoverable } from '../errors.ts';
import { eventOf } from '../events.ts';
import { type Log, messageOf } from '../log.ts';
import type { defaults, ReceiverOptions } from '../options.ts';
import type { FindHandler, HandlerContext } from '../routes.ts';
import type { Claimed, End, InboxStore } from './store.ts';

/** Defaults of what only the work needs. */
export const workDefaults = {
  retryMs: [1_000, 5_000, 30_000, 120_000, 600_000, 3_600_000, 21_600_000],
  concurrency: 8,
  handlerTimeoutMs: 300_000,
  leaseMs: 30_000,
  pollMs: 1_000,
};

export type WorkOptions<Tx> = ReceiverOptions<Tx> & Required<Pick<ReceiverOptions<Tx>, keyof typeof workDefaults | keyof typeof defaults>>;

/** What all events of a receiver need. */
export interface Workplace<Tx> {
  store: InboxStore<Tx>;
  find: FindHandler<Tx>;
  log: Log;
  options: WorkOptions<Tx>;
}

export class Handling<Tx> {
  readonly claim: Claimed;
  readonly #at: Workplace<Tx>;
  readonly #abort = new AbortController();
  readonly #fields: Record<string, unknown>;
  /** `transaction` has recorded the end. */
  #isDone = false;
  #isReleased = false;

  constructor(at: Workplace<Tx>, claim: Claimed) {
    this.#at = at;
    this.claim = claim;
    this.#fields = { id: claim.id, type: claim.type, attempt: claim.attempts };
  }

  /** The lease is of use. */
  get needsLease(): boolean {
    return !this.#isDone && !this.#abort.signal.aborted;
  }

  abort(reason: Error): void {
    if (this.needsLease) this.#abort.abort(reason);
  }

  /** Ends it without a result: another worker handles it, and this attempt does not count. */
  release(): void {
    if (!this.needsLease) return;
    this.#isReleased = true;
    this.abort(new Error('the receiver stops'));
  }

  /** Rejects if the end could not be recorded: then the event runs again when its lease has expired. */
  async run(): Promise<void> {
    const { log } = this.#at;
    const began = performance.now();
    try {
      const ignored = await this.#work();
      if (!this.#isDone && !(await this.#end({ state: 'done' }))) throw new LeaseLost('the lease was lost while the handler ran');
      if (ignored) log.info({ ...this.#fields, reason: ignored }, 'webhook.ignored');
      else log.info({ ...this.#fields, ms: Math.round(performance.now() - began) }, 'webhook.done');
    } catch (error) {
      await this.#fail(error);
    }
  }

  /** Returns why there was nothing to do. */
  async #work(): Promise<'test' | 'no_route' | undefined> {
    const { find, options } = this.#at;
    const { signal } = this.#abort;
    signal.throwIfAborted();
    const event = eventOf(this.claim);
    // no handler has failed so often: processes have died in it
    if (this.claim.attempts > options.retryMs.length + 1) throw new Unrecoverable('the process died while it handled this event');
    this.#reportGap();
    if (event.test && !options.tests) return 'test';
    const handler = find(event.type);
    if (!handler) return 'no_route';
    const timer = setTimeout(() => this.abort(new Error('the handler took too long')), options.handlerTimeoutMs);
    const aborted = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    try {
      await Promise.race([(async () => handler(event, this.#context()))(), aborted]);
    } finally {
      clearTimeout(timer);
    }
    return undefined;
  }

  #context(): HandlerContext<Tx> {
    const { store, options } = this.#at;
    return {
      attempt: this.claim.attempts,
      signal: this.#abort.signal,
      transaction: async (work) => {
        if (!store.commit) throw new TypeError('transaction needs an inbox in PostgreSQL: createReceiver({ inbox: postgresInbox(pool) })');
        const isKept = await store.commit(options.name, this.claim, work);
        if (!isKept) throw new LeaseLost('another worker has the event; nothing was written');
        this.#isDone = true;
      },
    };
  }

  async #fail(error: unknown): Promise<void> {
    const { log, options } = this.#at;
    const fields = { ...this.#fields, error: messageOf(error) };
    if (error instanceof LeaseLost) return log.warn(fields, 'webhook.lease_lost');
    if (this.#isDone) return log.error(fields, 'webhook.failed_after_its_transaction');
    if (this.#isReleased) {
      if (await this.#end({ state: 'released' })) return log.info(this.#fields, 'webhook.released');
      return log.warn(fields, 'webhook.lease_lost');
    }
    const inMs = error instanceof Unrecoverable ? undefined : options.retryMs[this.claim.attempts - 1];
    const end: End =
      inMs === undefined ? { state: 'dead', error: fields.error } : { state: 'retry', inMs: Math.round(inMs), error: fields.error };
    if (!(await this.#end(end))) return log.warn(fields, 'webhook.lease_lost');
    if (inMs !== undefined) return log.warn({ ...fields, retryInMs: inMs }, 'webhook.failed');
    log.error(fields, 'webhook.dead');
    this.#tell('onDead', () => options.onDead?.(eventOf(this.claim), error));
  }

  /** A callback that fails must not change what becomes of the event. */
  #tell(name: string, callback: () => unknown): void {
    (async () => callback())().catch((error) => {
      this.#at.log.error({ ...this.#fields, callback: name, error: messageOf(error) }, 'webhook.callback_failed');
    });
  }

  #end(end: End): Promise<boolean> {
    const { store, options } = this.#at;
    return store.end(options.name, this.claim, end, options.keepMs);
  }

  #reportGap(): void {
    const { log, options } = this.#at;
    const { id, key, sequence, last } = this.claim;
    // once, at the first attempt
    if (key === null || sequence === null || sequence <= last + 1 || this.claim.attempts > 1) return;
    const gap = { key, from: last + 1, to: sequence - 1, first: last === 0, event: id };
    log.warn(gap, 'webhook.gap');
    const { order } = options;
    if (order) this.#tell('onGap', () => order.onGap?.(gap));
  }
}
