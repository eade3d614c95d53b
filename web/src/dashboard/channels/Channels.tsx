// Alert channels: who is told of alerts, with a test whose result is shown at once.
import type { AlertChannel } from '@posthorn/client';
import { useState } from 'react';
import { useBoundTo, useLacks } from '../../api/use.ts';
import { alertKindWords } from '../../parts/alert-kinds.ts';
import { Button } from '../../parts/Button.tsx';
import { ChannelDialog } from '../../parts/channels/ChannelDialog.tsx';
import { ChannelItem } from '../../parts/channels/ChannelItem.tsx';
import { ChannelList } from '../../parts/channels/ChannelList.tsx';
import { useChannelWords } from '../../parts/channels/words.ts';
import { Page } from '../../parts/Page.tsx';
import { Empty } from '../../parts/States.tsx';
import { keepMadeSecret } from '../made-secret.ts';

export function Channels() {
  const words = useChannelWords();
  const because = useLacks('endpoints:write');
  const bound = useBoundTo();
  const [isAdding, setIsAdding] = useState(false);
  const add = (
    <Button tone="primary" onPress={() => setIsAdding(true)} because={because}>
      {words.add}
    </Button>
  );
  const nobody = (
    <Empty title={words.none}>
      <p>Add an address, so that you hear of a problem before your customers do.</p>
    </Empty>
  );
  return (
    <Page title="Channels" actions={add}>
      <p className="quiet">
        A channel is told when an alert opens, and when it closes.
        {bound === null && ' Channels of the operator are told of all alerts.'}
      </p>
      <ChannelList empty={nobody}>
        {(channel) => <ChannelItem key={channel.id} channel={channel} kindNames={alertKindWords} of={whoseOf(channel)} because={because} />}
      </ChannelList>
      {isAdding && (
        <ChannelDialog tenant={bound ?? undefined} kindNames={alertKindWords} onClose={() => setIsAdding(false)} onMade={keepSecret} />
      )}
    </Page>
  );
}

const whoseOf = ({ tenant }: AlertChannel) => (tenant === null ? 'Alerts of all tenants and of the installation' : `Alerts of ${tenant}`);

const ofChannel = {
  title: 'The channel is there',
  name: 'the secret',
  hint: 'This is the signing secret of the new channel. With it your server tells real messages from forged ones.',
};

function keepSecret({ settings: { secret } }: AlertChannel): void {
  if (secret !== undefined) keepMadeSecret({ ...ofChannel, text: secret });
}
