// A page of a list can be empty and have a next one, while the API looks for something rare. Reads on until something is found.
import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

export interface SearchOn {
  isSearching: boolean;
  /** Present: nothing was found in this many pages; whoever wants may look further back. */
  goOn: (() => void) | null;
}

const pagesAtOnce = 60;

export function useSearchOn<Page>(query: UseInfiniteQueryResult<InfiniteData<Page, unknown>>, found: number): SearchOn {
  const { data, hasNextPage, isFetching, isError, fetchNextPage } = query;
  const [most, setMost] = useState(pagesAtOnce);
  const pages = data?.pages.length ?? 0;
  const isEmpty = data !== undefined && found === 0 && hasNextPage && !isError;
  const readsOn = isEmpty && pages < most;
  useEffect(() => {
    if (readsOn && !isFetching) void fetchNextPage();
  }, [readsOn, isFetching, fetchNextPage]);
  return { isSearching: readsOn, goOn: isEmpty && !readsOn ? () => setMost(pages + pagesAtOnce) : null };
}
