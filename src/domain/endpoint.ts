// An endpoint: URL, subscription filter, secrets and policy of one receiver of one tenant.
import { z } from 'zod';
import { bodyFormat } from './body-format.ts';
import { auth, shownAuth, shownTls, tls } from './endpoint-target.ts';
import { channel, eventTypeName, eventTypePattern } from './event-type.ts';
import { headerName } from './header-name.ts';
import { autoRecover, batch, coalesceMs, onDeadLetter, ordering, rateLimit } from './lane-settings.ts';
import { durationMs, durationOrNone, retryPolicy } from './retry-schedule.ts';
import { givenSecret } from './secret.ts';
import { signing } from './signing.ts';
import { tenantKey } from './tenant.ts';
import { metadata, text } from './text.ts';
import { shownVerification, verification } from './verification.ts';

export const gates = ['open', 'held', 'disabled'] as const;
export type Gate = (typeof gates)[number];

const headerValue = z
  .string()
  .max(2_000)
  .regex(/^[\x20-\x7e]*$/, 'must be visible ASCII without line breaks');

export const headers = z
  .record(headerName, headerValue)
  .refine((pairs) => Object.keys(pairs).length <= 20, 'at most 20 headers')
  .superRefine((pairs, context) => {
    const seen = new Set<string>();
    for (const name of Object.keys(pairs)) {
      if (seen.has(name.toLowerCase()))
        context.addIssue({ code: 'custom', path: [name], message: 'is given twice, but for upper and lower case' });
      seen.add(name.toLowerCase());
    }
  });

const settings = {
  url: z
    .string()
    .max(2_000)
    .min(1)
    .refine((url) => !/[\s\p{Cc}\p{Cs}]/u.test(url), 'must not contain spaces or control characters')
    .meta({ format: 'uri' })
    .describe('https, to a public address'),
  eventTypes: z.array(eventTypePattern).max(200).describe('exact types, order.* or *; none means all'),
  channels: z.array(channel).max(50).describe('none means all; else only events with one of them'),
  description: text(1_000),
  headers: headers.describe('sent with every request; the values are never shown again'),
  format: bodyFormat,
  signing,
  auth,
  tls,
  verification,
  maxInFlight: z.int().min(1).max(32).describe('requests at once'),
  retry: retryPolicy,
  timeoutMs: z.int().min(1_000).max(30_000).describe('for the whole request, in milliseconds'),
  metadata,
  rateLimit,
  ordering,
  onDeadLetter,
  batch,
  coalesceMs,
  autoRecover,
};

export const newEndpoint = z
  .strictObject({ ...settings, secret: givenSecret })
  .partial()
  .required({ url: true });
export const endpointChange = z
  .strictObject({
    ...settings,
    signing: signing.nullable(),
    auth: auth.nullable(),
    tls: tls.nullable(),
    retry: retryPolicy.nullable(),
    maxInFlight: settings.maxInFlight.nullable(),
    rateLimit: rateLimit.nullable(),
    batch: batch.nullable(),
    coalesceMs: coalesceMs.nullable(),
  })
  .partial();

export const endpoint = z.object({
  id: z.string(),
  tenant: tenantKey,
  url: z.string(),
  eventTypes: z.array(z.string()),
  channels: z.array(z.string()),
  description: z.string(),
  headers: z.record(z.string(), z.string()).describe('their values are hidden; given back, they stay as they are'),
  format: bodyFormat,
  signing: signing.nullable().describe('null: Standard Webhooks v1'),
  publicKeys: z
    .array(z.string())
    .nullable()
    .describe('whpk_ and base64: those that sign, the newest first, and one that will; null: none does'),
  auth: shownAuth.nullable().describe('without its secrets'),
  tls: shownTls.nullable().describe('the client certificate; null: neither one nor an authority of its own'),
  verification: shownVerification,
  maxInFlight: z.int().nullable(),
  retry: retryPolicy.nullable().describe('null: the default schedule'),
  timeoutMs: z.int(),
  metadata,
  rateLimit: rateLimit.nullable(),
  ordering,
  onDeadLetter,
  batch: batch.nullable(),
  coalesceMs: coalesceMs.nullable().describe('null: every event is sent'),
  autoRecover,
  gate: z.enum(gates).describe('open, held (paused, or not verified) or disabled'),
  gateReason: z.string().nullable(),
  notBefore: z.iso.datetime().nullable().describe('no request before, as the endpoint asked by Retry-After'),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type Endpoint = z.infer<typeof endpoint>;
export const createdEndpoint = endpoint.extend({ secret: z.string().describe('shown once') });

const longestOverlapMs = 7 * 86_400_000;

export const secretRotation = z.strictObject({
  secret: givenSecret.optional(),
  overlap: durationOrNone
    .refine((text) => durationMs(text) <= longestOverlapMs, 'at most 7d')
    .optional()
    .describe('how long the secrets before it go on signing, 24h by default, at most 7d; 0: not at all'),
});
export const rotatedSecret = z.object({
  endpoint: z.string(),
  secret: z.string().describe('shown once'),
  othersEndAt: z.iso.datetime().describe('when the secrets before it stop signing, at the latest'),
});

export const endpointTest = z.strictObject({ type: eventTypeName.optional(), data: z.unknown().optional() });
