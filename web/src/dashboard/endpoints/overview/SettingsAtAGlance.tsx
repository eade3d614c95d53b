// The settings of an endpoint that differ from the usual ones, and what it gets.
import type { Endpoint } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Facts, Section } from '../../../parts/Page.tsx';
import { Time } from '../../../parts/Time.tsx';
import { duration } from '../../../words/format.ts';
import { endpointQuery } from '../queries.ts';
import { retryText } from '../settings/texts.ts';

export function SettingsAtAGlance({ endpoint }: { endpoint: string }) {
  const { data } = useQuery(endpointQuery(endpoint));
  if (!data) return null;
  const change = (
    <Link to="/endpoints/$endpoint/settings" params={{ endpoint }}>
      Change
    </Link>
  );
  return (
    <Section title="Settings" actions={change}>
      <Facts facts={glance(data)} />
    </Section>
  );
}

function glance(endpoint: Endpoint): [string, ReactNode][] {
  const { eventTypes, channels, filter, rateLimit, ordering, batch, retry, timeoutMs, format, transform, createdAt, updatedAt } = endpoint;
  const { maxInFlight, coalesceMs, auth, tls } = endpoint;
  const set: [string, ReactNode | null][] = [
    ['Gets', eventTypes.length === 0 ? 'all event types' : eventTypes.join(', ')],
    ['Channels', channels.length === 0 ? null : channels.join(', ')],
    ['Filter', filter && <code key="filter">{JSON.stringify(filter)}</code>],
    ['Body', transform ? ('preset' in transform ? `for ${transform.preset}` : 'by a template') : format],
    ['Timeout', duration(timeoutMs, 'en')],
    ['Retries', retry ? retryText(retry) : 'the usual schedule'],
    ['Rate limit', rateLimit && `${rateLimit.perSecond.toLocaleString('en')}/s`],
    ['In flight, at most', maxInFlight],
    ['Order', ordering === 'none' ? null : ordering === 'key' ? 'for each ordering key' : 'all events'],
    ['Batches', batch && `up to ${batch.maxEvents.toLocaleString('en')} events`],
    ['Coalesces within', coalesceMs && duration(coalesceMs, 'en')],
    ['Logs in by', auth?.type ?? null],
    ['Client certificate', tls?.expiresAt ? <Time key="tls" at={tls.expiresAt} /> : null],
    ['Made', <Time key="made" at={createdAt} />],
    ['Changed', <Time key="changed" at={updatedAt} />],
  ];
  return set.filter((fact): fact is [string, ReactNode] => fact[1] !== null);
}
