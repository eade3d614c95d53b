// Counts what a selection would replay, says so, and starts the job when asked.
import type { NewReplay, Replay } from '@posthorn/client';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { useLacks } from '../../api/use.ts';
import { Button } from '../Button.tsx';
import { TextField } from '../Field.tsx';
import { Problem } from '../States.tsx';
import { say } from '../Toasts.tsx';
import { effectOf, paceIn } from './pace.ts';
import './count-and-start.css';

export type ReplaySelection = Omit<NewReplay, 'dryRun' | 'perSecond'>;

const usualPace = '50';

export interface CountAndStartProps {
  selection: ReplaySelection;
  onStarted: (job: Replay) => void;
  onClose: () => void;
}

export function CountAndStart({ selection, onStarted, onClose }: CountAndStartProps) {
  const [paceText, setPaceText] = useState(usualPace);
  const pace = paceIn(paceText);
  const because = useLacks('deliveries:act');
  const counted = useQuery({
    queryKey: ['replays', 'count', selection],
    queryFn: ({ signal }) => posthorn.replays.dryRun(selection, { signal }),
    gcTime: 0,
    enabled: because === undefined,
  });
  const start = useStart(selection);
  const show = (job: Replay) => {
    onClose();
    onStarted(job);
  };
  if (because) return <p>A replay {because}.</p>;
  if (counted.error) return <Problem error={counted.error} onRetry={() => void counted.refetch()} />;
  const isNothing = counted.data?.matched === 0;
  return (
    <form
      className="count-and-start"
      onSubmit={(event) => {
        event.preventDefault();
        // Enter in the field comes here also while there is no button
        if (pace !== null && counted.data && !isNothing && !start.isPending) start.mutate(pace, { onSuccess: show });
      }}
    >
      <p role="status" className="count-and-start-effect">
        {counted.data
          ? isNothing
            ? 'Nothing matches, so there is nothing to replay.'
            : effectOf(counted.data, pace ?? 0)
          : 'Counting what matches…'}
      </p>
      <TextField
        label="Deliveries a second"
        inputMode="decimal"
        value={paceText}
        onChange={(event) => setPaceText(event.target.value)}
        problem={pace === null ? 'must be a number from 0.01 to 1,000' : undefined}
        hint="You can change it while the job runs. What receivers have accepted before comes with the same webhook-id."
      />
      {start.error && <Problem error={start.error} />}
      <div className="dialog-actions">
        <Button onPress={onClose}>Cancel</Button>
        {counted.data && !isNothing && (
          <Button type="submit" tone="primary" isPending={start.isPending}>
            Replay {counted.data.matched.toLocaleString('en')}
          </Button>
        )}
      </div>
    </form>
  );
}

function useStart(selection: ReplaySelection) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (perSecond: number) => posthorn.replays.create({ ...selection, perSecond }),
    onSuccess: () => {
      say('The replay has begun.');
      void queries.invalidateQueries({ queryKey: ['replays'] });
    },
  });
}
