// Adds an alert channel, or changes one.
import type { AlertChannel } from '@posthorn/client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useMemo, useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { hasHidden, saveTyped } from '../../api/save-typed.ts';
import { operatorKinds } from '../alert-kinds.ts';
import { ChangedMeanwhile } from '../ChangedMeanwhile.tsx';
import { Dialog } from '../Dialog.tsx';
import { FormActions } from '../FormActions.tsx';
import { FormProblem } from '../FormProblem.tsx';
import { problemAt } from '../States.tsx';
import { TenantField } from '../SuggestedField.tsx';
import { say } from '../Toasts.tsx';
import { type Typed, useTyped } from '../use-typed.ts';
import { ChannelFields } from './ChannelFields.tsx';
import { type ChannelDraft, channelChangeOf, draftOfChannel, emptyChannel, hasKinds, newChannelOf } from './channel-draft.ts';
import type { ChannelWords } from './texts.ts';
import { type KindNames, useChannelWords } from './words.ts';

export interface ChannelDialogProps {
  /** Without one: a new channel. */
  channel?: AlertChannel;
  /** Of this tenant. Without one the tenant is a field of the form. */
  tenant?: string | undefined;
  kindNames: KindNames;
  onClose: () => void;
  /** Gets the new channel, with the secret that is shown only now; also when the dialog was closed meanwhile. */
  onMade?: (channel: AlertChannel) => void;
}

export function ChannelDialog({ channel, tenant, kindNames, onClose, onMade }: ChannelDialogProps) {
  const words = useChannelWords();
  const before = useMemo(() => (channel ? draftOfChannel(channel) : { ...emptyChannel, tenant: tenant ?? '' }), [channel, tenant]);
  const form = useTyped<ChannelDraft>(before, channel?.etag);
  const { draft, set } = form;
  const [isChecked, setIsChecked] = useState(false);
  const save = useSave(channel, form, before, onMade);
  const send = (event: FormEvent) => {
    event.preventDefault();
    setIsChecked(true);
    if (save.isPending || !hasKinds(draft)) return;
    save.mutate(undefined, {
      onSuccess(saved) {
        if (!saved) return;
        say(channel ? words.saved : words.created);
        onClose();
      },
    });
  };
  const isOffered = (kind: string) => draft.tenant === '' || !(operatorKinds as ReadonlySet<string>).has(kind);
  const names = Object.fromEntries(Object.entries(kindNames).filter(([kind]) => isOffered(kind)));
  return (
    <Dialog title={channel ? words.editTitle : words.add} isOpen onClose={onClose} place="side">
      <form className="form" onSubmit={send}>
        {!channel && tenant === undefined && (
          <TenantField
            hint="Empty: a channel of the operator, for the alerts of all tenants and those about the installation."
            value={draft.tenant}
            problem={problemAt(save.error, 'tenant')}
            onChange={({ target }) => set({ tenant: target.value })}
          />
        )}
        <ChannelFields draft={draft} isNew={!channel} isChecked={isChecked} kindNames={names} set={set} error={save.error} />
        <ChangedMeanwhile changed={form.overtaken.map((name) => storedIn(words, kindNames, before, name))} onTake={form.takeStored} />
        <FormProblem error={save.error} fields={['tenant', 'kind', 'settings.', 'quietPeriod', 'digest']} />
        <FormActions action={channel ? words.save : words.create} isPending={save.isPending} />
      </form>
    </Dialog>
  );
}

/** Null: it was not saved, since somebody else has changed the channel meanwhile. */
function useSave(channel: AlertChannel | undefined, form: Typed<ChannelDraft>, before: ChannelDraft, onMade: ChannelDialogProps['onMade']) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn(): Promise<AlertChannel | null> {
      if (!channel) return posthorn.alertChannels.create(newChannelOf(form.draft));
      const changeOver = (stored: ChannelDraft) => channelChangeOf(form.over(stored), stored);
      return saveTyped({
        read: () => posthorn.alertChannels.get(channel.id),
        isOvertakenBy: (now) => form.isOvertakenBy(draftOfChannel(now)),
        overHidden: hasHidden(channel, Object.keys(changeOver(before))) ? form : undefined,
        save: (now, options) => posthorn.alertChannels.update(channel.id, changeOver(draftOfChannel(now)), options),
      });
    },
    onSuccess(saved) {
      if (!channel && saved) onMade?.(saved);
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ['alert-channels'] }),
  });
}

/** What a field is called, and what is stored in it, as text. */
function storedIn(words: ChannelWords, kindNames: KindNames, stored: ChannelDraft, name: keyof ChannelDraft): [string, string] {
  const { kind, kinds, minSeverity, digestOnly } = stored;
  const texts: Partial<Record<keyof ChannelDraft, [string, string]>> = {
    to: [words.to, stored.to],
    url: [kind === 'slack' ? words.slackUrl : words.url, stored.url],
    kinds: [words.which, kinds === null ? words.all : kinds.map((one) => kindNames[one] ?? one).join(', ')],
    minSeverity: [words.severity, words.least[minSeverity]],
    quietPeriod: [words.quietPeriod, stored.quietPeriod],
    digestAt: [words.digest, stored.digestAt],
    digestOnly: [words.digestOnly, digestOnly ? '✓' : ''],
  };
  return texts[name] ?? [name, String(stored[name])];
}
