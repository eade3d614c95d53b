// Checks the receiver behind an endpoint: the run, and the last report.
import type { ConformanceReport } from '@posthorn/client';
import { PosthornProblem } from '@posthorn/client';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { posthorn } from '../../../api/client.ts';
import { useLacks } from '../../../api/use.ts';
import { Button } from '../../../parts/Button.tsx';
import { Confirm } from '../../../parts/Dialog.tsx';
import { TextField } from '../../../parts/Field.tsx';
import { Section } from '../../../parts/Page.tsx';
import { Empty, Problem, Skeleton } from '../../../parts/States.tsx';
import { say } from '../../../parts/Toasts.tsx';
import { ConformanceResult } from './ConformanceResult.tsx';

const page = getRouteApi('/endpoints/$endpoint');

export function Conformance() {
  const { endpoint } = page.useParams();
  const because = useLacks('endpoints:write');
  const [isOpen, setIsOpen] = useState(false);
  const queries = useQueryClient();
  const report = useQuery({
    queryKey: ['endpoint', endpoint, 'conformance'],
    queryFn: ({ signal }) => lastReport(endpoint, signal),
  });
  const run = useMutation({
    mutationFn: (eventType: string) => posthorn.endpoints.checkConformance(endpoint, eventType === '' ? {} : { eventType }),
    onSuccess: (made) => {
      queries.setQueryData(['endpoint', endpoint, 'conformance'], made);
      say(`The receiver was checked: ${made.score} of 100.`, made.passed ? 'good' : 'bad');
    },
  });
  const start = (eventType: string) => {
    setIsOpen(false);
    run.mutate(eventType);
  };
  const check = (
    <Button tone="primary" because={because} isPending={run.isPending} onPress={() => setIsOpen(true)}>
      {run.isPending ? 'Checking; this takes up to a minute…' : 'Check the receiver'}
    </Button>
  );
  return (
    <Section title="Conformance of the receiver" actions={check}>
      {run.error && <Problem error={run.error} />}
      {report.error && <Problem error={report.error} onRetry={() => void report.refetch()} />}
      {report.isPending && <Skeleton rows={8} />}
      {report.data === null && !run.isPending && (
        <Empty title="Not checked yet">
          <p>A check sends correct, forged, late, repeated and large requests, and says what the receiver should change.</p>
        </Empty>
      )}
      {report.data && <ConformanceResult report={report.data} />}
      <RunDialog isOpen={isOpen} onClose={() => setIsOpen(false)} onRun={start} />
    </Section>
  );
}

interface RunDialogProps {
  isOpen: boolean;
  onClose: () => void;
  onRun: (eventType: string) => void;
}

function RunDialog({ isOpen, onClose, onRun }: RunDialogProps) {
  const [eventType, setEventType] = useState('');
  return (
    <Confirm
      title="Check the receiver?"
      isOpen={isOpen}
      onClose={onClose}
      effect={
        <>
          <p>
            Sends about 30 requests to the endpoint within a minute, correct and incorrect ones. All are marked as tests. They are no
            deliveries, and change neither health nor circuit.
          </p>
          <TextField
            label="Event type"
            value={eventType}
            hint="One that the receiver knows. Empty: the first exact type that the endpoint subscribes to."
            onChange={({ target }) => setEventType(target.value)}
          />
        </>
      }
      action="Send the requests"
      onConfirm={() => onRun(eventType.trim())}
    />
  );
}

/** Null: there is none yet. */
async function lastReport(endpoint: string, signal: AbortSignal): Promise<ConformanceReport | null> {
  try {
    return await posthorn.endpoints.conformance(endpoint, { signal });
  } catch (error) {
    if (error instanceof PosthornProblem && error.status === 404) return null;
    throw error;
  }
}
