// Decides what a delivery without a free slot does: wait and try again, or move to the endpoint's
// lane. Called by the engine. It uses up no attempt; a wait over 5 s is written to the row. The rest is
// held in memory only.
import { type DeliveryJob, deferDelivery } from '#db/deliveries/deliveries';
import type { Db } from '#db/store/pool';
import type { SlotLimits, Slots } from './slots.ts';

/**
 * The lane takes over when more than so many deliveries wait for each slot. A few retries in a burst do not need one.
 */
const maxWaitingPerSlot = 4;
/** A longer wait is written to the row, so that the sweep does not take the delivery for lost. */
const writtenFromMs = 5_000;
const minMs = 1_000;
const maxMs = 60_000;
/** The shortest time between two cleanups of the same owner's deliveries. */
const cleanEveryMs = 1_000;
const maxOwners = 1_000;

type Job = Pick<DeliveryJob, 'deliveryId' | 'tenantId' | 'endpointId' | 'maxInFlight'>;

export class SlotBackoff {
  readonly #db: Db;
  readonly #slots: Pick<Slots, 'ofEndpoint'>;
  readonly #limits: SlotLimits;
  readonly #waits = new SlotWaits();

  constructor(db: Db, slots: Pick<Slots, 'ofEndpoint'>, limits: SlotLimits) {
    this.#db = db;
    this.#slots = slots;
    this.#limits = limits;
  }

  /** So many deliveries wait for a slot of this endpoint that its lane must take over. */
  isOverloaded({ endpointId, maxInFlight }: Job): boolean {
    return this.#waits.waiting(endpointId) > maxWaitingPerSlot * this.#slots.ofEndpoint(maxInFlight);
  }

  /** The wait in milliseconds. `cap`: the limit that is reached. */
  async backOff({ deliveryId, tenantId, endpointId, maxInFlight }: Job, cap: keyof SlotLimits): Promise<number> {
    const owner = { process: '', tenant: tenantId, endpoint: endpointId }[cap];
    const ms = this.#waits.waitMs(owner, deliveryId, cap === 'endpoint' ? this.#slots.ofEndpoint(maxInFlight) : this.#limits[cap]);
    if (ms > writtenFromMs) await deferDelivery(this.#db, deliveryId, ms);
    return ms;
  }
}

interface Waiting {
  /** Until when each delivery that got no slot counts as waiting. */
  until: Map<string, number>;
  cleanedAt: number;
}

/**
 * The waits of deliveries that got no slot, by the owner of the slots: an endpoint, a tenant, or '' for the process. The
 * more deliveries wait for the same slots, the longer the wait, so that they come back as fast as they can be served.
 */
export class SlotWaits {
  readonly #random: () => number;
  readonly #now: () => number;
  readonly #waiting = new Map<string, Waiting>();

  constructor(random: () => number = Math.random, now: () => number = () => performance.now()) {
    this.#random = random;
    this.#now = now;
  }

  /** How many deliveries wait for the slots of `owner`. */
  waiting(owner: string): number {
    return this.#waiting.get(owner)?.until.size ?? 0;
  }

  /** The wait in milliseconds, with jitter, for a delivery that got none of the `slots` slots of `owner`. */
  waitMs(owner: string, deliveryId: string, slots: number): number {
    const at = this.#now();
    const known = this.#waiting.get(owner) ?? { until: new Map<string, number>(), cleanedAt: at };
    this.#waiting.set(owner, known);
    if (at - known.cleanedAt >= cleanEveryMs) forgetServed(known, at);
    const turns = Math.max(1, (known.until.size + 1) / slots);
    const wait = Math.min(maxMs, minMs * turns * (1 + this.#random()));
    known.until.set(deliveryId, at + wait + minMs);
    if (this.#waiting.size > maxOwners) this.#forgetOwners(at);
    return Math.round(wait);
  }

  #forgetOwners(at: number): void {
    for (const [owner, waiting] of this.#waiting) {
      forgetServed(waiting, at);
      if (waiting.until.size === 0) this.#waiting.delete(owner);
    }
  }
}

/** Checks every delivery: waits have jitter, and do not end in the order in which they began. */
function forgetServed(waiting: Waiting, at: number): void {
  waiting.cleanedAt = at;
  for (const [id, until] of waiting.until) if (until <= at) waiting.until.delete(id);
}
