// Where an endpoint is and what opens it. All of it is secret: it is kept sealed, and header values, credentials and keys are never shown again.
import { z } from 'zod';

/** What is shown in place of a secret; given back in a change, the secret stays. */
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
    .regex(/^[\x21-\x7e]+$/, 'must be visible ASCII without spaces'),
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
    .regex(/^[^\s\p{Cc}\p{Cs}]+$/u, 'must not contain spaces or control characters')
    .describe('where tokens are asked for (RFC 6749, 4.4): as an endpoint`s URL, https to a public address'),
  clientId: visible(500),
  clientSecret: visible(1_000),
  scope: visible(1_000).optional().describe('separated by spaces'),
  audience: visible(2_000).optional().describe('sent along where the token server asks for one'),
  credentialsIn: z.enum(['header', 'body']).optional().describe('header (HTTP Basic), the default, or body'),
});

export const auth = z
  .discriminatedUnion('type', [bearer, basic, oauth2])
  .describe('how Posthorn proves to the endpoint who it is; a secret that is given as *** stays as it is');
export type EndpointAuth = z.infer<typeof auth>;
export type OAuthClient = z.infer<typeof oauth2>;

const pem = (longest: number) => z.string().min(1).max(longest);
export const tls = z
  .strictObject({
    certificate: pem(16_384).optional().describe('the client certificate and those between it and its root, PEM'),
    key: pem(8_192).optional().describe('its key, PEM without a passphrase; *** keeps the one that is there'),
    ca: pem(16_384).optional().describe('who may have signed the certificate of this endpoint, instead of the usual authorities, PEM'),
  })
  .superRefine(({ certificate, key, ca }, context) => {
    const missing = (name: string, message: string) => context.addIssue({ code: 'custom', path: [name], message });
    if (certificate === undefined && key === undefined && ca === undefined) missing('certificate', 'is missing, or ca');
    if (certificate !== undefined && key === undefined) missing('key', 'is missing: it belongs to certificate');
    if (certificate === undefined && key !== undefined) missing('certificate', 'is missing: it belongs to key');
  })
  .describe('with what Posthorn shows itself to the endpoint (mutual TLS), whom it trusts there, or both');
export type ClientTls = z.infer<typeof tls>;

export const shownTls = z.object({
  subject: z.string().nullable().describe('null, as the others: no client certificate, an authority of its own alone'),
  expiresAt: z.iso.datetime().nullable(),
  fingerprint: z.string().nullable().describe('SHA-256 of the client certificate, in hex'),
});
/** Secrets read ***, so that what is shown can be given back. */
export const shownAuth = z.discriminatedUnion('type', [
  bearer.extend({ token: z.literal(hidden) }),
  basic.extend({ password: z.literal(hidden) }),
  oauth2.extend({ clientSecret: z.literal(hidden) }),
]);

export interface EndpointTarget {
  url: string;
  headers: Record<string, string>;
  auth: EndpointAuth | null;
  /** Null or absent: the endpoint asks for no client certificate and is trusted by the usual authorities. */
  tls?: ClientTls | null;
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

/** `given`, in which what is hidden stands for what `before` has in its place. What has nothing there stays hidden, which is a problem. */
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
  // a secret goes to no other server than the one it was given for
  const same = before?.type === 'oauth2' && before.tokenUrl === given.tokenUrl && before.clientId === given.clientId;
  return { ...given, clientSecret: kept(given.clientSecret, same ? before.clientSecret : undefined) };
}

/** Credentials that the change would take along to another origin (scheme, host, port) without giving them again: they were given for the one before. */
export function takenElsewhere(change: Partial<EndpointTarget>, before: EndpointTarget): ('auth' | 'tls' | 'headers')[] {
  if (change.url === undefined || new URL(change.url).origin === new URL(before.url).origin) return [];
  const { auth, tls, headers } = change;
  const keeps = {
    auth: before.auth !== null && (auth === undefined || (auth !== null && Object.values(auth).includes(hidden))),
    tls: before.tls?.key !== undefined && (tls === undefined || tls?.key === hidden),
    headers: Object.values(before.headers).some(Boolean) && (!headers || Object.values(headers).includes(hidden)),
  };
  return (['auth', 'tls', 'headers'] as const).filter((name) => keeps[name]);
}

/** What does not go together in a target, or stands for nothing; none when all is well. */
export function targetProblems({ url, headers, auth: given, tls: shown }: EndpointTarget): TargetProblem[] {
  const nothing = 'stands for nothing: give it';
  const problems = Object.entries(headers)
    .filter(([, value]) => value === hidden)
    .map(([name]) => ({ path: `headers.${name}`, message: nothing }));
  if (given?.type === 'bearer' && given.token === hidden) problems.push({ path: 'auth.token', message: nothing });
  if (given?.type === 'basic' && given.password === hidden) problems.push({ path: 'auth.password', message: nothing });
  if (given?.type === 'basic' && given.username === '' && given.password === '') {
    problems.push({ path: 'auth', message: 'give a user name, a password, or both' });
  }
  if (given?.type === 'oauth2' && given.clientSecret === hidden) {
    problems.push({ path: 'auth.clientSecret', message: 'stands for nothing, or for the secret of another client: give it' });
  }
  if (shown?.key === hidden) problems.push({ path: 'tls.key', message: nothing });
  if (shown && /^http:/i.test(url)) problems.push({ path: 'tls', message: 'is for https' });
  const own = Object.keys(headers).find((name) => name.toLowerCase() === 'authorization');
  if (given && own !== undefined) problems.push({ path: `headers.${own}`, message: 'and auth: give one of them' });
  return problems;
}

/** The value of `authorization` that is the same in every request; null: none. */
export function fixedAuthorization(given: EndpointAuth | null): string | null {
  if (given?.type === 'bearer') return `Bearer ${given.token}`;
  if (given?.type === 'basic') return `Basic ${base64(new TextEncoder().encode(`${given.username}:${given.password}`))}`;
  return null;
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
