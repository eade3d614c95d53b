// A process with a relay and its pump, for the property of a delivery's owners: what it keeps in memory, and how it dies.
import { readDeliveryJobs } from '#db/deliveries/deliveries';
import { dayOf, duePumped, freePumpedOf, leasePumped, passPumpedOn, releasePumped } from '#db/deliveries/pumped';
import { registerRelay } from '#db/events/relays';
import { isUnderWay } from '#domain/deliveries/delivery';
import { uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import type { OwnedDelivery } from './owned-delivery.ts';

export class PumpProcess {
  readonly #delivery: OwnedDelivery;
  readonly #n: 0 | 1;
  relayId = '';
  isFrozen = false;
  /** It has leased the delivery, and has not posted it. */
  hasLeased = false;

  constructor(delivery: OwnedDelivery, n: 0 | 1) {
    this.#delivery = delivery;
    this.#n = n;
  }

  async register(): Promise<void> {
    this.relayId = newId('rly');
    this.isFrozen = false;
    await registerRelay(this.#delivery.db, this.relayId, 'a test');
    await this.#see(this.relayId, 'infinity');
  }

  isBusy(): boolean {
    return this.hasLeased || this.#delivery.of(this.#n) !== undefined;
  }

  async lease(): Promise<void> {
    if (this.isFrozen || this.isBusy()) return;
    const { db, id, faults } = this.#delivery;
    const { relayId } = this;
    const { due } = await duePumped(db, { day: dayOf(id), relayId, inFlight: [], most: 10, takesOver: true });
    const leased = await leasePumped(db, [id], { relayId, takesOver: true });
    if (leased.size > due.length) faults.push('it leased what no look had found');
    this.hasLeased = leased.size === 1;
  }

  async post(): Promise<void> {
    if (this.isFrozen || !this.hasLeased) return;
    this.hasLeased = false;
    const { db, id } = this.#delivery;
    const job = (await readDeliveryJobs(db, [id], this.relayId)).get(id);
    if (!job || !(await this.#delivery.next({ ...job, pumped: false }, this.#n, this.relayId))) await this.#release(1);
  }

  /** After the record: what was in flight under an older lease has the current one. */
  async recorded(leasedBy: string | undefined): Promise<void> {
    if (leasedBy !== this.relayId) await this.#release(0);
  }

  /** SIGSTOP, until its lease has expired. */
  async freeze(): Promise<void> {
    if (this.isFrozen) return;
    this.isFrozen = true;
    for (const one of this.#delivery.inFlight) if (one.by === this.#n) this.#delivery.lose(one);
    await this.#see(this.relayId, '-infinity');
  }

  /** SIGCONT, or a lost connection that is back: a new lease, to which what is in flight is passed on. */
  async thaw(): Promise<void> {
    const before = this.relayId;
    await this.register();
    const { db, id } = this.#delivery;
    const own = this.#delivery.of(this.#n);
    if (own || this.hasLeased) await passPumpedOn(db, new Map([[id, before]]), this.relayId);
    if (this.hasLeased) await this.#release(0);
    this.hasLeased = false;
    const { leasedBy, status } = await this.#delivery.row();
    if (own) own.isLate = leasedBy !== this.relayId || !isUnderWay(status);
    await this.#see(before, '-infinity');
  }

  /** SIGKILL, and another process in its place. `inherits`: on the same host. */
  async kill(inherits: boolean): Promise<void> {
    await this.freeze();
    this.#delivery.inFlight = this.#delivery.inFlight.filter(({ by }) => by !== this.#n);
    const gone = this.relayId;
    this.hasLeased = false;
    await this.register();
    if (inherits) await freePumpedOf(this.#delivery.db, [gone]);
  }

  #release(pauseMs: number): Promise<void> {
    return releasePumped(this.#delivery.db, [{ deliveryId: this.#delivery.id, relayId: this.relayId, pauseMs }]);
  }

  /** A lease that never expires, or has expired: no test depends on its speed. */
  async #see(relayId: string, at: 'infinity' | '-infinity'): Promise<void> {
    await this.#delivery.db.query('update relays set seen = $2 where id = $1', [uuidOf(relayId), at]);
  }
}
