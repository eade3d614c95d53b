// The columns of the list of events.
import type { DeliveryStatus, ListedEvent } from '@posthorn/client';
import type { Column } from '../../parts/DataTable.tsx';
import { PathLink } from '../../parts/PathLink.tsx';
import { Tag, toneOf } from '../../parts/Status.tsx';
import { Time } from '../../parts/Time.tsx';
import { useWords } from '../../words/words.tsx';
import './events.css';

const all: Column<ListedEvent>[] = [
  {
    id: 'type',
    header: 'Event type',
    width: 'minmax(0, 1fr)',
    cell: ({ id, tenant, type }) => (
      <PathLink to={`/events/${encodeURIComponent(tenant)}/${encodeURIComponent(id)}`} className="row-link">
        {type}
      </PathLink>
    ),
  },
  { id: 'id', header: 'Id', width: 'minmax(0, 1.3fr)', cell: ({ id }) => <code>{id}</code> },
  { id: 'tenant', header: 'Tenant', width: 'minmax(0, 0.7fr)', cell: ({ tenant }) => tenant },
  { id: 'outcomes', header: 'Deliveries', width: 'minmax(0, 2fr)', cell: (event) => <Outcomes {...event} /> },
  { id: 'accepted', header: 'Accepted', inList: 'corner', width: '110px', cell: ({ acceptedAt }) => <Time at={acceptedAt} /> },
];

const withoutTenant = all.filter(({ id }) => id !== 'tenant');

/** Without what is the same in all rows. */
export const columnsFor = (tenant: string | undefined) => (tenant === undefined ? all : withoutTenant);

/** What needs somebody first, what is done last. */
const order: DeliveryStatus[] = ['dead_lettered', 'quarantined', 'retrying', 'held', 'pending', 'succeeded', 'cancelled', 'expired'];

function Outcomes({ deliveries, moreDeliveries, recalledAt, erasedAt }: ListedEvent) {
  const words = useWords();
  const found = order.flatMap((status) => {
    const number = deliveries[status] ?? 0;
    return number === 0 ? [] : [{ status, number }];
  });
  return (
    <span className="event-outcomes">
      {found.map(({ status, number }) => (
        <Tag key={status} tone={toneOf[status]}>
          {number.toLocaleString('en')} {words.status[status].toLowerCase()}
        </Tag>
      ))}
      {moreDeliveries && <span className="quiet">and more</span>}
      {found.length === 0 && <span className="quiet">none</span>}
      {recalledAt && <span className="quiet">recalled</span>}
      {erasedAt && <span className="quiet">erased</span>}
    </span>
  );
}
