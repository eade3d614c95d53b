// The settings of a channel, by its kind: which fields it needs and allows, and which of them are secret.
import { z } from 'zod';
import { hidden, originOnly } from '../endpoints/endpoint-target.ts';
import { givenSecret, secretProblem } from '../endpoints/secret.ts';
import { faultText } from '../faults/fault.ts';

const channelKinds = ['webhook', 'email', 'slack', 'pagerduty'] as const;
export const channelKind = z.enum(channelKinds);
export type ChannelKind = (typeof channelKinds)[number];

export const usualPagerDutyUrl = 'https://events.pagerduty.com/v2/enqueue';

/** One flat object, so that a problem names the field itself. `settingsProblems` says which kind takes which. */
export const channelSettings = z
  .strictObject({
    url: z
      .string()
      .min(1)
      .max(2_000)
      .optional()
      .describe(`webhook and slack: where messages are posted; pagerduty: another address than ${usualPagerDutyUrl}`),
    secret: givenSecret.optional().describe('webhook: the signing secret, whsec_ and base64; made when absent'),
    to: z.array(z.email().max(320)).min(1).max(20).optional().describe('email: the recipients'),
    routingKey: z
      .string()
      .min(1)
      .max(200)
      .regex(/^[\x21-\x7e]+$/, faultText('not_ascii_word'))
      .optional()
      .describe('pagerduty: the integration key of the service (Events API v2)'),
  })
  .describe('webhook: url, secret; email: to; slack: url; pagerduty: routingKey, url');
export type ChannelSettings = z.infer<typeof channelSettings>;

type Field = keyof ChannelSettings;

const fields: Record<ChannelKind, { needed: Field[]; allowed: Field[] }> = {
  webhook: { needed: ['url'], allowed: ['url', 'secret'] },
  email: { needed: ['to'], allowed: ['to'] },
  slack: { needed: ['url'], allowed: ['url'] },
  pagerduty: { needed: ['routingKey'], allowed: ['routingKey', 'url'] },
};

export interface FieldProblem {
  path: Field[];
  message: string;
}

export function settingsProblems(kind: ChannelKind, settings: ChannelSettings): FieldProblem[] {
  const { needed, allowed } = fields[kind];
  const given = Object.entries(settings).flatMap(([name, value]) => (value === undefined ? [] : [name as Field]));
  const problems: FieldProblem[] = [];
  for (const name of needed) if (!given.includes(name)) problems.push({ path: [name], message: faultText('missing') });
  for (const name of given) if (!allowed.includes(name)) problems.push({ path: [name], message: faultText('unknown_field_of', { kind }) });
  for (const name of ['url', 'secret', 'routingKey'] as const)
    if (settings[name]?.includes(hidden)) problems.push({ path: [name], message: faultText('masked') });
  const { secret } = settings;
  const unfit = kind === 'webhook' && secret !== undefined && !secret.includes(hidden) ? secretProblem(secret, 'whsec') : null;
  if (unfit) problems.push({ path: ['secret'], message: unfit });
  return problems;
}

/** Of the address of Slack only the origin is shown, because its path is a credential. */
export function maskedSettings(kind: ChannelKind, { url, secret, to, routingKey }: ChannelSettings): ChannelSettings {
  return {
    ...(url !== undefined && { url: kind === 'slack' ? originOnly(url) : url }),
    ...(secret !== undefined && { secret: hidden }),
    ...(to && { to }),
    ...(routingKey !== undefined && { routingKey: hidden }),
  };
}
