// /.well-known/jwks.json: the public keys (RFC 7517, RFC 8037) by which receivers check v1a and RFC 9421 signatures, for anybody.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { createGroupCommit, type GroupCommit } from '../db/group-commit.ts';
import { listPublished } from '../db/signing-keys.ts';
import { type Jwks, jwks, type SigningKey } from '../domain/signing-keys.ts';
import { tenantKey } from '../domain/tenant.ts';
import type { ApiDeps } from './deps.ts';
import { type Answer, type Route, route } from './route.ts';

/** A rotation publishes a key a day before it signs; this is how long a key that was withdrawn may still be believed. */
const maxAgeSeconds = 300;

/** Anybody may ask, as often as they like: who asks together shares a statement, and one runs at a time. */
type Published = GroupCommit<string | null, SigningKey[]>;
const mostAtOnce = 500;
const mostWaiting = 20_000;

export function jwksRoutes({ db }: Pick<ApiDeps, 'db'>): Route[] {
  const published: Published = createGroupCommit({
    write: (owners) => listPublished(db, owners),
    maxWeight: mostAtOnce,
    maxWaiting: mostWaiting,
  });
  return [ofPlatform(published), ofTenant(published)];
}

const ofPlatform = (published: Published) =>
  route({
    method: 'get',
    path: '/.well-known/jwks.json',
    operationId: 'getPublicKeys',
    summary: "The platform's public keys, with the dates from and until which they sign",
    scope: 'open',
    answers: { 200: { description: 'a JWK set', schema: jwks, types: ['application/jwk-set+json'] } },
    handler: async () => show(await published.add(null)),
  });

const ofTenant = (published: Published) =>
  route({
    method: 'get',
    path: '/.well-known/tenants/:tenant/jwks.json',
    operationId: 'getPublicKeysOfTenant',
    summary: "The public keys that sign for a tenant: its own, and the platform's while it has none",
    scope: 'open',
    params: z.strictObject({ tenant: tenantKey }),
    answers: {
      200: {
        description: 'a JWK set; that of the platform also for a tenant that does not exist',
        schema: jwks,
        types: ['application/jwk-set+json'],
      },
    },
    problems: [404],
    async handler({ params }) {
      const [own, platform] = await Promise.all([published.add(params.tenant), published.add(null)]);
      return show([...own, ...whileTheySign(platform, own)]);
    },
  });

/** When the platform's keys end for a tenant that has its own: with the first of those that signs alone. */
function whileTheySign(platform: SigningKey[], own: SigningKey[]): SigningKey[] {
  const nowMs = Date.now();
  const lasting = own.filter(({ signsUntil, aloneFrom }) => signsUntil === null || signsUntil > aloneFrom);
  const [end] = lasting.map(({ aloneFrom }) => aloneFrom).toSorted();
  if (end === undefined) return platform;
  if (Date.parse(end) <= nowMs) return [];
  return platform.map((key) => (key.signsUntil === null || key.signsUntil > end ? { ...key, signsUntil: end } : key));
}

function show(keys: SigningKey[]): Answer {
  const shown: Jwks = {
    keys: keys.map(({ id, publicKey, signsFrom, signsUntil }) => ({
      kty: 'OKP',
      crv: 'Ed25519',
      kid: id,
      use: 'sig',
      alg: 'EdDSA',
      x: Buffer.from(publicKey.slice('whpk_'.length), 'base64').toString('base64url'),
      nbf: Math.floor(Date.parse(signsFrom) / 1_000),
      ...(signsUntil !== null && { exp: Math.ceil(Date.parse(signsUntil) / 1_000) }),
    })),
  };
  const text = JSON.stringify(shown);
  const etag = `"${createHash('sha256').update(text).digest('base64url')}"`;
  return { status: 200, text, type: 'application/jwk-set+json', headers: { 'cache-control': `public, max-age=${maxAgeSeconds}`, etag } };
}
