// What several pages read.
import type { Alert, EventTypeSummary } from '@posthorn/client';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { posthorn } from '../api/client.ts';
import { fits } from '../parts/event-types.ts';

const mostAlerts = 1_000;

/** Those whose cause has not ended: the open ones, then those that somebody is on. */
export const currentAlertsQuery = (tenant: string) =>
  queryOptions({
    queryKey: ['alerts', tenant, 'current'],
    async queryFn({ signal }) {
      const read = async (state: 'open' | 'acknowledged') => {
        const all: Alert[] = [];
        for await (const { data } of posthorn.alerts.list({ tenant, state, limit: 250 }, { signal }).pages()) {
          all.push(...data);
          if (all.length >= mostAlerts) break;
        }
        return all;
      };
      return (await Promise.all([read('open'), read('acknowledged')])).flat();
    },
  });

export const mostTypes = 1_000;

export const eventTypesQuery = queryOptions({
  queryKey: ['event-types'],
  staleTime: 60_000,
  async queryFn({ signal }) {
    const all: EventTypeSummary[] = [];
    for await (const { data } of posthorn.eventTypes.list({ limit: 250 }, { signal }).pages()) {
      all.push(...data);
      if (all.length >= mostTypes) break;
    }
    return all.toSorted((a, b) => a.name.localeCompare(b.name));
  },
});

/** The types of the catalogue that patterns such as `order.*` name; none: all. */
export function useSubscribedTypes(patterns: readonly string[]): string[] {
  const { data = [] } = useQuery(eventTypesQuery);
  return data.map(({ name }) => name).filter((name) => patterns.length === 0 || patterns.some((pattern) => fits(pattern, name)));
}
