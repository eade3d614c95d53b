// The lane of an endpoint: what waits and why, its circuit, its throttle and its order.
import type { Endpoint, Lane as LaneView } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Facts, Section } from '../../../parts/Page.tsx';
import { Problem, Skeleton } from '../../../parts/States.tsx';
import { Tag, type Tone } from '../../../parts/Status.tsx';
import { Time } from '../../../parts/Time.tsx';
import { count } from '../../../words/format.ts';
import { endpointQuery, laneQuery } from '../queries.ts';
import { HeldDeliveries } from './HeldDeliveries.tsx';
import { Order } from './Order.tsx';
import './lane.css';

const page = getRouteApi('/endpoints/$endpoint');

export function Lane() {
  const { endpoint: id } = page.useParams();
  const { data: endpoint } = useQuery(endpointQuery(id));
  const { data: lane, error, refetch } = useQuery(laneQuery(id));
  if (error && !lane) return <Problem error={error} onRetry={() => void refetch()} />;
  if (!lane || !endpoint) return <Skeleton rows={10} />;
  return (
    <>
      <Waiting lane={lane} endpoint={endpoint} />
      <div className="lane-columns">
        <Circuit lane={lane} />
        <Throttle lane={lane} endpoint={endpoint} />
      </div>
      {endpoint.ordering !== 'none' && <Order endpoint={endpoint} />}
      {lane.held > 0 && <HeldDeliveries endpoint={id} />}
    </>
  );
}

const states: Record<LaneView['state'], [Tone, string]> = {
  none: ['good', 'None'],
  awake: ['good', 'Sending'],
  idle: ['neutral', 'Idle'],
  blocked: ['warning', 'Waiting'],
};

const causes: Record<LaneView['reasons'][number], string> = {
  paused: 'a person has paused the endpoint',
  unverified: 'the endpoint has not agreed to receive events',
  disabled: 'the endpoint failed for too long, or answered 410',
  rate_limit: 'a rate limit paces its requests',
  ordering: 'its deliveries are sent in order',
  batch: 'its deliveries are sent in batches',
  coalesce: 'only the latest event of each coalesce key is sent',
  retry_after: 'it asked for a wait with Retry-After',
  cap: 'it gets more than may be in flight at once',
  failing: 'it keeps failing',
  backlog: 'earlier deliveries are sent first',
};

function Waiting({ lane, endpoint }: { lane: LaneView; endpoint: Endpoint }) {
  const [tone, text] = states[lane.state];
  const temporal = lane.temporalUrl && (
    <a href={lane.temporalUrl} target="_blank" rel="noreferrer" title={lane.workflowId ?? undefined}>
      Open in Temporal
    </a>
  );
  const facts: [string, ReactNode][] = [
    [
      'Lane',
      <Tag key="state" tone={tone}>
        {text}
      </Tag>,
    ],
    ['Held', `${lane.heldIsMore ? 'more than ' : ''}${count(lane.held, 'en')}`],
    ['Oldest held delivery', lane.oldestHeldAt ? <Time key="oldest" at={lane.oldestHeldAt} /> : 'none'],
    ['Next action', lane.dueAt ? <Time key="due" at={lane.dueAt} /> : lane.waitingFor ? 'when something changes' : 'now'],
    ...(endpoint.notBefore ? ([['Retry-After ends', <Time key="after" at={endpoint.notBefore} />]] as [string, ReactNode][]) : []),
    ['Workflow', temporal ?? lane.workflowId ?? 'none'],
  ];
  return (
    <Section title="What waits, and why">
      <Facts facts={facts} />
      {lane.reasons.length > 0 && (
        <p>
          It has a lane because {lane.reasons.map((reason) => causes[reason]).join(', and ')}.{' '}
          <Link to="/endpoints/$endpoint/settings" params={{ endpoint: lane.endpoint }}>
            Settings
          </Link>
        </p>
      )}
    </Section>
  );
}

function Circuit({ lane: { circuit, failingSince } }: { lane: LaneView }) {
  const isOpen = circuit.state === 'open';
  const facts: [string, ReactNode][] = [
    ...(failingSince ? ([['Accepts nothing since', <Time key="since" at={failingSince} isDate />]] as [string, ReactNode][]) : []),
    ...(isOpen ? ([['Probes refused', count(circuit.refusedProbes, 'en')]] as [string, ReactNode][]) : []),
    ...(circuit.probeAt ? ([['Next probe', <Time key="probe" at={circuit.probeAt} />]] as [string, ReactNode][]) : []),
  ];
  return (
    <Section title="Circuit">
      <p>
        <Tag tone={isOpen ? 'bad' : 'neutral'}>{isOpen ? 'Open: only probes are sent' : 'Closed: deliveries are sent'}</Tag>
      </p>
      {facts.length > 0 && <Facts facts={facts} />}
      <p className="quiet">
        {isOpen
          ? 'Three accepted probes close it. What is held is then sent slowly at first, and faster while it is accepted.'
          : 'Twenty failures in a row open it, or more than half of at least forty attempts in a minute.'}
      </p>
    </Section>
  );
}

function Throttle({ lane, endpoint }: { lane: LaneView; endpoint: Endpoint }) {
  const perSecond = (limit: LaneView['rateLimit']) => {
    if (!limit) return 'none';
    const burst = limit.burst === undefined ? '' : `, ${count(limit.burst, 'en')} at once`;
    return `${limit.perSecond.toLocaleString('en')}/s${burst}`;
  };
  return (
    <Section title="Throttle">
      <Facts
        facts={[
          ['May be in flight now', lane.allowance === null ? 'not throttled' : count(lane.allowance, 'en')],
          ['In flight, at most', endpoint.maxInFlight === null ? 'the usual limit' : count(endpoint.maxInFlight, 'en')],
          ['Rate limit', perSecond(lane.rateLimit)],
          ['Rate limit of the tenant', perSecond(lane.tenantRateLimit)],
        ]}
      />
      <p className="quiet">The lane begins with one request, doubles while they are accepted, and halves when one fails.</p>
    </Section>
  );
}
