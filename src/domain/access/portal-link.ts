// Portal link: a short-lived token that gives a consumer access to one tenant's endpoints and
// deliveries.
import { z } from 'zod';
import { duration, durationMs } from '../deliveries/retry-schedule.ts';
import { tenantKey } from '../endpoints/tenant.ts';
import { type Scope, scope } from './access.ts';
import { scopeList } from './api-key.ts';
import { frameOrigins, fullPortalTheme, newPortalTheme, portalLanguage, portalTheme } from './portal-look.ts';

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
  theme: newPortalTheme.optional().describe('how the portal looks'),
  language: portalLanguage.optional().describe("language of the portal; absent: the browser's, or English"),
  origins: frameOrigins
    .optional()
    .describe('origins of the sites that may embed the portal in an iframe, at most 10; absent or empty: none may'),
});

export const portalLink = z.object({
  id: z.string(),
  tenant: tenantKey,
  scopes: z.array(scope),
  theme: portalTheme,
  language: portalLanguage.nullable(),
  origins: z.array(z.string()),
  expiresAt: z.iso.datetime(),
  revokedAt: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
  createdBy: z.string().describe('id of the key that created it; bootstrap: the key from the configuration'),
});
export type PortalLink = z.infer<typeof portalLink>;

export const createdPortalLink = portalLink.extend({
  token: z.string().describe('JWT to send as `Authorization: Bearer`; returned only once, in this response'),
  url: z
    .string()
    .describe(
      'address of the portal, with the token in its fragment, which browsers send to no server; returned only once, in this response',
    ),
});

export const currentPortalLink = portalLink.omit({ tenant: true, revokedAt: true, createdBy: true, createdAt: true }).extend({
  tenant: z.object({ id: tenantKey, name: z.string() }),
  theme: fullPortalTheme,
});
export type CurrentPortalLink = z.infer<typeof currentPortalLink>;

/**
 * The address of the portal. A link that sites may embed has its id in the path, because the server must name these sites
 * before it sees the token.
 */
export function portalUrl(origin: string, { id, origins, token }: { id: string; origins: readonly string[]; token: string }): string {
  return `${origin}/portal${origins.length > 0 ? `/${id}` : ''}#token=${token}`;
}
