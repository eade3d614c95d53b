// What the form of an alert channel holds, and what it sends.
import type {
  AlertChannel,
  AlertChannelChange,
  AlertChannelKind,
  AlertChannelSettings,
  AlertKind,
  AlertSeverity,
  NewAlertChannel,
} from '@posthorn/client';

export interface ChannelDraft {
  /** Empty: of the operator, for the alerts of all tenants and those about the installation. */
  tenant: string;
  kind: AlertChannelKind;
  /** Addresses of e-mail, separated by commas or line breaks. */
  to: string;
  url: string;
  routingKey: string;
  /** Null: all. */
  kinds: AlertKind[] | null;
  minSeverity: AlertSeverity;
  quietPeriod: string;
  /** Time of day in UTC; empty: no summary. */
  digestAt: string;
  digestOnly: boolean;
}

export const emptyChannel: ChannelDraft = {
  tenant: '',
  kind: 'email',
  to: '',
  url: '',
  routingKey: '',
  kinds: null,
  minSeverity: 'info',
  quietPeriod: '15m',
  digestAt: '',
  digestOnly: false,
};

/** The address of Slack and the key of PagerDuty are secret, so they are not in the form. */
export function draftOfChannel({ tenant, kind, settings, kinds, minSeverity, quietPeriod, digest }: AlertChannel): ChannelDraft {
  return {
    tenant: tenant ?? '',
    kind,
    to: settings.to?.join('\n') ?? '',
    url: kind === 'webhook' || kind === 'pagerduty' ? (settings.url ?? '') : '',
    routingKey: '',
    kinds,
    minSeverity,
    quietPeriod,
    digestAt: digest?.at ?? '',
    digestOnly: digest?.only ?? false,
  };
}

export function newChannelOf(draft: ChannelDraft): NewAlertChannel {
  const { tenant, kind } = draft;
  return { ...(tenant.trim() !== '' && { tenant: tenant.trim() }), kind, settings: settingsOf(draft), ...wishesOf(draft) };
}

/** Only what differs. Settings replace what is stored, so an own address of PagerDuty goes with its key. */
export function channelChangeOf(draft: ChannelDraft, before: ChannelDraft): AlertChannelChange {
  const [next, was] = [settingsOf(draft), settingsOf(before)];
  const isTyped = JSON.stringify(next) !== JSON.stringify(was);
  const own = before.kind === 'pagerduty' && before.url !== '' ? { url: before.url } : {};
  const [wishes, had] = [wishesOf(draft), wishesOf(before)];
  const names = (Object.keys(wishes) as (keyof typeof wishes)[]).filter(
    (name) => JSON.stringify(wishes[name]) !== JSON.stringify(had[name]),
  );
  return { ...(isTyped && { settings: { ...own, ...next } }), ...Object.fromEntries(names.map((name) => [name, wishes[name]])) };
}

function settingsOf({ kind, to, url, routingKey }: ChannelDraft): AlertChannelSettings {
  if (kind === 'email') return { to: to.split(/[\s,;]+/).filter(Boolean) };
  return kind === 'pagerduty' ? { routingKey: routingKey.trim() } : { url: url.trim() };
}

function wishesOf({ kind, kinds, minSeverity, quietPeriod, digestAt, digestOnly }: ChannelDraft) {
  const digest = digestAt === '' || kind === 'pagerduty' ? null : { at: digestAt, only: digestOnly };
  return { kinds, minSeverity, digest, quietPeriod: quietPeriod.trim() };
}

/** "Only these", and none of them, would tell nobody of anything. */
export const hasKinds = ({ kinds }: ChannelDraft): boolean => kinds?.length !== 0;

/** Whom a channel tells, in a few words. */
export function targetOf({ kind, settings }: AlertChannel): string {
  if (kind === 'email') return settings.to?.join(', ') ?? '';
  return kind === 'pagerduty' ? 'PagerDuty' : (settings.url ?? '');
}
