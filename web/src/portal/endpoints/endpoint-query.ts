// Reads one endpoint.
import type { Endpoint } from '@posthorn/client';
import { queryOptions } from '@tanstack/react-query';
import { posthorn } from '../../api/client.ts';
import { whileAsked } from '../../parts/live/while-asked.ts';
import { filterTextOf } from './endpoint-draft.ts';

/** With the text of its filter, whose numbers are those that are stored. */
export const endpointQuery = (id: string) =>
  queryOptions({
    queryKey: ['endpoint', id],
    async queryFn({ signal }) {
      const text = await (await posthorn.open(`/v1/endpoints/${encodeURIComponent(id)}`, {}, { signal })).text();
      return { endpoint: JSON.parse(text) as Endpoint, filterText: filterTextOf(text) };
    },
    refetchInterval: ({ state }) => whileAsked(state.data?.endpoint),
  });
