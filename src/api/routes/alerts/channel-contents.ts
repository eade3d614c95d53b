// Checks the settings of a channel, encrypts them, and shows a channel without its secrets.
import { randomBytes } from 'node:crypto';
import type { StoredChannel } from '#db/alerts/channel-row';
import type { ChannelWrite } from '#db/alerts/channels';
import { type Caller, may } from '#domain/access/access';
import type { Severity } from '#domain/alerts/alert';
import { type ChannelView, nextDigestMs, quietText } from '#domain/alerts/channel';
import { type ChannelKind, type ChannelSettings, maskedSettings, settingsProblems } from '#domain/alerts/channel-settings';
import { durationMs } from '#domain/deliveries/retry-schedule';
import { faultText } from '#domain/faults/fault';
import { openChannelSettings, sealChannelSettings } from '#sealing/channel-settings';
import { newSecret } from '#sealing/secret';
import { type SettingsTags, settingsTags } from '#sealing/settings-tags';
import { invalid, Problem } from '../../http/problem.ts';
import type { ApiDeps } from '../deps.ts';

/** Throws a 422 that names the field: one that the kind does not take, an address that is refused, or email without a server. */
export function checkSettings({ checkUrl, alertChannels }: ApiDeps, kind: ChannelKind, settings: ChannelSettings): void {
  const problems = settingsProblems(kind, settings).map(({ path, message }) => ({ path: ['settings', ...path].join('.'), message }));
  const verdict = settings.url === undefined || problems.length > 0 ? null : checkUrl(settings.url);
  if (verdict && !verdict.ok) problems.push({ path: 'settings.url', message: verdict.reason });
  if (kind === 'email' && !alertChannels.hasMailer) problems.push({ path: 'kind', message: faultText('no_mail_server') });
  if (problems.length > 0) throw invalid(problems);
}

/** A webhook without a secret gets one. */
export function withSecret(kind: ChannelKind, settings: ChannelSettings): ChannelSettings {
  return kind === 'webhook' && settings.secret === undefined ? { ...settings, secret: newSecret(['whsec'], randomBytes(32)) } : settings;
}

/** Channels of the operator are for admin keys of all tenants. */
export function requireOperator(caller: Caller, tenantId: string | null): void {
  if (tenantId === null && (caller.tenant || !may(caller, 'admin')))
    throw new Problem(403, 'A channel of the operator needs the scope admin. Name a tenant to make a channel of that tenant.');
}

export interface Wishes {
  kinds: string[] | null;
  minSeverity: Severity;
  quietPeriod: string;
  digest: { at: string; only?: boolean | undefined } | null;
}

export function toWrite({ vault }: Pick<ApiDeps, 'vault'>, channelId: string, settings: ChannelSettings, wishes: Wishes): ChannelWrite {
  const { kinds, minSeverity, quietPeriod, digest } = wishes;
  return {
    sealed: sealChannelSettings(vault, channelId, settings),
    kinds,
    minSeverity,
    quietMs: durationMs(quietPeriod),
    digestAt: digest?.at ?? null,
    digestOnly: digest?.only ?? false,
    digestDueAt: digest ? new Date(nextDigestMs(digest.at, Date.now())) : null,
  };
}

export function wishesOf({ kinds, minSeverity, quietMs, digestAt, digestOnly }: StoredChannel): Wishes {
  return { kinds, minSeverity, quietPeriod: quietText(quietMs), digest: digestAt === null ? null : { at: digestAt, only: digestOnly } };
}

/** Of its settings, secrets included, and of what it is to be told. */
export function tagsOfChannel(deps: Pick<ApiDeps, 'vault'>, channel: StoredChannel): SettingsTags {
  return tagsOf(deps, channel, openSettings(deps, channel));
}

const openSettings = ({ vault }: Pick<ApiDeps, 'vault'>, { id, sealed }: StoredChannel) => openChannelSettings(vault, id, sealed);

function tagsOf({ vault }: Pick<ApiDeps, 'vault'>, channel: StoredChannel, settings: ChannelSettings): SettingsTags {
  return settingsTags(vault, channel.id, { settings, ...wishesOf(channel) });
}

export function showChannel(deps: Pick<ApiDeps, 'vault'>, channel: StoredChannel): ChannelView {
  const { quietPeriod, digest } = wishesOf(channel);
  const settings = openSettings(deps, channel);
  return {
    id: channel.id,
    etag: tagsOf(deps, channel, settings)[0],
    tenant: channel.tenant,
    kind: channel.kind,
    settings: maskedSettings(channel.kind, settings),
    kinds: channel.kinds as ChannelView['kinds'],
    minSeverity: channel.minSeverity,
    quietPeriod,
    digest: digest && { at: digest.at, only: digest.only ?? false },
    lastSentAt: channel.lastSentAt?.toISOString() ?? null,
    lastError: channel.lastError,
    createdAt: channel.createdAt.toISOString(),
    updatedAt: channel.updatedAt.toISOString(),
  };
}
