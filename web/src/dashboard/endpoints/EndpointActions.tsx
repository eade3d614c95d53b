// What can be done with an endpoint: test, pause, resume, delete.
import type { Endpoint } from '@posthorn/client';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { useLacks } from '../../api/use.ts';
import { Button } from '../../parts/Button.tsx';
import { Confirm } from '../../parts/Dialog.tsx';
import { Problem } from '../../parts/States.tsx';
import { say } from '../../parts/Toasts.tsx';
import { useOrder } from '../../parts/use-order.ts';
import { count } from '../../words/format.ts';
import { withoutScheme } from './names.ts';
import { TestEvent } from './test-event/TestEvent.tsx';

export function EndpointActions({ endpoint }: { endpoint: Endpoint }) {
  const because = useLacks('endpoints:write');
  const [open, setOpen] = useState<'test' | 'pause' | 'delete' | null>(null);
  const close = () => setOpen(null);
  const resume = useGate(endpoint, 'resume', () => undefined);
  const isOpen = endpoint.gate === 'open' && endpoint.notBefore === null;
  const resumeBecause = endpoint.gateReason === 'unverified' ? 'it is not verified' : undefined;
  return (
    <>
      <Button because={because} onPress={() => setOpen('test')}>
        Send a test event
      </Button>
      {endpoint.gate === 'open' && (
        <Button because={because} onPress={() => setOpen('pause')}>
          Pause
        </Button>
      )}
      {!isOpen && (
        <Button tone="primary" because={because ?? resumeBecause} isPending={resume.isPending} onPress={() => resume.mutate()}>
          {resume.isPending ? 'Resume asked' : 'Resume'}
        </Button>
      )}
      <Button tone="danger" because={because} onPress={() => setOpen('delete')}>
        Delete
      </Button>
      <TestEvent endpoint={endpoint} isOpen={open === 'test'} onClose={close} />
      {open === 'pause' && <Pause endpoint={endpoint} onClose={close} />}
      {open === 'delete' && <Delete endpoint={endpoint} onClose={close} />}
    </>
  );
}

const told = { pause: 'The endpoint is paused.', resume: 'The endpoint is resumed. What is held is sent slowly at first.' };

function useGate({ id }: Endpoint, action: 'pause' | 'resume', onward: () => void) {
  const queries = useQueryClient();
  return useOrder({
    send: () => posthorn.endpoints[action](id),
    onDone(after) {
      queries.setQueryData(['endpoint', id], after);
      say(told[action]);
    },
    onward,
    changes: [['endpoint', id], ['endpoints']],
    // a dialog says it itself
    onError: (error) => action === 'resume' && say(error.message, 'bad'),
  });
}

interface DialogProps {
  endpoint: Endpoint;
  onClose: () => void;
}

function Pause({ endpoint, onClose }: DialogProps) {
  const { mutate, isPending, error } = useGate(endpoint, 'pause', onClose);
  return (
    <Confirm
      title="Pause this endpoint?"
      isOpen
      onClose={onClose}
      effect={<p>Nothing is sent to {withoutScheme(endpoint.url)} until it is resumed. Its deliveries are held; none is lost.</p>}
      action="Pause the endpoint"
      isPending={isPending}
      onConfirm={() => mutate()}
      problem={error && <Problem error={error} />}
    />
  );
}

function Delete({ endpoint, onClose }: DialogProps) {
  const navigate = useNavigate();
  // an empty change: it only counts what a deletion would cancel
  const { data } = useQuery({
    queryKey: ['endpoint', endpoint.id, 'preview', '{}'],
    queryFn: ({ signal }) => posthorn.endpoints.preview(endpoint.id, {}, { signal }),
    staleTime: 0,
  });
  const { mutate, error, isPending } = useOrder({
    send: () => posthorn.endpoints.delete(endpoint.id),
    onDone: () => say('The endpoint is deleted.'),
    onward: () => navigate({ to: '/endpoints' }),
    changes: [['endpoint', endpoint.id], ['endpoints']],
  });
  const effect = (
    <p>
      Deletes <strong>{withoutScheme(endpoint.url)}</strong> of tenant {endpoint.tenant}. {cancelled(data)} Events that are accepted from
      now on are not sent to it. This cannot be undone; pausing it can.
    </p>
  );
  return (
    <Confirm
      title="Delete this endpoint?"
      isOpen
      onClose={onClose}
      effect={effect}
      action="Delete the endpoint"
      isDangerous
      isPending={isPending}
      because={data ? undefined : 'counting what it would cancel'}
      onConfirm={() => mutate()}
      problem={error && <Problem error={error} />}
    />
  );
}

function cancelled(counted: { unfinished: number; unfinishedIsMore: boolean } | undefined): string {
  if (!counted) return 'Its unfinished deliveries are cancelled.';
  const { unfinished, unfinishedIsMore } = counted;
  if (unfinished === 0) return 'It has no unfinished deliveries.';
  if (unfinished === 1) return 'Its one unfinished delivery is cancelled.';
  return `Its ${unfinishedIsMore ? 'more than ' : ''}${count(unfinished, 'en')} unfinished deliveries are cancelled, dead letters included.`;
}
