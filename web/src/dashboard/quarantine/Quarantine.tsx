// Deliveries that failed inside Posthorn itself. Somebody removes the cause, and releases them.
import type { Delivery } from '@posthorn/client';
import { getRouteApi } from '@tanstack/react-router';
import { posthorn } from '../../api/client.ts';
import type { Changes } from '../../api/live.ts';
import { useLacks } from '../../api/use.ts';
import type { Column } from '../../parts/DataTable.tsx';
import { deliveryColumn } from '../../parts/delivery-column.tsx';
import { isAtTop } from '../../parts/live/use-at-top.ts';
import { useFresh } from '../../parts/live/use-fresh.ts';
import { Page } from '../../parts/Page.tsx';
import { PagedTable } from '../../parts/PagedTable.tsx';
import { Empty } from '../../parts/States.tsx';
import { Time } from '../../parts/Time.tsx';
import { SelectedDeliveries } from '../../parts/undelivered/SelectedDeliveries.tsx';
import { usePages } from '../../parts/use-pages.ts';
import { useSelection } from '../../parts/use-selection.ts';
import { ReleaseSelected } from './ReleaseSelected.tsx';

const route = getRouteApi('/quarantine');
const idOf = ({ id }: Delivery) => id;
const nameOf = ({ eventType, id }: Delivery) => `${eventType} ${id}`;

const columns: Column<Delivery>[] = [
  deliveryColumn(idOf),
  { id: 'tenant', header: 'Tenant', width: 'minmax(0, 0.7fr)', cell: ({ tenant }) => tenant },
  {
    id: 'message',
    header: 'What failed',
    inList: 'long',
    width: 'minmax(0, 2.5fr)',
    cell: ({ lastMessage }) => lastMessage ?? 'not known',
  },
  { id: 'faults', header: 'Times', isBare: true, width: '64px', cell: ({ faults }) => faults },
  { id: 'at', header: 'Since', isBare: true, width: '110px', cell: ({ updatedAt }) => <Time at={updatedAt} isDate /> },
];

const isAboutQuarantine = ({ deliveries }: Changes) => [...deliveries.values()].some(({ status }) => status === 'quarantined');

export function Quarantine() {
  const filter = route.useSearch();
  const because = useLacks('deliveries:act');
  useFresh([['deliveries', 'quarantined']], isAboutQuarantine, { mayRun: isAtTop });
  const list = usePages({
    queryKey: ['deliveries', 'quarantined', filter],
    read: (cursor, signal) => posthorn.deliveries.list({ ...filter, status: 'quarantined', limit: 100, ...cursor }, { signal }).page(),
  });
  const selection = useSelection(list.rows, idOf);
  return (
    <Page title="Quarantine">
      <p className="quiet">
        Ten attempts in a row failed inside Posthorn itself, so it stopped trying. Remove the cause, which the log names too, and then
        release them.
      </p>
      <PagedTable
        list={list}
        label="Deliveries in quarantine"
        columns={columns}
        idOf={idOf}
        nameOf={nameOf}
        selected={selection.selected}
        onSelect={selection.select}
        skeleton={6}
        empty={
          <Empty title="Nothing is in quarantine">
            <p>That is how it should be. An alert opens when something gets here.</p>
          </Empty>
        }
      />
      <SelectedDeliveries selection={selection} because={because}>
        {(done) => <ReleaseSelected selected={selection.selected} because={because} onDone={done} />}
      </SelectedDeliveries>
    </Page>
  );
}
