// Opens the workflows of dead letters that had no room for one, at the pace of the budget: oldest first, tenants in turn.
// Run by the sweep, and each second while there are some. If it is killed after the row is changed, the row is marked, and
// the sweep starts the workflow; killed before, the row is found again.
import type { UnsignalledDelivery } from '#db/deliveries/delivery-refs';
import { openDeadLetters, unopenedDeadLetters } from '#db/deliveries/unopened';
import type { Db } from '#db/store/pool';
import type { ModeSwitch } from '#domain/events/dispatch-mode';
import type { Reached } from '#runtime/checkpoints';
import type { Logger } from '#runtime/logger';
import { signalChange } from '#temporal/commands';
import type { Starter } from '#temporal/starter';
import { DueAgain } from './due-again.ts';
import { startAll } from './start-all.ts';

const page = { tenants: 64, perTenant: 16 };
const mostAtOnce = 64;

export interface DeadLetterDeps {
  db: Db;
  starter: Pick<Starter, 'look'>;
  /** Absent: there is always room. */
  modes?: Pick<ModeSwitch, 'takeLater'>;
  log: Logger;
  reached?: Reached | undefined;
}

export class DeadLetters {
  readonly #deps: DeadLetterDeps;
  /** The last tenant that was served. */
  #after: string | null = null;
  readonly #again = new DueAgain();

  constructor(deps: DeadLetterDeps) {
    this.#deps = deps;
  }

  /** True: the last run found some, a second ago. A run is not due again before it has found more. */
  takeDue(): boolean {
    return this.#again.take();
  }

  /** Rejects when PostgreSQL is away. What Temporal does not take now is left to the sweep. */
  async run(): Promise<void> {
    this.#again.never();
    const { db, log } = this.#deps;
    const waiting = await unopenedDeadLetters(db, this.#after, page);
    if (waiting.length === 0) return;
    this.#again.later();
    const ids = this.#granted(waiting);
    if (ids.length === 0) return;
    const opened = await openDeadLetters(db, ids);
    await this.#deps.reached?.('dead letter opened');
    await startAll(opened, (delivery) => this.#start(delivery));
    log.info({ opened: opened.length }, 'relay.dead_letters_opened');
  }

  /** The deliveries for which the budget has room. */
  #granted(waiting: { deliveryId: string; tenantId: string }[]): string[] {
    const refused = new Set<string>();
    const ids: string[] = [];
    for (const { deliveryId, tenantId } of waiting) {
      if (ids.length === mostAtOnce || refused.has(tenantId)) continue;
      if (this.#deps.modes?.takeLater(tenantId, Date.now()) === false) {
        refused.add(tenantId);
        continue;
      }
      ids.push(deliveryId);
      this.#after = tenantId;
    }
    return ids;
  }

  async #start(delivery: UnsignalledDelivery): Promise<void> {
    try {
      await signalChange(this.#deps, delivery, 'sweep');
    } catch (error) {
      this.#deps.log.warn({ err: error, deliveryId: delivery.deliveryId }, 'relay.dead_letter_not_opened');
    }
  }
}
