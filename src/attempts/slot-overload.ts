// Decides whether first attempts of an endpoint without a free slot wait in memory or move to its
// lane. They move when far more wait than the endpoint serves, or when it gets no slot for 5 s. An
// endpoint that is slow only because this machine is slow keeps them in memory.

/** Overloaded: more than so many wait for each slot of the endpoint. */
const perSlot = 4;
/** If the endpoint serves fewer than one per slot in this time, all that wait for it are given up at once. */
const windowMs = 1_000;
/** If they would take longer than so many windows, and that lasts for `lastsMs`, they are given up. */
const windows = 3;
const lastsMs = 5_000;
/** How long an endpoint or tenant without a slot is waited for. An endpoint may be slow because this machine is. */
const patienceMs = 5_000;

/** Kept while an endpoint is overloaded. All times are by the queue's clock, in milliseconds. */
export interface Overload {
  windowSince: number;
  /** Begun in this window. */
  served: number;
  /** Since when those that wait would take too long. */
  slowSince: number;
  checkedAt: number;
}

/**
 * To be called whenever the endpoint has no free slot. `overload` null: it is not overloaded. `givenUp`: all that wait
 * move to the lane.
 */
export function checkOverload(
  known: Overload | null,
  waiting: number,
  slots: number,
  now: number,
): { overload: Overload | null; givenUp: boolean } {
  if (waiting <= perSlot * slots) return { overload: null, givenUp: false };
  // no check for a whole window: the process was suspended
  if (!known || now - known.checkedAt > windowMs)
    return { overload: { windowSince: now, served: 0, slowSince: now, checkedAt: now }, givenUp: false };
  if (now - known.windowSince < windowMs) return { overload: { ...known, checkedAt: now }, givenUp: false };
  const slowSince = waiting > windows * known.served ? known.slowSince : now;
  const givenUp = known.served < slots || now - slowSince >= lastsMs;
  return { overload: { windowSince: now, served: 0, slowSince, checkedAt: now }, givenUp };
}

/**
 * Since when endpoints and tenants get no slot. The time starts when one is refused. It ends when it is served, or when
 * it has not asked for 5 s: the next refusal then starts a new time.
 */
export class Refusals {
  /** The one refused longest ago comes first. */
  readonly #refused = new Map<string, { since: number; last: number }>();

  /** Returns true when it has been refused for longer than 5 s. */
  refuse(id: string, now: number): boolean {
    this.forgetOld(now);
    const since = this.#refused.get(id)?.since ?? now;
    this.#refused.delete(id);
    this.#refused.set(id, { since, last: now });
    return now - since > patienceMs;
  }

  served(tenantId: string, endpointId: string): void {
    this.#refused.delete(tenantId);
    this.#refused.delete(endpointId);
  }

  forgetOld(now: number): void {
    for (const [id, { last }] of this.#refused) {
      if (now - last <= patienceMs) return;
      this.#refused.delete(id);
    }
  }

  clear(): void {
    this.#refused.clear();
  }
}
