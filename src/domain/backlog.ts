// How many events wait, as far as one process can tell: the last count of the outbox, and every event it has let in since.
//
// What has left since is not known before the next count, so for this process's own events the estimate is never too low, and with it the limits hold
// however long a count takes. What other processes let in is seen at the next count.

/** When so many wait, nothing more is let in. */
export interface BacklogLimits {
  perTenant: number;
  inAll: number;
}

/** The outbox as counted; `atMs` is when the count began. */
export interface BacklogCount {
  atMs: number;
  inAll: number;
  /** By the tenants' external ids; those with few may be left out. */
  byTenant: Map<string, number>;
}

export interface Refusal {
  scope: 'tenant' | 'all';
  retryAfterSeconds: number;
}

export interface BacklogEstimate {
  /** Lets the events in, which count from now on; or says why not. A request is let in whole when there is room for one event. */
  admit(tenant: string, events: number, nowMs: number): Refusal | null;
  /** So many of the admitted were stored; the others count no longer. */
  settle(tenant: string, admitted: number, stored: number): void;
  countBegins(): void;
  counted(count: BacklogCount): void;
  /** The last count still holds for a few seconds; then everybody is let in, as at the start. */
  countFailed(nowMs: number): void;
  refuses(): boolean;
  refused(): { all: boolean; tenants: number };
}

const holdsForMs = 5_000;
const usualRetrySeconds = 5;
const maxRetrySeconds = 60;
/** Who is told to wait is told to wait for some room, not for the first event that leaves. */
const roomAgain = 0.9;

export function createBacklogEstimate(limits: BacklogLimits): BacklogEstimate {
  let last: BacklogCount | null = null;
  let before: BacklogCount | null = null;
  /** Admitted and not settled: a count under way may or may not see them. */
  const underWay = createTally();
  let storedSinceLast = createTally();
  let storedSinceBegun: Tally | null = null;

  const inAll = () => (last?.inAll ?? 0) + storedSinceLast.inAll() + underWay.inAll();
  const of = (tenant: string) => (last?.byTenant.get(tenant) ?? 0) + storedSinceLast.of(tenant) + underWay.of(tenant);

  function refusalOf(tenant: string, nowMs: number): Refusal | null {
    if (inAll() >= limits.inAll)
      return { scope: 'all', retryAfterSeconds: retryAfter(inAll(), limits.inAll, before?.inAll, last?.inAll, nowMs) };
    if (of(tenant) < limits.perTenant) return null;
    const [then, now] = [before?.byTenant.get(tenant), last?.byTenant.get(tenant)];
    return { scope: 'tenant', retryAfterSeconds: retryAfter(of(tenant), limits.perTenant, then, now, nowMs) };
  }

  /** Until a tenth of the limit is free, at the rate from one count to the next. */
  function retryAfter(waiting: number, limit: number, then: number | undefined, now: number | undefined, nowMs: number): number {
    // an old count: the next one, which is on its way, knows better
    if (last && nowMs - last.atMs > holdsForMs) return 1;
    if (!before || !last || then === undefined || now === undefined || now >= then) return usualRetrySeconds;
    const perMs = (then - now) / (last.atMs - before.atMs);
    const seconds = Math.ceil((waiting - limit * roomAgain) / perMs / 1_000);
    return Math.min(maxRetrySeconds, Math.max(1, seconds));
  }

  function refused(): { all: boolean; tenants: number } {
    const known = new Set([...(last?.byTenant.keys() ?? []), ...storedSinceLast.tenants(), ...underWay.tenants()]);
    return { all: inAll() >= limits.inAll, tenants: [...known].filter((tenant) => of(tenant) >= limits.perTenant).length };
  }

  return {
    admit(tenant, events, nowMs) {
      const refusal = refusalOf(tenant, nowMs);
      if (!refusal) underWay.add(tenant, events);
      return refusal;
    },
    settle(tenant, admitted, stored) {
      underWay.add(tenant, -admitted);
      storedSinceLast.add(tenant, stored);
      storedSinceBegun?.add(tenant, stored);
    },
    countBegins() {
      storedSinceBegun = createTally();
    },
    counted(count) {
      before = last;
      last = count;
      storedSinceLast = storedSinceBegun ?? createTally();
      storedSinceBegun = null;
    },
    countFailed(nowMs) {
      storedSinceBegun = null;
      if (last && nowMs - last.atMs <= holdsForMs) return;
      last = null;
      before = null;
      storedSinceLast = createTally();
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
