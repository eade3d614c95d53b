// The settings of an endpoint. What a change does stands below it before it is saved.
import { type ChangePreview, type Endpoint, PosthornProblem } from '@posthorn/client';
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo } from 'react';
import { posthorn } from '../../../api/client.ts';
import { hasHidden, saveTyped } from '../../../api/save-typed.ts';
import { useLacks } from '../../../api/use.ts';
import { LeaveGuard } from '../../../parts/LeaveGuard.tsx';
import { Problem, problemAt, Skeleton } from '../../../parts/States.tsx';
import { say } from '../../../parts/Toasts.tsx';
import { useSettled } from '../../../parts/use-settled.ts';
import { type Typed, useTyped } from '../../../parts/use-typed.ts';
import { Body } from './Body.tsx';
import { changeOf, type DraftChange } from './change.ts';
import { Destination } from './Destination.tsx';
import { type Draft, draftOf, type Setting as SettingName, settingOf } from './draft.ts';
import { type ExactEndpoint, exactQuery } from './exact-query.ts';
import { Area, type SettingsForm, SettingsFormProvider } from './form.tsx';
import { OrderSettings } from './OrderSettings.tsx';
import { Pace } from './Pace.tsx';
import { SaveBar } from './SaveBar.tsx';
import { Group, Setting } from './Setting.tsx';
import { Subscription } from './Subscription.tsx';
import './settings.css';

const page = getRouteApi('/endpoints/$endpoint');

export function Settings() {
  const { endpoint: id } = page.useParams();
  const { data, error, refetch } = useQuery(exactQuery(id));
  if (error && !data) return <Problem error={error} onRetry={() => void refetch()} />;
  return data ? <Form key={id} stored={data} /> : <Skeleton rows={12} />;
}

function Form({ stored }: { stored: ExactEndpoint }) {
  const { endpoint } = stored;
  const because = useLacks('endpoints:write');
  const before = useMemo(() => draftOf(stored.endpoint, stored.exact), [stored]);
  const typed = useTyped(before, endpoint.etag);
  const { draft } = typed;
  const change = changeOf(before, draft);
  const preview = usePreview(endpoint.id, change, because === undefined);
  const save = useSave(endpoint, change, typed);
  const form: SettingsForm = {
    draft,
    set(field, value) {
      if (save.error) save.reset();
      typed.set({ [field]: value });
    },
    isReadOnly: because !== undefined,
    problemOf: (setting) => change.problems[setting] ?? problemAt(save.error, setting) ?? contradiction(preview, setting),
    effectOf: (setting) => (change.settings.includes(setting) ? preview?.effects.find(({ path }) => path === setting) : undefined),
    refused: save.error instanceof PosthornProblem ? save.error.errors : [],
    sample: change.settings.some((name) => subscribes.has(name)) ? (preview?.sample ?? null) : null,
  };
  const isWrong = Object.keys(change.problems).length > 0;
  return (
    <SettingsFormProvider value={form}>
      <div className="settings">
        <Destination endpoint={endpoint} />
        <Subscription />
        <Body />
        <Pace />
        <OrderSettings />
        <Group title="Notes" about="For your own use. Posthorn stores and shows them.">
          <Setting of="metadata">
            <Area name="metadata" of="metadata" label="Metadata" hint="One “name: value” in each line." />
          </Setting>
        </Group>
      </div>
      <SaveBar
        changes={change.settings.length}
        effects={preview?.effects ?? []}
        because={because ?? (isWrong ? 'a field cannot be read' : undefined)}
        isPending={save.isPending}
        error={save.error}
        onSave={() => save.mutate(draft)}
        onDiscard={() => typed.forget()}
        overtaken={typed.overtaken.map((field) => [settingOf(field), before[field]])}
        onTake={typed.takeStored}
      />
      <LeaveGuard isDirty={change.settings.length > 0} />
    </SettingsFormProvider>
  );
}

const subscribes: ReadonlySet<SettingName> = new Set<SettingName>(['eventTypes', 'channels', 'filter']);

function contradiction(preview: ChangePreview | undefined, setting: SettingName): string | undefined {
  return preview?.problems.find(({ path }) => path === setting)?.message;
}

/** What the change would do; the last known answer while the next is asked for. */
function usePreview(endpoint: string, { text, settings, problems }: DraftChange, isAllowed: boolean): ChangePreview | undefined {
  const settled = useSettled(text);
  const isReady = isAllowed && settings.length > 0 && Object.keys(problems).length === 0 && settled === text;
  const { data } = useQuery({
    queryKey: ['endpoint', endpoint, 'preview', settled],
    queryFn: ({ signal }) =>
      posthorn.request<ChangePreview>('POST', `/v1/endpoints/${encodeURIComponent(endpoint)}/preview`, { text: settled }, { signal }),
    enabled: isReady,
    placeholderData: keepPreviousData,
  });
  return settings.length > 0 ? data : undefined;
}

function useSave(endpoint: Endpoint, { settings }: DraftChange, typed: Typed<Draft>) {
  const queries = useQueryClient();
  const { id } = endpoint;
  return useMutation({
    mutationFn: (_: Draft) =>
      saveTyped({
        read: async () => {
          const now = await queries.fetchQuery({ ...exactQuery(id), staleTime: 0 });
          return { etag: now.endpoint.etag, draft: draftOf(now.endpoint, now.exact) };
        },
        isOvertakenBy: (now) => typed.isOvertakenBy(now.draft),
        overHidden: settings.includes('tls') || hasHidden(endpoint, settings) ? typed : undefined,
        save: (now, options) => {
          const { text } = changeOf(now.draft, typed.over(now.draft));
          return posthorn.request<Endpoint>('PATCH', `/v1/endpoints/${encodeURIComponent(id)}`, { text }, options);
        },
      }),
    onSuccess: async (after, sent) => {
      if (!after) return;
      // read before what was typed is forgotten, so that the form does not show what was stored before
      await queries.invalidateQueries({ queryKey: ['endpoint', id] });
      typed.forget(sent);
      say('The settings are in force.');
      await queries.invalidateQueries({ queryKey: ['endpoints'] });
    },
  });
}
