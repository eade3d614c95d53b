// What the endpoints of the tenant missed: how much of each, and one of them event by event.
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { Copy } from '../../parts/Copy.tsx';
import { Code } from '../../parts/Json.tsx';
import { restMs } from '../../parts/live/use-fresh.ts';
import { MissedList } from '../../parts/missed/MissedList.tsx';
import { useFreshMissed } from '../../parts/missed/use-fresh-missed.ts';
import { Page, Section } from '../../parts/Page.tsx';
import { Empty, Problem, Skeleton } from '../../parts/States.tsx';
import { EndpointGroups, type LinkLook } from '../../parts/undelivered/EndpointGroups.tsx';
import { useForbidden } from '../shared-words.ts';
import { useTexts } from '../shell/words/language.tsx';
import { nameOfEndpoint, useEndpoints, useTenant } from '../tenant.ts';
import { ReplayFailed } from './ReplayFailed.tsx';
import { missedTexts } from './texts.ts';
import './missed.css';

const route = getRouteApi('/missed');
const everyMs = 5_000;

export function Missed() {
  const texts = useTexts(missedTexts);
  const tenant = useTenant();
  const because = useForbidden('deliveries:act');
  const { data: endpoints } = useEndpoints();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['undelivered', tenant],
    queryFn: ({ signal }) => posthorn.deliveries.undelivered({ tenant }, { signal }),
    refetchInterval: restMs,
  });
  const groups = data?.data ?? [];
  // with one there is no choice; it stays when there are more, since somebody may be reading it
  const only = groups.length === 1 ? groups[0]?.endpoint : undefined;
  const [kept, setKept] = useState<string>();
  if (only !== undefined && only !== kept) setKept(only);
  const { endpoint = groups.length > 0 ? (only ?? kept) : undefined } = route.useSearch();
  useFreshMissed(endpoint, everyMs);
  const total = data?.complete ? groups.find((group) => group.endpoint === endpoint)?.count : undefined;
  const isNothing = data && groups.length === 0 && endpoint === undefined;
  return (
    <Page title={texts.title}>
      <p className="quiet missed-intro">{texts.intro}</p>
      {isPending && <Skeleton rows={6} />}
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {isNothing && endpoints?.length === 0 && <Empty title={texts.noEndpointsTitle}>{texts.noEndpoints}</Empty>}
      {isNothing && endpoints?.length !== 0 && <Empty title={texts.noneTitle}>{texts.noneOfAll}</Empty>}
      {data && groups.length > 0 && (
        <EndpointGroups
          groups={groups}
          isComplete={data.complete}
          shows="statuses"
          chosen={endpoint}
          linkTo={(to, look) => <Choice endpoint={to} look={look} onClick={() => setKept(undefined)} />}
          actionOf={(group) => <ReplayFailed group={group} because={because} />}
        />
      )}
      {endpoint !== undefined && (
        <Section title={texts.missedBy(nameOfEndpoint(endpoints, endpoint))}>
          <MissedList key={endpoint} endpoint={endpoint} total={total} words={texts} because={because} />
        </Section>
      )}
      {endpoint !== undefined && <FetchThem endpoint={endpoint} />}
    </Page>
  );
}

const Choice = ({ endpoint, look, onClick }: { endpoint: string | undefined; look: LinkLook; onClick: () => void }) => (
  <Link to="/missed" search={endpoint ? { endpoint } : {}} onClick={onClick} {...look} />
);

/** What a server does to have them without waiting for another attempt. */
function FetchThem({ endpoint }: { endpoint: string }) {
  const texts = useTexts(missedTexts);
  const code = [
    `curl -H "authorization: Bearer $API_KEY" '${location.origin}/v1/endpoints/${endpoint}/missed?include=body'`,
    `curl -X POST -H "authorization: Bearer $API_KEY" -H 'content-type: application/json' \\`,
    `  ${location.origin}/v1/endpoints/${endpoint}/missed/ack -d '{"cursor":"…"}'`,
  ].join('\n');
  return (
    <Section title={texts.fetch} actions={<Copy text={code} />}>
      <p className="quiet">{texts.fetchHint}</p>
      <Code text={code} label={texts.fetch} kind="text" />
    </Section>
  );
}
