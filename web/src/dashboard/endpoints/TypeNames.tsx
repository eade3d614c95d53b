// The event types of the catalogue, to choose from: for a field that takes any type.
import type { EventTypeSummary } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { posthorn } from '../../api/client.ts';

const mostShown = 8;
const mostRead = 250;

/** The types in the catalogue; at most 250. */
export function useTypeSummaries(): EventTypeSummary[] {
  const { data } = useQuery({
    queryKey: ['event-types', 'names'],
    queryFn: ({ signal }) => posthorn.eventTypes.list({ limit: mostRead }, { signal }).page(),
    staleTime: 60_000,
  });
  return data?.data ?? [];
}

export const useTypeNames = (): string[] => useTypeSummaries().map(({ name }) => name);

/** `children` gets what the catalogue has, as a sentence; nothing if it is empty. */
export function TypeNames({ children }: { children: (list: ReactNode) => ReactNode }) {
  const names = useTypeNames();
  if (names.length === 0) return children(null);
  const more = names.length - mostShown;
  return children(
    <span>
      {' '}
      In the catalogue: {names.slice(0, mostShown).join(', ')}
      {more > 0 && ` and ${more.toLocaleString('en')} more`}.
    </span>,
  );
}
