// One channel: whom it tells of what, whether the last message arrived, and what can be done.
import type { AlertChannel } from '@posthorn/client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { duration } from '../../words/format.ts';
import { useWords } from '../../words/words.tsx';
import { Button } from '../Button.tsx';
import { Confirm } from '../Dialog.tsx';
import { Problem } from '../States.tsx';
import { Tag } from '../Status.tsx';
import { Time } from '../Time.tsx';
import { say } from '../Toasts.tsx';
import { useOrder } from '../use-order.ts';
import { ChannelDialog } from './ChannelDialog.tsx';
import { targetOf } from './channel-draft.ts';
import type { ChannelWords } from './texts.ts';
import { type KindNames, useChannelWords } from './words.ts';
import './channels.css';

export interface ChannelItemProps {
  channel: AlertChannel;
  kindNames: KindNames;
  /** Whose alerts it gets, where that is not plain. */
  of?: string;
  /** Why it cannot be changed. */
  because: string | undefined;
  children?: ReactNode;
}

export function ChannelItem({ channel, kindNames, of, because, children }: ChannelItemProps) {
  const words = useChannelWords();
  const { kind, lastSentAt, lastError } = channel;
  return (
    <li className="entry channel">
      <div className="entry-text">
        <strong>
          {words.kinds[kind]}: <span className="channel-target">{targetOf(channel)}</span>
        </strong>
        <p className="quiet">
          {of && `${of}. `}
          {whichOf(channel, kindNames, words)}.
        </p>
        <p>
          {lastError !== null && (
            <Tag tone="bad">
              {words.failed} <span lang="en">{lastError}</span>
            </Tag>
          )}
          {lastError === null && lastSentAt !== null && (
            <Tag tone="good">
              {words.sent} <Time at={lastSentAt} />
            </Tag>
          )}
          {lastError === null && lastSentAt === null && <Tag tone="neutral">{words.neverSent}</Tag>}
        </p>
        {children}
      </div>
      <Actions channel={channel} kindNames={kindNames} because={because} />
    </li>
  );
}

function whichOf({ kinds, minSeverity, digest }: AlertChannel, names: KindNames, words: ChannelWords): string {
  const which = kinds === null ? words.least[minSeverity] : kinds.map((kind) => names[kind] ?? kind).join(' · ');
  return digest === null ? which : `${which}. ${words.summary(digest.at, digest.only)}`;
}

function Actions({ channel, kindNames, because }: ChannelItemProps) {
  const words = useChannelWords();
  const { locale } = useWords();
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
          {test.isPending ? words.testing : words.test}
        </Button>
        <Button onPress={() => setOpen('edit')} because={because}>
          {words.edit}
        </Button>
        <Button tone="danger" onPress={() => setOpen('delete')} because={because}>
          {words.remove}
        </Button>
      </div>
      <div className="channel-result" role="status">
        {test.data && <Tag tone="good">{words.tested(duration(test.data.tookMs, locale), test.data.answer)}</Tag>}
        {test.error && <Problem error={test.error} />}
      </div>
      {open === 'edit' && (
        <ChannelDialog channel={channel} tenant={channel.tenant ?? undefined} kindNames={kindNames} onClose={() => setOpen(null)} />
      )}
      {open === 'delete' && <DeleteChannel channel={channel} onClose={() => setOpen(null)} />}
    </>
  );
}

function DeleteChannel({ channel, onClose }: { channel: AlertChannel; onClose: () => void }) {
  const words = useChannelWords();
  const { mutate, isPending, error } = useOrder({
    send: () => posthorn.alertChannels.delete(channel.id),
    onDone: () => say(words.removed),
    onward: onClose,
    changes: [['alert-channels']],
  });
  return (
    <Confirm
      title={words.removeTitle}
      isOpen
      onClose={onClose}
      effect={<p>{words.removeEffect(targetOf(channel))}</p>}
      action={words.remove}
      isDangerous
      isPending={isPending}
      onConfirm={() => mutate()}
      problem={error && <Problem error={error} />}
    />
  );
}
