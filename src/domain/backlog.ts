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

export interface BacklogEstimate {
  /**
   * Admits the events and counts them, or returns the refusal. A request is admitted as a whole if there is room for
   * one event.
   */
  admit(tenant: string, events: number, nowMs: number): Refusal | null;
  /** Reports how many of the admitted events were stored. The rest no longer count. */
  settle(tenant: string, admitted: number, stored: number): void;
  countBegins(): void;
  counted(count: BacklogCount): void;
  /** The last count stays valid for 5 seconds. After that everything is admitted, as at process start. */
  countFailed(nowMs: number): void;
  refuses(): boolean;
  refused(): { all: boolean; tenants: number };
}

const countValidMs = 5_000;
const usualRetrySeconds = 5;
const maxRetrySeconds = 60;
/** Retry-After is the time until the backlog falls to this share of the limit, not until one event has left. */
const resumeShare = 0.9;

export function createBacklogEstimate(limits: BacklogLimits): BacklogEstimate {
  let last: BacklogCount | null = null;
  let before: BacklogCount | null = null;
  /** Admitted but not settled. A count that runs now may or may not include them. */
  const unsettled = createTally();
  let storedSinceLastCount = createTally();
  let storedSinceCountStart: Tally | null = null;

  const inAll = () => (last?.inAll ?? 0) + storedSinceLastCount.inAll() + unsettled.inAll();
  const of = (tenant: string) => (last?.byTenant.get(tenant) ?? 0) + storedSinceLastCount.of(tenant) + unsettled.of(tenant);

  function refusalOf(tenant: string, nowMs: number): Refusal | null {
    if (inAll() >= limits.inAll)
      return { scope: 'all', retryAfterSeconds: retryAfter(inAll(), limits.inAll, before?.inAll, last?.inAll, nowMs) };
    if (of(tenant) < limits.perTenant) return null;
    const [then, now] = [before?.byTenant.get(tenant), last?.byTenant.get(tenant)];
    return { scope: 'tenant', retryAfterSeconds: retryAfter(of(tenant), limits.perTenant, then, now, nowMs) };
  }

  /** Seconds until a tenth of the limit is free, at the rate between the last two counts. */
  function retryAfter(waiting: number, limit: number, then: number | undefined, now: number | undefined, nowMs: number): number {
    // the count is old, and the next one runs already
    if (last && nowMs - last.atMs > countValidMs) return 1;
    if (!before || !last || then === undefined || now === undefined || now >= then) return usualRetrySeconds;
    const perMs = (then - now) / (last.atMs - before.atMs);
    const seconds = Math.ceil((waiting - limit * resumeShare) / perMs / 1_000);
    return Math.min(maxRetrySeconds, Math.max(1, seconds));
  }

  function refused(): { all: boolean; tenants: number } {
    const known = new Set([...(last?.byTenant.keys() ?? []), ...storedSinceLastCount.tenants(), ...unsettled.tenants()]);
    return { all: inAll() >= limits.inAll, tenants: [...known].filter((tenant) => of(tenant) >= limits.perTenant).length };
  }

  return {
    admit(tenant, events, nowMs) {
      const refusal = refusalOf(tenant, nowMs);
      if (!refusal) unsettled.add(tenant, events);
      return refusal;
    },
    settle(tenant, admitted, stored) {
      unsettled.add(tenant, -admitted);
      storedSinceLastCount.add(tenant, stored);
      storedSinceCountStart?.add(tenant, stored);
    },
    countBegins() {
      storedSinceCountStart = createTally();
    },
    counted(count) {
      before = last;
      last = count;
      storedSinceLastCount = storedSinceCountStart ?? createTally();
      storedSinceCountStart = null;
    },
    countFailed(nowMs) {
      storedSinceCountStart = null;
      if (last && nowMs - last.atMs <= countValidMs) return;
      last = null;
      before = null;
      storedSinceLastCount = createTally();
    },
    refused,
    refuses() {
      const { all, tenants } = refused();
      return all || tenants > 0;
    },
  };
}

interface Tally {
  add(tenant: string, events: number): void;
  of(tenant: string): number;
  inAll(): number;
  tenants(): Iterable<string>;
}

function createTally(): Tally {
  const byTenant = new Map<string, number>();
  let all = 0;
  return {
    add(tenant, events) {
      const sum = (byTenant.get(tenant) ?? 0) + events;
      if (sum === 0) byTenant.delete(tenant);
      else byTenant.set(tenant, sum);
      all += events;
    },
    of: (tenant) => byTenant.get(tenant) ?? 0,
    inAll: () => all,
    tenants: () => byTenant.keys(),
  };
}
