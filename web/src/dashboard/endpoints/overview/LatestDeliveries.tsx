// The last deliveries of an endpoint, with links to all of them.
import type { Delivery } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { posthorn } from '../../../api/client.ts';
import { type Column, DataTable } from '../../../parts/DataTable.tsx';
import { deliveryColumn } from '../../../parts/delivery-column.tsx';
import { LastMessage } from '../../../parts/LastMessage.tsx';
import { restMs } from '../../../parts/live/use-fresh.ts';
import { Section } from '../../../parts/Page.tsx';
import { Problem, Skeleton } from '../../../parts/States.tsx';
import { Status } from '../../../parts/Status.tsx';
import { Time } from '../../../parts/Time.tsx';

const shown = 8;

const idOf = ({ id }: Delivery) => id;

const columns: Column<Delivery>[] = [
  { id: 'status', header: 'Status', width: '140px', cell: ({ status }) => <Status status={status} /> },
  deliveryColumn(idOf),
  {
    id: 'message',
    header: 'What happened last',
    inList: 'long',
    width: 'minmax(0, 2fr)',
    cell: (delivery) => <LastMessage {...delivery} />,
  },
  { id: 'created', header: 'Accepted', inList: 'corner', width: '110px', cell: ({ createdAt }) => <Time at={createdAt} /> },
];

export function LatestDeliveries({ endpoint }: { endpoint: string }) {
  const { data, error, refetch } = useQuery({
    queryKey: ['deliveries', { endpoint, latest: true }],
    queryFn: ({ signal }) => posthorn.deliveries.list({ endpoint, limit: shown }, { signal }).page(),
    refetchInterval: restMs,
  });
  const all = (
    <Link to="/deliveries" search={{ endpoint }}>
      All deliveries
    </Link>
  );
  return (
    <Section title="Last deliveries" actions={all}>
      {error && !data && <Problem error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton rows={shown} />}
      {data?.data.length === 0 && (
        <p className="quiet">None yet. Send a test event, or an event of a type that this endpoint subscribes to.</p>
      )}
      {data && data.data.length > 0 && <DataTable label="Last deliveries" rows={data.data} columns={columns} idOf={idOf} />}
    </Section>
  );
}
