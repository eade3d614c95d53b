// A portal link: a short-lived token with which a consumer sees and changes what is its tenant's, and nothing else.
import { z } from 'zod';
import { type Scope, scope } from './access.ts';
import { scopeList } from './api-key.ts';
import { duration, durationMs } from './retry-schedule.ts';
import { tenantKey } from './tenant.ts';

const longestMs = 24 * 3_600_000;
const shortestMs = 60_000;

export const usualLife = '1h';
export const usualScopes: Scope[] = ['endpoints:read', 'endpoints:write', 'deliveries:read', 'deliveries:act'];

export const newPortalLink = z.strictObject({
  tenant: tenantKey.optional().describe('may be absent where the key that asks is bound to one'),
  expiresIn: duration
    .refine((text) => durationMs(text) >= shortestMs && durationMs(text) <= longestMs, 'must be 1m to 24h')
    .optional()
    .describe('1m to 24h; an hour by default'),
  scopes: scopeList
    .refine((given) => !given.includes('admin'), 'must not hold admin')
    .optional()
    .describe('what it may do; everything about endpoints and deliveries by default'),
});

export const portalLink = z.object({
  id: z.string(),
  tenant: tenantKey,
  scopes: z.array(scope),
  expiresAt: z.iso.datetime(),
  revokedAt: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
  createdBy: z.string().describe('the key that made it; bootstrap: the one of the configuration'),
});
export type PortalLink = z.infer<typeof portalLink>;

export const createdPortalLink = portalLink.extend({
  token: z.string().describe('a JWT, to be sent as Authorization: Bearer; shown here and never again'),
});
