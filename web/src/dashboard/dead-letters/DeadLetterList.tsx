// Dead letters one by one, newest first. Selected ones are replayed together as a job, or cancelled.
import type { Delivery } from '@posthorn/client';
import { useMemo } from 'react';
import { posthorn } from '../../api/client.ts';
import { useLacks } from '../../api/use.ts';
import { Button } from '../../parts/Button.tsx';
import { useCommands } from '../../parts/commands.ts';
import type { Column } from '../../parts/DataTable.tsx';
import { deliveryColumn } from '../../parts/delivery-column.tsx';
import { PagedTable } from '../../parts/PagedTable.tsx';
import { Empty } from '../../parts/States.tsx';
import { Time } from '../../parts/Time.tsx';
import { SelectedDeliveries, tooManyForJob } from '../../parts/undelivered/SelectedDeliveries.tsx';
import { sinceOf } from '../../parts/undelivered/span.ts';
import { usePages } from '../../parts/use-pages.ts';
import { useSelection } from '../../parts/use-selection.ts';
import type { DeadLettersSearch } from './routes.ts';

const idOf = ({ id }: Delivery) => id;
const nameOf = ({ eventType, id }: Delivery) => `${eventType} ${id}`;

const columnsWith = (urls: ReadonlyMap<string, string>): Column<Delivery>[] => [
  deliveryColumn(idOf),
  { id: 'tenant', header: 'Tenant', width: 'minmax(0, 0.7fr)', cell: ({ tenant }) => tenant },
  { id: 'endpoint', header: 'Endpoint', inList: 'long', width: 'minmax(0, 1.5fr)', cell: ({ endpoint }) => urls.get(endpoint) ?? endpoint },
  { id: 'message', header: 'What happened last', inList: 'long', width: 'minmax(0, 2fr)', cell: ({ lastMessage }) => lastMessage },
  { id: 'attempts', header: 'Attempts', isBare: true, width: '76px', cell: ({ attempts }) => attempts },
  { id: 'at', header: 'Failed', inList: 'corner', width: '110px', cell: ({ updatedAt }) => <Time at={updatedAt} /> },
];

export interface DeadLetterListProps {
  search: DeadLettersSearch;
  /** Of endpoints, by their ids. */
  urls: ReadonlyMap<string, string>;
  onReplay: (deliveries: string[]) => void;
}

function useDeadLetters(search: DeadLettersSearch) {
  const { within, ...filter } = search;
  return usePages({
    queryKey: ['deliveries', 'dead_lettered', search],
    read: (cursor, signal) =>
      posthorn.deliveries
        .list({ ...filter, status: 'dead_lettered', limit: 100, ...(within && { since: sinceOf(within) }), ...cursor }, { signal })
        .page(),
  });
}

export function DeadLetterList({ search, urls, onReplay }: DeadLetterListProps) {
  const list = useDeadLetters(search);
  const selection = useSelection(list.rows, idOf);
  const { selected, select } = selection;
  const columns = useMemo(() => columnsWith(urls), [urls]);
  const because = useLacks('deliveries:act');
  const tooMany = tooManyForJob(selected);
  const whyNot = because ?? (tooMany && `${tooMany}; use the filters`);
  const replay = () => onReplay([...selected]);
  const none = selected.size === 0 ? 'select some first' : undefined;
  useCommands([{ id: 'replay', text: 'Replay the selected ones', keys: 'r', because: whyNot ?? none, act: replay }]);
  return (
    <>
      <PagedTable
        list={list}
        label="Dead letters"
        columns={columns}
        idOf={idOf}
        nameOf={nameOf}
        selected={selected}
        onSelect={select}
        skeleton={8}
        empty={<Empty title="Nothing matches these filters" />}
      />
      <SelectedDeliveries selection={selection} because={because}>
        {() => (
          <Button tone="primary" because={whyNot} onPress={replay}>
            Replay…
          </Button>
        )}
      </SelectedDeliveries>
    </>
  );
}
