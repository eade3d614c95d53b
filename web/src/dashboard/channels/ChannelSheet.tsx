// Adds a channel, or changes one.
import type { AlertChannel, AlertSeverity } from '@posthorn/client';
import { type FormEvent, useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { Button } from '../../parts/Button.tsx';
import { type ChannelDraft, channelChangeOf, draftOfChannel, emptyChannel, newChannelOf } from '../../parts/channel-draft.ts';
import { Dialog } from '../../parts/Dialog.tsx';
import { Checkbox, Select, TextField } from '../../parts/Field.tsx';
import { Problem, problemAt } from '../../parts/States.tsx';
import { say } from '../../parts/Toasts.tsx';
import { useMaking } from '../made-secret.ts';
import { Kinds } from './Kinds.tsx';
import { Target } from './Target.tsx';
import { leastWords } from './words.ts';

export interface ChannelSheetProps {
  /** Without one: a new channel. */
  channel?: AlertChannel;
  onClose: () => void;
}

const ofChannel = {
  title: 'The channel is there',
  name: 'the secret',
  hint: 'This is the signing secret of the new channel. With it your server tells real messages from forged ones.',
};

export function ChannelSheet({ channel, onClose }: ChannelSheetProps) {
  const [before] = useState(() => (channel ? draftOfChannel(channel) : emptyChannel));
  const [draft, setDraft] = useState(before);
  const { start, isPending, error } = useMaking({
    async make() {
      const saved = await (channel
        ? posthorn.alertChannels.update(channel.id, channelChangeOf(draft, before))
        : posthorn.alertChannels.create(newChannelOf(draft)));
      say(channel ? 'The channel is saved.' : 'The channel is added. Send a test to see that messages arrive.');
      return saved;
    },
    secretOf: ({ settings: { secret } }) => (channel || secret === undefined ? undefined : { ...ofChannel, text: secret }),
    changes: ['alert-channels'],
    onMade: onClose,
  });
  const set = (change: Partial<ChannelDraft>) => setDraft({ ...draft, ...change });
  const send = (event: FormEvent) => {
    event.preventDefault();
    start();
  };
  return (
    <Dialog title={channel ? 'Edit the channel' : 'Add a channel'} isOpen onClose={onClose} place="side">
      <form className="form" onSubmit={send}>
        <Target draft={draft} isNew={!channel} set={set} error={error} />
        <Wishes draft={draft} set={set} error={error} />
        {error && <Problem error={error} />}
        <div className="dialog-actions">
          <Button type="submit" tone="primary" isPending={isPending}>
            {channel ? 'Save' : 'Add the channel'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

interface WishesProps {
  draft: ChannelDraft;
  set: (change: Partial<ChannelDraft>) => void;
  error: unknown;
}

function Wishes({ draft: { kind, tenant, kinds, minSeverity, quietPeriod, digestAt, digestOnly }, set, error }: WishesProps) {
  return (
    <>
      <Kinds chosen={kinds} isOperators={tenant === ''} onChange={(chosen) => set({ kinds: chosen })} />
      <Select
        label="From which severity on?"
        value={minSeverity}
        onChange={({ target }) => set({ minSeverity: target.value as AlertSeverity })}
      >
        {Object.entries(leastWords).map(([severity, text]) => (
          <option key={severity} value={severity}>
            {text}
          </option>
        ))}
      </Select>
      <TextField
        label="Quiet period"
        hint="An alert that opens again for the same cause is told only when it is still open so long after the last message, such as 15m."
        value={quietPeriod}
        problem={problemAt(error, 'quietPeriod')}
        onChange={({ target }) => set({ quietPeriod: target.value })}
      />
      {kind !== 'pagerduty' && (
        <TextField
          label="One summary a day, at this time in UTC"
          hint="Empty: none."
          type="time"
          value={digestAt}
          problem={problemAt(error, 'digest')}
          onChange={({ target }) => set({ digestAt: target.value })}
        />
      )}
      {kind !== 'pagerduty' && digestAt !== '' && (
        <Checkbox
          label="Only the summary, no single messages"
          checked={digestOnly}
          onChange={({ target }) => set({ digestOnly: target.checked })}
        />
      )}
    </>
  );
}
