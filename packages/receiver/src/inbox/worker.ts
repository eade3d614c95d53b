// The background work of an inbox: claims events, renews their leases, and forgets what was done with long ago.
import { LeaseLost } from '../errors.ts';
import { messageOf } from '../log.ts';
import { gapWaitOf } from '../options.ts';
import { Handling, type Workplace } from './handling.ts';

const purgeEveryMs = 3_600_000;
const mostPurged = 1_000;
/** Of the time that `stop` has: when the handlers are aborted, so that their events can be released within it. */
const abortAt = 0.9;

/** From a `start` to its `stop`, or one `drain`. */
interface Shift {
  isOver: boolean;
}

export class Worker<Tx> {
  readonly #at: Workplace<Tx>;
  readonly #id = globalThis.crypto.randomUUID();
  readonly #running = new Map<Handling<Tx>, Promise<void>>();
  #wake: () => void = () => undefined;
  #isWoken = false;
  readonly #drains = new Set<Shift>();
  #started: (Shift & { loop: Promise<void> }) | undefined;
  #stopping: Promise<void> | undefined;
  #renewal: ReturnType<typeof setInterval> | undefined;
  #purgedAt = 0;

  constructor(at: Workplace<Tx>) {
    this.#at = at;
  }

  get isStarted(): boolean {
    return this.#started !== undefined;
  }

  /** Begins after a `stop` that is under way. */
  async start(): Promise<void> {
    await this.#stopping;
    if (this.#started) return;
    const shift = { isOver: false };
    this.#started = Object.assign(shift, { loop: this.#run(shift) });
  }

  /** There may be something to claim. */
  kick(): void {
    this.#isWoken = true;
    this.#wake();
  }

  /** Claims nothing more, and waits for what runs, `timeoutMs` at most. What is not finished then is released. */
  stop(timeoutMs: number): Promise<void> {
    this.#stopping ??= this.#stop(timeoutMs).finally(() => {
      this.#stopping = undefined;
    });
    return this.#stopping;
  }

  async #stop(timeoutMs: number): Promise<void> {
    const started = this.#started;
    this.#started = undefined;
    for (const shift of [...this.#drains, ...(started ? [started] : [])]) shift.isOver = true;
    this.kick();
    let aborting: ReturnType<typeof setTimeout> | undefined;
    let returning: ReturnType<typeof setTimeout> | undefined;
    // a store may never answer
    const isLate = new Promise<void>((resolve) => {
      aborting = setTimeout(() => this.#release(), timeoutMs * abortAt);
      returning = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([Promise.resolve(started?.loop).then(() => this.#idle()), isLate]);
    clearTimeout(aborting);
    clearTimeout(returning);
  }

  #release(): void {
    for (const handling of this.#running.keys()) handling.release();
  }

  /** Handles what is due, and what becomes due by that. Returns how many attempts that were. */
  async drain(): Promise<number> {
    const shift: Shift = { isOver: false };
    this.#drains.add(shift);
    let handled = 0;
    try {
      while (!shift.isOver) {
        const claimed = await this.#claim(shift);
        if (claimed === 0) break;
        handled += claimed;
        await this.#idle();
      }
    } finally {
      this.#drains.delete(shift);
    }
    return handled;
  }

  async #idle(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  async #run(shift: Shift): Promise<void> {
    while (!shift.isOver) {
      this.#isWoken = false;
      const free = this.#at.options.concurrency - this.#running.size;
      const claimed = free > 0 ? await this.#claim(shift).catch((error) => this.#unavailable(error)) : 0;
      if (claimed > 0 && claimed === free) continue;
      await this.#purge();
      await this.#rest(shift);
    }
  }

  async #claim(shift: Shift): Promise<number> {
    const { store, options } = this.#at;
    const { name, concurrency, leaseMs } = options;
    const limit = concurrency - this.#running.size;
    const claims = await store.claim(name, { worker: this.#id, limit, leaseMs, gapWaitMs: gapWaitOf(options) });
    for (const claim of claims) {
      const handling = new Handling(this.#at, claim);
      // too late to begin: claimed while the receiver stopped
      if (shift.isOver) handling.release();
      this.#running.set(handling, this.#handle(handling));
    }
    if (claims.length > 0) this.#renewal ??= setInterval(() => void this.#renew(), leaseMs / 3);
    return claims.length;
  }

  async #handle(handling: Handling<Tx>): Promise<void> {
    await handling.run().catch((error) => this.#unavailable(error));
    this.#running.delete(handling);
    if (this.#running.size === 0) {
      clearInterval(this.#renewal);
      this.#renewal = undefined;
    }
    // the next one of its order may be due, and there is room
    this.kick();
  }

  /** Waits until something is accepted or ends here, for the next poll at most. */
  async #rest(shift: Shift): Promise<void> {
    if (this.#isWoken || shift.isOver) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#at.options.pollMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #renew(): Promise<void> {
    const { store, options } = this.#at;
    const running = [...this.#running.keys()].filter(({ needsLease }) => needsLease);
    if (running.length === 0) return;
    const claims = running.map(({ claim }) => claim);
    try {
      const held = await store.extend(options.name, claims, options.leaseMs);
      // one that has ended meanwhile is not held any more, and has lost nothing
      for (const handling of running)
        if (this.#running.has(handling) && !held.has(handling.claim.id))
          handling.abort(new LeaseLost('the lease was lost while the handler ran'));
    } catch (error) {
      this.#unavailable(error);
    }
  }

  async #purge(): Promise<void> {
    const { store, options } = this.#at;
    if (Date.now() - this.#purgedAt < purgeEveryMs) return;
    this.#purgedAt = Date.now();
    try {
      const purged = await store.purge(options.name, options.keepMs);
      // the rest comes at the next look
      if (purged >= mostPurged) this.#purgedAt = 0;
    } catch (error) {
      this.#unavailable(error);
    }
  }

  #unavailable(error: unknown): 0 {
    this.#at.log.error({ error: messageOf(error) }, 'webhook.inbox_unavailable');
    return 0;
  }
}
