// Endpoint of a tenant: the requests that create and change it, and how the API shows it.
import { z } from 'zod';
import { durationMs, durationOrNone, retryPolicy } from '../deliveries/retry-schedule.ts';
import { etag } from '../etag.ts';
import { bodyFormat } from '../events/body-format.ts';
import { channel, eventTypeName, eventTypePattern } from '../events/event-type.ts';
import { faultText } from '../faults/fault.ts';
import { filter } from '../filters/filter.ts';
import { autoRecover, batch, coalesceMs, onDeadLetter, ordering, rateLimit } from '../lanes/lane-settings.ts';
import { metadata, text } from '../text.ts';
import { auth, shownAuth, shownTls, tls } from './endpoint-target.ts';
import { pinnedVersions, transform } from './endpoint-transform.ts';
import { headerName } from './header-name.ts';
import { givenSecret } from './secret.ts';
import { signing } from './signing.ts';
import { tenantKey } from './tenant.ts';
import { shownVerification, verification } from './verification.ts';

export const gates = ['open', 'held', 'disabled'] as const;
export type Gate = (typeof gates)[number];

const headerValue = z
  .string()
  .max(2_000)
  .regex(/^[\x20-\x7e]*$/, faultText('not_ascii_line'));

const headers = z
  .record(headerName, headerValue)
  .refine((pairs) => Object.keys(pairs).length <= 20, faultText('too_many_headers', { most: 20 }))
  .superRefine((pairs, context) => {
    const seen = new Set<string>();
    for (const name of Object.keys(pairs)) {
      if (seen.has(name.toLowerCase())) context.addIssue({ code: 'custom', path: [name], message: faultText('header_duplicate') });
      seen.add(name.toLowerCase());
    }
  });

const settings = {
  url: z
    .string()
    .max(2_000)
    .min(1)
    .refine((url) => !/[\s\p{Cc}\p{Cs}]/u.test(url), faultText('control_characters'))
    .meta({ format: 'uri' })
    .describe('URL that receives the events: https, at a public address'),
  eventTypes: z
    .array(eventTypePattern)
    .max(200)
    .describe('subscribed event types: exact names, prefixes such as order.*, or *; empty: all'),
  channels: z.array(channel).max(50).describe('subscribed channels: only events with at least one of them are sent; empty: all events'),
  filter,
  description: text(1_000),
  headers: headers.describe('custom headers of every request; the values are never shown again'),
  format: bodyFormat,
  transform,
  versions: pinnedVersions,
  signing,
  auth,
  tls,
  verification,
  maxInFlight: z.int().min(1).max(32).describe('maximum number of requests in flight'),
  retry: retryPolicy,
  timeoutMs: z.int().min(1_000).max(30_000).describe('timeout of the whole request, in milliseconds'),
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
    filter: filter.nullable(),
    transform: transform.nullable(),
    versions: pinnedVersions.nullable(),
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
  etag,
  tenant: tenantKey,
  url: z.string(),
  eventTypes: z.array(z.string()),
  channels: z.array(z.string()),
  filter: z.record(z.string(), z.unknown()).nullable().describe('conditions on the content of events; null: none'),
  description: z.string(),
  headers: z
    .record(z.string(), z.string())
    .describe('custom headers; values are masked as ***, and *** in a change keeps the stored value'),
  format: bodyFormat,
  transform: transform.nullable().describe('null: bodies are written in `format`; a routing key is masked as ***'),
  versions: pinnedVersions.nullable().describe('pinned versions by event type; null: none'),
  signing: signing.nullable().describe('null: Standard Webhooks v1'),
  publicKeys: z
    .array(z.string())
    .nullable()
    .describe('public keys (whpk_ and base64): those that sign now, newest first, and the next one; null: the endpoint uses no key pair'),
  auth: shownAuth.nullable().describe('authentication; secrets are masked as ***'),
  tls: shownTls.nullable().describe('client certificate; null: no TLS settings'),
  verification: shownVerification,
  maxInFlight: z.int().nullable(),
  retry: retryPolicy.nullable().describe('retry schedule; null: the default schedule'),
  timeoutMs: z.int(),
  metadata,
  rateLimit: rateLimit.nullable(),
  ordering,
  onDeadLetter,
  batch: batch.nullable(),
  coalesceMs: coalesceMs.nullable().describe('coalescing window in milliseconds; null: every event is sent'),
  autoRecover,
  gate: z
    .enum(gates)
    .describe('open: deliveries are sent; held: paused or not verified; disabled: failed for too long, or answered 410 Gone'),
  gateReason: z.string().nullable(),
  notBefore: z.iso.datetime().nullable().describe('no request before this time, because the endpoint sent Retry-After'),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type Endpoint = z.infer<typeof endpoint>;
export const createdEndpoint = endpoint.extend({ secret: z.string().describe('signing secret; returned only once, in this response') });

const longestOverlapMs = 7 * 86_400_000;

export const secretRotation = z.strictObject({
  secret: givenSecret.optional(),
  overlap: durationOrNone
    .refine((text) => durationMs(text) <= longestOverlapMs, faultText('duration_too_long', { most: '7d' }))
    .optional()
    .describe('how long the previous secrets still sign: 24h by default, at most 7d; 0: they stop at once'),
});
export const rotatedSecret = z.object({
  endpoint: z.string(),
  secret: z.string().describe('new signing secret; returned only once, in this response'),
  othersEndAt: z.iso.datetime().describe('latest time at which the previous secrets stop signing'),
});

/** A signing secret without its value. */
export const signingSecretView = z.object({
  id: z.string(),
  validFrom: z.iso.datetime().describe('since when it signs'),
  endsAt: z.iso.datetime().nullable().describe('when it stops signing; null: until the next rotation'),
});

export const endpointTest = z.strictObject({ type: eventTypeName.optional(), data: z.unknown().optional() });
