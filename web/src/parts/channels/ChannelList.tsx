// The alert channels that the reader may see, read page by page.
import type { AlertChannel } from '@posthorn/client';
import type { ReactNode } from 'react';
import { posthorn } from '../../api/client.ts';
import { useWords } from '../../words/words.tsx';
import { Button } from '../Button.tsx';
import { Problem, Skeleton } from '../States.tsx';
import { usePages } from '../use-pages.ts';
import '../entries.css';
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
  const { query, rows, more } = usePages({
    queryKey: ['alert-channels', tenant],
    read: (cursor, signal) => posthorn.alertChannels.list({ ...(tenant && { tenant }), limit: 50, ...cursor }, { signal }).page(),
  });
  const { data, error, isPending, hasNextPage, isFetchingNextPage, refetch } = query;
  return (
    <>
      {isPending && <Skeleton rows={4} />}
      {error && !data && <Problem error={error} onRetry={() => void refetch()} />}
      {data && rows.length === 0 && empty}
      {rows.length > 0 && <ul className="entries">{rows.map(children)}</ul>}
      {hasNextPage && (
        <Button onPress={more} isPending={isFetchingNextPage}>
          {words.loadMore}
        </Button>
      )}
    </>
  );
}
