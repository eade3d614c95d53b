// The latest deliveries that are held in a lane.
import type { Delivery } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { posthorn } from '../../../api/client.ts';
import { type Column, DataTable } from '../../../parts/DataTable.tsx';
import { deliveryColumn } from '../../../parts/delivery-column.tsx';
import { restMs } from '../../../parts/live/use-fresh.ts';
import { Section } from '../../../parts/Page.tsx';
import { Problem, Skeleton } from '../../../parts/States.tsx';
import { Time } from '../../../parts/Time.tsx';

const shown = 10;

const idOf = ({ id }: Delivery) => id;

const columns: Column<Delivery>[] = [
  deliveryColumn(idOf),
  { id: 'attempts', header: 'Attempts', isBare: true, width: '80px', cell: ({ attempts }) => attempts },
  { id: 'message', header: 'What happened last', width: 'minmax(0, 2fr)', cell: ({ lastMessage }) => lastMessage ?? 'not attempted yet' },
  {
    id: 'next',
    header: 'Due',
    isBare: true,
    width: '110px',
    cell: ({ nextAttemptAt }) => (nextAttemptAt ? <Time at={nextAttemptAt} /> : '–'),
  },
  { id: 'created', header: 'Accepted', isBare: true, width: '110px', cell: ({ createdAt }) => <Time at={createdAt} /> },
];

export function HeldDeliveries({ endpoint }: { endpoint: string }) {
  const { data, error, refetch } = useQuery({
    queryKey: ['deliveries', { endpoint, status: ['held'], latest: true }],
    queryFn: ({ signal }) => posthorn.deliveries.list({ endpoint, status: 'held', limit: shown }, { signal }).page(),
    refetchInterval: restMs,
  });
  const all = (
    <Link to="/deliveries" search={{ endpoint, status: ['held'] }}>
      All held deliveries
    </Link>
  );
  return (
    <Section title="Latest held deliveries" actions={all}>
      {error && !data && <Problem error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton rows={shown} />}
      {data && data.data.length > 0 && <DataTable label="Latest held deliveries" rows={data.data} columns={columns} idOf={idOf} />}
    </Section>
  );
}
