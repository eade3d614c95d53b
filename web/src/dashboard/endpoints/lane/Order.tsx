// The order of an endpoint: what goes next in each queue, what blocks it, and which sequence numbers are missing.
import type { Endpoint, LaneQueue } from '@posthorn/client';
import { useMemo, useState } from 'react';
import { posthorn } from '../../../api/client.ts';
import { Button } from '../../../parts/Button.tsx';
import type { Column } from '../../../parts/DataTable.tsx';
import { restMs } from '../../../parts/live/use-fresh.ts';
import { Section } from '../../../parts/Page.tsx';
import { PagedTable } from '../../../parts/PagedTable.tsx';
import { PathLink } from '../../../parts/PathLink.tsx';
import { Tag } from '../../../parts/Status.tsx';
import { Time } from '../../../parts/Time.tsx';
import { usePages } from '../../../parts/use-pages.ts';
import { count } from '../../../words/format.ts';
import { Gaps } from './Gaps.tsx';
import { SkipHead } from './SkipHead.tsx';

const idOf = ({ orderingKey }: LaneQueue) => orderingKey ?? '';

export function Order({ endpoint }: { endpoint: Endpoint }) {
  const byKey = endpoint.ordering === 'key';
  const [skipped, setSkipped] = useState<LaneQueue | null>(null);
  const [shownKey, setShownKey] = useState<string | null>(null);
  const queues = usePages({
    queryKey: ['endpoint', endpoint.id, 'queues'],
    async read({ cursor }, signal) {
      const page = await posthorn.endpoints.queues(endpoint.id, cursor, { signal });
      return { data: page.data, nextCursor: page.nextAfter };
    },
    everyMs: restMs,
  });
  const columns = useMemo(() => columnsOf(byKey, setSkipped, setShownKey), [byKey]);
  return (
    <Section title="Order">
      <div className="lane-order">
        <p className="quiet">
          {byKey ? 'One request at a time for each ordering key.' : 'One request at a time, in the order of acceptance.'}{' '}
          {endpoint.onDeadLetter === 'block'
            ? 'A dead letter blocks those after it until it is replayed, cancelled or skipped.'
            : 'After a dead letter the order goes on.'}
        </p>
        <PagedTable
          list={queues}
          label="Queues"
          columns={columns}
          idOf={idOf}
          skeleton={4}
          empty={<p className="quiet">No ordering key has a delivery that waits or is blocked.</p>}
        />
        {(!byKey || shownKey !== null) && <Gaps endpoint={endpoint.id} orderingKey={shownKey} />}
      </div>
      {skipped && <SkipHead endpoint={endpoint.id} queue={skipped} onClose={() => setSkipped(null)} />}
    </Section>
  );
}

function columnsOf(byKey: boolean, skip: (queue: LaneQueue) => void, show: (key: string) => void): Column<LaneQueue>[] {
  const key: Column<LaneQueue> = {
    id: 'key',
    header: 'Ordering key',
    width: 'minmax(0, 1.5fr)',
    cell: ({ orderingKey }) =>
      orderingKey !== null && (
        <span className="lane-key">
          <Button tone="quiet" onPress={() => show(orderingKey)} aria-label={`Sequence of ${orderingKey}`}>
            {orderingKey}
          </Button>
        </span>
      ),
  };
  return [
    ...(byKey ? [key] : []),
    {
      id: 'held',
      header: 'Waiting',
      isBare: true,
      width: '80px',
      cell: ({ held, heldIsMore }) => `${count(held, 'en')}${heldIsMore ? '+' : ''}`,
    },
    {
      id: 'head',
      header: 'Goes next',
      isBare: true,
      width: 'minmax(0, 2fr)',
      cell: ({ head }) => (head ? <Head head={head} /> : <span className="quiet">none waits</span>),
    },
    {
      id: 'blocked',
      header: 'Blocked by',
      isBare: true,
      width: 'minmax(0, 2fr)',
      cell: (queue) =>
        queue.blockedBy === null ? (
          <span className="quiet">–</span>
        ) : (
          <>
            <Tag tone="bad">
              <PathLink to={`/deliveries/${queue.blockedBy}`}>a dead letter</PathLink>
            </Tag>{' '}
            <Button tone="quiet" onPress={() => skip(queue)}>
              Skip it
            </Button>
          </>
        ),
    },
  ];
}

function Head({ head: { delivery, attempts, sequence, nextAttemptAt } }: { head: NonNullable<LaneQueue['head']> }) {
  return (
    <>
      <PathLink to={`/deliveries/${delivery}`}>
        {sequence === null ? 'a delivery without a number' : `number ${count(sequence, 'en')}`}
      </PathLink>
      <span className="quiet">
        {' '}
        · {attempts} {attempts === 1 ? 'attempt' : 'attempts'}
        {nextAttemptAt && (
          <>
            , due <Time at={nextAttemptAt} />
          </>
        )}
      </span>
    </>
  );
}
