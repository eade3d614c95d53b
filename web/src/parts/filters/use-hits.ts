// What the search finds for a text that has stood for a moment. Hits of an earlier text are not shown: they could be taken by mistake.
import type { SearchHit, SearchHitKind } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import { posthorn } from '../../api/client.ts';
import { useSettled } from '../use-settled.ts';

const afterMs = 150;
const limit = 8;
const longest = 200;

export function useHits(text: string, kinds: readonly SearchHitKind[], tenant: string | undefined) {
  const wanted = text.trim().slice(0, longest);
  const asked = useSettled(wanted, afterMs);
  const { data, isFetching } = useQuery({
    queryKey: ['search', asked, kinds, tenant],
    queryFn: ({ signal }) => posthorn.search(asked, { kind: [...kinds], limit, ...(tenant && { tenant }) }, { signal }),
    enabled: asked !== '',
  });
  const hits: readonly SearchHit[] = asked !== wanted || asked === '' ? [] : (data ?? []);
  return { hits, isSearching: isFetching || asked !== wanted };
}
