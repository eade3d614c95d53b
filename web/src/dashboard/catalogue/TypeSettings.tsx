// Changes the settings of a type: what consumers read about it, and how its events are checked.
import type { EventType, Strictness, Visibility } from '@posthorn/client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { posthorn } from '../../api/client.ts';
import { saveTyped } from '../../api/save-typed.ts';
import { ChangedMeanwhile } from '../../parts/ChangedMeanwhile.tsx';
import { Dialog } from '../../parts/Dialog.tsx';
import { Select, TextArea, TextField } from '../../parts/Field.tsx';
import { FormActions } from '../../parts/FormActions.tsx';
import { Problem, problemAt } from '../../parts/States.tsx';
import { say } from '../../parts/Toasts.tsx';
import { type Typed, useTyped } from '../../parts/use-typed.ts';
import { changeOf, draftOf, type SettingsDraft } from './settings-draft.ts';
import { typeQuery } from './type-query.ts';

const labels: Record<keyof SettingsDraft, string> = {
  description: 'Description',
  group: 'Group',
  owner: 'Owner',
  tags: 'Tags',
  validation: 'Validation',
  visibility: 'Visibility',
  deprecatedAt: 'Deprecated from',
  sunsetAt: 'Sunset',
};

export function TypeSettings({ type, onClose }: { type: EventType; onClose: () => void }) {
  const before = draftOf(type);
  const form = useTyped(before);
  const { draft, set } = form;
  const { mutate, isPending, error } = useSave(type, form);
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (!isPending) mutate(undefined, { onSuccess: (after) => after && onClose() });
  };
  return (
    <Dialog title={`Settings of ${type.name}`} isOpen onClose={onClose} place="side">
      <form className="form" onSubmit={send}>
        <TextArea
          label={labels.description}
          value={draft.description}
          problem={problemAt(error, 'description')}
          onChange={({ target }) => set({ description: target.value })}
        />
        <TextField
          label={labels.group}
          value={draft.group}
          problem={problemAt(error, 'group')}
          onChange={({ target }) => set({ group: target.value })}
        />
        <TextField
          label={labels.owner}
          value={draft.owner}
          problem={problemAt(error, 'owner')}
          onChange={({ target }) => set({ owner: target.value })}
        />
        <TextField
          label={labels.tags}
          hint="Separated by commas."
          value={draft.tags}
          problem={problemAt(error, 'tags')}
          onChange={({ target }) => set({ tags: target.value })}
        />
        <Rules draft={draft} set={set} error={error} />
        <ChangedMeanwhile changed={form.overtaken.map((name) => [labels[name], before[name]])} onTake={form.takeStored} />
        {error && <Problem error={error} />}
        <FormActions action="Save" isPending={isPending} />
      </form>
    </Dialog>
  );
}

function useSave(type: EventType, form: Typed<SettingsDraft>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () =>
      saveTyped({
        read: () => queries.fetchQuery({ ...typeQuery(type.name), staleTime: 0 }),
        isOvertakenBy: (now) => form.isOvertakenBy(draftOf(now)),
        save: (now, options) => posthorn.eventTypes.update(type.name, changeOf(form.over(draftOf(now)), now), options),
      }),
    async onSuccess(after) {
      if (!after) return;
      await queries.invalidateQueries({ queryKey: ['event-types'] });
      say('The settings are saved.');
    },
  });
}

interface RulesProps {
  draft: SettingsDraft;
  set: (change: Partial<SettingsDraft>) => void;
  error: unknown;
}

function Rules({ draft, set, error }: RulesProps) {
  return (
    <>
      <Select
        label={labels.validation}
        value={draft.validation}
        problem={problemAt(error, 'validation')}
        onChange={({ target }) => set({ validation: target.value as Strictness })}
      >
        <option value="reject">Reject events that violate the schema (422)</option>
        <option value="warn">Accept them with a warning</option>
        <option value="off">Check nothing</option>
      </Select>
      <Select
        label={labels.visibility}
        value={draft.visibility}
        problem={problemAt(error, 'visibility')}
        onChange={({ target }) => set({ visibility: target.value as Visibility })}
      >
        <option value="public">Public: tenants and their portals see it</option>
        <option value="internal">Internal: only keys of all tenants see it</option>
      </Select>
      <TextField
        label={labels.deprecatedAt}
        hint="In UTC. Empty: not deprecated. From then on it should not be used for new work."
        type="datetime-local"
        value={draft.deprecatedAt}
        problem={problemAt(error, 'deprecatedAt')}
        onChange={({ target }) => set({ deprecatedAt: target.value })}
      />
      <TextField
        label={labels.sunsetAt}
        hint="In UTC. Empty: none. From then on it is not to be sent any more."
        type="datetime-local"
        value={draft.sunsetAt}
        problem={problemAt(error, 'sunsetAt')}
        onChange={({ target }) => set({ sunsetAt: target.value })}
      />
    </>
  );
}
