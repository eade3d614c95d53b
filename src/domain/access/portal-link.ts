// Portal link: a short-lived token that gives a consumer access to one tenant's endpoints and
// deliveries.
import { z } from 'zod';
import { duration, durationMs } from '../deliveries/retry-schedule.ts';
import { tenantKey } from '../endpoints/tenant.ts';
import { type Scope, scope } from './access.ts';
import { scopeList } from './api-key.ts';

const longestMs = 24 * 3_600_000;
const shortestMs = 60_000;

export const usualLife = '1h';
export const usualScopes: Scope[] = ['endpoints:read', 'endpoints:write', 'deliveries:read', 'deliveries:act'];

export const newPortalLink = z.strictObject({
  tenant: tenantKey.optional().describe('tenant of the link; may be absent if the API key of the request is bound to a tenant'),
  expiresIn: duration
    .refine((text) => durationMs(text) >= shortestMs && durationMs(text) <= longestMs, 'must be 1m to 24h')
    .optional()
    .describe('lifetime of the link, 1m to 24h; 1h by default'),
  scopes: scopeList
    .refine((given) => !given.includes('admin'), 'must not include admin')
    .optional()
    .describe('what the link may do; all endpoint and delivery scopes by default'),
});

export const portalLink = z.object({
  id: z.string(),
  tenant: tenantKey,
  scopes: z.array(scope),
  expiresAt: z.iso.datetime(),
  revokedAt: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
  createdBy: z.string().describe('id of the key that created it; bootstrap: the key from the configuration'),
});
export type PortalLink = z.infer<typeof portalLink>;

export const createdPortalLink = portalLink.extend({
  token: z.string().describe('JWT to send as `Authorization: Bearer`; returned only once, in this response'),
});
