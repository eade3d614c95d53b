// Whose alerts a channel gets, and where it sends them.
import type { AlertChannelKind } from '@posthorn/client';
import type { ChannelDraft } from '../../parts/channel-draft.ts';
import { Select, TextArea, TextField } from '../../parts/Field.tsx';
import { problemAt } from '../../parts/States.tsx';
import { kindWords } from './words.ts';

export interface TargetProps {
  draft: ChannelDraft;
  isNew: boolean;
  set: (change: Partial<ChannelDraft>) => void;
  error: unknown;
}

export function Target({ draft, isNew, set, error }: TargetProps) {
  return (
    <>
      {isNew && (
        <>
          <TextField
            label="Tenant"
            hint="Empty: a channel of the operator, for the alerts of all tenants and those about the installation."
            value={draft.tenant}
            problem={problemAt(error, 'tenant')}
            onChange={({ target }) => set({ tenant: target.value })}
          />
          <Select
            label="How?"
            value={draft.kind}
            problem={problemAt(error, 'kind')}
            onChange={({ target }) => set({ kind: target.value as AlertChannelKind })}
          >
            {Object.entries(kindWords).map(([kind, text]) => (
              <option key={kind} value={kind}>
                {text}
              </option>
            ))}
          </Select>
        </>
      )}
      <Address draft={draft} isNew={isNew} set={set} error={error} />
    </>
  );
}

const again = 'Type it again to change it: what is stored is not shown. Empty: it stays as it is.';

function Address({ draft: { kind, to, url, routingKey }, isNew, set, error }: TargetProps) {
  if (kind === 'email') {
    return (
      <TextArea
        label="E-mail addresses"
        hint="One on each line, or separated by commas."
        rows={3}
        value={to}
        problem={problemAt(error, 'settings.to') ?? problemAt(error, 'settings.to[0]')}
        onChange={({ target }) => set({ to: target.value })}
      />
    );
  }
  if (kind === 'pagerduty') {
    return (
      <TextField
        label="Integration key"
        hint={isNew ? 'Of the service in PagerDuty, Events API v2.' : again}
        value={routingKey}
        problem={problemAt(error, 'settings.routingKey')}
        onChange={({ target }) => set({ routingKey: target.value })}
      />
    );
  }
  const isSlack = kind === 'slack';
  return (
    <TextField
      label={isSlack ? 'URL of the incoming webhook' : 'URL'}
      hint={isSlack ? (isNew ? undefined : again) : 'It gets signed requests. The secret is shown when the channel is made.'}
      type="url"
      value={url}
      problem={problemAt(error, 'settings.url')}
      onChange={({ target }) => set({ url: target.value })}
    />
  );
}
