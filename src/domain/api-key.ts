// An API key: who may call, how much of it is shown, and what is asked for when one is made.
import { z } from 'zod';
import { scope } from './access.ts';
import { apiRate } from './api-rate.ts';
import { instant } from './event.ts';
import { tenantKey } from './tenant.ts';
import { text } from './text.ts';

export const keyPrefix = 'phk_';
/** Behind it 32 random bytes in base64url. */
export const isKeyText = (text: string) => /^phk_[A-Za-z0-9_-]{43}$/.test(text);
/** Of the key's text, `phk_` included: enough to tell keys by, and 220 bits remain unsaid. */
export const shownLength = 10;

export const scopeList = z.array(scope).min(1).max(50);

const cidr = z.union([z.cidrv4(), z.cidrv6()], 'must be a CIDR such as 203.0.113.0/24');

export const newApiKey = z.strictObject({
  name: text(200).min(1).describe('whose it is, or what for'),
  scopes: scopeList.describe('what it may do; admin includes all others'),
  tenant: tenantKey.optional().describe('the one tenant that it is bound to; absent: all'),
  expiresAt: instant.optional().describe('from then on it counts no more; absent: it does not expire'),
  cidrs: z.array(cidr).max(50).optional().describe('where calls may come from; none: anywhere'),
  rateLimit: apiRate.optional().describe('absent: POSTHORN_API_RATE'),
});

export const apiKey = z.object({
  id: z.string(),
  prefix: z.string().describe("the key's first characters"),
  name: z.string(),
  scopes: z.array(scope),
  tenant: tenantKey.nullable(),
  cidrs: z.array(z.string()),
  rateLimit: apiRate.nullable(),
  expiresAt: z.iso.datetime().nullable(),
  lastUsedAt: z.iso.datetime().nullable().describe('to the minute'),
  revokedAt: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
  createdBy: z.string().describe('the key that made it; bootstrap: the one of the configuration; cli: the command line'),
});
export type ApiKey = z.infer<typeof apiKey>;

export const createdApiKey = apiKey.extend({ key: z.string().describe('the key itself: shown here and never again') });
