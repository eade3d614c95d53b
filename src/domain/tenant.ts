// A tenant: a customer account that owns endpoints.
import { z } from 'zod';
import { usualMaxEndpoints } from './endpoint-limits.ts';
import { rateLimit } from './lane-settings.ts';
import { inPath, metadata, text } from './text.ts';

export const tenantKey = inPath(z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, '1 to 64 of A-Z a-z 0-9 . _ -')).describe(
  'your id of the tenant, or one made by Posthorn',
);

const tenantRate = rateLimit.describe('the most requests to all endpoints of the tenant, retries included');

const maxEndpoints = z
  .int()
  .min(0)
  .max(100_000)
  .describe(
    `how many endpoints the tenant may have: the next one is a 409; ${usualMaxEndpoints} by default. Not for keys that are bound to the tenant`,
  );

export const newTenant = z.strictObject({
  id: tenantKey.optional(),
  name: text(200).min(1),
  metadata: metadata.optional(),
  rateLimit: tenantRate.optional(),
  maxEndpoints: maxEndpoints.optional(),
});
export const tenantChange = newTenant.omit({ id: true }).extend({ rateLimit: tenantRate.nullable() }).partial();

export const tenant = z.object({
  id: tenantKey,
  name: z.string(),
  metadata: metadata,
  rateLimit: tenantRate.nullable(),
  maxEndpoints,
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type Tenant = z.infer<typeof tenant>;
