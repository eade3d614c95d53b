// What can be done with an endpoint: edit, pause, resume, verify, delete.
import type { Endpoint } from '@posthorn/client';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { Button } from '../../parts/Button.tsx';
import { Confirm } from '../../parts/Dialog.tsx';
import { detailOf, Problem } from '../../parts/States.tsx';
import { say } from '../../parts/Toasts.tsx';
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
  const queries = useQueryClient();
  const act = useMutation({
    mutationFn: () => posthorn.endpoints[order](id),
    async onSuccess() {
      await Promise.all([
        queries.invalidateQueries({ queryKey: ['endpoint', id] }),
        queries.invalidateQueries({ queryKey: ['endpoints'] }),
      ]);
      say(told);
    },
    onError: (error) => say(detailOf(error, all), 'bad'),
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
  const queries = useQueryClient();
  const { data: lane } = useQuery({ queryKey: ['lane', id], queryFn: ({ signal }) => posthorn.endpoints.lane(id, { signal }) });
  const remove = useMutation({
    mutationFn: () => posthorn.endpoints.delete(id),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: ['endpoints'] });
      say(words.removed);
      await navigate({ to: '/endpoints' });
    },
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
