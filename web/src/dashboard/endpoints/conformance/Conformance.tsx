// Checks the receiver behind an endpoint: the run, and the last report.
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { useLacks } from '../../../api/use.ts';
import { Button } from '../../../parts/Button.tsx';
import { Report } from '../../../parts/conformance/Report.tsx';
import { useConformance } from '../../../parts/conformance/use-conformance.ts';
import { Confirm } from '../../../parts/Dialog.tsx';
import { TextField } from '../../../parts/Field.tsx';
import { Section } from '../../../parts/Page.tsx';
import { Empty, Problem, Skeleton } from '../../../parts/States.tsx';
import { say } from '../../../parts/Toasts.tsx';
import { reportWords } from './words.ts';

const page = getRouteApi('/endpoints/$endpoint');

export function Conformance() {
  const { endpoint } = page.useParams();
  const because = useLacks('endpoints:write');
  const [isOpen, setIsOpen] = useState(false);
  const { last, run } = useConformance(endpoint, ({ score, passed }) =>
    say(`The receiver was checked: ${score} of 100.`, passed ? 'good' : 'bad'),
  );
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
      {last.error && <Problem error={last.error} onRetry={() => void last.refetch()} />}
      {last.isPending && <Skeleton rows={8} />}
      {last.data === null && !run.isPending && (
        <Empty title="Not checked yet">
          <p>A check sends correct, forged, late, repeated and large requests, and says what the receiver should change.</p>
        </Empty>
      )}
      {last.data && <Report report={last.data} words={reportWords} heading="h3" />}
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
