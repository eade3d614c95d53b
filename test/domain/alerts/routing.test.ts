// Who is told of which change of an alert.
import { describe, expect, it } from 'vitest';
import { type AlertKind, alertKinds, audiences } from '#domain/alerts/alert';
import { alertText } from '#domain/alerts/alert-text';
import { type ChannelWishes, nextDigestMs, quietText } from '#domain/alerts/channel';
import { daysLeft, expirySeverity } from '#domain/alerts/conditions';
import { type ChangedAlert, eventsOf, route, takes } from '#domain/alerts/routing';
import { systemTenantId } from '#domain/endpoints/tenant';

const alert = (more: Partial<ChangedAlert> = {}): ChangedAlert => ({
  id: 'a1',
  kind: 'endpoint.failing',
  subject: 'e1',
  severity: 'warning',
  state: 'open',
  tenantId: 'tnt_1',
  endpointId: 'e1',
  toldState: null,
  toldSeverity: null,
  ...more,
});
const channel = (more: Partial<ChannelWishes> = {}): ChannelWishes & { id: string } => ({
  id: 'c1',
  tenantId: 'tnt_1',
  kind: 'slack',
  kinds: null,
  minSeverity: 'info',
  quietMs: 60_000,
  digestOnly: false,
  ...more,
});
const sent = { ofThis: true, msAgo: null };
const nothing = { ofThis: false, msAgo: null };
const told = (alerts: ChangedAlert[], one = channel(), before: { ofThis: boolean; msAgo: number | null } = nothing) =>
  route({ alerts, channels: [one], told: () => before }).map(
    ({ alertId, event, delayMs }) => `${alertId} ${event}${delayMs ? ` +${delayMs}` : ''}`,
  );

describe('a channel of a tenant', () => {
  it('gets the kinds that are meant for owners, of its own tenant', () => {
    for (const kind of alertKinds) {
      expect([kind, takes(channel(), { kind, severity: 'info', tenantId: 'tnt_1' })]).toEqual([kind, audiences[kind] === 'owner']);
      expect(takes(channel(), { kind, severity: 'info', tenantId: 'tnt_2' })).toBe(false);
      expect(takes(channel(), { kind, severity: 'info', tenantId: null })).toBe(false);
      expect(takes(channel({ tenantId: null }), { kind, severity: 'info', tenantId: 'tnt_2' })).toBe(true);
    }
  });

  it('gets only its kinds, and nothing less severe than it wants', () => {
    const critical = channel({ minSeverity: 'critical', kinds: ['endpoint.disabled'] });
    expect(takes(critical, { kind: 'endpoint.disabled', severity: 'critical', tenantId: 'tnt_1' })).toBe(true);
    expect(takes(critical, { kind: 'endpoint.disabled', severity: 'warning', tenantId: 'tnt_1' })).toBe(false);
    expect(takes(critical, { kind: 'endpoint.failing', severity: 'critical', tenantId: 'tnt_1' })).toBe(false);
  });

  it('never gets a webhook about the endpoint of a webhook', () => {
    for (const tenantId of [null, systemTenantId]) {
      expect(
        takes(channel({ kind: 'webhook', tenantId }), { kind: 'endpoint.failing', severity: 'critical', tenantId: systemTenantId }),
      ).toBe(false);
      expect(
        takes(channel({ kind: 'slack', tenantId }), { kind: 'endpoint.failing', severity: 'critical', tenantId: systemTenantId }),
      ).toBe(true);
    }
  });

  it('with only a digest gets no single message', () => {
    expect(told([alert()], channel({ digestOnly: true }))).toEqual([]);
  });
});

describe('a change', () => {
  it('is told by what was told before', () => {
    expect(eventsOf(alert())).toEqual(['opened']);
    expect(eventsOf(alert({ toldState: 'open', toldSeverity: 'warning' }))).toEqual([]);
    expect(eventsOf(alert({ toldState: 'open', toldSeverity: 'info' }))).toEqual(['escalated']);
    expect(eventsOf(alert({ toldState: 'open', toldSeverity: 'critical' }))).toEqual([]);
    expect(eventsOf(alert({ state: 'acknowledged', toldState: 'open', toldSeverity: 'warning' }))).toEqual(['acknowledged']);
    expect(eventsOf(alert({ state: 'closed', toldState: 'acknowledged', toldSeverity: 'warning' }))).toEqual(['closed']);
    expect(eventsOf(alert({ state: 'closed' }))).toEqual(['opened', 'closed']);
    expect(eventsOf(alert({ state: 'closed', toldState: 'closed' }))).toEqual([]);
  });

  it('within the quiet period is told at its end', () => {
    expect(told([alert()], channel(), { ofThis: false, msAgo: 20_000 })).toEqual(['a1 opened +40000']);
    expect(told([alert()], channel(), { ofThis: false, msAgo: 70_000 })).toEqual(['a1 opened']);
    expect(told([alert({ state: 'closed' })], channel(), { ofThis: false, msAgo: 20_000 })).toEqual([]);
  });

  it('that ends something is told to those that were told of its beginning', () => {
    const closed = alert({ state: 'closed', toldState: 'open', toldSeverity: 'warning' });
    expect(told([closed], channel(), sent)).toEqual(['a1 closed']);
    expect(told([closed], channel(), nothing)).toEqual([]);
  });

  it('is acknowledged at PagerDuty only', () => {
    const acknowledged = alert({ state: 'acknowledged', toldState: 'open', toldSeverity: 'warning' });
    expect(told([acknowledged], channel(), sent)).toEqual([]);
    expect(told([acknowledged], channel({ kind: 'pagerduty' }), sent)).toEqual(['a1 acknowledged']);
  });
});

describe('several changes of one endpoint', () => {
  const ended = (id: string, kind: AlertKind) => alert({ id, kind, state: 'closed', toldState: 'open', toldSeverity: 'warning' });
  const recovered = alert({ id: 'r', kind: 'endpoint.recovered', severity: 'info' });

  it('are one message: disabled covers the end of failing, and the end of failing covers the recovery', () => {
    const disabled = alert({ id: 'd', kind: 'endpoint.disabled', severity: 'critical' });
    expect(told([ended('f', 'endpoint.failing'), ended('s', 'endpoint.disabling'), disabled], channel(), sent)).toEqual(['d opened']);
    expect(told([ended('f', 'endpoint.failing'), ended('s', 'endpoint.disabling'), recovered], channel(), sent)).toEqual(['f closed']);
    expect(told([recovered], channel(), nothing)).toEqual(['r opened']);
  });

  it('are told one by one to PagerDuty, which has an incident for each', () => {
    const all = [ended('f', 'endpoint.failing'), ended('s', 'endpoint.disabling'), recovered];
    expect(told(all, channel({ kind: 'pagerduty' }), sent)).toEqual(['f closed', 's closed', 'r opened']);
  });

  it('do not cover those of another endpoint', () => {
    expect(told([ended('f', 'endpoint.failing'), { ...recovered, endpointId: 'e2' }], channel(), sent)).toEqual(['f closed', 'r opened']);
  });
});

describe('texts and times', () => {
  it('every kind has a title and a detail, also without facts', () => {
    for (const kind of alertKinds) {
      const { title, detail } = alertText(kind, {}, 1);
      expect([title.length, detail.length]).toEqual([expect.any(Number), expect.any(Number)]);
      expect(`${title} ${detail}`).not.toMatch(/undefined|NaN|null/);
    }
  });

  it('a digest is due at its next time of day', () => {
    const noon = Date.UTC(2026, 2, 1, 12);
    expect(new Date(nextDigestMs('08:00', noon)).toISOString()).toBe('2026-03-02T08:00:00.000Z');
    expect(new Date(nextDigestMs('12:00', noon)).toISOString()).toBe('2026-03-02T12:00:00.000Z');
    expect(new Date(nextDigestMs('12:01', noon)).toISOString()).toBe('2026-03-01T12:01:00.000Z');
  });

  it('durations and days are shown in whole steps', () => {
    expect([0, 1_500, 30_000, 900_000, 7_200_000].map(quietText)).toEqual(['0ms', '1500ms', '30s', '15m', '2h']);
    const inDays = (days: number) => daysLeft(new Date(days * 86_400_000), 0);
    expect([-1, 0.5, 1, 6, 29, 31].map(inDays)).toEqual([0, 1, 1, 7, 30, 31]);
    expect([0, 1, 7, 30].map(expirySeverity)).toEqual(['critical', 'critical', 'warning', 'info']);
  });
});
