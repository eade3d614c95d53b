// The alert channels that the reader may see, read page by page.
import type { AlertChannel } from '@posthorn/client';
import { useInfiniteQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { posthorn } from '../../api/client.ts';
import { useWords } from '../../words/words.tsx';
import { Button } from '../Button.tsx';
import { Problem, Skeleton } from '../States.tsx';
import './channels.css';

export interface ChannelListProps {
  /** Only of this tenant. */
  tenant?: string;
  /** In place of a list without channels. */
  empty: ReactNode;
  children: (channel: AlertChannel) => ReactNode;
}

export function ChannelList({ tenant, empty, children }: ChannelListProps) {
  const words = useWords();
  const { data, error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey: ['alert-channels', tenant],
    queryFn: ({ pageParam, signal }) =>
      posthorn.alertChannels.list({ ...(tenant && { tenant }), limit: 50, ...(pageParam && { cursor: pageParam }) }, { signal }).page(),
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });
  const channels = data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <>
      {isPending && <Skeleton rows={4} />}
      {error && !data && <Problem error={error} onRetry={() => void refetch()} />}
      {data && channels.length === 0 && empty}
      {channels.length > 0 && <ul className="channels">{channels.map(children)}</ul>}
      {hasNextPage && (
        <Button onPress={() => void fetchNextPage()} isPending={isFetchingNextPage}>
          {words.loadMore}
        </Button>
      )}
    </>
  );
}
