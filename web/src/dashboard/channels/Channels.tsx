// Alert channels: who is told of alerts, with a test whose result is shown at once.
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { useLacks } from '../../api/use.ts';
import { Button } from '../../parts/Button.tsx';
import { Page } from '../../parts/Page.tsx';
import { Empty, Problem, Skeleton } from '../../parts/States.tsx';
import { ChannelItem } from './ChannelItem.tsx';
import { ChannelSheet } from './ChannelSheet.tsx';
import './channels.css';

export function Channels() {
  const because = useLacks('endpoints:write');
  const [isAdding, setIsAdding] = useState(false);
  const add = (
    <Button tone="primary" onPress={() => setIsAdding(true)} because={because}>
      Add a channel
    </Button>
  );
  return (
    <Page title="Channels" actions={add}>
      <p className="quiet">A channel is told when an alert opens, and when it closes. Channels of the operator are told of all alerts.</p>
      <ChannelList />
      {isAdding && <ChannelSheet onClose={() => setIsAdding(false)} />}
    </Page>
  );
}

function ChannelList() {
  const { data, error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey: ['alert-channels'],
    queryFn: ({ pageParam, signal }) =>
      posthorn.alertChannels.list({ limit: 50, ...(pageParam && { cursor: pageParam }) }, { signal }).page(),
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });
  const channels = data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <>
      {isPending && <Skeleton rows={4} />}
      {error && !data && <Problem error={error} onRetry={() => void refetch()} />}
      {data && channels.length === 0 && (
        <Empty title="Nobody is told yet">
          <p>Add an address, so that you hear of a problem before your customers do.</p>
        </Empty>
      )}
      {channels.length > 0 && (
        <ul className="channels">
          {channels.map((channel) => (
            <ChannelItem key={channel.id} channel={channel} />
          ))}
        </ul>
      )}
      {hasNextPage && (
        <Button onPress={() => void fetchNextPage()} isPending={isFetchingNextPage}>
          Load more
        </Button>
      )}
    </>
  );
}
