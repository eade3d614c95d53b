// One delivery: where it stands and why, what happens next, every attempt.
import type { Attempt, Delivery, DeliveryExplanation } from '@posthorn/client';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo } from 'react';
import { AttemptList } from '../../parts/attempts/AttemptList.tsx';
import { useAttemptPages, useDelivery } from '../../parts/attempts/use-delivery.ts';
import { Button } from '../../parts/Button.tsx';
import { useCommands } from '../../parts/commands.ts';
import { Page, Section } from '../../parts/Page.tsx';
import { Problem, Skeleton } from '../../parts/States.tsx';
import { Status } from '../../parts/Status.tsx';
import { WithTimes } from '../../parts/WithTimes.tsx';
import { DeliveryFacts } from './DeliveryFacts.tsx';
import { Orders } from './Orders.tsx';
import { usePrinting } from './printing.ts';
import { WhatNext } from './WhatNext.tsx';
import './delivery.css';

const route = getRouteApi('/deliveries/$delivery');
const back = { to: '/deliveries', text: 'Deliveries' };

export function DeliveryPage() {
  const { delivery: id } = route.useParams();
  const { delivery, explanation } = useDelivery(id);
  const attempts = useAttemptPages(id);
  const pages = attempts.data?.pages;
  const all = useMemo(() => pages?.flatMap((page) => page.data) ?? [], [pages]);
  const printing = usePrinting(attempts);
  useCommands([{ id: 'print', text: 'Print', act: printing.print }]);
  const { data } = delivery;
  const told = explanation.data;
  const error = delivery.error ?? explanation.error ?? attempts.error;
  if (error && !data) {
    return (
      <Page title="Delivery" back={back}>
        <Problem error={error} onRetry={() => void delivery.refetch()} />
      </Page>
    );
  }
  const title = data ? `${data.eventType} → ${told?.host ?? data.endpoint}` : 'Delivery';
  const actions = data && told && (
    <>
      <Orders key={data.id} delivery={data} explanation={told} />
      <span className="delivery-print">
        <Button tone="quiet" onPress={printing.print} isPending={printing.isReading}>
          Print
        </Button>
      </span>
    </>
  );
  return (
    <Page title={title} back={back} actions={actions}>
      {data && told ? <Told delivery={data} explanation={told} /> : <Skeleton rows={3} />}
      {error && data && <Problem error={error} onRetry={() => void delivery.refetch()} />}
      {data && <DeliveryFacts delivery={data} host={told?.host} />}
      <Section title="Attempts">
        {attempts.isPending && <Skeleton rows={4} />}
        {attempts.data && <Attempts attempts={all} isPrinting={printing.isPrinting} />}
        {attempts.hasNextPage && (
          <Button isPending={attempts.isFetchingNextPage} onPress={() => void attempts.fetchNextPage()}>
            Load earlier attempts
          </Button>
        )}
      </Section>
    </Page>
  );
}

/** The sentence of the API, and what to do about it. */
function Told({ delivery, explanation }: { delivery: Delivery; explanation: DeliveryExplanation }) {
  const { message, advice, next } = explanation;
  return (
    <div className="delivery-told" aria-live="polite">
      <p>
        <Status status={delivery.status} /> <WithTimes text={message} />
      </p>
      {advice && <p className="quiet">{advice}</p>}
      <WhatNext next={next} />
    </div>
  );
}

/** The newest is open, unless the address names another, or none. */
function Attempts({ attempts, isPrinting }: { attempts: readonly Attempt[]; isPrinting: boolean }) {
  const { attempt } = route.useSearch();
  const navigate = route.useNavigate();
  const chosen = attempt ?? attempts[0]?.id ?? 'none';
  const open = useMemo(() => new Set(isPrinting ? attempts.map(({ id }) => id) : [chosen]), [attempts, chosen, isPrinting]);
  if (attempts.length === 0) return <p className="quiet">No attempt was made yet.</p>;
  const toggle = (id: string) => {
    void navigate({ search: { attempt: id === chosen ? 'none' : id }, replace: true, resetScroll: false });
  };
  return <AttemptList attempts={attempts} open={open} onToggle={toggle} />;
}
