// URL, headers and credentials of an endpoint. All of it is encrypted at rest, and the API never
// shows header values, credentials or keys again: it shows `***`. A change that sends `***` keeps
// the stored secret.
import { z } from 'zod';
import { faultText } from '../faults/fault.ts';

/** Placeholder for a secret. A change that sends it keeps the stored secret. */
export const hidden = '***';

const visible = (longest: number) =>
  z
    .string()
    .min(1)
    .max(longest)
    .regex(/^[\x20-\x7e]+$/, 'must be visible ASCII');
const credential = (longest: number) =>
  z
    .string()
    .max(longest)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not contain control characters');

const bearer = z.strictObject({
  type: z.literal('bearer'),
  token: z
    .string()
    .max(4_000)
    .regex(/^[\x21-\x7e]+$/, faultText('not_ascii_word')),
});
const basic = z.strictObject({
  type: z.literal('basic'),
  username: credential(500).refine((text) => !text.includes(':'), 'must not contain a colon'),
  password: credential(1_000),
});
const oauth2 = z.strictObject({
  type: z.literal('oauth2'),
  tokenUrl: z
    .string()
    .max(2_000)
    .regex(/^[^\s\p{Cc}\p{Cs}]+$/u, faultText('control_characters'))
    .describe('token endpoint for the client credentials grant (RFC 6749, 4.4): https, at a public address'),
  clientId: visible(500),
  clientSecret: visible(1_000),
  scope: visible(1_000).optional().describe('scopes, separated by spaces'),
  audience: visible(2_000).optional().describe('audience parameter of the token request, for servers that need one'),
  credentialsIn: z
    .enum(['header', 'body'])
    .optional()
    .describe('where the token request carries the credentials: header (HTTP Basic, the default) or body'),
});

export const auth = z
  .discriminatedUnion('type', [bearer, basic, oauth2])
  .describe('how Posthorn authenticates to the endpoint; *** keeps the stored secret');
export type EndpointAuth = z.infer<typeof auth>;
export type OAuthClient = z.infer<typeof oauth2>;

const pem = (longest: number) => z.string().min(1).max(longest);
export const tls = z
  .strictObject({
    certificate: pem(16_384).optional().describe('client certificate with its intermediate certificates, PEM'),
    key: pem(8_192).optional().describe('private key of the certificate, PEM without a passphrase; *** keeps the stored key'),
    ca: pem(16_384).optional().describe('certificate authorities for this endpoint, used instead of the default ones, PEM'),
  })
  .superRefine(({ certificate, key, ca }, context) => {
    const missing = (name: string, message: string) => context.addIssue({ code: 'custom', path: [name], message });
    if (certificate === undefined && key === undefined && ca === undefined)
      missing('certificate', 'is missing: send certificate and key, or ca');
    if (certificate !== undefined && key === undefined) missing('key', 'is missing: certificate requires key');
    if (certificate === undefined && key !== undefined) missing('certificate', 'is missing: key requires certificate');
  })
  .describe('TLS settings of the endpoint: a client certificate (mutual TLS), certificate authorities, or both');
export type ClientTls = z.infer<typeof tls>;

export const shownTls = z.object({
  subject: z.string().nullable().describe('subject of the client certificate; null, like the other fields: only ca is set'),
  expiresAt: z.iso.datetime().nullable(),
  fingerprint: z.string().nullable().describe('SHA-256 of the client certificate, in hex'),
});
/** Secrets are masked as ***, so that a client can send the object back. */
export const shownAuth = z.discriminatedUnion('type', [
  bearer.extend({ token: z.literal(hidden) }),
  basic.extend({ password: z.literal(hidden) }),
  oauth2.extend({ clientSecret: z.literal(hidden) }),
]);

export interface EndpointTarget {
  url: string;
  headers: Record<string, string>;
  auth: EndpointAuth | null;
  /** Null or absent: no client certificate, and the default certificate authorities. */
  tls?: ClientTls | null;
}

/** A target whose secrets are masked. */
export interface ShownTarget {
  url: string;
  headers: Record<string, string>;
  auth: z.infer<typeof shownAuth> | null;
  tls: z.infer<typeof shownTls> | null;
}

interface TargetProblem {
  path: string;
  message: string;
}

export function hideValues(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.keys(headers).map((name) => [name, hidden]));
}

export function hideSecrets(given: EndpointAuth): z.infer<typeof shownAuth> {
  switch (given.type) {
    case 'bearer':
      return { ...given, token: hidden };
    case 'basic':
      return { ...given, password: hidden };
    case 'oauth2':
      return { ...given, clientSecret: hidden };
  }
}

/**
 * Replaces each `***` in `given` by the secret that `before` has there. A `***` without a stored secret stays;
 * `targetProblems` reports it.
 */
export function keepHidden(given: EndpointTarget, before: EndpointTarget | null): EndpointTarget {
  return {
    ...given,
    headers: keptHeaders(given.headers, before?.headers ?? {}),
    auth: given.auth && keptAuth(given.auth, before?.auth ?? null),
    tls: given.tls && keptTls(given.tls, before?.tls?.key),
  };
}

function kept(given: string, before: string | undefined): string {
  return given === hidden ? (before ?? given) : given;
}

function keptTls(given: ClientTls, before: string | undefined): ClientTls {
  return given.key === undefined ? given : { ...given, key: kept(given.key, before) };
}

function keptHeaders(given: Record<string, string>, before: Record<string, string>): Record<string, string> {
  const values = new Map(Object.entries(before).map(([name, value]) => [name.toLowerCase(), value]));
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, kept(value, values.get(name.toLowerCase()))]));
}

function keptAuth(given: EndpointAuth, before: EndpointAuth | null): EndpointAuth {
  if (given.type === 'bearer') return { ...given, token: kept(given.token, before?.type === 'bearer' ? before.token : undefined) };
  if (given.type === 'basic') return { ...given, password: kept(given.password, before?.type === 'basic' ? before.password : undefined) };
  // a client secret must not go to another token server than the one it was set for
  const same = before?.type === 'oauth2' && before.tokenUrl === given.tokenUrl && before.clientId === given.clientId;
  return { ...given, clientSecret: kept(given.clientSecret, same ? before.clientSecret : undefined) };
}

export function leadsToAnotherOrigin({ url }: Partial<EndpointTarget>, before: EndpointTarget): boolean {
  return url !== undefined && new URL(url).origin !== new URL(before.url).origin;
}

/**
 * Credentials that a change of the URL would send to another origin (scheme, host, port). They were set for the old
 * origin and must be sent again.
 */
export function takenElsewhere(change: Partial<EndpointTarget>, before: EndpointTarget): ('auth' | 'tls' | 'headers')[] {
  if (!leadsToAnotherOrigin(change, before)) return [];
  const { auth, tls, headers } = change;
  const keeps = {
    auth: before.auth !== null && (auth === undefined || (auth !== null && Object.values(auth).includes(hidden))),
    tls: before.tls?.key !== undefined && (tls === undefined || tls?.key === hidden),
    headers: Object.values(before.headers).some(Boolean) && (!headers || Object.values(headers).includes(hidden)),
  };
  return (['auth', 'tls', 'headers'] as const).filter((name) => keeps[name]);
}

/** Settings that cannot be combined, and `***` without a stored secret. Empty when the target is valid. */
export function targetProblems({ url, headers, auth: given, tls: shown }: EndpointTarget): TargetProblem[] {
  const masked = faultText('masked');
  const problems = Object.entries(headers)
    .filter(([, value]) => value === hidden)
    .map(([name]) => ({ path: `headers.${name}`, message: masked }));
  if (given?.type === 'bearer' && given.token === hidden) problems.push({ path: 'auth.token', message: masked });
  if (given?.type === 'basic' && given.password === hidden) problems.push({ path: 'auth.password', message: masked });
  if (given?.type === 'basic' && given.username === '' && given.password === '') {
    problems.push({ path: 'auth', message: 'must have a username, a password, or both' });
  }
  if (given?.type === 'oauth2' && given.clientSecret === hidden) {
    problems.push({ path: 'auth.clientSecret', message: `${masked} (*** keeps a secret only for the same tokenUrl and clientId)` });
  }
  if (shown?.key === hidden) problems.push({ path: 'tls.key', message: masked });
  if (shown && /^http:/i.test(url)) problems.push({ path: 'tls', message: 'requires an https URL' });
  const own = Object.keys(headers).find((name) => name.toLowerCase() === 'authorization');
  if (given && own !== undefined) problems.push({ path: `headers.${own}`, message: faultText('header_and_auth') });
  return problems;
}

/**
 * Value of the `authorization` header for bearer and basic auth; null for OAuth 2.0 (a token per request) and without
 * auth.
 */
export function fixedAuthorization(given: EndpointAuth | null): string | null {
  if (given?.type === 'bearer') return `Bearer ${given.token}`;
  if (given?.type === 'basic') return `Basic ${base64(new TextEncoder().encode(`${given.username}:${given.password}`))}`;
  return null;
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** Path, query and user info (before the @) are masked, because they may hold a token. */
export function originOnly(url: string): string {
  const [, scheme, host] = /^(https?:\/\/)(?:[^/?#]*@)?([^/?#]*)/i.exec(url) ?? [];
  return scheme === undefined ? hidden : `${scheme}${host}/${hidden}`;
}
