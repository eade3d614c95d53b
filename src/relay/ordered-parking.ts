// Parks an event's deliveries to ordered endpoints before the event's acceptance is answered.
// So an event confirmed earlier always has the earlier position, and a drain can send by position
// without waiting. Deferred events and events for a single endpoint are not parked here.

import type { NewDelivery } from '#db/deliveries/new-delivery';
import { type OrderedEndpoint, readOrderedEndpoints } from '#db/endpoints/tenant-endpoints';
import type { Accepted, AcceptRequest } from '#db/events/accept';
import type { EventToAccept } from '#db/events/acceptance';
import { type OwnedEvent, unplannedEvents } from '#db/events/outbox';
import { contentOf } from '#db/events/read-content';
import { createGroupCommit } from '#db/store/group-commit';
import type { Db } from '#db/store/pool';
import { judge } from '#domain/events/subscription';
import { deliveryId } from '#domain/ids';
import { EndpointCache } from './endpoint-cache.ts';
import type { Parking } from './parking.ts';

export interface OrderedParking {
  /**
   * Resolves when all ordered deliveries are parked, and sets `held` on the events in `owned`. It does not signal the
   * lanes: the process that plans the events does.
   */
  hold(request: AcceptRequest, accepted: Accepted, owned: OwnedEvent[]): Promise<void>;
}

/**
 * A duplicate confirms the earlier event. The request that stored that event may still be parking, or may have crashed
 * before it did. So a duplicate parks the same deliveries again, by the endpoints that existed when the event was
 * accepted; the content is the same. This applies only until the event is planned. After that its deliveries exist, and
 * endpoints that want it only now do not get it.
 *
 * A deferred event gets its position when it is due; an event for a single endpoint gets none.
 */
export function createOrderedParking(db: Db, parking: Pick<Parking, 'hold'>): OrderedParking {
  const cache = new EndpointCache<OrderedEndpoint>(db, db, readOrderedEndpoints);
  // many clients may repeat their events at once, so their lookups share a statement
  const unplanned = createGroupCommit<string, number | undefined>({ write: readUnplanned, maxWeight: 1_000 });

  async function readUnplanned(eventIds: string[]): Promise<(number | undefined)[]> {
    const times = await unplannedEvents(db, eventIds);
    return eventIds.map((id) => times.get(id));
  }

  /** The acceptance times, in microseconds, of the events whose deliveries may be missing. */
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
      const [{ endpoints, hasFilters }, times] = await Promise.all([cache.get(tenantId, endpointsVersion), acceptedAt(accepted)]);
      const deliveries: NewDelivery[] = [];
      for (const [index, event] of events.entries()) {
        const { kind, id = '' } = acceptances[index] ?? {};
        const atUs = times.get(id);
        if (kind === 'conflict' || atUs === undefined || event.deliverAt !== null || event.onlyEndpointId !== null) continue;
        const addressed = { ...event, content: hasFilters ? contentOf(event.body) : null };
        const wanting = [...(endpoints?.values() ?? [])].filter((one) => one.createdAtUs <= atUs && judge(one, addressed) === 'wanted');
        held.set(id, new Set(wanting.map(({ endpointId }) => endpointId)));
        deliveries.push(...wanting.map(({ endpointId }) => toHeld(event, id, tenantId, endpointId)));
      }
      await parking.hold(deliveries);
      for (const event of owned) event.held = held.get(event.eventId) ?? new Set();
    },
  };
}

function toHeld(event: EventToAccept, eventId: string, tenantId: string, endpointId: string): NewDelivery {
  return {
    deliveryId: deliveryId(eventId, endpointId),
    eventId,
    endpointId,
    tenantId,
    eventType: event.type,
    expiresAt: event.expiresAt === null ? null : new Date(event.expiresAt),
  };
}
