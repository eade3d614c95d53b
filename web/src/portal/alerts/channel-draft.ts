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
  kind: AlertChannelKind;
  /** Addresses of e-mail, separated by commas or line breaks. */
  to: string;
  url: string;
  routingKey: string;
  /** Null: all. */
  kinds: AlertKind[] | null;
  minSeverity: AlertSeverity;
  /** Time of day in UTC; empty: no summary. */
  digestAt: string;
  digestOnly: boolean;
}

export const emptyChannel: ChannelDraft = {
  kind: 'email',
  to: '',
  url: '',
  routingKey: '',
  kinds: null,
  minSeverity: 'info',
  digestAt: '',
  digestOnly: false,
};

/** The address of Slack and the key of PagerDuty are secret, so they are not in the form. */
export function draftOfChannel({ kind, settings, kinds, minSeverity, digest }: AlertChannel): ChannelDraft {
  return {
    kind,
    to: settings.to?.join('\n') ?? '',
    url: kind === 'webhook' ? (settings.url ?? '') : '',
    routingKey: '',
    kinds,
    minSeverity,
    digestAt: digest?.at ?? '',
    digestOnly: digest?.only ?? false,
  };
}

export function newChannelOf(draft: ChannelDraft, tenant: string): NewAlertChannel {
  return { tenant, kind: draft.kind, settings: settingsOf(draft), ...wishesOf(draft) };
}

/** Settings are sent only if they were typed: they replace what is stored. */
export function channelChangeOf(draft: ChannelDraft, before: ChannelDraft): AlertChannelChange {
  const [next, was] = [settingsOf(draft), settingsOf(before)];
  const isTyped = JSON.stringify(next) !== JSON.stringify(was);
  return { ...(isTyped && { settings: next }), ...wishesOf(draft) };
}

function settingsOf({ kind, to, url, routingKey }: ChannelDraft): AlertChannelSettings {
  if (kind === 'email') return { to: to.split(/[\s,;]+/).filter(Boolean) };
  return kind === 'pagerduty' ? { routingKey: routingKey.trim() } : { url: url.trim() };
}

function wishesOf({ kind, kinds, minSeverity, digestAt, digestOnly }: ChannelDraft) {
  const digest = digestAt === '' || kind === 'pagerduty' ? null : { at: digestAt, only: digestOnly };
  return { kinds, minSeverity, digest };
}

/** Whom a channel tells, in a few words. */
export function targetOf({ kind, settings }: AlertChannel): string {
  if (kind === 'email') return settings.to?.join(', ') ?? '';
  return kind === 'pagerduty' ? 'PagerDuty' : (settings.url ?? '');
}
