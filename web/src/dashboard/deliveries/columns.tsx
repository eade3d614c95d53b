// The columns of the list of deliveries.
import type { Column } from '../../parts/DataTable.tsx';
import { deliveryColumn } from '../../parts/delivery-column.tsx';
import { EndpointName } from '../../parts/EndpointUrl.tsx';
import { LastMessage } from '../../parts/LastMessage.tsx';
import { timeOf } from '../../parts/live/live-rows.ts';
import { Status } from '../../parts/Status.tsx';
import { Time } from '../../parts/Time.tsx';
import type { ListedDelivery } from './use-deliveries.ts';

const all: Column<ListedDelivery>[] = [
  { id: 'status', header: 'Status', width: '190px', cell: (delivery) => <StatusCell {...delivery} /> },
  deliveryColumn(({ id }) => id),
  {
    id: 'endpoint',
    header: 'Endpoint',
    inList: 'long',
    width: 'minmax(0, 1.6fr)',
    cell: ({ host, endpoint }) => <EndpointName id={endpoint} host={host} />,
  },
  { id: 'tenant', header: 'Tenant', width: 'minmax(0, 0.7fr)', cell: ({ tenant }) => tenant },
  {
    id: 'message',
    header: 'What happened last',
    inList: 'long',
    width: 'minmax(0, 2fr)',
    cell: (delivery) => <LastMessage {...delivery} />,
  },
  {
    id: 'created',
    header: 'Accepted',
    inList: 'corner',
    width: '110px',
    cell: ({ id }) => <Time at={new Date(timeOf(id)).toISOString()} />,
  },
];

const withoutTenant = all.filter(({ id }) => id !== 'tenant');

/** Without what is the same in all rows. */
export const columnsFor = (tenant: string | undefined) => (tenant === undefined ? all : withoutTenant);

function StatusCell({ status, nextAttemptAt }: ListedDelivery) {
  const isSoon = nextAttemptAt !== null && (status === 'retrying' || status === 'pending');
  return (
    <Status
      status={status}
      more={
        isSoon && (
          <span className="quiet">
            {' '}
            <Time at={nextAttemptAt} />
          </span>
        )
      }
    />
  );
}
