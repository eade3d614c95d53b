// What one endpoint missed, oldest first, as its server fetches it.
import type { MissedDelivery } from '@posthorn/client';
import { useMemo } from 'react';
import { posthorn } from '../../api/client.ts';
import type { Column } from '../DataTable.tsx';
import { deliveryColumn } from '../delivery-column.tsx';
import { PagedTable } from '../PagedTable.tsx';
import { Empty } from '../States.tsx';
import { Status } from '../Status.tsx';
import { Time } from '../Time.tsx';
import { usePages } from '../use-pages.ts';
import { Acknowledge } from './Acknowledge.tsx';
import { missedKey } from './use-fresh-missed.ts';
import type { MissedWords } from './words.ts';

const pageSize = 100;
const idOf = ({ delivery }: MissedDelivery) => delivery;

export interface MissedListProps {
  endpoint: string;
  /** How many it missed, if that is known. */
  total: number | undefined;
  /** Must not change between renders without need. */
  words: MissedWords;
  /** Why they cannot be acknowledged. */
  because: string | undefined;
}

export function MissedList({ endpoint, total, words, because }: MissedListProps) {
  const list = usePages({
    queryKey: missedKey(endpoint),
    async read({ cursor }, signal) {
      const page = await posthorn.missed.list(endpoint, { limit: pageSize, ...(cursor && { after: cursor }) }, { signal });
      return { ...page, nextCursor: page.data.length < pageSize ? null : page.cursor };
    },
  });
  const columns = useMemo(() => columnsWith(words), [words]);
  const { data, hasNextPage } = list.query;
  const last = data?.pages.at(-1);
  const nothing = (
    <Empty title={words.noneTitle}>
      <p>{words.none}</p>
    </Empty>
  );
  return (
    <>
      {last && list.rows.length > 0 && (
        <Acknowledge
          endpoint={endpoint}
          words={words}
          because={because}
          cursor={last.cursor}
          count={list.rows.length}
          isAll={!hasNextPage && list.rows.length >= (total ?? 0)}
        />
      )}
      <PagedTable list={list} label={words.title} columns={columns} idOf={idOf} skeleton={6} empty={nothing} />
    </>
  );
}

const columnsWith = (words: MissedWords): Column<MissedDelivery>[] => [
  deliveryColumn(idOf, words.type),
  { id: 'event', header: words.event, width: 'minmax(0, 1.5fr)', cell: ({ event }) => <code>{event}</code> },
  { id: 'status', header: words.status, width: '170px', cell: ({ status }) => <Status status={status} /> },
  { id: 'accepted', header: words.accepted, width: '120px', cell: ({ acceptedAt }) => <Time at={acceptedAt} /> },
];
