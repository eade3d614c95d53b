// Estimates how many events wait in the outbox: the last count, plus events accepted here since.
// Asked for every request that posts events; over the limit the API answers 429 (backpressure).
// Never too low for this process's events; those of other processes show at the next count.

/** Number of waiting events from which new events are refused. */
export interface BacklogLimits {
  perTenant: number;
  inAll: number;
}

/** A count of the outbox. `atMs` is the time when the count started. */
export interface BacklogCount {
  atMs: number;
  inAll: number;
  /** Keyed by the tenants' external ids. Tenants with few events may be missing. */
  byTenant: Map<string, number>;
}

export interface Refusal {
  scope: 'tenant' | 'all';
  retryAfterSeconds: number;
}

const countValidMs = 5_000;
const usualRetrySeconds = 5;
const maxRetrySeconds = 60;
/** Retry-After is the time until the backlog falls to this share of the limit, not until one event has left. */
const resumeShare = 0.9;

/**
 * How many events wait: the last count, and since it began the events that were stored or are admitted and not stored
 * yet. A count that runs may or may not see an event that is stored meanwhile. So such events count until the next one.
 */
export class BacklogEstimate {
  readonly #limits: BacklogLimits;
  #last: BacklogCount | null = null;
  #before: BacklogCount | null = null;
  readonly #admitted = new Tally();
  #storedSinceLastCount = new Tally();
  /** Null: no count runs. */
  #storedSinceCountStart: Tally | null = null;

  constructor(limits: BacklogLimits) {
    this.#limits = limits;
  }

  /**
   * Admits the events and counts them, or returns the refusal. A request is admitted as a whole if there is room for
   * one event.
   */
  admit(tenant: string, events: number, nowMs: number): Refusal | null {
    const refusal = this.#refusalOf(tenant, nowMs);
    if (!refusal) this.#admitted.add(tenant, events);
    return refusal;
  }

  /** Reports how many of the admitted events were stored. The rest no longer count. */
  countStored(tenant: string, admitted: number, stored: number): void {
    this.#admitted.add(tenant, -admitted);
    this.#storedSinceLastCount.add(tenant, stored);
    this.#storedSinceCountStart?.add(tenant, stored);
  }

  countBegins(): void {
    this.#storedSinceCountStart = new Tally();
  }

  counted(count: BacklogCount): void {
    this.#before = this.#last;
    this.#last = count;
    this.#storedSinceLastCount = this.#storedSinceCountStart ?? new Tally();
    this.#storedSinceCountStart = null;
  }

  /** The last count stays valid for 5 seconds. After that everything is admitted, as at process start. */
  countFailed(nowMs: number): void {
    this.#storedSinceCountStart = null;
    if (this.#last && nowMs - this.#last.atMs <= countValidMs) return;
    this.#last = null;
    this.#before = null;
    this.#storedSinceLastCount = new Tally();
  }

  refused(): { all: boolean; tenants: number } {
    const known = new Set([...(this.#last?.byTenant.keys() ?? []), ...this.#storedSinceLastCount.tenants(), ...this.#admitted.tenants()]);
    const { inAll, perTenant } = this.#limits;
    return { all: this.#inAll() >= inAll, tenants: [...known].filter((tenant) => this.#of(tenant) >= perTenant).length };
  }

  refuses(): boolean {
    const { all, tenants } = this.refused();
    return all || tenants > 0;
  }

  #refusalOf(tenant: string, nowMs: number): Refusal | null {
    const { inAll, perTenant } = this.#limits;
    if (this.#inAll() >= inAll)
      return { scope: 'all', retryAfterSeconds: this.#retryAfter(this.#inAll(), inAll, (count) => count.inAll, nowMs) };
    if (this.#of(tenant) < perTenant) return null;
    const ofTenant = ({ byTenant }: BacklogCount) => byTenant.get(tenant);
    return { scope: 'tenant', retryAfterSeconds: this.#retryAfter(this.#of(tenant), perTenant, ofTenant, nowMs) };
  }

  /** Seconds until a tenth of the limit is free, at the rate between the last two counts. */
  #retryAfter(waiting: number, limit: number, waitingIn: (count: BacklogCount) => number | undefined, nowMs: number): number {
    const [last, before] = [this.#last, this.#before];
    // the count is old, and the next one runs already
    if (last && nowMs - last.atMs > countValidMs) return 1;
    const [now, then] = [last && waitingIn(last), before && waitingIn(before)];
    if (!before || !last || then == null || now == null || now >= then) return usualRetrySeconds;
    const perMs = (then - now) / (last.atMs - before.atMs);
    const seconds = Math.ceil((waiting - limit * resumeShare) / perMs / 1_000);
    return Math.min(maxRetrySeconds, Math.max(1, seconds));
  }

  #inAll(): number {
    return (this.#last?.inAll ?? 0) + this.#storedSinceLastCount.inAll + this.#admitted.inAll;
  }

  #of(tenant: string): number {
    return (this.#last?.byTenant.get(tenant) ?? 0) + this.#storedSinceLastCount.of(tenant) + this.#admitted.of(tenant);
  }
}

/** Numbers of events by tenant, and their sum. */
class Tally {
  readonly #byTenant = new Map<string, number>();
  #inAll = 0;

  add(tenant: string, events: number): void {
    const sum = this.of(tenant) + events;
    if (sum === 0) this.#byTenant.delete(tenant);
    else this.#byTenant.set(tenant, sum);
    this.#inAll += events;
  }

  of(tenant: string): number {
    return this.#byTenant.get(tenant) ?? 0;
  }

  get inAll(): number {
    return this.#inAll;
  }

  tenants(): Iterable<string> {
    return this.#byTenant.keys();
  }
}
