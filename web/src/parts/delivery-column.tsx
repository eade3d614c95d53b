// The column that names the event type of a delivery and is the link of its row.
import type { Column } from './DataTable.tsx';
import { PathLink } from './PathLink.tsx';

/** @example deliveryColumn(({ id }: Delivery) => id) */
export function deliveryColumn<Row extends { eventType: string }>(deliveryOf: (row: Row) => string, header = 'Event type'): Column<Row> {
  return {
    id: 'type',
    header,
    width: 'minmax(0, 1fr)',
    cell: (row) => (
      <PathLink to={`/deliveries/${deliveryOf(row)}`} className="row-link">
        {row.eventType}
      </PathLink>
    ),
  };
}
