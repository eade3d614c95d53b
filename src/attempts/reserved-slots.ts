// Slots that a relay keeps for deliveries whose workflows it starts. Between the start and the first attempt a burst could
// take all slots of the endpoint, and the attempt would back off until the burst is over.
import type { Slots } from './slots.ts';

/** A workflow that another process runs does not claim its slot. */
const keptForMs = 200;

interface Kept {
  giveBack(): void;
  timer: NodeJS.Timeout;
}

export class ReservedSlots {
  readonly #slots: Pick<Slots, 'take'>;
  readonly #kept = new Map<string, Kept>();

  constructor(slots: Pick<Slots, 'take'>) {
    this.#slots = slots;
  }

  /** False: there is none free. */
  reserve(deliveryId: string, tenantId: string, endpointId: string, endpointLimit: number | null): boolean {
    if (this.#kept.has(deliveryId)) return true;
    const giveBack = this.#slots.take(tenantId, endpointId, endpointLimit);
    if (typeof giveBack !== 'function') return false;
    const timer = setTimeout(() => this.claim(deliveryId)?.(), keptForMs).unref();
    this.#kept.set(deliveryId, { giveBack, timer });
    return true;
  }

  /** The slot that is kept for the delivery, as the function that gives it back. Undefined: there is none. */
  claim(deliveryId: string): (() => void) | undefined {
    const kept = this.#kept.get(deliveryId);
    if (!kept) return undefined;
    clearTimeout(kept.timer);
    this.#kept.delete(deliveryId);
    return kept.giveBack;
  }
}
