// What happened last to a delivery, as lists show it: its last attempt, else what it waits for.
import type { DeliveryStatus } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import { posthorn } from '../api/client.ts';
import { useMay } from '../api/use.ts';
import './last-message.css';
import { WithTimes } from './WithTimes.tsx';

export interface LastMessageProps {
  endpoint: string;
  status: DeliveryStatus;
  lastMessage: string | null;
}

export function LastMessage({ endpoint, status, lastMessage }: LastMessageProps) {
  if (lastMessage !== null)
    return (
      <span className={`quiet${status === 'succeeded' ? ' last-accepted' : ''}`} title={lastMessage}>
        {lastMessage}
      </span>
    );
  if (status === 'held') return <LaneSays endpoint={endpoint} />;
  return status === 'pending' && <span className="quiet">Not attempted yet.</span>;
}

/** Lanes are read once for all rows of an endpoint. */
const everyMs = 30_000;

function LaneSays({ endpoint }: { endpoint: string }) {
  const { data } = useQuery({
    queryKey: ['endpoint', endpoint, 'lane'],
    queryFn: ({ signal }) => posthorn.endpoints.lane(endpoint, { signal }),
    staleTime: everyMs,
    refetchInterval: everyMs,
    enabled: useMay('endpoints:read'),
  });
  const message = data?.message ?? 'Waits in the lane of its endpoint.';
  return (
    <span className="quiet" title={message}>
      <WithTimes text={message} />
    </span>
  );
}
