// A list of the API that is read page by page. `PagedTable` shows it.
import { type InfiniteData, replaceEqualDeep, type UseInfiniteQueryResult, useInfiniteQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo } from 'react';

/** As the API answers most lists. */
export interface ReadPage<Row> {
  data: Row[];
  nextCursor: string | null;
}

export interface PagesOptions<Page extends ReadPage<object>> {
  queryKey: readonly unknown[];
  /** `{}` asks for the first page. */
  read: (cursor: { cursor?: string }, signal: AbortSignal) => Promise<Page>;
  /** How often all pages are read again, or `false`. */
  everyMs?: number | ((rows: readonly Page['data'][number][]) => number | false);
  /** While another key is read for the first time, the rows of the one before stay. */
  keepsRows?: boolean;
  /** What was read, with changes that came meanwhile. */
  withChanges?: (read: InfiniteData<Page, string>) => InfiniteData<Page, string>;
}

export interface Pages<Page extends ReadPage<object>> {
  query: UseInfiniteQueryResult<InfiniteData<Page, string>>;
  rows: Page['data'][number][];
  /** Reads the next page, unless something is being read. */
  more: () => void;
}

/** For `fetchNextPage`: the pages that are being read again are read to their end, or what is new in them would be missing. */
export const onlyNext = { cancelRefetch: false };

export function usePages<Page extends ReadPage<object>>(options: PagesOptions<Page>): Pages<Page> {
  const { queryKey, read, everyMs, keepsRows, withChanges } = options;
  const query = useInfiniteQuery<Page, Error, InfiniteData<Page, string>, readonly unknown[], string>({
    queryKey,
    queryFn: ({ pageParam, signal }) => read(pageParam === '' ? {} : { cursor: pageParam }, signal),
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }) => nextCursor,
    refetchInterval: ({ state }) => (typeof everyMs === 'function' ? everyMs(rowsOf(state.data)) : (everyMs ?? false)),
    ...(withChanges && {
      structuralSharing: (before: unknown, after: unknown) => replaceEqualDeep(before, withChanges(after as InfiniteData<Page, string>)),
    }),
    ...(keepsRows && { placeholderData: (before) => before }),
  });
  const { data, isError, hasNextPage, isFetching, fetchNextPage } = query;
  const rows = useMemo(() => rowsOf(data), [data]);
  const more = useCallback(() => void fetchNextPage(onlyNext), [fetchNextPage]);
  // a filter looks at a part of the rows at a time: a page can be empty and have a next one
  useEffect(() => {
    if (data && rows.length === 0 && hasNextPage && !isFetching && !isError) more();
  }, [data, rows.length, hasNextPage, isFetching, isError, more]);
  return { query, rows, more };
}

const rowsOf = <Page extends ReadPage<object>>(data: InfiniteData<Page, string> | undefined): Page['data'][number][] =>
  data?.pages.flatMap((page) => page.data) ?? [];
