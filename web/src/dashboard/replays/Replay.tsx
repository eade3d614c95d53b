// One replay job: how far it is, what became of it, and its orders.
import type { Replay as Job } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Clamped } from '../../parts/Clamped.tsx';
import { Id } from '../../parts/Copy.tsx';
import { EndpointUrl } from '../../parts/EndpointUrl.tsx';
import { Facts, Page, Section } from '../../parts/Page.tsx';
import { PathLink } from '../../parts/PathLink.tsx';
import { Problem, Skeleton } from '../../parts/States.tsx';
import { Time } from '../../parts/Time.tsx';
import { duration } from '../../words/format.ts';
import { JobActions, Pace } from './JobOrders.tsx';
import { JobBar, JobStatus } from './JobState.tsx';
import { jobQuery } from './job-query.ts';
import { Subject } from './Subject.tsx';
import { kindsOf, progressOf, refusedOnes, refusedSearchOf } from './sentences.ts';

const route = getRouteApi('/replays/$replay');
const pollMs = 1_000;
const restMs = 10_000;

export function Replay() {
  const { replay } = route.useParams();
  const {
    data: job,
    error,
    isPending,
    refetch,
  } = useQuery({
    ...jobQuery(replay),
    refetchInterval: ({ state: { data } }) =>
      data === undefined ? false : isMoving(data) ? pollMs : data.endedAt === null ? restMs : false,
  });
  return (
    <Page
      title={job ? `Replay of ${kindsOf(job)}` : 'Replay'}
      heading={
        job && (
          <>
            Replay of <Subject job={job} />
          </>
        )
      }
      back={{ to: '/replays', text: 'Replays' }}
      actions={job && <JobActions job={job} />}
    >
      {isPending && <Skeleton rows={6} />}
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {job && <Details job={job} />}
    </Page>
  );
}

const isMoving = ({ status }: Job) => status === 'counting' || status === 'running';

function Details({ job }: { job: Job }) {
  return (
    <>
      <p className="job-sentence" role="status">
        <JobStatus job={job} />
        <span>
          {progressOf(job)} {restOf(job)}
        </span>
      </p>
      <JobBar job={job} />
      {job.failed > 0 && (
        <p>
          <PathLink to="/deliveries" search={refusedSearchOf(job)}>
            Refused deliveries
          </PathLink>
        </p>
      )}
      {job.error && <p className="field-problem">{job.error} Resume tries again.</p>}
      {job.endedAt === null && <Pace job={job} />}
      <Section title="What it replays">
        <Facts facts={factsOf(job)} />
      </Section>
    </>
  );
}

/** What happens next. */
function restOf(job: Job): string {
  const { status, rate, estimatedEndAt, waiting } = job;
  if (status === 'running' && estimatedEndAt !== null) {
    const left = Date.parse(estimatedEndAt) - Date.now();
    const speed = rate === null ? '' : `${rate.toLocaleString('en', { maximumFractionDigits: 1 })} a second now. `;
    return left > 1_000 ? `${speed}All are replayed in about ${duration(left, 'en')}.` : `${speed}The last results are awaited.`;
  }
  if (status === 'paused') return 'Nothing is sent until it is resumed.';
  if (status !== 'done') return '';
  return [refusedOnes(job), waiting > 0 ? 'Waiting ones are sent when they can be.' : ''].filter(Boolean).join(' ');
}

const tenantLink = (tenant: string) => (
  <PathLink key="tenant" to={`/tenants/${tenant}`}>
    {tenant}
  </PathLink>
);
const endpointLink = (id: string) => (
  <Clamped key="endpoint">
    <PathLink to={`/endpoints/${id}`}>
      <EndpointUrl id={id} />
    </PathLink>
  </Clamped>
);

function factsOf(job: Job): [string, ReactNode][] {
  const { selection, tenant, endpoint, createdAt, createdBy, endedAt, temporalUrl, workflowId } = job;
  return [
    ['Job', <Id key="job" id={job.id} />],
    ['Tenant', tenant ? tenantLink(tenant) : 'all'],
    ['Endpoint', endpoint ? endpointLink(endpoint) : 'all'],
    ['Event types', selection.types.length > 0 ? selection.types.join(', ') : 'all'],
    ['Accepted from', <Time key="since" at={selection.since} isDate />],
    ['Accepted before', <Time key="until" at={selection.until} isDate />],
    ['Subscribed', selection.target === 'frozen' ? 'as the endpoint was then' : 'what the endpoint wants now'],
    ['Started', <Time key="created" at={createdAt} />],
    ['Started by', createdBy],
    ...(endedAt ? [['Ended', <Time key="ended" at={endedAt} />] satisfies [string, ReactNode]] : []),
    [
      'Workflow',
      temporalUrl ? (
        <a key="workflow" href={temporalUrl} target="_blank" rel="noreferrer">
          {workflowId} ↗
        </a>
      ) : (
        <code key="workflow">{workflowId}</code>
      ),
    ],
  ];
}
