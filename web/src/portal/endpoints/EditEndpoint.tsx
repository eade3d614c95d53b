// Changing an endpoint: only what was changed is sent.
import type { Endpoint } from '@posthorn/client';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { Page } from '../../parts/Page.tsx';
import { Problem, Skeleton } from '../../parts/States.tsx';
import { say } from '../../parts/Toasts.tsx';
import { useForbidden } from '../shared-words.ts';
import { EndpointForm } from './EndpointForm.tsx';
import { changeOf, draftOfEndpoint } from './endpoint-draft.ts';
import { endpointQuery } from './endpoint-query.ts';
import { useEndpointWords } from './words.ts';
import '../forms.css';
import './endpoints.css';

const route = getRouteApi('/endpoints/$endpoint/edit');

export function EditEndpoint() {
  const { endpoint: id } = route.useParams();
  const words = useEndpointWords();
  const { data, error, isPending, refetch } = useQuery(endpointQuery(id));
  return (
    <Page title={words.form.editTitle}>
      {isPending && <Skeleton rows={10} />}
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {data && <Form key={id} endpoint={data.endpoint} filterText={data.filterText} />}
    </Page>
  );
}

function Form({ endpoint, filterText }: { endpoint: Endpoint; filterText: string }) {
  const words = useEndpointWords();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const forbidden = useForbidden('endpoints:write');
  // what the form began with: an answer that comes later does not change what was typed
  const [before] = useState(() => draftOfEndpoint(endpoint, filterText));
  const [draft, setDraft] = useState(before);
  const change = changeOf(draft, before);
  const save = useMutation({
    mutationFn: () => posthorn.endpoints.update(endpoint.id, change),
    async onSuccess() {
      await Promise.all([
        queries.invalidateQueries({ queryKey: ['endpoint', endpoint.id] }),
        queries.invalidateQueries({ queryKey: ['endpoints'] }),
      ]);
      say(words.form.saved);
      await navigate({ to: '/endpoints/$endpoint', params: { endpoint: endpoint.id } });
    },
  });
  const isSame = Object.keys(change).length === 0;
  return (
    <EndpointForm
      draft={draft}
      onChange={setDraft}
      onSend={() => save.mutate()}
      action={words.form.save}
      because={forbidden ?? (isSame ? words.form.nothingChanged : undefined)}
      isPending={save.isPending}
      error={save.error}
    />
  );
}
