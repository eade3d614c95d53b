// The fields of an alert channel: how and whom it tells, of what, and when.
import type { AlertChannelKind, AlertSeverity } from '@posthorn/client';
import { Checkbox, Select, TextArea, TextField } from '../Field.tsx';
import { problemAt } from '../States.tsx';
import { ChannelKinds } from './ChannelKinds.tsx';
import { type ChannelDraft, hasKinds } from './channel-draft.ts';
import { type KindNames, useChannelWords } from './words.ts';

export interface ChannelFieldsProps {
  draft: ChannelDraft;
  isNew: boolean;
  /** Somebody has tried to send it. */
  isChecked: boolean;
  kindNames: KindNames;
  set: (change: Partial<ChannelDraft>) => void;
  error: unknown;
}

export function ChannelFields({ draft, isNew, isChecked, kindNames, set, error }: ChannelFieldsProps) {
  const words = useChannelWords();
  const { kind, kinds, minSeverity, quietPeriod, digestAt, digestOnly } = draft;
  return (
    <>
      {isNew && (
        <Select
          label={words.kind}
          value={kind}
          problem={problemAt(error, 'kind')}
          onChange={({ target }) => set({ kind: target.value as AlertChannelKind })}
        >
          <Options texts={words.kinds} />
        </Select>
      )}
      <Target draft={draft} isNew={isNew} set={set} error={error} />
      <ChannelKinds
        chosen={kinds}
        names={kindNames}
        problem={isChecked && !hasKinds(draft) ? words.chooseKind : problemAt(error, 'kinds')}
        onChange={(chosen) => set({ kinds: chosen })}
      />
      <Select label={words.severity} value={minSeverity} onChange={({ target }) => set({ minSeverity: target.value as AlertSeverity })}>
        <Options texts={words.least} />
      </Select>
      <TextField
        label={words.quietPeriod}
        hint={words.quietPeriodHint}
        value={quietPeriod}
        problem={problemAt(error, 'quietPeriod')}
        onChange={({ target }) => set({ quietPeriod: target.value })}
      />
      {kind !== 'pagerduty' && (
        <TextField
          label={words.digest}
          hint={words.digestHint}
          type="time"
          value={digestAt}
          problem={problemAt(error, 'digest')}
          onChange={({ target }) => set({ digestAt: target.value })}
        />
      )}
      {kind !== 'pagerduty' && digestAt !== '' && (
        <Checkbox label={words.digestOnly} checked={digestOnly} onChange={({ target }) => set({ digestOnly: target.checked })} />
      )}
    </>
  );
}

const Options = ({ texts }: { texts: Record<string, string> }) =>
  Object.entries(texts).map(([value, text]) => (
    <option key={value} value={value}>
      {text}
    </option>
  ));

function Target({ draft: { kind, to, url, routingKey }, isNew, set, error }: Omit<ChannelFieldsProps, 'kindNames' | 'isChecked'>) {
  const words = useChannelWords();
  if (kind === 'email') {
    return (
      <TextArea
        label={words.to}
        hint={words.toHint}
        rows={3}
        value={to}
        problem={problemAt(error, 'settings.to')}
        onChange={({ target }) => set({ to: target.value })}
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
        onChange={({ target }) => set({ routingKey: target.value })}
      />
    );
  }
  const isSlack = kind === 'slack';
  return (
    <TextField
      label={isSlack ? words.slackUrl : words.url}
      hint={isSlack ? (isNew ? undefined : words.sendAgain) : words.urlHint}
      type="url"
      value={url}
      problem={problemAt(error, 'settings.url')}
      onChange={({ target }) => set({ url: target.value })}
    />
  );
}
