// What can be done with an endpoint: edit, pause, resume, verify, delete.
import type { Endpoint } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { Button } from '../../parts/Button.tsx';
import { Confirm } from '../../parts/Dialog.tsx';
import { Problem } from '../../parts/States.tsx';
import { sayRefusal } from '../../parts/say-refusal.ts';
import { say } from '../../parts/Toasts.tsx';
import { useOrder } from '../../parts/use-order.ts';
import { useWords } from '../../words/words.tsx';
import { useForbidden } from '../shared-words.ts';
import { useEndpointWords } from './words.ts';

export function EndpointActions({ endpoint }: { endpoint: Endpoint }) {
  const words = useEndpointWords();
  const [isDeleting, setIsDeleting] = useState(false);
  const because = useForbidden('endpoints:write');
  return (
    <>
      <Link to="/endpoints/$endpoint/edit" params={{ endpoint: endpoint.id }} className="button">
        {words.detail.edit}
      </Link>
      <Gate endpoint={endpoint} because={because} />
      <Button tone="danger" onPress={() => setIsDeleting(true)} because={because}>
        {words.detail.remove}
      </Button>
      {isDeleting && <DeleteDialog endpoint={endpoint} onClose={() => setIsDeleting(false)} />}
    </>
  );
}

function Gate({ endpoint: { id, gate, gateReason }, because }: { endpoint: Endpoint; because: string | undefined }) {
  const all = useWords();
  const words = useEndpointWords().detail;
  const order = gate === 'open' ? 'pause' : gateReason === 'unverified' ? 'verify' : 'resume';
  const told = { pause: words.paused, resume: words.resumed, verify: words.verifying }[order];
  const act = useOrder({
    send: () => posthorn.endpoints[order](id),
    onDone: () => say(told),
    changes: [['endpoint', id], ['endpoints']],
    onError: (error) => sayRefusal(error, all),
  });
  const texts = { pause: [words.pause, words.pausing], resume: [words.resume, words.resuming], verify: [words.verify, words.verify] };
  const [text, pending] = texts[order];
  return (
    <Button onPress={() => act.mutate()} isPending={act.isPending} because={because}>
      {act.isPending ? pending : text}
    </Button>
  );
}

function DeleteDialog({ endpoint: { id, url }, onClose }: { endpoint: Endpoint; onClose: () => void }) {
  const words = useEndpointWords().detail;
  const navigate = useNavigate();
  const { data: lane } = useQuery({ queryKey: ['lane', id], queryFn: ({ signal }) => posthorn.endpoints.lane(id, { signal }) });
  const remove = useOrder({
    send: () => posthorn.endpoints.delete(id),
    onDone: () => say(words.removed),
    onward: () => navigate({ to: '/endpoints' }),
    changes: [['endpoints'], ['endpoint', id]],
  });
  return (
    <Confirm
      isOpen
      title={words.removeTitle}
      onClose={onClose}
      effect={words.removeEffect(url, lane ? words.waiting(lane.held, lane.heldIsMore) : '')}
      action={words.remove}
      isDangerous
      isPending={remove.isPending}
      onConfirm={() => remove.mutate()}
      problem={remove.error && <Problem error={remove.error} />}
    />
  );
}
