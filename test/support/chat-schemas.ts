// What Slack, Discord, Microsoft Teams and PagerDuty document of the JSON that they take, with their limits.
import { z } from 'zod';

const url = z.url().max(3_000);
const plainText = (most: number) =>
  z.strictObject({ type: z.literal('plain_text'), text: z.string().min(1).max(most), emoji: z.boolean().optional() });
const mrkdwn = (most: number) => z.strictObject({ type: z.literal('mrkdwn'), text: z.string().min(1).max(most) });
const button = z.strictObject({ type: z.literal('button'), text: plainText(75), url, action_id: z.string().max(255).optional() });

/** https://docs.slack.dev/reference/block-kit/blocks */
export const slackMessage = z.strictObject({
  text: z.string().min(1).max(40_000),
  blocks: z
    .array(
      z.discriminatedUnion('type', [
        z.strictObject({ type: z.literal('header'), text: plainText(150) }),
        z
          .strictObject({
            type: z.literal('section'),
            text: mrkdwn(3_000).optional(),
            fields: z.array(mrkdwn(2_000)).min(1).max(10).optional(),
          })
          .refine(({ text, fields }) => text !== undefined || fields !== undefined),
        z.strictObject({ type: z.literal('actions'), elements: z.array(button).min(1).max(25) }),
        z.strictObject({ type: z.literal('context'), elements: z.array(mrkdwn(3_000)).min(1).max(10) }),
      ]),
    )
    .max(50),
});

const embed = z.strictObject({
  title: z.string().max(256).optional(),
  description: z.string().max(4_096).optional(),
  url: url.optional(),
  color: z.int().min(0).max(0xffffff).optional(),
  fields: z
    .array(z.strictObject({ name: z.string().min(1).max(256), value: z.string().min(1).max(1_024), inline: z.boolean().optional() }))
    .max(25)
    .optional(),
  footer: z.strictObject({ text: z.string().max(2_048) }).optional(),
  timestamp: z.iso.datetime().optional(),
});

/** https://docs.discord.com/developers/resources/webhook#execute-webhook; at most 6,000 characters in all embeds. */
export const discordMessage = z.strictObject({
  content: z.string().min(1).max(2_000).optional(),
  username: z.string().min(1).max(80).optional(),
  embeds: z
    .array(embed)
    .min(1)
    .max(10)
    .refine((embeds) => JSON.stringify(embeds).length < 6_000 + 1_000 * embeds.length),
  allowed_mentions: z.strictObject({ parse: z.array(z.enum(['roles', 'users', 'everyone'])) }),
});

const textBlock = z.strictObject({
  type: z.literal('TextBlock'),
  text: z.string().min(1),
  wrap: z.boolean().optional(),
  size: z.enum(['Small', 'Default', 'Medium', 'Large', 'ExtraLarge']).optional(),
  weight: z.enum(['Lighter', 'Default', 'Bolder']).optional(),
  isSubtle: z.boolean().optional(),
});
const factSet = z.strictObject({
  type: z.literal('FactSet'),
  facts: z.array(z.strictObject({ title: z.string().min(1), value: z.string().min(1) })).min(1),
});

/** An Adaptive Card as a workflow of Teams takes it, at most 28 KB. https://adaptivecards.io/explorer/ */
export const adaptiveCardMessage = z
  .strictObject({
    type: z.literal('message'),
    attachments: z
      .array(
        z.strictObject({
          contentType: z.literal('application/vnd.microsoft.card.adaptive'),
          contentUrl: z.null(),
          content: z.strictObject({
            $schema: z.literal('http://adaptivecards.io/schemas/adaptive-card.json'),
            type: z.literal('AdaptiveCard'),
            version: z.enum(['1.0', '1.2', '1.4']),
            body: z.array(z.discriminatedUnion('type', [textBlock, factSet])).min(1),
            actions: z.array(z.strictObject({ type: z.literal('Action.OpenUrl'), title: z.string().min(1), url })).optional(),
          }),
        }),
      )
      .length(1),
  })
  .refine((message) => Buffer.byteLength(JSON.stringify(message)) <= 28 * 1024);

/** https://developer.pagerduty.com/docs/send-alert-event */
export const pagerDutyEvent = z.strictObject({
  routing_key: z.string().length(32),
  event_action: z.enum(['trigger', 'acknowledge', 'resolve']),
  dedup_key: z.string().min(1).max(255),
  payload: z.strictObject({
    summary: z.string().min(1).max(1_024),
    source: z.string().min(1),
    severity: z.enum(['critical', 'error', 'warning', 'info']),
    timestamp: z.iso.datetime().optional(),
    component: z.string().optional(),
    group: z.string().optional(),
    class: z.string().optional(),
    custom_details: z.unknown().optional(),
  }),
  links: z.array(z.strictObject({ href: url, text: z.string() })).optional(),
  client: z.string().optional(),
  client_url: url.optional(),
});
