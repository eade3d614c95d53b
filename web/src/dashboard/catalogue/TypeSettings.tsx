// Changes the settings of a type: what consumers read about it, and how its events are checked.
import type { EventType, EventTypeChange, Strictness, Visibility } from '@posthorn/client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { Button } from '../../parts/Button.tsx';
import { Dialog } from '../../parts/Dialog.tsx';
import { Select, TextArea, TextField } from '../../parts/Field.tsx';
import { Problem, problemAt } from '../../parts/States.tsx';
import { say } from '../../parts/Toasts.tsx';
import { changeOf, draftOf, type SettingsDraft } from './settings-draft.ts';

export function TypeSettings({ type, onClose }: { type: EventType; onClose: () => void }) {
  const queries = useQueryClient();
  const [draft, setDraft] = useState(() => draftOf(type));
  const { mutate, isPending, error } = useMutation({
    mutationFn: (change: EventTypeChange) => posthorn.eventTypes.update(type.name, change),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: ['event-types'] });
      say('The settings are saved.');
      onClose();
    },
  });
  const set = (change: Partial<SettingsDraft>) => setDraft({ ...draft, ...change });
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (!isPending) mutate(changeOf(draft, type));
  };
  return (
    <Dialog title={`Settings of ${type.name}`} isOpen onClose={onClose} place="side">
      <form className="form" onSubmit={send}>
        <TextArea
          label="Description"
          value={draft.description}
          problem={problemAt(error, 'description')}
          onChange={({ target }) => set({ description: target.value })}
        />
        <TextField
          label="Group"
          value={draft.group}
          problem={problemAt(error, 'group')}
          onChange={({ target }) => set({ group: target.value })}
        />
        <TextField
          label="Owner"
          value={draft.owner}
          problem={problemAt(error, 'owner')}
          onChange={({ target }) => set({ owner: target.value })}
        />
        <TextField
          label="Tags"
          hint="Separated by commas."
          value={draft.tags}
          problem={problemAt(error, 'tags')}
          onChange={({ target }) => set({ tags: target.value })}
        />
        <Rules draft={draft} set={set} error={error} />
        {error && <Problem error={error} />}
        <div className="dialog-actions">
          <Button type="submit" tone="primary" isPending={isPending}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  );
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
        label="Validation"
        value={draft.validation}
        problem={problemAt(error, 'validation')}
        onChange={({ target }) => set({ validation: target.value as Strictness })}
      >
        <option value="reject">Reject events that violate the schema (422)</option>
        <option value="warn">Accept them with a warning</option>
        <option value="off">Check nothing</option>
      </Select>
      <Select
        label="Visibility"
        value={draft.visibility}
        problem={problemAt(error, 'visibility')}
        onChange={({ target }) => set({ visibility: target.value as Visibility })}
      >
        <option value="public">Public: tenants and their portals see it</option>
        <option value="internal">Internal: only keys of all tenants see it</option>
      </Select>
      <TextField
        label="Deprecated from"
        hint="In UTC. Empty: not deprecated. From then on it should not be used for new work."
        type="datetime-local"
        value={draft.deprecatedAt}
        problem={problemAt(error, 'deprecatedAt')}
        onChange={({ target }) => set({ deprecatedAt: target.value })}
      />
      <TextField
        label="Sunset"
        hint="In UTC. Empty: none. From then on it is not to be sent any more."
        type="datetime-local"
        value={draft.sunsetAt}
        problem={problemAt(error, 'sunsetAt')}
        onChange={({ target }) => set({ sunsetAt: target.value })}
      />
    </>
  );
}
