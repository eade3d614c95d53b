// API key: its text format, the request that creates one, and how the API shows it.
import { z } from 'zod';
import { tenantKey } from '../endpoints/tenant.ts';
import { instant } from '../events/event.ts';
import { text } from '../text.ts';
import { scope } from './access.ts';
import { apiRate } from './api-rate.ts';

export const keyPrefix = 'phk_';
/** `phk_` and 32 random bytes in base64url. */
export const isKeyText = (text: string) => /^phk_[A-Za-z0-9_-]{43}$/.test(text);
/** Characters of the key that are shown, `phk_` included. They identify a key; 220 bits stay secret. */
export const shownLength = 10;

export const scopeList = z.array(scope).min(1).max(50);

const notCidr = 'must be a CIDR such as 203.0.113.0/24';
const cidr = z.union([z.cidrv4(notCidr), z.cidrv6(notCidr)], notCidr);

export const newApiKey = z.strictObject({
  name: text(200).min(1).describe('a name that tells who uses the key and what for'),
  scopes: scopeList.describe('what the key may do; admin includes all other scopes'),
  tenant: tenantKey.optional().describe('binds the key to one tenant; if absent, it can access all tenants'),
  expiresAt: instant.optional().describe('when the key expires; if absent, it never expires'),
  cidrs: z.array(cidr).max(50).optional().describe('client networks that may use the key; empty or absent: any address'),
  rateLimit: apiRate.optional().describe('rate limit of the key; if absent, POSTHORN_API_RATE applies'),
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
  lastUsedAt: z.iso.datetime().nullable().describe('when the key was last used, to the minute'),
  revokedAt: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
  createdBy: z.string().describe('id of the key that created it; bootstrap: the key from the configuration; cli: the command line'),
});
export type ApiKey = z.infer<typeof apiKey>;

export const createdApiKey = apiKey.extend({ key: z.string().describe('the API key; returned only once, in this response') });
