// One channel: whom it tells of what, whether the last message arrived, and what can be done.
import type { AlertChannel } from '@posthorn/client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { useLacks } from '../../api/use.ts';
import { alertKindWords } from '../../parts/alert-kinds.ts';
import { Button } from '../../parts/Button.tsx';
import { targetOf } from '../../parts/channel-draft.ts';
import { Confirm } from '../../parts/Dialog.tsx';
import { Problem } from '../../parts/States.tsx';
import { Tag } from '../../parts/Status.tsx';
import { Time } from '../../parts/Time.tsx';
import { say } from '../../parts/Toasts.tsx';
import { duration } from '../../words/format.ts';
import { ChannelSheet } from './ChannelSheet.tsx';
import { kindWords, leastWords } from './words.ts';

export function ChannelItem({ channel }: { channel: AlertChannel }) {
  const { kind, tenant, lastSentAt, lastError } = channel;
  return (
    <li className="channel">
      <div className="channel-text">
        <strong>
          {kindWords[kind]}: <span className="channel-target">{targetOf(channel)}</span>
        </strong>
        <p className="quiet">
          {tenant === null ? 'Alerts of all tenants and of the installation' : `Alerts of ${tenant}`}. {whichOf(channel)}.
        </p>
        <p>
          {lastError !== null && <Tag tone="bad">The last message could not be sent: {lastError}</Tag>}
          {lastError === null && lastSentAt !== null && (
            <Tag tone="good">
              The last message was sent <Time at={lastSentAt} />
            </Tag>
          )}
          {lastError === null && lastSentAt === null && <Tag tone="neutral">No message was sent yet</Tag>}
        </p>
      </div>
      <Actions channel={channel} />
    </li>
  );
}

function whichOf({ kinds, minSeverity, digest }: AlertChannel): string {
  const which = kinds === null ? leastWords[minSeverity] : kinds.map((kind) => alertKindWords[kind]).join(' · ');
  return digest === null ? which : `${which}. Summary at ${digest.at} UTC${digest.only ? ' only' : ''}`;
}

function Actions({ channel }: { channel: AlertChannel }) {
  const because = useLacks('endpoints:write');
  const queries = useQueryClient();
  const [open, setOpen] = useState<'edit' | 'delete' | null>(null);
  const test = useMutation({
    mutationFn: () => posthorn.alertChannels.test(channel.id),
    onSettled: () => queries.invalidateQueries({ queryKey: ['alert-channels'] }),
  });
  return (
    <>
      <div className="channel-actions">
        <Button onPress={() => test.mutate()} isPending={test.isPending} because={because}>
          {test.isPending ? 'Sending' : 'Send a test'}
        </Button>
        <Button onPress={() => setOpen('edit')} because={because}>
          Edit
        </Button>
        <Button tone="danger" onPress={() => setOpen('delete')} because={because}>
          Delete
        </Button>
      </div>
      <div className="channel-result" role="status">
        {test.data && (
          <Tag tone="good">
            Accepted after {duration(test.data.tookMs, 'en')}: {test.data.answer}
          </Tag>
        )}
        {test.error && <Problem error={test.error} />}
      </div>
      {open === 'edit' && <ChannelSheet channel={channel} onClose={() => setOpen(null)} />}
      {open === 'delete' && <DeleteChannel channel={channel} onClose={() => setOpen(null)} />}
    </>
  );
}

function DeleteChannel({ channel, onClose }: { channel: AlertChannel; onClose: () => void }) {
  const queries = useQueryClient();
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => posthorn.alertChannels.delete(channel.id),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: ['alert-channels'] });
      say('The channel is deleted.');
      onClose();
    },
  });
  return (
    <Confirm
      title="Delete this channel?"
      isOpen
      onClose={onClose}
      effect={<p>{targetOf(channel)} is not told of alerts any more, not even of what was about to be sent.</p>}
      action="Delete"
      isDangerous
      isPending={isPending}
      onConfirm={() => mutate()}
      problem={error && <Problem error={error} />}
    />
  );
}
