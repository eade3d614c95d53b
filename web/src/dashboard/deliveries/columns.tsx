// The columns of the list of deliveries.
import type { Column } from '../../parts/DataTable.tsx';
import { deliveryColumn } from '../../parts/delivery-column.tsx';
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
    width: 'minmax(0, 1.2fr)',
    cell: ({ host, endpoint }) => <span title={endpoint}>{host || endpoint}</span>,
  },
  { id: 'tenant', header: 'Tenant', width: 'minmax(0, 0.7fr)', cell: ({ tenant }) => tenant },
  {
    id: 'message',
    header: 'What happened last',
    width: 'minmax(0, 2fr)',
    cell: ({ lastMessage }) => <span className="quiet">{lastMessage}</span>,
  },
  { id: 'created', header: 'Accepted', width: '110px', cell: ({ id }) => <Time at={new Date(timeOf(id)).toISOString()} /> },
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
