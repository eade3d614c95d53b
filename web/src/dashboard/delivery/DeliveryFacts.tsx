// What a delivery is about, with links to its event, its endpoint and its workflow.
import type { Delivery } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { posthorn } from '../../api/client.ts';
import { useMay } from '../../api/use.ts';
import { nameOfUrl } from '../../parts/attempts/name-of-url.ts';
import { Clamped } from '../../parts/Clamped.tsx';
import { Id } from '../../parts/Copy.tsx';
import { Facts } from '../../parts/Page.tsx';
import { Time } from '../../parts/Time.tsx';

export function DeliveryFacts({ delivery, host }: { delivery: Delivery; host: string | undefined }) {
  const { id, event, eventType, tenant, endpoint, createdAt, updatedAt, round, sequence, batch, faults } = delivery;
  const facts: ([string, ReactNode] | false)[] = [
    ['Delivery', <Id key="id" id={id} />],
    [
      'Event',
      <Link key="event" to="/events/$tenant/$event" params={{ tenant, event }}>
        {eventType}, <code>{event}</code>
      </Link>,
    ],
    ['Endpoint', <EndpointLink key="endpoint" endpoint={endpoint} host={host} />],
    [
      'Tenant',
      <Link key="tenant" to="/tenants/$tenant" params={{ tenant }}>
        {tenant}
      </Link>,
    ],
    ['Accepted', <Time key="created" at={createdAt} />],
    ['Changed', <Time key="updated" at={updatedAt} />],
    round > 1 && ['Round', `${round}: it was replayed`],
    sequence !== null && ['Number in its order', sequence.toLocaleString('en')],
    batch !== null && ['Batch', <Id key="batch" id={batch} />],
    faults > 0 && ['Failures inside Posthorn', faults],
    ['Workflow', <Workflow key="workflow" delivery={delivery} />],
  ];
  return <Facts facts={facts.filter((one) => one !== false)} />;
}

function EndpointLink({ endpoint, host }: { endpoint: string; host: string | undefined }) {
  const { data } = useQuery({
    queryKey: ['endpoint', endpoint],
    queryFn: ({ signal }) => posthorn.endpoints.get(endpoint, { signal }),
    enabled: useMay('endpoints:read'),
  });
  return (
    <Clamped>
      <Link to="/endpoints/$endpoint" params={{ endpoint }} title={endpoint}>
        {data ? nameOfUrl(data.url) : (host ?? endpoint)}
      </Link>
      {data?.description && <span className="quiet"> {data.description}</span>}
    </Clamped>
  );
}

function Workflow({ delivery: { workflowId, temporalUrl } }: { delivery: Delivery }) {
  if (workflowId === null) return <span className="quiet">none: relays make its attempts</span>;
  if (temporalUrl === null) return <Id id={workflowId} />;
  return (
    <a href={temporalUrl} target="_blank" rel="noreferrer">
      <code>{workflowId}</code> in the Temporal Web UI ↗
    </a>
  );
}
