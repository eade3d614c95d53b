// The orders that a replay job takes: pause, resume, cancel, and another pace.
import type { Replay } from '@posthorn/client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { saveTyped } from '../../api/save-typed.ts';
import { useLacks } from '../../api/use.ts';
import { Button } from '../../parts/Button.tsx';
import { Confirm } from '../../parts/Dialog.tsx';
import { TextField } from '../../parts/Field.tsx';
import { paceIn } from '../../parts/replay/pace.ts';
import { Problem } from '../../parts/States.tsx';
import { say } from '../../parts/Toasts.tsx';
import { useTyped } from '../../parts/use-typed.ts';
import { plural } from '../../words/format.ts';
import { jobQuery } from './job-query.ts';
import './job-state.css';

const orders = {
  pause: ['counting', 'running'],
  resume: ['paused', 'failed'],
  cancel: ['counting', 'running', 'paused', 'failed'],
} satisfies Record<string, Replay['status'][]>;
type Order = keyof typeof orders;

const obeyed: Record<Order, string> = {
  pause: 'Paused. What was due within a second is still sent.',
  resume: 'Resumed: the job goes on where it was.',
  cancel: 'Cancelled. What it has replayed stays replayed.',
};
const allows = (order: Order, status: Replay['status']) => (orders[order] as Replay['status'][]).includes(status);

function useOrder(job: Replay) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (order: Order) => posthorn.replays[order](job.id),
    onSuccess: (after, order) => {
      queries.setQueryData(jobQuery(job.id).queryKey, after);
      say(obeyed[order]);
    },
    onError: (error) => say(error.message, 'bad'),
    onSettled: () => queries.invalidateQueries({ queryKey: ['replays'] }),
  });
}

export function JobActions({ job }: { job: Replay }) {
  const because = useLacks('deliveries:act');
  const order = useOrder(job);
  const [isAsking, setIsAsking] = useState(false);
  const { status, matched, done } = job;
  const isUnderWay = (one: Order) => order.isPending && order.variables === one;
  return (
    <>
      {allows('pause', status) && (
        <Button because={because} onPress={() => order.mutate('pause')} isPending={isUnderWay('pause')}>
          Pause
        </Button>
      )}
      {allows('resume', status) && (
        <Button because={because} tone="primary" onPress={() => order.mutate('resume')} isPending={isUnderWay('resume')}>
          Resume
        </Button>
      )}
      {allows('cancel', status) && (
        <Button because={because} tone="danger" onPress={() => setIsAsking(true)} isPending={isUnderWay('cancel')}>
          Cancel…
        </Button>
      )}
      <Confirm
        title="Cancel this replay"
        isOpen={isAsking}
        onClose={() => setIsAsking(false)}
        effect={`Ends the job. ${plural(done, 'delivery stays', 'deliveries stay')} replayed; the other ${(matched - done).toLocaleString('en')} are left as they are. It cannot be resumed.`}
        action="Cancel the replay"
        isDangerous
        onConfirm={() => {
          setIsAsking(false);
          order.mutate('cancel');
        }}
      />
    </>
  );
}

/** Shows the pace, and changes it. */
export function Pace({ job }: { job: Replay }) {
  const queries = useQueryClient();
  const because = useLacks('deliveries:act');
  const form = useTyped({ pace: String(job.perSecond) });
  const pace = paceIn(form.draft.pace);
  const change = useMutation({
    mutationFn: ({ perSecond }: { perSecond: number; sent: typeof form.draft }) =>
      saveTyped({
        read: () => queries.fetchQuery({ ...jobQuery(job.id), staleTime: 0 }),
        isOvertakenBy: (now) => form.isOvertakenBy({ pace: String(now.perSecond) }),
        save: (_, options) => posthorn.replays.setPace(job.id, perSecond, options),
      }),
    onSuccess: (after, { sent }) => {
      if (!after) return;
      queries.setQueryData(jobQuery(job.id).queryKey, after);
      form.forget(sent);
      say(`The pace is ${after.perSecond.toLocaleString('en')} a second now.`);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (pace !== null && because === undefined) change.mutate({ perSecond: pace, sent: form.draft });
  };
  return (
    <form className="job-pace" onSubmit={submit}>
      <TextField
        label="Deliveries a second"
        inputMode="decimal"
        value={form.draft.pace}
        onChange={({ target }) => form.set({ pace: target.value })}
        hint={form.overtaken.length > 0 ? `Somebody else has set ${job.perSecond.toLocaleString('en')} a second meanwhile.` : undefined}
        problem={pace === null ? 'must be a number from 0.01 to 1,000' : undefined}
      />
      <Button type="submit" because={because ?? (pace === job.perSecond ? 'is the pace now' : undefined)} isPending={change.isPending}>
        Set pace
      </Button>
      {change.error && <Problem error={change.error} />}
    </form>
  );
}
