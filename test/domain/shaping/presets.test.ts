// Presets: what they make is what the receivers document, within their limits, whatever the event holds.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { boundTemplate, transform } from '#domain/endpoints/endpoint-transform';
import { compileShape } from '#domain/shaping/shape';
import { adaptiveCardMessage, discordMessage, pagerDutyEvent, slackMessage } from '../../support/chat-schemas.ts';

const event = (data: object) => ({
  id: 'order-1001',
  version: null,
  body: `{"type":"order.created","timestamp":"2026-03-02T09:15:00.000Z","data":${JSON.stringify(data)}}`,
});
const message = {
  title: 'Order {{data.orderId}}',
  text: 'Amount {{data.amount}}',
  fields: [{ label: 'Customer', value: '{{data.customer}}' }],
  link: 'https://admin.example.com/orders/{{data.orderId}}',
};
const routingKey = 'R0123456789012345678901234567890';

function made(given: object, data: object) {
  return JSON.parse(compileShape({ layout: 1, template: boundTemplate(transform.parse(given)) })(event(data)));
}

const ordinary = { orderId: '1001', amount: 49.9, customer: 'Zoë' };
const hostile = { orderId: '<!channel> @everyone [x](https://evil.example)', amount: '*'.repeat(9_000), customer: '' };
const vendors: [preset: string, more: object, schema: z.ZodType][] = [
  ['slack', message, slackMessage],
  ['slack', {}, slackMessage],
  ['discord', { ...message, username: 'Shop', color: 0x57f287 }, discordMessage],
  ['discord', {}, discordMessage],
  ['teams', message, adaptiveCardMessage],
  ['teams', {}, adaptiveCardMessage],
  [
    'pagerduty',
    { routingKey, summary: 'Order {{data.orderId}} {{data.amount}}', dedupKey: '{{data.orderId}}', link: message.link },
    pagerDutyEvent,
  ],
  ['pagerduty', { routingKey }, pagerDutyEvent],
];

describe('a preset', () => {
  it.each(vendors)('%s with %j makes what its receiver takes', (preset, more, schema) => {
    for (const data of [ordinary, hostile, {}]) {
      const body = made({ preset, ...more }, data);
      expect(schema.safeParse(body).error?.issues ?? [], JSON.stringify(body)).toEqual([]);
    }
  });

  it('for Slack escapes what the event holds, and not what its owner wrote', () => {
    const { blocks } = made({ preset: 'slack', text: '*Order* {{data.orderId}}' }, hostile);
    expect(blocks[1].text.text).toBe('*Order* &lt;!channel&gt; @everyone [x](https://evil.example)');
  });

  it('for Discord notifies nobody and shows no links of the event', () => {
    const body = made({ preset: 'discord', text: '{{data.orderId}}' }, hostile);
    expect(body.allowed_mentions).toEqual({ parse: [] });
    expect(body.embeds[0].description).toBe('\\<!channel\\> @everyone \\[x\\](https://evil.example)');
  });

  it('percent-encodes what the event puts into a link', () => {
    const link = made({ preset: 'slack', ...message }, hostile).blocks[3].elements[0].url;
    expect(link).toBe('https://admin.example.com/orders/%3C!channel%3E%20%40everyone%20%5Bx%5D(https%3A%2F%2Fevil.example)');
  });

  it('for PagerDuty triggers, acknowledges or resolves by the event type', () => {
    const given = { preset: 'pagerduty', routingKey, dedupKey: 'order-{{data.orderId}}' };
    const body = made({ ...given, severity: 'critical' }, ordinary);
    expect(body).toMatchObject({ routing_key: routingKey, event_action: 'trigger', dedup_key: 'order-1001' });
    expect(body.payload).toEqual({
      summary: 'order.created',
      source: 'posthorn',
      severity: 'critical',
      timestamp: '2026-03-02T09:15:00.000Z',
      class: 'order.created',
      custom_details: ordinary,
    });
    expect(made({ ...given, resolveOn: ['order.created'] }, ordinary).event_action).toBe('resolve');
    expect(made({ ...given, acknowledgeOn: ['order.created'] }, ordinary).event_action).toBe('acknowledge');
  });

  it.each([
    [{ preset: 'slack', titel: 'x' }, 'titel'],
    [{ preset: 'slack', title: '{{order}}' }, 'title'],
    [{ preset: 'slack', link: '{{data.url}}' }, 'link'],
    [{ preset: 'slack', link: 'javascript:alert(1)' }, 'link'],
    [{ preset: 'slack', fields: [{ label: '{{x}}', value: 'a' }] }, 'fields.0.label'],
    [{ preset: 'slack', fields: Array.from({ length: 11 }, () => ({ label: 'a', value: 'b' })) }, 'fields'],
    [{ preset: 'pagerduty', routingKey: 'short' }, 'routingKey'],
  ])('%j is refused at %s', (given, path) => {
    const { error } = transform.safeParse(given);
    expect(JSON.stringify(z.treeifyError(error as z.ZodError))).not.toBe('{}');
    const issues = error?.issues.flatMap((one) => (one.code === 'invalid_union' ? (one.errors.at(-1) ?? []) : one)) ?? [];
    expect(issues.map((one) => (one.code === 'unrecognized_keys' ? one.keys.join() : one.path.join('.')))).toEqual([path]);
  });
});
