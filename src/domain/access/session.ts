// Session: a bearer token for the dashboard, which a person gets for a key or for a sign-in through an OpenID Connect
// provider. Its life, its roles, the request that creates one, and how the API shows it.
import { z } from 'zod';
import { tenantKey } from '../endpoints/tenant.ts';
import { type Scope, scope, scopes, scopesOf } from './access.ts';

/** A session ends so long after the sign-in, and when it was not used for so long. */
export const sessionLifeMs = 12 * 3_600_000;
export const sessionIdleMs = 30 * 60_000;
/** Of one key or person at the same time: one more ends the one that was used longest ago. */
export const mostSessions = 50;

export const sessionPrefix = 'phs_';
/** `phs_` and 32 random bytes in base64url. */
export const isSessionText = (text: string) => /^phs_[A-Za-z0-9_-]{43}$/.test(text);

export const roles = ['viewer', 'operator', 'admin'] as const;
export const role = z.enum(roles);
export type Role = z.infer<typeof role>;

const viewerScopes: Scope[] = ['endpoints:read', 'deliveries:read'];

/** Each role has the scopes of the one before. */
export const scopesOfRole: Readonly<Record<Role, Scope[]>> = {
  viewer: viewerScopes,
  operator: scopesOf([...viewerScopes, 'endpoints:write', 'deliveries:act', 'events:write']),
  admin: ['admin'],
};

/** The highest role whose scopes are all given. Null: none, as for a key that may only post events. */
export function roleOf(given: readonly Scope[]): Role | null {
  const held = given.includes('admin') ? scopes : given;
  return roles.findLast((one) => scopesOfRole[one].every((needed) => held.includes(needed))) ?? null;
}

const key = z.strictObject({
  key: z.string().min(1).max(1_000).describe('an API key, or the bootstrap key'),
});

/** What the page got from `POST /v1/sign-in` and from the provider. */
const code = z.strictObject({
  code: z.string().min(1).max(4_096).describe('parameter `code` of the URL to which the provider returned'),
  issuer: z.string().min(1).max(1_000).optional().describe('parameter `iss` of that URL, if it has one'),
  verifier: z.string().min(43).max(128).describe('`verifier` of the answer that began the sign-in'),
  nonce: z.string().min(16).max(200).describe('`nonce` of that answer'),
});

export const newSession = z.union([key, code]);
export type CodeToExchange = z.infer<typeof code>;

export const person = z.object({
  issuer: z.string().describe('the OpenID Connect provider'),
  subject: z.string().describe('claim `sub`: the id of the person at this provider'),
  email: z.string().nullable(),
  name: z.string().nullable(),
});
export type Person = z.infer<typeof person>;

export const session = z.object({
  id: z.string(),
  name: z.string().describe('who signed in: the person, the id of the key, or bootstrap for the key from the configuration'),
  person: person.nullable().describe('null: signed in with a key'),
  key: z.string().nullable().describe('id of the API key of the sign-in, or bootstrap; null: a person signed in'),
  role: role.nullable().describe('the highest role whose scopes the session has; null: none'),
  scopes: z.array(scope),
  tenant: tenantKey.nullable().describe('the tenant to which the key is bound; null: all tenants'),
  address: z.string().nullable().describe('IP address of the sign-in'),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso
    .datetime()
    .describe('when the session was last used, to the minute; a call with the header `posthorn-background: 1` is no use'),
  endsAt: z.iso
    .datetime()
    .describe('when it ends unless it is used again: 30 minutes after its last use, 12 hours after the sign-in, or with its key'),
  expiresAt: z.iso.datetime().describe('when it ends at the latest: 12 hours after the sign-in, or with its key'),
  revokedAt: z.iso.datetime().nullable().describe('when somebody signed out, or revoked it'),
});
export type Session = z.infer<typeof session>;

export const createdSession = session.extend({
  token: z.string().describe('to send as `Authorization: Bearer`; returned only once, in this response'),
});

export const signInMethods = z.object({
  key: z.literal(true).describe('API keys and the bootstrap key can always sign in'),
  oidc: z
    .object({
      name: z.string().describe('name of the provider, for the button'),
      redirectUri: z.string().describe('where the provider returns to: the page must be of this origin'),
    })
    .nullable()
    .describe('null: no OpenID Connect provider is configured'),
});

export const begunSignIn = z.object({
  url: z.string().describe('page of the provider to go to'),
  state: z.string().describe('the URL to which the provider returns must have it as `state`; otherwise somebody else began that sign-in'),
  nonce: z.string().describe('to send with the code'),
  verifier: z.string().describe('to send with the code'),
});
export type BegunSignIn = z.infer<typeof begunSignIn>;

/** What audit entries and lists call a person. */
export function nameOfPerson({ email, name, subject }: Pick<Person, 'email' | 'name' | 'subject'>): string {
  const shown = email ?? name;
  return shown === null ? subject : `${shown} (${subject})`;
}
