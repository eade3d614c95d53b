// What an accepted event has for ordered endpoints is held before its acceptance is answered, so that an event confirmed earlier always has its delivery's row
// earlier: the drain of such an endpoint takes what it finds by position, and waits for nobody.
//
// And a duplicate? Its answer confirms the earlier event, whose own call may still be at this, or may have died in between: so it is held for the duplicate as
// well, by what was so when it was accepted - its content is the same. But only while no planning has reached it; later its deliveries are there, and endpoints
// that want it only now do not get it.
//
// What is put off by its producer, or meant for one endpoint, has its place when it is due, or none.

import { type OrderedEndpoint, readOrderedEndpoints } from '#db/endpoints/tenant-endpoints';
import type { Accepted, AcceptRequest } from '#db/events/accept';
import type { EventToAccept } from '#db/events/acceptance';
import { type OwnedEvent, unplannedEvents } from '#db/events/outbox';
import type { NewHeld } from '#db/lanes/parking';
import { createGroupCommit } from '#db/store/group-commit';
import type { Db } from '#db/store/pool';
import { deliveryId } from '#domain/ids';
import { judge } from '#domain/subscription';
import { createCacheOf } from './endpoint-cache.ts';
import type { Parking } from './parking.ts';

export interface OrderedParking {
  /** Resolves when all is held, and says so in those events that are ours; the lanes are yet to be told, by whoever plans the events. */
  hold(request: AcceptRequest, accepted: Accepted, owned: OwnedEvent[]): Promise<void>;
}

export function createOrderedParking(db: Db, parking: Pick<Parking, 'hold'>): OrderedParking {
  const cache = createCacheOf<OrderedEndpoint>(db, db, readOrderedEndpoints);
  // many clients may repeat their events at once: their questions share a statement
  const unplanned = createGroupCommit<string, number | undefined>({ write: readUnplanned, maxWeight: 1_000 });

  async function readUnplanned(eventIds: string[]): Promise<(number | undefined)[]> {
    const times = await unplannedEvents(db, eventIds);
    return eventIds.map((id) => times.get(id));
  }

  /** When those were accepted whose deliveries may be missing. */
  async function acceptedAt({ acceptances, acceptedAtUs }: Accepted): Promise<Map<string, number>> {
    const times = new Map<string, number>();
    const ask = async (id: string) => {
      const atUs = await unplanned.add(id);
      if (atUs !== undefined) times.set(id, atUs);
    };
    await Promise.all(acceptances.flatMap(({ kind, id }) => (kind === 'duplicate' ? [ask(id)] : [])));
    for (const { kind, id } of acceptances) if (kind === 'accepted') times.set(id, acceptedAtUs);
    return times;
  }

  return {
    async hold({ events }, accepted, owned) {
      const { tenantId, acceptances, endpointsVersion } = accepted;
      const held = new Map<string, Set<string>>();
      if (tenantId === null) return;
      const [{ endpoints }, times] = await Promise.all([cache.get(tenantId, endpointsVersion), acceptedAt(accepted)]);
      const deliveries: NewHeld[] = [];
      for (const [index, event] of events.entries()) {
        const { kind, id = '' } = acceptances[index] ?? {};
        const atUs = times.get(id);
        if (kind === 'conflict' || atUs === undefined || event.deliverAt !== null || event.onlyEndpointId !== null) continue;
        const wanting = [...(endpoints?.values() ?? [])].filter((one) => one.createdAtUs <= atUs && judge(one, event) === 'wanted');
        held.set(id, new Set(wanting.map(({ endpointId }) => endpointId)));
        deliveries.push(...wanting.map(({ endpointId }) => toHeld(event, id, tenantId, endpointId)));
      }
      await parking.hold(deliveries);
      for (const event of owned) event.held = held.get(event.eventId) ?? new Set();
    },
  };
}

function toHeld(event: EventToAccept, eventId: string, tenantId: string, endpointId: string): NewHeld {
  return {
    deliveryId: deliveryId(eventId, endpointId),
    eventId,
    endpointId,
    tenantId,
    eventType: event.type,
    expiresAt: event.expiresAt === null ? null : new Date(event.expiresAt),
  };
}
