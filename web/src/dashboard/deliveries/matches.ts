// Whether a changed delivery belongs to a list, by the filters of the list. The API decides the same for the pages of the list.
import type { ChangedDelivery } from '@posthorn/client';
import { boundsOf } from '../../parts/filters/time-span.ts';
import { timeOf } from '../../parts/live/live-rows.ts';
import type { DeliveriesSearch } from './search.ts';

/** `tenant`: the one that the key is bound to; null: none. */
export function matchOf(search: DeliveriesSearch, tenant: string | null, nowMs: number): (delivery: ChangedDelivery) => boolean {
  const { since, until } = boundsOf(search, nowMs);
  const { endpoint, event, status, type } = search;
  const wantedTenant = search.tenant ?? tenant ?? undefined;
  return (delivery) =>
    isWanted(wantedTenant, delivery.tenant) &&
    isWanted(endpoint, delivery.endpoint) &&
    isWanted(event, delivery.event) &&
    isWanted(type, delivery.eventType) &&
    (status === undefined || status.includes(delivery.status)) &&
    (since === undefined || timeOf(delivery.id) >= Date.parse(since)) &&
    (until === undefined || timeOf(delivery.id) < Date.parse(until));
}

const isWanted = (wanted: string | undefined, is: string) => wanted === undefined || wanted === is;
