// Reads what must keep all digits of its numbers.
import { queryOptions } from '@tanstack/react-query';
import { parseExactly } from '../../../../../src/domain/filters/exact-json.ts';
import { posthorn } from '../../../api/client.ts';
import type { Exact } from './draft.ts';

/** Its filter and transform as JSON texts with all digits of their numbers, which JSON.parse would round. Empty: none. */
export const exactQuery = (id: string) =>
  queryOptions({
    queryKey: ['endpoint', id, 'exact'],
    queryFn: async ({ signal }): Promise<Exact> => {
      const answer = await posthorn.open(`/v1/endpoints/${encodeURIComponent(id)}`, {}, { signal });
      const { filter, transform } = parseExactly(await answer.text()) as Record<'filter' | 'transform', unknown>;
      return { filter: textOf(filter), transform: textOf(transform) };
    },
  });

const textOf = (value: unknown) => (value === null ? '' : JSON.stringify(value, null, 2));
