// Leases of single deliveries. The pump takes them, reads the deliveries and gives leases back, in groups.
import { type DeliveryJob, readDeliveryJobs } from '#db/deliveries/deliveries';
import { leasePumped, type PumpedRelease, releasePumped } from '#db/deliveries/pumped';
import { createGroupCommit, type GroupCommit } from '#db/store/group-commit';
import type { Db } from '#db/store/pool';
import type { Lease } from '#domain/relay-lease';

const groups = { maxWeight: 128, concurrency: 1, linger: { ms: 10, enough: 32 } };

export class PumpLeases {
  readonly #taking: GroupCommit<string, boolean>;
  readonly #reading: GroupCommit<string, DeliveryJob | null>;
  readonly #releasing: GroupCommit<PumpedRelease, void>;

  /** `expiresAfterMs`: of a relay. */
  constructor(db: Db, relay: Lease, expiresAfterMs: number) {
    const takeAll = async (ids: string[]) => {
      const takesOver = relay.isSteady(performance.now());
      const leased = await leasePumped(db, ids, { relayId: relay.id, takesOver, expiresAfterMs });
      return ids.map((id) => leased.has(id));
    };
    this.#taking = createGroupCommit({ ...groups, write: takeAll });
    const readAll = async (ids: string[]) => {
      const jobs = await readDeliveryJobs(db, ids, relay.id);
      return ids.map((id) => jobs.get(id) ?? null);
    };
    // those that are leased together are read together
    this.#reading = createGroupCommit({ maxWeight: 64, concurrency: 2, write: readAll });
    this.#releasing = createGroupCommit({ ...groups, write: (all) => releasePumped(db, all).then(() => all.map(() => undefined)) });
  }

  /** False: it is not due any more, or another relay attempts it. */
  take(deliveryId: string): Promise<boolean> {
    return this.#taking.add(deliveryId);
  }

  /** Null: this relay has not leased it, or there is nothing to send. */
  read(deliveryId: string): Promise<DeliveryJob | null> {
    return this.#reading.add(deliveryId);
  }

  /** Ends a lease without an attempt. */
  release(release: PumpedRelease): Promise<void> {
    return this.#releasing.add(release);
  }
}
