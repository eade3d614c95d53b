// What the endpoints of the tenant missed: how much of each, and one of them event by event.
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { posthorn } from '../../api/client.ts';
import { Copy } from '../../parts/Copy.tsx';
import { Code } from '../../parts/Json.tsx';
import { restMs, useFresh } from '../../parts/live/use-fresh.ts';
import { MissedList } from '../../parts/missed/MissedList.tsx';
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
const often = { everyMs: 5_000 };

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
  useFresh([['undelivered'], ['missed']], ({ deliveries }) => deliveries.size > 0, often);
  const groups = data?.data ?? [];
  // with one there is no choice
  const { endpoint = groups.length === 1 ? groups[0]?.endpoint : undefined } = route.useSearch();
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
          linkTo={linkTo}
          actionOf={(group) => <ReplayFailed group={group} because={because} />}
        />
      )}
      {endpoint !== undefined && (
        <Section title={texts.missedBy(nameOfEndpoint(endpoints, endpoint))}>
          <MissedList key={endpoint} endpoint={endpoint} words={texts} because={because} />
        </Section>
      )}
      {endpoint !== undefined && <FetchThem endpoint={endpoint} />}
    </Page>
  );
}

const linkTo = (endpoint: string | undefined, look: LinkLook) => <Link to="/missed" search={endpoint ? { endpoint } : {}} {...look} />;

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
