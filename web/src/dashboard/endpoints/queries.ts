// What the pages of one endpoint read. Each is read again while somebody looks, since drains and receivers change it.
import type { EndpointSummary, Lane } from '@posthorn/client';
import { queryOptions } from '@tanstack/react-query';
import { posthorn } from '../../api/client.ts';
import { restMs } from '../../parts/live/use-fresh.ts';
import { whileAsked } from '../../parts/live/while-asked.ts';

/** The stream tells of deliveries, not of a lane that somebody has paused. */
const everyMs = 15_000;

export const endpointQuery = (id: string) =>
  queryOptions({
    queryKey: ['endpoint', id],
    queryFn: ({ signal }) => posthorn.endpoints.get(id, { signal }),
    refetchInterval: ({ state }) => whileAsked(state.data),
  });

/** With its condition and figures. Null: there is no such endpoint. */
export const summaryQuery = (id: string) =>
  queryOptions({
    queryKey: ['endpoint', id, 'summary'],
    queryFn: async ({ signal }): Promise<EndpointSummary | null> => {
      const { data } = await posthorn.endpoints.search({ search: id, limit: 1 }, { signal }).page();
      return data[0] ?? null;
    },
    refetchInterval: everyMs,
  });

export const laneQuery = (id: string) =>
  queryOptions({
    queryKey: ['endpoint', id, 'lane'],
    queryFn: ({ signal }): Promise<Lane> => posthorn.endpoints.lane(id, { signal }),
    refetchInterval: everyMs,
  });

/** The alerts about it that are not closed. */
export const alertsQuery = (id: string) =>
  queryOptions({
    queryKey: ['alerts', { endpoint: id }],
    queryFn: async ({ signal }) => {
      const { data } = await posthorn.alerts.list({ endpoint: id, state: ['open', 'acknowledged'] }, { signal }).page();
      return data.filter(({ kind }) => kind !== 'endpoint.recovered');
    },
    refetchInterval: restMs,
  });

export const secretsQuery = (id: string) =>
  queryOptions({ queryKey: ['endpoint', id, 'secrets'], queryFn: ({ signal }) => posthorn.endpoints.secrets(id, { signal }) });
