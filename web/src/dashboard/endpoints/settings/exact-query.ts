// Reads an endpoint with what must keep all digits of its numbers.
import type { Endpoint } from '@posthorn/client';
import { queryOptions } from '@tanstack/react-query';
import { parseExactly } from '../../../../../src/domain/filters/exact-json.ts';
import { posthorn } from '../../../api/client.ts';
import type { Exact } from './draft.ts';

export interface ExactEndpoint {
  endpoint: Endpoint;
  exact: Exact;
}

/** With its filter and transform as JSON texts with all digits of their numbers, which JSON.parse would round. Empty: none. */
export const exactQuery = (id: string) =>
  queryOptions({
    queryKey: ['endpoint', id, 'exact'],
    queryFn: async ({ signal }): Promise<ExactEndpoint> => {
      const text = await (await posthorn.open(`/v1/endpoints/${encodeURIComponent(id)}`, {}, { signal })).text();
      const { filter, transform } = parseExactly(text) as Record<'filter' | 'transform', unknown>;
      return { endpoint: JSON.parse(text), exact: { filter: textOf(filter), transform: textOf(transform) } };
    },
  });

const textOf = (value: unknown) => (value === null ? '' : JSON.stringify(value, null, 2));
