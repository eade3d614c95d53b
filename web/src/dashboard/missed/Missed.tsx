// Missed events, as the consumers of the endpoints can fetch them: which endpoints have some, and which they are.
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { posthorn } from '../../api/client.ts';
import { useLacks } from '../../api/use.ts';
import { restMs } from '../../parts/live/use-fresh.ts';
import { MissedList } from '../../parts/missed/MissedList.tsx';
import { useFreshMissed } from '../../parts/missed/use-fresh-missed.ts';
import { Page, Section } from '../../parts/Page.tsx';
import { Empty, Problem, Skeleton } from '../../parts/States.tsx';
import { EndpointGroups, type LinkLook } from '../../parts/undelivered/EndpointGroups.tsx';
import { missedWords } from './words.ts';

const route = getRouteApi('/missed');

export function Missed() {
  const { tenant, endpoint } = route.useSearch();
  const because = useLacks('deliveries:act');
  useFreshMissed(endpoint, 10_000);
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['undelivered', 'all', tenant],
    queryFn: ({ signal }) => posthorn.deliveries.undelivered({ ...(tenant && { tenant }) }, { signal }),
    refetchInterval: restMs,
  });
  const chosen = data?.data.find((group) => group.endpoint === endpoint);
  return (
    <Page title="Missed events">
      <p className="quiet">
        What endpoints should have accepted and have not. Posthorn goes on trying where it can; consumers can also fetch them, and
        acknowledge what they have.
      </p>
      {isPending && <Skeleton rows={6} />}
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {data?.data.length === 0 && (
        <Empty title="No endpoint misses anything">
          <p>Everything that was attempted has been delivered, cancelled, or acknowledged by its consumer.</p>
        </Empty>
      )}
      {data && data.data.length > 0 && (
        <EndpointGroups groups={data.data} isComplete={data.complete} shows="statuses" chosen={endpoint} linkTo={linkTo} />
      )}
      {endpoint && (
        <Section title={`Missed by ${chosen?.url ?? endpoint}`}>
          <MissedList
            key={endpoint}
            endpoint={endpoint}
            total={data?.complete ? chosen?.count : undefined}
            words={missedWords}
            because={because}
          />
        </Section>
      )}
    </Page>
  );
}

const linkTo = (endpoint: string | undefined, look: LinkLook) => (
  <Link to="/missed" search={({ endpoint: _, ...before }) => ({ ...before, ...(endpoint && { endpoint }) })} {...look} />
);
