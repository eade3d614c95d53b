// What several pages read.
import type { EventType, EventTypeSummary } from '@posthorn/client';
import { queryOptions, useQueries, useQuery } from '@tanstack/react-query';
import { posthorn } from '../api/client.ts';

export const openAlertsQuery = (tenant: string) =>
  queryOptions({
    queryKey: ['alerts', tenant, 'open'],
    queryFn: async ({ signal }) => (await posthorn.alerts.list({ tenant, state: 'open', limit: 100 }, { signal }).page()).data,
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

const mostRead = 5;

/** Schemas and examples of the first of these types. */
export function useEventTypes(names: readonly string[]): EventType[] {
  const results = useQueries({
    queries: names.slice(0, mostRead).map((name) => ({
      queryKey: ['event-type', name],
      staleTime: 60_000,
      queryFn: ({ signal }: { signal: AbortSignal }) => posthorn.eventTypes.get(name, { signal }),
    })),
  });
  return results.flatMap(({ data }) => data ?? []);
}

/** The types of the catalogue that patterns such as `order.*` name; none: all. */
export function useSubscribedTypes(patterns: readonly string[]): string[] {
  const { data = [] } = useQuery(eventTypesQuery);
  return data.map(({ name }) => name).filter((name) => patterns.length === 0 || patterns.some((pattern) => fits(pattern, name)));
}

export function fits(pattern: string, name: string): boolean {
  return pattern === '*' || pattern === name || (pattern.endsWith('.*') && name.startsWith(pattern.slice(0, -1)));
}
