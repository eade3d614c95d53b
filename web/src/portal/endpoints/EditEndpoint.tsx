// Changing an endpoint: only what was changed is sent.
import type { Endpoint } from '@posthorn/client';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import { posthorn } from '../../api/client.ts';
import { hasHidden, saveTyped } from '../../api/save-typed.ts';
import { ChangedMeanwhile } from '../../parts/ChangedMeanwhile.tsx';
import { LeaveGuard } from '../../parts/LeaveGuard.tsx';
import { useMessageWords } from '../../parts/messages/words.ts';
import { Page } from '../../parts/Page.tsx';
import { Problem, Skeleton } from '../../parts/States.tsx';
import { say } from '../../parts/Toasts.tsx';
import { useTyped } from '../../parts/use-typed.ts';
import { useForbidden } from '../shared-words.ts';
import { EndpointForm } from './EndpointForm.tsx';
import { changeOf, draftOfEndpoint, type EndpointDraft, hasTypes } from './endpoint-draft.ts';
import { endpointQuery } from './endpoint-query.ts';
import { useEndpointWords } from './words.ts';
import type { EndpointWords } from './words-en.ts';
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
  const [words, messageWords] = [useEndpointWords(), useMessageWords()];
  const navigate = useNavigate();
  const queries = useQueryClient();
  const forbidden = useForbidden('endpoints:write');
  const before = useMemo(() => draftOfEndpoint(endpoint, filterText), [endpoint, filterText]);
  const form = useTyped(before, endpoint.etag);
  const change = changeOf(form.draft, before);
  const save = useMutation({
    mutationFn: () =>
      saveTyped({
        read: async () => {
          const now = await queries.fetchQuery({ ...endpointQuery(endpoint.id), staleTime: 0 });
          return { etag: now.endpoint.etag, draft: draftOfEndpoint(now.endpoint, now.filterText) };
        },
        isOvertakenBy: (now) => form.isOvertakenBy(now.draft),
        overHidden: hasHidden(endpoint, Object.keys(change)) ? form : undefined,
        save: (now, options) => posthorn.endpoints.update(endpoint.id, changeOf(form.over(now.draft), now.draft), options),
      }),
    async onSuccess(after) {
      if (!after) return;
      await Promise.all([
        queries.invalidateQueries({ queryKey: ['endpoint', endpoint.id] }),
        queries.invalidateQueries({ queryKey: ['endpoints'] }),
      ]);
      say(words.form.saved);
    },
  });
  const send = () =>
    save.mutate(undefined, {
      onSuccess: (after) =>
        void (after && navigate({ to: '/endpoints/$endpoint', params: { endpoint: endpoint.id }, ignoreBlocker: true })),
    });
  // "only these", and none of them, is told at its field
  const isSame = Object.keys(change).length === 0 && hasTypes(form.draft);
  return (
    <>
      <EndpointForm
        draft={form.draft}
        onChange={form.set}
        onSend={send}
        action={words.form.save}
        because={forbidden ?? (isSame ? words.form.nothingChanged : undefined)}
        isPending={save.isPending}
        error={save.error}
        notice={
          <ChangedMeanwhile
            changed={form.overtaken.map((name) => shownIn(words.form, messageWords.title, before, name))}
            onTake={form.takeStored}
          />
        }
      />
      <LeaveGuard isDirty={!isSame} />
    </>
  );
}

/** What a field is called, and what it holds, as text. */
function shownIn(
  form: EndpointWords['form'],
  message: string,
  draft: EndpointDraft,
  name: keyof EndpointDraft,
): [label: string, now: string] {
  const { url, description, allTypes, eventTypes, pattern, filter, receiver, preset, headers, perSecond } = draft;
  const all: Record<keyof EndpointDraft, [string, string]> = {
    url: [form.url, url],
    description: [form.description, description],
    allTypes: [form.types, allTypes ? form.all : form.some],
    eventTypes: [form.types, eventTypes.join(', ')],
    pattern: [form.pattern, pattern],
    filter: [form.filter, filter.text],
    receiver: [form.receiver, form.receivers[receiver]],
    preset: [message, [preset.title, preset.text, preset.link].join(' ').trim()],
    headers: [form.headers, headers.map((header) => `${header.name}: ${header.value}`).join(', ')],
    perSecond: [form.perSecond, perSecond],
  };
  return all[name];
}
