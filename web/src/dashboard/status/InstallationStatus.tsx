// The status of the installation: its stores, workers, lanes and what waits.
import type { InstallationStatus as Read } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import { posthorn } from '../../api/client.ts';
import { Facts, Page, Section } from '../../parts/Page.tsx';
import { Problem, Skeleton } from '../../parts/States.tsx';
import { Tag } from '../../parts/Status.tsx';
import { Time } from '../../parts/Time.tsx';
import { count, duration } from '../../words/format.ts';
import { useWords } from '../../words/words.tsx';
import { Lanes } from './Lanes.tsx';
import { Workers } from './Workers.tsx';
import './status-page.css';

export function InstallationStatus() {
  const { data, error, refetch, dataUpdatedAt } = useQuery({
    queryKey: ['status'],
    queryFn: ({ signal }) => posthorn.status({ signal }),
    refetchInterval: 5_000,
  });
  return (
    <Page title="Status">
      {error && !data && <Problem error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton rows={14} />}
      {data && (
        <>
          <p className="status-first" role="status">
            {data.warnings.length === 0 ? (
              <Tag tone="good">All parts work.</Tag>
            ) : (
              data.warnings.map(({ code, message }) => (
                <Tag key={`${code} ${message}`} tone="bad">
                  {message}
                </Tag>
              ))
            )}
            <span className="quiet">
              Version {data.version}, as of <Time at={new Date(dataUpdatedAt).toISOString()} />
            </span>
          </p>
          <Stores status={data} />
          <Workers relays={data.relays} />
          <Intake status={data} />
          <Lanes status={data} />
        </>
      )}
    </Page>
  );
}

function Stores({ status: { postgres, temporal } }: { status: Read }) {
  const { locale } = useWords();
  const answers = (ms: number | null) => (ms === null ? 'does not answer' : `answers in ${duration(ms, locale)}`);
  const href = temporal.webUi !== null && /^https?:\/\//.test(temporal.webUi) ? temporal.webUi : null;
  return (
    <Section title="Stores">
      <Facts
        facts={[
          [
            'PostgreSQL',
            <Tag key="postgres" tone={postgres.latencyMs === null ? 'bad' : 'good'}>
              {answers(postgres.latencyMs)}
            </Tag>,
          ],
          ['Version of PostgreSQL', postgres.version],
          ['Connections to PostgreSQL', `${count(postgres.connections, locale)} of ${count(postgres.maxConnections, locale)}`],
          [
            'Temporal',
            <Tag key="temporal" tone={temporal.error === null ? 'good' : 'bad'}>
              {temporal.error ?? answers(temporal.latencyMs)}
            </Tag>,
          ],
          ['Namespace of Temporal', temporal.namespace],
          [
            'Temporal Web UI',
            href === null ? (
              'not configured'
            ) : (
              <a key="ui" href={href} target="_blank" rel="noreferrer">
                {href} ↗
              </a>
            ),
          ],
        ]}
      />
    </Section>
  );
}

function Intake({ status: { waiting, refusing } }: { status: Read }) {
  const { locale } = useWords();
  const refused = refusing.all
    ? 'The events of all tenants'
    : refusing.tenants > 0
      ? `The events of ${count(refusing.tenants, locale)} tenants`
      : null;
  return (
    <Section title="Events that wait">
      <Facts
        facts={[
          ['In the outbox, not dispatched yet', `${count(waiting.events, locale)}${waiting.atLeast ? ' or more' : ''}`],
          ['The oldest was accepted', waiting.oldestAt === null ? 'none waits' : <Time key="at" at={waiting.oldestAt} />],
          [
            'Refused, because too many wait',
            refused === null ? (
              'none'
            ) : (
              <Tag key="refused" tone="bad">
                {refused}
              </Tag>
            ),
          ],
        ]}
      />
    </Section>
  );
}
