// The channels of the tenant: who is told of alerts, with a test.
import type { AlertChannel } from '@posthorn/client';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { Button } from '../../parts/Button.tsx';
import { targetOf } from '../../parts/channel-draft.ts';
import { Confirm } from '../../parts/Dialog.tsx';
import { Section } from '../../parts/Page.tsx';
import { Empty, Problem, Skeleton } from '../../parts/States.tsx';
import { Time } from '../../parts/Time.tsx';
import { say } from '../../parts/Toasts.tsx';
import { SecretOnce } from '../SecretOnce.tsx';
import { useForbidden } from '../shared-words.ts';
import { useTenant } from '../tenant.ts';
import { ChannelDialog } from './ChannelDialog.tsx';
import { useAlertWords } from './words.ts';
import type { AlertWords } from './words-en.ts';

export function Channels() {
  const words = useAlertWords();
  const tenant = useTenant();
  const forbidden = useForbidden('endpoints:write');
  const [isAdding, setIsAdding] = useState(false);
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['alert-channels', tenant],
    queryFn: async ({ signal }) => (await posthorn.alertChannels.list({ tenant, limit: 50 }, { signal }).page()).data,
  });
  const add = (
    <Button tone="primary" onPress={() => setIsAdding(true)} because={forbidden}>
      {words.add}
    </Button>
  );
  return (
    <Section title={words.channels} actions={data && data.length > 0 && add}>
      <p className="quiet">{words.channelsHint}</p>
      {isPending && <Skeleton rows={3} />}
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {data?.length === 0 && (
        <Empty title={words.none}>
          <p>{words.noneText}</p>
          {add}
        </Empty>
      )}
      <ul className="alerts">
        {data?.map((channel) => (
          <ChannelItem key={channel.id} channel={channel} because={forbidden} />
        ))}
      </ul>
      {isAdding && <ChannelDialog onClose={() => setIsAdding(false)} />}
    </Section>
  );
}

function ChannelItem({ channel, because }: { channel: AlertChannel; because: string | undefined }) {
  const words = useAlertWords();
  const [open, setOpen] = useState<'edit' | 'remove' | null>(null);
  const { id, kind, lastSentAt, lastError } = channel;
  const queries = useQueryClient();
  const test = useMutation({
    mutationFn: () => posthorn.alertChannels.test(id),
    onSuccess: ({ answer }) => {
      say(words.tested(answer));
      void queries.invalidateQueries({ queryKey: ['alert-channels'] });
    },
  });
  return (
    <li className="alert">
      <strong>{words.kinds[kind]}</strong>
      <div className="alert-text">
        <p className="alert-target">{targetOf(channel)}</p>
        <p className="quiet">
          {whichText(channel, words)},{' '}
          {lastSentAt ? (
            <>
              {words.lastSent} <Time at={lastSentAt} />
            </>
          ) : (
            words.neverSent
          )}
        </p>
        {lastError && (
          <p className="field-problem" lang="en">
            {lastError}
          </p>
        )}
        <SecretOnce of={id} />
        {test.error && <Problem error={test.error} />}
      </div>
      <div className="alert-actions">
        <Button onPress={() => test.mutate()} isPending={test.isPending} because={because}>
          {test.isPending ? words.testing : words.test}
        </Button>
        <Button onPress={() => setOpen('edit')} because={because}>
          {words.edit}
        </Button>
        <Button tone="danger" onPress={() => setOpen('remove')} because={because}>
          {words.remove}
        </Button>
      </div>
      {open === 'edit' && <ChannelDialog channel={channel} onClose={() => setOpen(null)} />}
      {open === 'remove' && <RemoveDialog channel={channel} onClose={() => setOpen(null)} />}
    </li>
  );
}

function whichText({ kinds, minSeverity }: AlertChannel, words: AlertWords): string {
  if (kinds === null) return minSeverity === 'info' ? words.all : words.form.leastOf[minSeverity];
  return kinds.map((kind) => (words.alertKinds as Record<string, string>)[kind] ?? kind).join(' · ');
}

function RemoveDialog({ channel, onClose }: { channel: AlertChannel; onClose: () => void }) {
  const words = useAlertWords();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => posthorn.alertChannels.delete(channel.id),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: ['alert-channels'] });
      say(words.removed);
      onClose();
    },
  });
  return (
    <Confirm
      isOpen
      title={words.removeTitle}
      onClose={onClose}
      effect={words.removeEffect(targetOf(channel))}
      action={words.remove}
      isDangerous
      isPending={remove.isPending}
      onConfirm={() => remove.mutate()}
      problem={remove.error && <Problem error={remove.error} />}
    />
  );
}
