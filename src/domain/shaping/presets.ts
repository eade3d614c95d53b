// Ready-made transforms for Slack, Discord, Microsoft Teams and PagerDuty. Each becomes a template, within the documented
// limits of its receiver; what the event holds is escaped, so that it cannot mention people or become a link.
import { z } from 'zod';
import { faultText } from '../faults/fault.ts';
import { ofEvent } from './path.ts';
import { type Escape, parseText } from './text-template.ts';

const textTemplate = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .superRefine((text, context) => {
      const parts = parseText(text, ofEvent);
      if (typeof parts === 'string') context.addIssue({ code: 'custom', message: parts });
    });

const label = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[^{}]*$/, faultText('label_braces'));
export const presetField = z.strictObject({ label, value: textTemplate(500) });

const message = {
  title: textTemplate(500).optional().describe('text with placeholders; `{{type}}` by default'),
  text: textTemplate(4_000).optional().describe('text with placeholders, such as `Order {{data.orderId}} over {{data.amount}}`'),
  fields: z.array(presetField).min(1).max(10).optional().describe('lines of a label and a value with placeholders'),
  link: textTemplate(1_000)
    .refine((text) => /^https?:\/\/[^{}]/i.test(text), faultText('link_start'))
    .optional()
    .describe('a link to what the event is about, such as `https://admin.example.com/orders/{{data.orderId}}`; values are percent-encoded'),
};

export const slackPreset = z.strictObject({ preset: z.literal('slack'), ...message });
export const discordPreset = z.strictObject({
  preset: z.literal('discord'),
  ...message,
  username: z.string().min(1).max(80).optional().describe('name that is shown in place of that of the webhook'),
  color: z.int().min(0).max(0xffffff).optional().describe('color of the bar beside the message'),
});
export const teamsPreset = z.strictObject({ preset: z.literal('teams'), ...message });

const severity = z.enum(['critical', 'error', 'warning', 'info']);
export const pagerDutyPreset = z.strictObject({
  preset: z.literal('pagerduty'),
  routingKey: z
    .string()
    .regex(/^([A-Za-z0-9]{32}|\*\*\*)$/, 'must be the integration key of a service: 32 letters and digits')
    .describe('integration key of the service; shown as ***, and *** in a change keeps it'),
  summary: textTemplate(1_000).optional().describe('text with placeholders; `{{type}}` by default'),
  source: textTemplate(500).optional().describe('the affected system; `posthorn` by default'),
  severity: severity.optional().describe('`error` by default'),
  dedupKey: textTemplate(255)
    .optional()
    .describe('events with the same key belong to one alert, such as `order-{{data.orderId}}`; by default the id of the event'),
  resolveOn: z.array(z.string().min(1).max(128)).max(50).optional().describe('event types that resolve the alert; all others trigger it'),
  acknowledgeOn: z.array(z.string().min(1).max(128)).max(50).optional().describe('event types that acknowledge it'),
  link: message.link,
});

const presets = [slackPreset, discordPreset, teamsPreset, pagerDutyPreset] as const;
export const preset = z.discriminatedUnion('preset', presets, { error: 'must be slack, discord, teams or pagerduty' });
export type Preset = z.infer<typeof preset>;

type Message = Pick<z.infer<typeof slackPreset>, 'title' | 'text' | 'fields' | 'link'>;

/** The template that the preset stands for. */
export function templateOf(given: Preset): unknown {
  switch (given.preset) {
    case 'slack':
      return slack(given);
    case 'discord':
      return discord(given);
    case 'teams':
      return teams(given);
    case 'pagerduty':
      return pagerDuty(given);
  }
}

const text = ($text: string, $max: number, $escape?: Escape, $default?: string) => ({
  $text,
  $max,
  ...($escape && { $escape }),
  ...($default !== undefined && { $default }),
});
const none = '—';
const title = (given: Message) => given.title ?? '{{type}}';
const url = (link: string) => text(link, 2_000, 'url');

/** https://docs.slack.dev/reference/block-kit/blocks: a header has 150 characters, a section 3,000, a field 2,000. */
function slack(given: Message): unknown {
  const mrkdwn = (template: string, most: number) => ({ type: 'mrkdwn', text: text(template, most, 'slack', none) });
  const { text: body, fields, link } = given;
  return {
    text: text(body === undefined ? title(given) : `${title(given)}: ${body}`, 3_000, 'slack', '{{type}}'),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: text(title(given), 150, undefined, '{{type}}') } },
      ...(body === undefined ? [] : [{ type: 'section', text: mrkdwn(body, 3_000) }]),
      ...(fields ? [{ type: 'section', fields: fields.map(({ label, value }) => mrkdwn(`*${label}*\n${value}`, 2_000)) }] : []),
      ...(link === undefined
        ? []
        : [{ type: 'actions', elements: [{ type: 'button', text: { type: 'plain_text', text: 'Open' }, url: url(link) }] }]),
      { type: 'context', elements: [mrkdwn('{{type}} · {{timestamp}} · {{id}}', 2_000)] },
    ],
  };
}

/**
 * https://docs.discord.com/developers/resources/message#embed-object: 6,000 characters in all. `allowed_mentions`: nobody is
 * notified, whatever the event holds.
 */
function discord({ username, color, ...given }: z.infer<typeof discordPreset>): unknown {
  const { text: body, fields, link } = given;
  return {
    ...(username !== undefined && { username: { $const: username } }),
    embeds: [
      {
        title: text(title(given), 256, 'discord', '{{type}}'),
        ...(body !== undefined && { description: text(body, 2_000, 'discord', none) }),
        ...(link !== undefined && { url: url(link) }),
        ...(color !== undefined && { color }),
        ...(fields && {
          fields: fields.map(({ label, value }) => ({ name: { $const: label }, value: text(value, 200, 'discord', none), inline: true })),
        }),
        footer: { text: text('{{type}} · {{id}}', 280) },
        timestamp: { $path: 'timestamp' },
      },
    ],
    allowed_mentions: { parse: [] },
  };
}

/** https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using: one Adaptive Card, 28 KB. */
function teams(given: Message): unknown {
  const { text: body, fields, link } = given;
  const block = (template: string, most: number, how: object) => ({
    type: 'TextBlock',
    text: text(template, most, 'teams', none),
    wrap: true,
    ...how,
  });
  const card = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [
      block(title(given), 250, { size: 'Large', weight: 'Bolder' }),
      ...(body === undefined ? [] : [block(body, 3_000, {})]),
      ...(fields
        ? [
            {
              type: 'FactSet',
              facts: fields.map(({ label, value }) => ({ title: { $const: label }, value: text(value, 500, 'teams', none) })),
            },
          ]
        : []),
      block('{{type}} · {{timestamp}} · {{id}}', 500, { isSubtle: true, size: 'Small' }),
    ],
    ...(link !== undefined && { actions: [{ type: 'Action.OpenUrl', title: 'Open', url: url(link) }] }),
  };
  return { type: 'message', attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content: card }] };
}

/** https://developer.pagerduty.com/docs/send-alert-event: a summary has 1,024 characters, a deduplication key 255. */
function pagerDuty(given: z.infer<typeof pagerDutyPreset>): unknown {
  const { routingKey, summary = '{{type}}', source = 'posthorn', dedupKey = '{{id}}', resolveOn = [], acknowledgeOn = [], link } = given;
  const actions = [...acknowledgeOn.map((type) => [type, 'acknowledge']), ...resolveOn.map((type) => [type, 'resolve'])];
  return {
    routing_key: { $const: routingKey },
    event_action: { $path: 'type', $map: Object.fromEntries(actions), $default: 'trigger' },
    dedup_key: text(dedupKey, 255, undefined, '{{id}}'),
    payload: {
      summary: text(summary, 1_024, undefined, '{{type}}'),
      source: text(source, 500, undefined, 'posthorn'),
      severity: given.severity ?? 'error',
      timestamp: { $path: 'timestamp' },
      class: { $path: 'type' },
      custom_details: { $path: 'data' },
    },
    ...(link !== undefined && { links: [{ href: url(link), text: 'Open' }] }),
    client: 'Posthorn',
  };
}
