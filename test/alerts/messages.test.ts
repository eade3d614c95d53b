// Messages with texts of tenants and receivers in them: everything is escaped, and fits the limits of each service.
import { describe, expect, it } from 'vitest';
import { composeEmail, escapeHtml } from '#alerts/email';
import { composePagerDuty } from '#alerts/pagerduty';
import { composeSlack } from '#alerts/slack';
import type { AlertView } from '#domain/alerts/alert';

const evil = `<script>alert(1)</script> & "x" 'y' <!channel>\r\nBcc: evil@example.com`;
const alert: AlertView = {
  id: 'alr_019cab6f10b87e24b7c05d92a1f3e846',
  kind: 'deliveries.dead_lettered',
  severity: 'warning',
  state: 'open',
  tenant: 'acme<b>',
  endpoint: 'ep_019c81d4a6f07b3e8c5da90f12e4b763',
  title: evil,
  detail: evil,
  facts: { host: evil, message: evil },
  count: 3,
  openedAt: '2026-03-02T10:02:40.118Z',
  closedAt: null,
  acknowledgedAt: null,
};
const message = { kind: 'alert', event: 'opened', alert } as const;
const digest = { kind: 'digest', alerts: Array.from({ length: 100 }, () => alert) } as const;

describe('an email', () => {
  it.each([
    ['of an alert', message],
    ['of a digest', digest],
  ])('%s has no markup and no header of others', (_, one) => {
    const { subject, html } = composeEmail(one);
    expect(subject).not.toMatch(/[\r\n]/);
    expect(html).not.toMatch(/<script|<b>|<!channel/);
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;x&quot; &#39;y&#39;');
  });

  it('escapes what HTML gives a meaning', () => {
    expect(escapeHtml(`<a href="x" title='y'>&</a>`)).toBe('&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;&lt;/a&gt;');
  });

  it('has the same id when it is sent again, and another one for another event', () => {
    expect(composeEmail(message).messageId).toBe(composeEmail(message).messageId);
    expect(composeEmail({ ...message, event: 'closed' }).messageId).not.toBe(composeEmail(message).messageId);
  });
});

describe('a message to Slack', () => {
  it('mentions nobody, and keeps the limits of Block Kit', () => {
    const long = { ...alert, detail: 'x'.repeat(5_000) };
    for (const one of [message, digest, { ...message, alert: long }] as const) {
      const { text, blocks } = composeSlack(one);
      const json = JSON.stringify({ text, blocks });
      expect(json).not.toContain('<!channel>');
      expect(json).not.toContain('<script>');
      expect(blocks.length).toBeLessThanOrEqual(50);
      for (const block of blocks as { text?: { text: string } }[]) expect(block.text?.text.length ?? 0).toBeLessThanOrEqual(3_000);
    }
  });
});

describe('an event of PagerDuty', () => {
  it('has a summary of one line with at most 1,024 characters, and resolves by its key alone', () => {
    const { payload } = composePagerDuty('key', 'opened', { ...alert, title: `${evil}${'x'.repeat(2_000)}` });
    expect(payload?.summary).toHaveLength(1_024);
    expect(payload?.summary).not.toMatch(/[\r\n]/);
    expect(composePagerDuty('key', 'closed', alert)).toEqual({ routing_key: 'key', event_action: 'resolve', dedup_key: alert.id });
  });
});
