// A tenant: a customer account that owns endpoints.
import { z } from 'zod';
import { rateLimit } from './lane-settings.ts';
import { metadata, text } from './text.ts';

export const tenantKey = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,64}$/, '1 to 64 of A-Z a-z 0-9 . _ -')
  .describe('your id of the tenant, or one made by Posthorn');

const tenantRate = rateLimit.describe('the most requests to all endpoints of the tenant, retries included');

export const newTenant = z.strictObject({
  id: tenantKey.optional(),
  name: text(200).min(1),
  metadata: metadata.optional(),
  rateLimit: tenantRate.optional(),
});
export const tenantChange = newTenant.omit({ id: true }).extend({ rateLimit: tenantRate.nullable() }).partial();

export const tenant = z.object({
  id: tenantKey,
  name: z.string(),
  metadata: metadata,
  rateLimit: tenantRate.nullable(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type Tenant = z.infer<typeof tenant>;
