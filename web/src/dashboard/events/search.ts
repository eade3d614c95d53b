// The filters of the list of events, as its address names them.
import { type TimeSpan, timeSpanIn } from '../../parts/filters/time-span.ts';
import { textIn } from '../search.ts';

export interface EventsSearch extends TimeSpan {
  tenant?: string;
  type?: string;
}

export function eventsSearchIn(search: Record<string, unknown>): EventsSearch {
  const [tenant, type] = [textIn(search, 'tenant'), textIn(search, 'type')];
  return {
    ...(tenant && { tenant }),
    ...(type && { type }),
    ...timeSpanIn({ within: textIn(search, 'within'), since: textIn(search, 'since'), until: textIn(search, 'until') }),
  };
}
