// How the stores and the workers are, in one line.
import type { InstallationStatus } from '@posthorn/client';
import { PathLink } from '../../parts/PathLink.tsx';
import { Tag } from '../../parts/Status.tsx';
import { count, duration } from '../../words/format.ts';

const locale = 'en';

export function Health({ status: { postgres, temporal, workers, waiting } }: { status: InstallationStatus }) {
  const events = `${count(waiting.events, locale)}${waiting.atLeast ? '+' : ''}`;
  return (
    <div className="health">
      <Tag tone={postgres.latencyMs === null ? 'bad' : 'good'}>
        PostgreSQL {postgres.latencyMs === null ? 'does not answer' : duration(postgres.latencyMs, locale)}
      </Tag>
      <Tag tone={temporal.error === null ? 'good' : 'bad'}>
        Temporal {temporal.error !== null ? 'away' : temporal.latencyMs !== null && duration(temporal.latencyMs, locale)}
      </Tag>
      <Tag tone={workers > 0 ? 'good' : 'bad'}>
        {workers} {workers === 1 ? 'worker' : 'workers'}
      </Tag>
      <Tag tone="neutral">{events} in the outbox</Tag>
      <PathLink to="/status">Status of all parts</PathLink>
    </div>
  );
}
