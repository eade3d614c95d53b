// The filters of the list of deliveries, as its address names them.
import type { DeliveryStatus } from '@posthorn/client';
import { type TimeSpan, timeSpanIn } from '../../parts/filters/time-span.ts';
import { choicesIn, textIn } from '../search.ts';

export const statuses = ['pending', 'retrying', 'held', 'succeeded', 'dead_lettered', 'quarantined', 'cancelled', 'expired'] as const;

export interface DeliveriesSearch extends TimeSpan {
  tenant?: string;
  endpoint?: string;
  /** Only with `tenant`: the ids of events are unique within one. */
  event?: string;
  status?: DeliveryStatus[];
  type?: string;
}

export function deliveriesSearchIn(search: Record<string, unknown>): DeliveriesSearch {
  const text = (name: string) => textIn(search, name);
  const [tenant, endpoint, event, type] = [text('tenant'), text('endpoint'), text('event'), text('type')];
  const status = choicesIn(search, 'status', statuses);
  return {
    ...(tenant && { tenant }),
    ...(endpoint && { endpoint }),
    ...(tenant && event && { event }),
    ...(status.length > 0 && { status }),
    ...(type && { type }),
    ...timeSpanIn({ within: text('within'), since: text('since'), until: text('until') }),
  };
}
