// Alert channels: where alerts are sent to, which of them, and how often.
import { z } from 'zod';
import { duration, durationMs } from '../deliveries/retry-schedule.ts';
import { tenantKey } from '../endpoints/tenant.ts';
import { etag } from '../etag.ts';
import { faultText } from '../faults/fault.ts';
import { alertKind, severity } from './alert.ts';
import { type ChannelKind, channelKind, channelSettings, settingsProblems } from './channel-settings.ts';

const longestQuietMs = 24 * 3_600_000;
export const usualQuietPeriod = '15m';

const kinds = z.array(alertKind).min(1).max(50).nullable().describe('kinds of alerts that are sent; null: all');
const minSeverity = severity.describe('less severe alerts are not sent; info, which is the default: all are sent');
const quietPeriod = duration
  .refine((text) => durationMs(text) <= longestQuietMs, faultText('duration_too_long', { most: '24h' }))
  .describe(
    `after a message about something, an alert that opens again for the same cause is sent only when it is still open this much later; ${usualQuietPeriod} by default`,
  );
const digest = z
  .strictObject({
    at: z
      .string()
      .regex(/^([01]\d|2[0-3]):[0-5]\d$/, faultText('time_of_day'))
      .describe('time of day in UTC'),
    only: z.boolean().optional().describe('true: no message for single alerts, only the digest'),
  })
  .nullable()
  .describe('one message a day that lists the open alerts and those of the last 24 hours; null: none; not for pagerduty');

const common = { kinds, minSeverity, quietPeriod, digest };

export const newChannel = z
  .strictObject({
    tenant: tenantKey
      .nullable()
      .optional()
      .describe('the tenant whose alerts are sent; null or absent: a channel of the operator, which gets all alerts'),
    kind: channelKind,
    settings: channelSettings,
    ...z.strictObject(common).partial().shape,
  })
  .superRefine(({ kind, settings, digest: given }, context) => {
    for (const { path, message } of settingsProblems(kind, settings))
      context.addIssue({ code: 'custom', path: ['settings', ...path], message });
    if (given && kind === 'pagerduty') context.addIssue({ code: 'custom', path: ['digest'], message: noDigest });
  });
export type NewChannel = z.infer<typeof newChannel>;

export const noDigest = faultText('no_digest');

/** `settings` replaces all of the settings. The kind cannot change. */
export const channelChange = z.strictObject({ settings: channelSettings, ...common }).partial();

export const channelView = z.object({
  id: z.string(),
  etag,
  tenant: tenantKey.nullable(),
  kind: channelKind,
  settings: channelSettings.describe('secrets are masked as ***; the secret of a webhook is shown in the answer that creates it'),
  kinds: z.array(alertKind).nullable(),
  minSeverity: severity,
  quietPeriod: z.string(),
  digest: z.object({ at: z.string(), only: z.boolean() }).nullable(),
  lastSentAt: z.iso.datetime().nullable().describe('when the last message was sent'),
  lastError: z.string().nullable().describe('why the last message could not be sent; null: it was sent'),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type ChannelView = z.infer<typeof channelView>;

export const channelTest = z.object({
  answer: z.string().describe('what the other side answered'),
  tookMs: z.int(),
});

/** Which alerts a channel gets. */
export interface ChannelWishes {
  /** `tnt_…`; null: the operator's. */
  tenantId: string | null;
  kind: ChannelKind;
  kinds: string[] | null;
  minSeverity: z.infer<typeof severity>;
  quietMs: number;
  digestOnly: boolean;
}

/** A duration as text. @example quietText(900_000) // '15m' */
export function quietText(ms: number): string {
  const units: [number, string][] = [
    [3_600_000, 'h'],
    [60_000, 'm'],
    [1_000, 's'],
  ];
  const [unit, name] = units.find(([one]) => ms > 0 && ms % one === 0) ?? [1, 'ms'];
  return `${ms / unit}${name}`;
}

/** The first time after `nowMs` that it is this time of day in UTC, in Unix milliseconds. */
export function nextDigestMs(at: string, nowMs: number): number {
  const [hours = 0, minutes = 0] = at.split(':').map(Number);
  const day = new Date(nowMs);
  const today = Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate(), hours, minutes);
  return today > nowMs ? today : today + 86_400_000;
}
