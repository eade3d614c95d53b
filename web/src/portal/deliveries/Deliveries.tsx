// The deliveries of the tenant, newest first. The filters are in the address.
import type { Delivery } from '@posthorn/client';
import { useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo, useRef } from 'react';
import { posthorn } from '../../api/client.ts';
import { useChanges } from '../../api/live.ts';
import type { Column } from '../../parts/DataTable.tsx';
import { deliveryColumn } from '../../parts/delivery-column.tsx';
import { Page } from '../../parts/Page.tsx';
import { PagedTable } from '../../parts/PagedTable.tsx';
import { Sentence } from '../../parts/Sentence.tsx';
import { Empty } from '../../parts/States.tsx';
import { Status } from '../../parts/Status.tsx';
import { Time } from '../../parts/Time.tsx';
import { usePages } from '../../parts/use-pages.ts';
import { endingInGerman } from '../../words/german/outcomes.ts';
import { useTexts } from '../shell/words/language.tsx';
import { nameOfEndpoint, useEndpoints, useTenant } from '../tenant.ts';
import { Filters, NoneMatches } from './Filters.tsx';
import { deliveriesTexts } from './texts.ts';

const route = getRouteApi('/deliveries');
const idOf = ({ id }: Delivery) => id;
/** At most so often the list is read again because something has changed. */
const apartMs = 1_000;

export function Deliveries() {
  const texts = useTexts(deliveriesTexts);
  const [filter, tenant] = [route.useSearch(), useTenant()];
  const list = usePages({
    queryKey: ['deliveries', tenant, filter],
    read: (cursor, signal) => posthorn.deliveries.list({ ...filter, tenant, limit: 50, ...cursor }, { signal }).page(),
  });
  // somebody who has scrolled down reads old ones
  useReadAgain(list.query.data?.pages.length === 1);
  const columns = useColumns();
  const isFiltered = Object.keys(filter).length > 0;
  return (
    <Page title={texts.title}>
      {(list.rows.length > 0 || isFiltered) && <Filters filter={filter} />}
      <PagedTable
        list={list}
        label={texts.title}
        columns={columns}
        idOf={idOf}
        skeleton={12}
        empty={isFiltered ? <NoneMatches filter={filter} /> : <Empty title={texts.emptyTitle}>{texts.empty}</Empty>}
      />
    </Page>
  );
}

function useReadAgain(isAtTop: boolean): void {
  const queries = useQueryClient();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useChanges(({ deliveries, isReset }) => {
    if (!isAtTop || timer.current !== undefined || (deliveries.size === 0 && !isReset)) return;
    timer.current = setTimeout(() => {
      timer.current = undefined;
      void queries.invalidateQueries({ queryKey: ['deliveries'] });
    }, apartMs);
  });
}

function useColumns(): Column<Delivery>[] {
  const texts = useTexts(deliveriesTexts);
  const { data: endpoints } = useEndpoints();
  return useMemo(
    () => [
      { id: 'status', header: texts.status, width: '150px', cell: ({ status }) => <Status status={status} /> },
      deliveryColumn(idOf, texts.type),
      { id: 'endpoint', header: texts.endpoint, width: 'minmax(0, 1.5fr)', cell: ({ endpoint }) => nameOfEndpoint(endpoints, endpoint) },
      { id: 'last', header: texts.last, width: 'minmax(0, 1.5fr)', cell: (delivery) => <Last delivery={delivery} /> },
      { id: 'accepted', header: texts.accepted, width: '120px', cell: ({ createdAt }) => <Time at={createdAt} /> },
    ],
    [texts, endpoints],
  );
}

function Last({ delivery: { lastMessage, lastOutcome, lastStatus } }: { delivery: Delivery }) {
  return lastMessage !== null && <Sentence text={lastMessage} german={() => endingInGerman(lastOutcome, lastStatus)} />;
}
