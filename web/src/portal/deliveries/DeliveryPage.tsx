// One delivery: where it stands and why, what can be done, and every attempt.
import { type Delivery, type DeliveryExplanation, PosthornProblem } from '@posthorn/client';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { AttemptList } from '../../parts/attempts/AttemptList.tsx';
import { useAttemptPages, useDelivery } from '../../parts/attempts/use-delivery.ts';
import { Button } from '../../parts/Button.tsx';
import { Id } from '../../parts/Copy.tsx';
import { Facts, Page, Section } from '../../parts/Page.tsx';
import { Sentence } from '../../parts/Sentence.tsx';
import { Empty, Problem, Skeleton } from '../../parts/States.tsx';
import { Status } from '../../parts/Status.tsx';
import { Time } from '../../parts/Time.tsx';
import { explainedAdviceInGerman, messageInGerman } from '../../words/german/explanation.ts';
import { useTexts } from '../shell/words/language.tsx';
import { nameOfEndpoint, useEndpoints } from '../tenant.ts';
import { Orders } from './Orders.tsx';
import { deliveryTexts } from './texts.ts';
import { WhatNext } from './WhatNext.tsx';
import './delivery.css';

const route = getRouteApi('/deliveries/$delivery');

export function DeliveryPage() {
  const texts = useTexts(deliveryTexts);
  const { delivery: id } = route.useParams();
  const { delivery, explanation } = useDelivery(id);
  const [data, told] = [delivery.data, explanation.data];
  const error = delivery.error ?? explanation.error;
  const isMissing = error instanceof PosthornProblem && error.status === 404;
  const title = data ? `${data.eventType} → ${told?.host ?? ''}` : texts.title;
  return (
    <Page
      title={title}
      back={{ to: '/deliveries', text: texts.back }}
      actions={data && told && <Orders delivery={data} explanation={told} />}
    >
      {delivery.isPending && <Skeleton rows={8} />}
      {error && (isMissing ? <Empty title={texts.notFound} /> : <Problem error={error} onRetry={() => void delivery.refetch()} />)}
      {data && told && <Told delivery={data} explanation={told} />}
      {data && <About delivery={data} />}
      {data && <Attempts delivery={id} />}
    </Page>
  );
}

/** The sentence of the API, and what to do about it. */
function Told({ delivery, explanation }: { delivery: Delivery; explanation: DeliveryExplanation }) {
  const { message, advice, next } = explanation;
  return (
    <div className="delivery-told" aria-live="polite">
      <p className="delivery-state">
        <Status status={delivery.status} />
        <Sentence text={message} german={() => messageInGerman(explanation)} />
      </p>
      {advice && (
        <p className="quiet">
          <Sentence text={advice} german={() => explainedAdviceInGerman(explanation)} />
        </p>
      )}
      <WhatNext next={next} />
    </div>
  );
}

function About({ delivery: { event, endpoint, createdAt, sequence } }: { delivery: Delivery }) {
  const texts = useTexts(deliveryTexts);
  const { data: endpoints } = useEndpoints();
  const name = nameOfEndpoint(endpoints, endpoint);
  const isThere = endpoints?.some(({ id }) => id === endpoint);
  return (
    <Facts
      facts={[
        [texts.event, <Id key="event" id={event} />],
        [texts.endpoint, isThere ? <EndpointLink key="endpoint" id={endpoint} name={name} /> : name],
        [texts.accepted, <Time key="accepted" at={createdAt} />],
        ...(sequence === null ? [] : [[texts.sequence, sequence] as [string, number]]),
      ]}
    />
  );
}

const EndpointLink = ({ id, name }: { id: string; name: string }) => (
  <Link to="/endpoints/$endpoint" params={{ endpoint: id }}>
    {name}
  </Link>
);

/** The newest is open, unless the user opens another, or none. */
function Attempts({ delivery }: { delivery: string }) {
  const texts = useTexts(deliveryTexts);
  const { data, isPending, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useAttemptPages(delivery);
  const attempts = useMemo(() => data?.pages.flatMap((page) => page.data) ?? [], [data]);
  const [chosen, setChosen] = useState<string>();
  const open = chosen ?? attempts[0]?.id ?? '';
  return (
    <Section title={texts.attempts}>
      {isPending && <Skeleton rows={4} />}
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {!isPending && !error && attempts.length === 0 && <p className="quiet">{texts.noAttempt}</p>}
      {attempts.length > 0 && (
        <AttemptList attempts={attempts} open={new Set([open])} onToggle={(id) => setChosen(id === open ? 'none' : id)} />
      )}
      {hasNextPage && (
        <Button isPending={isFetchingNextPage} onPress={() => void fetchNextPage()}>
          {texts.earlier}
        </Button>
      )}
    </Section>
  );
}
