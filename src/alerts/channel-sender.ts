// Sends a message to a channel of any kind. Nothing is recorded here: the caller decides about repeats.

import type { StoredChannel } from '#db/alerts/channel-row';
import { ChannelRefused } from '#domain/alerts/channel-refused';
import type { ChannelSettings } from '#domain/alerts/channel-settings';
import { usualPagerDutyUrl } from '#domain/alerts/channel-settings';
import type { Sender } from '#outbound/send';
import { newId } from '#runtime/new-id';
import { openChannelSettings } from '#sealing/channel-settings';
import type { Mailer } from './email.ts';
import type { Message } from './message.ts';
import { composePagerDuty, composePagerDutyTest } from './pagerduty.ts';
import { postJson } from './post-json.ts';
import { composeSlack } from './slack.ts';
import { acceptWebhook, testWebhook, type WebhookDeps } from './webhook.ts';

export interface ChannelSender {
  /** Resolves to what the other side answered. `id`: the same for a repeat. Throws ChannelRefused. */
  send(channel: StoredChannel, message: Message, id: string): Promise<string>;
  /** Sends a test message and resolves to the answer. Throws ChannelRefused. */
  test(channel: StoredChannel): Promise<string>;
}

export interface ChannelSenderDeps extends WebhookDeps {
  sender: Pick<Sender, 'send'>;
  /** Null: no SMTP server is configured. */
  mailer: Mailer | null;
}

export function createChannelSender(deps: ChannelSenderDeps): ChannelSender {
  const { sender, vault } = deps;

  function mail({ to = [] }: ChannelSettings, message: Message): Promise<string> {
    if (!deps.mailer) throw new ChannelRefused('kind', 'email needs POSTHORN_SMTP_URL and POSTHORN_SMTP_FROM, which are not set');
    return deps.mailer.send(to, message);
  }

  const slack = ({ url = '' }: ChannelSettings, message: Message) => postJson(sender, url, composeSlack(message), 'settings.url');

  async function page({ url = usualPagerDutyUrl }: ChannelSettings, ...events: object[]): Promise<string> {
    let answer = '';
    for (const event of events)
      answer = await postJson(sender, url, event, url === usualPagerDutyUrl ? 'settings.routingKey' : 'settings.url');
    return answer;
  }

  return {
    async send(channel, message, id) {
      const settings = openChannelSettings(vault, channel.id, channel.sealed);
      switch (channel.kind) {
        case 'webhook':
          return acceptWebhook(deps, channel, settings, message, id);
        case 'email':
          return mail(settings, message);
        case 'slack':
          return slack(settings, message);
        case 'pagerduty':
          if (message.kind !== 'alert') return 'nothing to send';
          return page(settings, composePagerDuty(settings.routingKey ?? '', message.event, message.alert));
      }
    },
    async test(channel) {
      const settings = openChannelSettings(vault, channel.id, channel.sealed);
      const id = newId('alr');
      switch (channel.kind) {
        case 'webhook':
          return testWebhook(deps, channel, settings);
        case 'email':
          return mail(settings, { kind: 'test', id });
        case 'slack':
          return slack(settings, { kind: 'test', id });
        case 'pagerduty':
          return page(settings, ...composePagerDutyTest(settings.routingKey ?? '', id, Date.now()));
      }
    },
  };
}
