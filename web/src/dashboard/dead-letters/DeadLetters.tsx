// Dead letters: by endpoint, one by one, and replayed together as a job.
import type { Undelivered, UndeliveredEndpoint } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { posthorn } from '../../api/client.ts';
import type { Changes } from '../../api/live.ts';
import { useLacks } from '../../api/use.ts';
import { Button } from '../../parts/Button.tsx';
import { isAtTop } from '../../parts/live/use-at-top.ts';
import { restMs, useFresh } from '../../parts/live/use-fresh.ts';
import { Page, Section } from '../../parts/Page.tsx';
import type { ReplaySelection } from '../../parts/replay/CountAndStart.tsx';
import { ReplaySheet } from '../../parts/replay/ReplaySheet.tsx';
import { Empty, Problem, Skeleton } from '../../parts/States.tsx';
import { EndpointGroups, type LinkLook } from '../../parts/undelivered/EndpointGroups.tsx';
import { sinceOf } from '../../parts/undelivered/span.ts';
import { plural } from '../../words/format.ts';
import { isNarrowed } from '../search.ts';
import { DeadLetterFilters } from './DeadLetterFilters.tsx';
import { DeadLetterList } from './DeadLetterList.tsx';
import type { DeadLettersSearch } from './routes.ts';

const route = getRouteApi('/dead-letters');
/** A dead letter that is replayed is in a later round. */
const isAboutDeadLetters = ({ deliveries }: Changes) =>
  [...deliveries.values()].some(({ status, round }) => status === 'dead_lettered' || status === 'cancelled' || round > 1);

interface Asked {
  title: string;
  selection: ReplaySelection;
}

export function DeadLetters() {
  const search = route.useSearch();
  const navigate = useNavigate();
  const [asked, setAsked] = useState<Asked | null>(null);
  const because = useLacks('deliveries:act');
  const { tenant, type } = search;
  useFresh([['undelivered']], isAboutDeadLetters, { everyMs: 10_000 });
  // further down, rows would move under the eyes of somebody who chooses some
  useFresh([['deliveries', 'dead_lettered']], isAboutDeadLetters, { mayRun: isAtTop });
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['undelivered', 'dead_lettered', tenant, type],
    queryFn: ({ signal }) =>
      posthorn.deliveries.undelivered({ status: 'dead_lettered', ...(tenant && { tenant }), ...(type && { type }) }, { signal }),
    refetchInterval: restMs,
  });
  const groups = data?.data;
  const urls = useMemo(() => new Map(groups?.map(({ endpoint, url }) => [endpoint, url ?? endpoint])), [groups]);
  return (
    <Page
      title="Dead letters"
      actions={
        groups &&
        groups.length > 0 && (
          <Button because={because} onPress={() => setAsked({ title: titleOf(search, urls), selection: selectionOf(search) })}>
            {isNarrowed(search) ? 'Replay all that match…' : 'Replay all…'}
          </Button>
        )
      }
    >
      <p className="quiet">{sentenceOf(groups)}</p>
      <DeadLetterFilters search={search} url={search.endpoint && (urls.get(search.endpoint) ?? search.endpoint)} />
      {isPending && <Skeleton rows={10} />}
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {groups?.length === 0 && !isNarrowed(search) && (
        <Empty title="No dead letters">
          <p>A delivery becomes a dead letter when its last attempt has failed. Then it is listed here, and can be replayed.</p>
        </Empty>
      )}
      {groups && (groups.length > 0 || isNarrowed(search)) && <Found data={data} search={search} urls={urls} onAsk={setAsked} />}
      <ReplaySheet
        title={asked?.title ?? ''}
        selection={asked?.selection ?? null}
        onClose={() => setAsked(null)}
        onStarted={({ id }) => void navigate({ to: '/replays/$replay', params: { replay: id } })}
      />
    </Page>
  );
}

interface FoundProps {
  data: Undelivered;
  search: DeadLettersSearch;
  urls: ReadonlyMap<string, string>;
  onAsk: (asked: Asked) => void;
}

function Found({ data: { data: groups, complete }, search, urls, onAsk }: FoundProps) {
  const because = useLacks('deliveries:act');
  const askFor = ({ endpoint, url }: UndeliveredEndpoint) =>
    onAsk({ title: `Replay the dead letters of ${url}`, selection: selectionOf({ ...search, endpoint }) });
  return (
    <>
      {groups.length > 0 && (
        <Section title="By endpoint">
          <EndpointGroups
            groups={groups}
            isComplete={complete}
            shows="outcomes"
            chosen={search.endpoint}
            linkTo={linkTo}
            actionOf={(group) =>
              group.url !== null && (
                <Button because={because} onPress={() => askFor(group)}>
                  Replay…
                </Button>
              )
            }
          />
        </Section>
      )}
      <Section title="One by one">
        <DeadLetterList
          search={search}
          urls={urls}
          onReplay={(deliveries) => onAsk({ title: 'Replay the selected dead letters', selection: { deliveries } })}
        />
      </Section>
    </>
  );
}

const linkTo = (endpoint: string | undefined, look: LinkLook) => (
  <Link to="/dead-letters" search={({ endpoint: _, ...before }) => ({ ...before, ...(endpoint && { endpoint }) })} {...look} />
);

function sentenceOf(groups: UndeliveredEndpoint[] | undefined): string {
  if (!groups) return 'Deliveries whose last attempt has failed. Nothing more is sent until somebody replays them.';
  const total = groups.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return '';
  return `${plural(total, 'delivery has', 'deliveries have')} failed for good, to ${plural(groups.length, 'endpoint', 'endpoints')}. Nothing more is sent until somebody replays them.`;
}

function titleOf({ endpoint }: DeadLettersSearch, urls: ReadonlyMap<string, string>): string {
  return endpoint === undefined ? 'Replay dead letters' : `Replay the dead letters of ${urls.get(endpoint) ?? endpoint}`;
}

function selectionOf({ tenant, endpoint, type, within }: DeadLettersSearch): ReplaySelection {
  return {
    status: ['dead_lettered'],
    since: sinceOf(within),
    ...(tenant && { tenant }),
    ...(endpoint && { endpoint }),
    ...(type && { types: [type] }),
  };
}
