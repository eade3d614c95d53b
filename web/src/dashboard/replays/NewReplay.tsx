// The form for a replay job of anything that the API can select.
import type { Replay } from '@posthorn/client';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { Button } from '../../parts/Button.tsx';
import { Dialog } from '../../parts/Dialog.tsx';
import { Checkbox, TextField } from '../../parts/Field.tsx';
import { CountAndStart, type ReplaySelection } from '../../parts/replay/CountAndStart.tsx';
import { EndpointField, TenantField } from '../../parts/SuggestedField.tsx';
import './new-replay.css';

export function NewReplay({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const [selection, setSelection] = useState<ReplaySelection | null>(null);
  const navigate = useNavigate();
  const open = ({ id }: Replay) => void navigate({ to: '/replays/$replay', params: { replay: id } });
  const close = () => {
    setSelection(null);
    onClose();
  };
  return (
    <Dialog title="New replay" isOpen={isOpen} onClose={close}>
      <SelectionForm isHidden={selection !== null} onSelect={setSelection} />
      {selection && (
        <>
          <CountAndStart selection={selection} onStarted={open} onClose={close} />
          <Button tone="quiet" onPress={() => setSelection(null)}>
            Change what is replayed
          </Button>
        </>
      )}
    </Dialog>
  );
}

/** Stays while it is hidden, so that what was typed is there afterwards. */
function SelectionForm({ isHidden, onSelect }: { isHidden: boolean; onSelect: (selection: ReplaySelection) => void }) {
  const [problem, setProblem] = useState<string>();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const asked = selectionIn(new FormData(event.currentTarget));
    setProblem(typeof asked === 'string' ? asked : undefined);
    if (typeof asked !== 'string') onSelect(asked);
  };
  return (
    <form className="new-replay" hidden={isHidden} onSubmit={submit}>
      <Whose />
      <TextField label="Event types" name="types" placeholder="order.*, user.created" hint="Empty: all. Separate several with commas." />
      <div className="new-replay-pair">
        <TextField
          label="Accepted from"
          name="since"
          type="datetime-local"
          step={1}
          required
          defaultValue={localTime(Date.now() - 86_400_000)}
        />
        <TextField label="Accepted before" name="until" type="datetime-local" step={1} hint="Empty: now" />
      </div>
      <fieldset className="new-replay-kinds">
        <legend>What is replayed</legend>
        <Checkbox name="status" value="dead_lettered" defaultChecked label="Dead letters" />
        <Checkbox name="status" value="succeeded" label="What was delivered" hint="Receivers get it again, with the same webhook-id." />
        <Checkbox
          name="neverAttempted"
          label="Events that an endpoint never got"
          hint="It was created later, or its event types, channels or filter have changed."
        />
      </fieldset>
      {problem && (
        <p className="field-problem" role="alert">
          {problem}
        </p>
      )}
      <div className="dialog-actions">
        <Button type="submit" tone="primary">
          Count
        </Button>
      </div>
    </form>
  );
}

function Whose() {
  const [of, setOf] = useState({ tenant: '', endpoint: '' });
  return (
    <div className="new-replay-pair">
      <TenantField
        name="tenant"
        value={of.tenant}
        onChange={({ target }) => setOf({ ...of, tenant: target.value })}
        hint="Empty: all tenants"
      />
      <EndpointField
        name="endpoint"
        tenant={of.tenant.trim()}
        value={of.endpoint}
        onChange={({ target }) => setOf({ ...of, endpoint: target.value })}
        hint="A part of its host or description finds it. Empty: all endpoints"
      />
    </div>
  );
}

/** What the form says; a text: what is wrong with it. The API checks the rest. */
function selectionIn(form: FormData): ReplaySelection | string {
  const text = (name: string) => String(form.get(name) ?? '').trim();
  const status = form.getAll('status') as ('dead_lettered' | 'succeeded')[];
  const neverAttempted = form.get('neverAttempted') !== null;
  if (status.length === 0 && !neverAttempted) return 'Choose at least one kind of what is replayed.';
  const types = text('types')
    .split(/[\s,]+/)
    .filter(Boolean);
  return {
    since: new Date(text('since')).toISOString(),
    ...(text('until') && { until: new Date(text('until')).toISOString() }),
    ...(text('tenant') && { tenant: text('tenant') }),
    ...(text('endpoint') && { endpoint: text('endpoint') }),
    ...(types.length > 0 && { types }),
    ...(status.length > 0 && { status }),
    ...(neverAttempted && { neverAttempted }),
  };
}

/** As an input of the type datetime-local has it, in the zone of the user. */
function localTime(ms: number): string {
  const offset = new Date(ms).getTimezoneOffset() * 60_000;
  return new Date(ms - offset).toISOString().slice(0, 19);
}
