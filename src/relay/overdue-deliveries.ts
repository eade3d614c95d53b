// Starts the workflows of overdue deliveries again, at the pace of the budget: the oldest first, tenants in turn.
// Run by the sweep, and each second while some wait for room. One without room keeps its row: its workflow may be open, and
// may be sending. A repeated start does no harm.
import { type OverdueDelivery, overdueDeliveries, type SweepCursor } from '#db/deliveries/delivery-refs';
import type { Db } from '#db/store/pool';
import type { ModeSwitch } from '#domain/events/dispatch-mode';
import { createFairQueue, takeFrom } from '#domain/fair-queue';
import { DueAgain } from './due-again.ts';
import type { OverdueStarts } from './overdue-starts.ts';

const pageSize = 500;

export interface OverdueDeliveriesDeps {
  db: Db;
  /** Absent: there is always room. */
  modes?: Pick<ModeSwitch, 'choose' | 'takeLater'>;
}

export class OverdueDeliveries {
  readonly #deps: OverdueDeliveriesDeps;
  readonly #overdueAfterMs: number;
  #cursor: SweepCursor | null = null;
  /** The last tenant that got room. */
  #after = '';
  readonly #again = new DueAgain();

  constructor(deps: OverdueDeliveriesDeps, overdueAfterMs: number) {
    this.#deps = deps;
    this.#overdueAfterMs = overdueAfterMs;
  }

  /** True: the last run left some, a second ago. A run is not due again before it has left more. */
  takeDue(): boolean {
    return this.#again.take();
  }

  /**
   * Tries those of the next page that are not backing off and get room. Returns how many. Rejects with TemporalAway, or
   * when PostgreSQL is away; the next run then reads the same page.
   */
  async run(starts: OverdueStarts): Promise<number> {
    this.#again.never();
    const page = await overdueDeliveries(this.#deps.db, this.#cursor, pageSize, this.#overdueAfterMs);
    const refused = new Set<string>();
    const tried = await starts.deliveries(inTurn(page, this.#after), (delivery) => this.#hasRoom(delivery, refused));
    this.#cursor = cursorAfter(page, pageSize);
    if (this.#cursor || refused.size > 0) this.#again.later();
    return tried;
  }

  #hasRoom({ tenantId, isNew }: OverdueDelivery, refused: Set<string>): boolean {
    const { modes } = this.#deps;
    if (!modes) return true;
    if (isNew) {
      // counted like an event, and started without room too: its time is promised, and there is no other way
      modes.choose(1, Date.now(), tenantId);
      return true;
    }
    if (refused.has(tenantId) || !modes.takeLater(tenantId, Date.now())) {
      refused.add(tenantId);
      return false;
    }
    this.#after = tenantId;
    return true;
  }
}

/** The first of each tenant, then the second of each, and so on. It begins with the tenant after `after`. */
function inTurn<T extends { tenantId: string }>(page: T[], after: string): T[] {
  const queue = createFairQueue<T>();
  const wasServed = ({ tenantId }: T) => Number(tenantId <= after);
  const order = (a: T, b: T) => wasServed(a) - wasServed(b) || (a.tenantId < b.tenantId ? -1 : Number(a.tenantId > b.tenantId));
  for (const one of page.toSorted(order)) queue.push(one.tenantId, one);
  return takeFrom(queue, queue.size);
}

/** Where the next page begins. Null: there are no more. */
export function cursorAfter(page: SweepCursor[], size: number): SweepCursor | null {
  const last = page.at(-1);
  return page.length === size && last ? { dueAt: last.dueAt, deliveryId: last.deliveryId } : null;
}
