// What the endpoints of the tenant missed, endpoint by endpoint.
import { getRouteApi } from '@tanstack/react-router';
import { Copy } from '../../parts/Copy.tsx';
import { Select } from '../../parts/Field.tsx';
import { Code } from '../../parts/Json.tsx';
import { MissedList } from '../../parts/missed/MissedList.tsx';
import { Page, Section } from '../../parts/Page.tsx';
import { Empty, Problem, Skeleton } from '../../parts/States.tsx';
import { EndpointOptions } from '../EndpointOptions.tsx';
import { useForbidden } from '../shared-words.ts';
import { useTexts } from '../shell/words/language.tsx';
import { useEndpoints } from '../tenant.ts';
import { missedTexts } from './texts.ts';
import './missed.css';

const route = getRouteApi('/missed');

export function Missed() {
  const texts = useTexts(missedTexts);
  const because = useForbidden('deliveries:act');
  const navigate = route.useNavigate();
  const { data: endpoints, error, isPending, isFetching, refetch } = useEndpoints();
  const { endpoint = endpoints?.[0]?.id } = route.useSearch();
  return (
    <Page title={texts.title}>
      <p className="quiet missed-intro">{texts.intro}</p>
      {isPending && isFetching && <Skeleton rows={6} />}
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {endpoints?.length === 0 && <Empty title={texts.noEndpointsTitle}>{texts.noEndpoints}</Empty>}
      {endpoints && endpoints.length > 0 && (
        <div className="missed-choice">
          <Select label={texts.endpoint} value={endpoint} onChange={({ target }) => void navigate({ search: { endpoint: target.value } })}>
            <EndpointOptions endpoints={endpoints} />
          </Select>
        </div>
      )}
      {endpoint !== undefined && <MissedList key={endpoint} endpoint={endpoint} words={texts} because={because} />}
      {endpoint !== undefined && <FetchThem endpoint={endpoint} />}
    </Page>
  );
}

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
