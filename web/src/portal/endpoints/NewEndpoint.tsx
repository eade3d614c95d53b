// Adding an endpoint: one form. Then its page shows the secret once, and sends a test event.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { LeaveGuard } from '../../parts/LeaveGuard.tsx';
import { Page } from '../../parts/Page.tsx';
import { freshSecrets } from '../fresh-secrets.ts';
import { useForbidden } from '../shared-words.ts';
import { useTenant } from '../tenant.ts';
import { EndpointForm } from './EndpointForm.tsx';
import { emptyDraft, isTyped, newEndpointOf } from './endpoint-draft.ts';
import { useEndpointWords } from './words.ts';
import '../forms.css';
import './endpoints.css';

export function NewEndpoint() {
  const tenant = useTenant();
  const words = useEndpointWords();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const forbidden = useForbidden('endpoints:write');
  const [draft, setDraft] = useState(emptyDraft);
  const create = useMutation({
    mutationFn: () => posthorn.endpoints.create(tenant, newEndpointOf(draft)),
    onSuccess({ id, secret }) {
      // a chat does not verify signatures
      if (draft.receiver === 'server') freshSecrets.keep(id, secret);
      void queries.invalidateQueries({ queryKey: ['endpoints'] });
    },
  });
  const send = () =>
    create.mutate(undefined, {
      onSuccess: ({ id }) => void navigate({ to: '/endpoints/$endpoint', params: { endpoint: id }, ignoreBlocker: true }),
    });
  return (
    <Page title={words.form.newTitle}>
      <EndpointForm
        draft={draft}
        onChange={(change) => setDraft((before) => ({ ...before, ...change }))}
        onSend={send}
        action={words.form.create}
        because={forbidden}
        isPending={create.isPending}
        error={create.error}
      />
      <LeaveGuard isDirty={isTyped(draft)} />
    </Page>
  );
}
