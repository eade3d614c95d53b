// Adds an alert channel, or changes one.
import type { AlertChannel, AlertChannelKind, AlertSeverity } from '@posthorn/client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { Button } from '../../parts/Button.tsx';
import { type ChannelDraft, channelChangeOf, draftOfChannel, emptyChannel, newChannelOf } from '../../parts/channel-draft.ts';
import { Dialog } from '../../parts/Dialog.tsx';
import { Checkbox, Select, TextArea, TextField } from '../../parts/Field.tsx';
import { problemAt } from '../../parts/States.tsx';
import { say } from '../../parts/Toasts.tsx';
import { FormProblem } from '../FormProblem.tsx';
import { freshSecrets } from '../fresh-secrets.ts';
import { useTenant } from '../tenant.ts';
import { AlertKinds } from './AlertKinds.tsx';
import { useAlertWords } from './words.ts';

/** Without a channel: a new one. */
export function ChannelDialog({ channel, onClose }: { channel?: AlertChannel; onClose: () => void }) {
  const words = useAlertWords().form;
  const tenant = useTenant();
  const queries = useQueryClient();
  const [before] = useState(() => (channel ? draftOfChannel(channel) : emptyChannel));
  const [draft, setDraft] = useState(before);
  const save = useMutation({
    mutationFn: () =>
      channel
        ? posthorn.alertChannels.update(channel.id, channelChangeOf(draft, before))
        : posthorn.alertChannels.create(newChannelOf({ ...draft, tenant })),
    async onSuccess({ id, settings: { secret } }) {
      if (!channel && secret !== undefined) freshSecrets.keep(id, secret);
      await queries.invalidateQueries({ queryKey: ['alert-channels'] });
      say(words.saved);
      onClose();
    },
  });
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (!save.isPending) save.mutate();
  };
  return (
    <Dialog title={channel ? words.editTitle : words.newTitle} isOpen onClose={onClose}>
      <form className="pf-form" onSubmit={send}>
        <ChannelFields draft={draft} isNew={!channel} onChange={(change) => setDraft({ ...draft, ...change })} error={save.error} />
        <FormProblem error={save.error} fields={['kind', 'settings.', 'digest']} />
        <div className="dialog-actions">
          <Button type="submit" tone="primary" isPending={save.isPending}>
            {channel ? words.save : words.create}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

interface ChannelFieldsProps {
  draft: ChannelDraft;
  isNew: boolean;
  onChange: (change: Partial<ChannelDraft>) => void;
  error: unknown;
}

const kinds: readonly AlertChannelKind[] = ['email', 'slack', 'webhook', 'pagerduty'];
const severities: readonly AlertSeverity[] = ['info', 'warning', 'critical'];

function ChannelFields({ draft, isNew, onChange, error }: ChannelFieldsProps) {
  const words = useAlertWords();
  const { kind, minSeverity, digestAt, digestOnly } = draft;
  return (
    <>
      {isNew && (
        <Select
          label={words.form.kind}
          value={kind}
          problem={problemAt(error, 'kind')}
          onChange={({ target }) => onChange({ kind: target.value as AlertChannelKind })}
        >
          {kinds.map((one) => (
            <option key={one} value={one}>
              {words.kinds[one]}
            </option>
          ))}
        </Select>
      )}
      <Target draft={draft} isNew={isNew} onChange={onChange} error={error} />
      <AlertKinds chosen={draft.kinds} onChange={(chosen) => onChange({ kinds: chosen })} />
      <Select
        label={words.form.least}
        value={minSeverity}
        onChange={({ target }) => onChange({ minSeverity: target.value as AlertSeverity })}
      >
        {severities.map((one) => (
          <option key={one} value={one}>
            {words.form.leastOf[one]}
          </option>
        ))}
      </Select>
      {kind !== 'pagerduty' && (
        <TextField
          label={words.form.digest}
          hint={words.form.digestHint}
          type="time"
          value={digestAt}
          problem={problemAt(error, 'digest')}
          onChange={({ target }) => onChange({ digestAt: target.value })}
        />
      )}
      {kind !== 'pagerduty' && digestAt !== '' && (
        <Checkbox label={words.form.digestOnly} checked={digestOnly} onChange={({ target }) => onChange({ digestOnly: target.checked })} />
      )}
    </>
  );
}

function Target({ draft: { kind, to, url, routingKey }, isNew, onChange, error }: ChannelFieldsProps) {
  const words = useAlertWords().form;
  if (kind === 'email') {
    return (
      <TextArea
        label={words.to}
        hint={words.toHint}
        rows={2}
        value={to}
        problem={problemAt(error, 'settings.to') ?? problemAt(error, 'settings.to[0]')}
        onChange={({ target }) => onChange({ to: target.value })}
      />
    );
  }
  if (kind === 'pagerduty') {
    return (
      <TextField
        label={words.routingKey}
        hint={isNew ? words.routingKeyHint : words.sendAgain}
        value={routingKey}
        problem={problemAt(error, 'settings.routingKey')}
        onChange={({ target }) => onChange({ routingKey: target.value })}
      />
    );
  }
  const isSlack = kind === 'slack';
  return (
    <TextField
      label={isSlack ? words.slackUrl : words.webhookUrl}
      hint={isSlack ? (isNew ? undefined : words.sendAgain) : words.webhookHint}
      type="url"
      value={url}
      problem={problemAt(error, 'settings.url')}
      onChange={({ target }) => onChange({ url: target.value })}
    />
  );
}
