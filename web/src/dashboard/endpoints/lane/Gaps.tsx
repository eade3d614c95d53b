// The sequence numbers of an order: the last sent and accepted, and those that were never accepted.
import { useQuery } from '@tanstack/react-query';
import { posthorn } from '../../../api/client.ts';
import { restMs } from '../../../parts/live/use-fresh.ts';
import { Facts } from '../../../parts/Page.tsx';
import { Problem, Skeleton } from '../../../parts/States.tsx';
import { count } from '../../../words/format.ts';

export function Gaps({ endpoint, orderingKey }: { endpoint: string; orderingKey: string | null }) {
  const { data, error, refetch } = useQuery({
    queryKey: ['endpoint', endpoint, 'sequence', orderingKey],
    queryFn: ({ signal }) => posthorn.endpoints.sequence(endpoint, orderingKey ?? undefined, { signal }),
    refetchInterval: restMs,
  });
  if (error && !data) return <Problem error={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton rows={2} />;
  const { lastSent, lastAccepted, nextOffered, gaps } = data;
  const number = (value: number | null) => (value === null ? 'none yet' : count(value, 'en'));
  return (
    <div>
      <h3>{orderingKey === null ? 'Sequence numbers' : `Sequence numbers of ${orderingKey}`}</h3>
      <Facts
        facts={[
          ['Last sent', number(lastSent)],
          ['Last accepted', number(lastAccepted)],
          ['Next', number(nextOffered)],
          ['Gaps', gaps.length === 0 ? 'none' : count(gaps.length, 'en')],
        ]}
      />
      {gaps.length > 0 && (
        <p className="quiet lane-gaps">
          Never accepted: {gaps.join(', ')}. A gap is a dead letter that was skipped, or a delivery that was cancelled after an attempt.
        </p>
      )}
    </div>
  );
}
