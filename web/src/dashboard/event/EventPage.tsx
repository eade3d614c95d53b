// One event: to which endpoints it goes, why not to the others, and its data.
import { getRouteApi, Link } from '@tanstack/react-router';
import { type ReactNode, useMemo } from 'react';
import { Button } from '../../parts/Button.tsx';
import { Copy, Id } from '../../parts/Copy.tsx';
import { indented } from '../../parts/indent-json.ts';
import { Code } from '../../parts/Json.tsx';
import { Facts, Page, Section } from '../../parts/Page.tsx';
import { Problem, Skeleton } from '../../parts/States.tsx';
import { Time } from '../../parts/Time.tsx';
import { FanOutGraph } from './FanOutGraph.tsx';
import { FanOutTable } from './FanOutTable.tsx';
import { sentenceOf, type Way, waysOf } from './fan-out.ts';
import { Recall } from './Recall.tsx';
import { type EventInFull, useEvent } from './use-event.ts';
import './event.css';

const route = getRouteApi('/events/$tenant/$event');

export function EventPage() {
  const params = route.useParams();
  const { event, explanations, names } = useEvent(params.tenant, params.event);
  const [data, told] = [event.data, explanations.data];
  const ways = useMemo(() => data && told && waysOf(told, data.deliveries, names), [data, told, names]);
  const error = event.error ?? explanations.error;
  return (
    <Page
      title={data ? `${data.type}, event` : 'Event'}
      heading={data?.type}
      back={{ to: '/events', text: 'Events' }}
      actions={data && ways && <Recall event={data} ways={ways} />}
    >
      {error && <Problem error={error} onRetry={() => void Promise.all([event.refetch(), explanations.refetch()])} />}
      {data && <About event={data} />}
      {(!error || ways) && (
        <Section title="Endpoints">
          {ways && data ? <FanOut type={data.type} ways={ways} hasMore={data.moreEndpoints} /> : <Skeleton rows={6} />}
        </Section>
      )}
      {data && <Data event={data} />}
    </Page>
  );
}

function About({ event }: { event: EventInFull }) {
  const time = (at: string | null) => at && <Time at={at} />;
  const facts: [string, ReactNode][] = [
    ['Event', <Id key="id" id={event.id} />],
    [
      'Tenant',
      <Link key="tenant" to="/tenants/$tenant" params={{ tenant: event.tenant }}>
        {event.tenant}
      </Link>,
    ],
    ['Accepted', time(event.acceptedAt)],
    ['Timestamp', time(event.timestamp)],
    ['Version', event.version],
    ['Channels', event.channels.join(', ')],
    ['Ordering key', event.orderingKey],
    ['Coalescing key', event.coalesceKey],
    ['Sent from', time(event.deliverAt)],
    ['Expires', time(event.expiresAt)],
    ['Recalled', time(event.recalledAt)],
    ['Content erased', time(event.erasedAt)],
  ];
  return <Facts facts={facts.filter(([, value]) => value !== null && value !== '')} />;
}

const shows = [
  ['all', 'All'],
  ['sent', 'It goes to'],
  ['not', 'It does not go to'],
] as const;

function FanOut({ type, ways, hasMore }: { type: string; ways: readonly Way[]; hasMore: boolean }) {
  const { show = 'all' } = route.useSearch();
  const navigate = route.useNavigate();
  const matching = (which: (typeof shows)[number][0]) => ways.filter(({ isSent }) => which === 'all' || isSent === (which === 'sent'));
  const shown = matching(show);
  return (
    <>
      <p aria-live="polite">{sentenceOf(ways)}</p>
      {hasMore && <p className="quiet">The tenant has more than 1,000 endpoints: these are the first 1,000.</p>}
      <FanOutGraph type={type} ways={ways} />
      <div className="event-shows">
        {shows.map(([which, text]) => (
          <Button
            key={which}
            tone={which === show ? 'plain' : 'quiet'}
            aria-pressed={which === show}
            onPress={() => void navigate({ search: { ...(which !== 'all' && { show: which }) }, replace: true, resetScroll: false })}
          >
            {text} ({matching(which).length.toLocaleString('en')})
          </Button>
        ))}
      </div>
      {shown.length === 0 ? <p className="quiet">None.</p> : <FanOutTable ways={shown} />}
    </>
  );
}

function Data({ event: { dataText, erasedAt } }: { event: EventInFull }) {
  return (
    <Section title="Data" actions={erasedAt === null && <Copy text={dataText} what="the data" />}>
      {erasedAt === null ? <Code text={indented(dataText)} label="Data of the event" /> : <p className="quiet">It was erased.</p>}
    </Section>
  );
}
