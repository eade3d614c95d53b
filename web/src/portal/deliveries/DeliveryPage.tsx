// One delivery: where it stands and why, what can be done, and every attempt.
import { PosthornProblem } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { posthorn } from '../../api/client.ts';
import { Id } from '../../parts/Copy.tsx';
import { Facts, Page } from '../../parts/Page.tsx';
import { Empty, Problem, Skeleton } from '../../parts/States.tsx';
import { Status } from '../../parts/Status.tsx';
import { Time } from '../../parts/Time.tsx';
import { useTexts } from '../shell/words/language.tsx';
import { nameOfEndpoint, useEndpoints } from '../tenant.ts';
import { deliveryTexts } from './texts.ts';

const route = getRouteApi('/deliveries/$delivery');

export function DeliveryPage() {
  const texts = useTexts(deliveryTexts);
  const { delivery: id } = route.useParams();
  const { data: endpoints } = useEndpoints();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['delivery', id],
    queryFn: ({ signal }) => posthorn.deliveries.get(id, { signal }),
  });
  const isMissing = error instanceof PosthornProblem && error.status === 404;
  return (
    <Page title={data?.eventType ?? texts.title}>
      <Link to="/deliveries">← {texts.back}</Link>
      {isPending && <Skeleton rows={8} />}
      {error && (isMissing ? <Empty title={texts.notFound} /> : <Problem error={error} onRetry={() => void refetch()} />)}
      {data && (
        <>
          <Status status={data.status} />
          <Facts
            facts={[
              [texts.event, <Id key="event" id={data.event} />],
              [texts.endpoint, nameOfEndpoint(endpoints, data.endpoint)],
              [texts.accepted, <Time key="accepted" at={data.createdAt} />],
            ]}
          />
        </>
      )}
    </Page>
  );
}
