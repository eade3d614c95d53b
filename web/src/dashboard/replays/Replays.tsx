// Replay jobs, newest first.
import type { Replay } from '@posthorn/client';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { useLacks } from '../../api/use.ts';
import { Button } from '../../parts/Button.tsx';
import type { Column } from '../../parts/DataTable.tsx';
import { Page } from '../../parts/Page.tsx';
import { PagedTable } from '../../parts/PagedTable.tsx';
import { Empty } from '../../parts/States.tsx';
import { Time } from '../../parts/Time.tsx';
import { usePages } from '../../parts/use-pages.ts';
import { JobStatus } from './JobState.tsx';
import { NewReplay } from './NewReplay.tsx';
import { Subject } from './Subject.tsx';
import { kindsOf, resultsOf } from './sentences.ts';

const route = getRouteApi('/replays');
const openMs = 2_000;
const isOpen = ({ status }: Replay) => status === 'counting' || status === 'running';
const number = (value: number) => value.toLocaleString('en');

const columns: Column<Replay>[] = [
  { id: 'status', header: 'Status', width: '150px', cell: (job) => <JobStatus job={job} /> },
  {
    id: 'what',
    header: 'What',
    width: 'minmax(0, 2fr)',
    cell: (job) => (
      <Link to="/replays/$replay" params={{ replay: job.id }} className="row-link">
        <Subject job={job} />
      </Link>
    ),
  },
  { id: 'done', header: 'Replayed', isBare: true, width: '120px', cell: ({ done, matched }) => `${number(done)} of ${number(matched)}` },
  { id: 'results', header: 'Results', width: 'minmax(0, 1fr)', cell: (job) => resultsOf(job).join(' · ') },
  { id: 'by', header: 'By', width: 'minmax(0, 0.7fr)', cell: ({ createdBy }) => createdBy },
  { id: 'created', header: 'Started', inList: 'corner', width: '110px', cell: ({ createdAt }) => <Time at={createdAt} /> },
];
const idOf = ({ id }: Replay) => id;
const nameOf = (job: Replay) => kindsOf(job);

export function Replays() {
  const filter = route.useSearch();
  const because = useLacks('deliveries:act');
  const [isMaking, setIsMaking] = useState(false);
  const jobs = usePages({
    queryKey: ['replays', filter],
    read: (cursor, signal) => posthorn.replays.list({ ...filter, limit: 50, ...cursor }, { signal }).page(),
    everyMs: (rows) => (rows.some(isOpen) ? openMs : false),
  });
  return (
    <Page
      title="Replays"
      actions={
        <Button because={because} onPress={() => setIsMaking(true)}>
          New replay…
        </Button>
      }
    >
      <PagedTable list={jobs} label="Replay jobs" columns={columns} idOf={idOf} nameOf={nameOf} skeleton={6} empty={<NoJobs />} />
      <NewReplay isOpen={isMaking} onClose={() => setIsMaking(false)} />
    </Page>
  );
}

function NoJobs() {
  return (
    <Empty title="No replay jobs">
      <p>
        A replay job delivers again what was not delivered, at a pace that the endpoint can bear. Select{' '}
        <Link to="/dead-letters">dead letters</Link>, or start one with “New replay”.
      </p>
    </Empty>
  );
}
