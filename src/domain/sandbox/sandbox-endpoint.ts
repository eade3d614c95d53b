// Test endpoints of a tenant: a receiver inside this server, with an endpoint that leads to it.
import { z } from 'zod';
import { createdEndpoint, newEndpoint } from '../endpoints/endpoint.ts';
import { tenantKey } from '../endpoints/tenant.ts';
import { etag } from '../etag.ts';
import { text } from '../text.ts';

/** Of a tenant. */
export const mostSandboxes = 20;
/** The newest requests of a sandbox are kept: at most so many, so many bytes and so many days. */
export const keptRequests = 100;
export const keptBytes = 4 * 1024 * 1024;
export const keptDays = 7;

const name = text(100).min(1).describe('for people; "Sandbox" by default');
const script = z
  .string()
  .max(4_000)
  .describe(
    'how it answers: one step for each attempt of an event, such as `500,503;retry-after=7,200`; the last step repeats; empty: always 200 (docs/sandbox.md)',
  );

export const newSandbox = z
  .strictObject({
    name,
    script,
    endpoint: newEndpoint
      .omit({ url: true, verification: true })
      .describe('settings of the endpoint that is created with it, as for `POST …/endpoints`, without `url` and `verification`'),
  })
  .partial();

export const sandboxChange = z.strictObject({ name, script }).partial();

export const sandboxView = z.object({
  id: z.string(),
  etag,
  tenant: tenantKey,
  name: z.string(),
  url: z.string().describe('where it receives; anyone who knows it may post there'),
  script: z.string(),
  endpoint: z.string().describe('the endpoint that was created with it'),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type SandboxView = z.infer<typeof sandboxView>;
export const createdSandbox = sandboxView.extend({ secret: createdEndpoint.shape.secret });

export const sandboxRequestView = z.object({
  id: z.string(),
  receivedAt: z.iso.datetime(),
  method: z.string(),
  webhookId: z.string().nullable(),
  delivery: z.string().nullable().describe('the header `posthorn-delivery`'),
  attempt: z.int().nullable().describe('the header `posthorn-attempt`'),
  signature: z
    .string()
    .describe(
      'valid, or why a receiver would refuse it: missing_header, malformed_header, timestamp_too_old, timestamp_too_new, no_match; or why it was not checked: unknown_delivery, secrets_unavailable, body_too_long',
    ),
  statusAnswered: z.int().nullable().describe('null: the connection was reset instead'),
  headers: z.record(z.string(), z.string()),
  body: z.string().describe('the first 256 KiB, as text'),
  bodyBytes: z.int().describe('length of the whole body'),
});
export type SandboxRequestView = z.infer<typeof sandboxRequestView>;
