// The deliveries of the tenant, newest first. The filters are in the address.
import { type ChangedDelivery, type Delivery, PosthornProblem } from '@posthorn/client';
import { type InfiniteData, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { useChanges } from '../../api/live.ts';
import type { Column } from '../../parts/DataTable.tsx';
import { deliveryColumn } from '../../parts/delivery-column.tsx';
import { boundsOf } from '../../parts/filters/time-span.ts';
import { isAtTop } from '../../parts/live/use-at-top.ts';
import { restMs } from '../../parts/live/use-fresh.ts';
import { useThrottled } from '../../parts/live/use-throttled.ts';
import { Page } from '../../parts/Page.tsx';
import { PagedTable } from '../../parts/PagedTable.tsx';
import { Sentence } from '../../parts/Sentence.tsx';
import { Empty } from '../../parts/States.tsx';
import { Status } from '../../parts/Status.tsx';
import { isNarrowed } from '../../parts/search.ts';
import { Time } from '../../parts/Time.tsx';
import { type ReadPage, usePages } from '../../parts/use-pages.ts';
import { endingInGerman } from '../../words/german/outcomes.ts';
import { useTexts } from '../shell/words/language.tsx';
import { nameOfEndpoint, useEndpoints, useTenant } from '../tenant.ts';
import { Filters, NoneMatches } from './Filters.tsx';
import { deliveriesTexts } from './texts.ts';

const route = getRouteApi('/deliveries');
const idOf = ({ id }: Delivery) => id;
/** At most so often the list is read again because something has changed. */
const apartMs = 1_000;
/** A tall screen shows more than one page. */
const pagesAtTop = 2;

type Read = InfiniteData<ReadPage<Delivery>, string>;

export function Deliveries() {
  const texts = useTexts(deliveriesTexts);
  const [filter, tenant] = [route.useSearch(), useTenant()];
  const queryKey = useMemo(() => ['deliveries', tenant, filter], [tenant, filter]);
  const { within, since, until, ...others } = filter;
  const withMeanwhile = useCurrent(queryKey);
  const list = usePages({
    queryKey,
    withChanges: withMeanwhile,
    read: (cursor, signal) => {
      const bounds = boundsOf({ ...(within && { within }), ...(since && { since }), ...(until && { until }) }, Date.now());
      const page = posthorn.deliveries.list({ ...others, ...bounds, tenant, limit: 50, ...cursor }, { signal }).page();
      return others.event === undefined ? page : page.catch(noneOfUnknown);
    },
  });
  const columns = useColumns();
  const isFiltered = isNarrowed(filter);
  // who removes the last filter may be about to set another one, before the list is read
  const [wasFiltered, setWasFiltered] = useState(isFiltered);
  if (isFiltered && !wasFiltered) setWasFiltered(true);
  return (
    <Page title={texts.title}>
      {(list.rows.length > 0 || isFiltered || (wasFiltered && !list.query.data)) && <Filters filter={filter} />}
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

/** Of an event that there is not. */
function noneOfUnknown(error: unknown): ReadPage<Delivery> {
  if (error instanceof PosthornProblem && error.status === 404) return { data: [], nextCursor: null };
  throw error;
}

/**
 * Rows change where they are. New ones are read at the top, where they move nothing that somebody reads; also from time to time, in
 * case that the stream is away. Returns what puts the changes into what was read while they came.
 */
function useCurrent(queryKey: readonly unknown[]): (read: Read) => Read {
  const queries = useQueryClient();
  const meanwhile = useRef(new Map<string, ChangedDelivery>());
  const edit = (change: (data: Read) => Read) => queries.setQueryData<Read>(queryKey, (data) => data && change(data));
  const readNew = useThrottled(
    () => {
      edit(({ pages, pageParams }) => ({ pages: pages.slice(0, pagesAtTop), pageParams: pageParams.slice(0, pagesAtTop) }));
      return queries.invalidateQueries({ queryKey });
    },
    { everyMs: apartMs, mayRun: isAtTop },
  );
  useChanges(({ deliveries, isReset }) => {
    if (deliveries.size === 0 && !isReset) return;
    // what is being read may be older than these changes, and replaces the rows that have them
    if (queries.isFetching({ queryKey }) === 0) meanwhile.current.clear();
    else for (const [id, change] of deliveries) meanwhile.current.set(id, change);
    edit((data) => withChanges(data, deliveries));
    readNew();
  });
  useEffect(() => {
    const timer = setInterval(readNew, restMs);
    return () => clearInterval(timer);
  }, [readNew]);
  return useCallback((read) => withChanges(read, meanwhile.current), []);
}

const withChanges = ({ pages, pageParams }: Read, changes: ReadonlyMap<string, ChangedDelivery>): Read => ({
  pages: pages.map((page) => ({ ...page, data: page.data.map((row) => later(row, changes.get(row.id))) })),
  pageParams,
});

const later = (row: Delivery, change: ChangedDelivery | undefined): Delivery =>
  change && change.updatedAt > row.updatedAt ? { ...row, ...change } : row;

function useColumns(): Column<Delivery>[] {
  const texts = useTexts(deliveriesTexts);
  const { data: endpoints } = useEndpoints();
  return useMemo(
    () => [
      { id: 'status', header: texts.status, width: '150px', cell: ({ status }) => <Status status={status} /> },
      deliveryColumn(idOf, texts.type),
      {
        id: 'endpoint',
        header: texts.endpoint,
        inList: 'long',
        width: 'minmax(0, 1.5fr)',
        cell: ({ endpoint }) => nameOfEndpoint(endpoints, endpoint),
      },
      { id: 'last', header: texts.last, inList: 'long', width: 'minmax(0, 1.5fr)', cell: (delivery) => <Last delivery={delivery} /> },
      { id: 'accepted', header: texts.accepted, inList: 'corner', width: '120px', cell: ({ createdAt }) => <Time at={createdAt} /> },
    ],
    [texts, endpoints],
  );
}

function Last({ delivery: { lastMessage, lastOutcome, lastStatus } }: { delivery: Delivery }) {
  return lastMessage !== null && <Sentence text={lastMessage} german={() => endingInGerman(lastOutcome, lastStatus)} />;
}
