// The channels of the tenant: who is told of alerts, with a test.
import type { AlertChannel } from '@posthorn/client';
import { useState } from 'react';
import { Button } from '../../parts/Button.tsx';
import { ChannelDialog } from '../../parts/channels/ChannelDialog.tsx';
import { ChannelItem } from '../../parts/channels/ChannelItem.tsx';
import { ChannelList } from '../../parts/channels/ChannelList.tsx';
import { useChannelWords } from '../../parts/channels/words.ts';
import { Section } from '../../parts/Page.tsx';
import { Empty } from '../../parts/States.tsx';
import { freshSecrets } from '../fresh-secrets.ts';
import { SecretOnce } from '../SecretOnce.tsx';
import { useForbidden } from '../shared-words.ts';
import { useTenant } from '../tenant.ts';
import { useAlertWords } from './words.ts';

export function Channels() {
  const [words, channelWords] = [useAlertWords(), useChannelWords()];
  const tenant = useTenant();
  const forbidden = useForbidden('endpoints:write');
  const [isAdding, setIsAdding] = useState(false);
  const add = (
    <Button onPress={() => setIsAdding(true)} because={forbidden}>
      {channelWords.add}
    </Button>
  );
  const nobody = (
    <Empty title={channelWords.none}>
      <p>{words.noneText}</p>
    </Empty>
  );
  return (
    <Section title={words.channels} actions={add}>
      <p className="quiet">{words.channelsHint}</p>
      <ChannelList tenant={tenant} empty={nobody}>
        {(channel) => (
          <ChannelItem key={channel.id} channel={channel} kindNames={words.alertKinds} because={forbidden}>
            <SecretOnce of={channel.id} />
          </ChannelItem>
        )}
      </ChannelList>
      {isAdding && <ChannelDialog tenant={tenant} kindNames={words.alertKinds} onClose={() => setIsAdding(false)} onMade={keepSecret} />}
    </Section>
  );
}

function keepSecret({ id, settings: { secret } }: AlertChannel): void {
  if (secret !== undefined) freshSecrets.keep(id, secret);
}
