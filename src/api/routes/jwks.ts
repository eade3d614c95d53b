// /.well-known/tenants/{tenant}/jwks.json: the public keys (RFC 7517, RFC 8037) by which a tenant's receivers check v1a and RFC 9421 signatures, for anybody.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { listPublished } from '#db/keys/signing-keys';
import { createGroupCommit, type GroupCommit } from '#db/store/group-commit';
import { type Jwks, jwks, type SigningKey } from '#domain/signing-keys';
import { tenantKey } from '#domain/tenant';
import { type Answer, type Route, route } from '../http/route.ts';
import type { ApiDeps } from './deps.ts';

/** A rotation publishes a key a day before it signs; this is how long a key that was withdrawn may still be believed. */
const maxAgeSeconds = 300;

/** Anybody may ask, as often as they like: requests that wait share a statement, and one runs at a time. */
type Published = GroupCommit<string, SigningKey[]>;
const mostAtOnce = 500;
const mostWaiting = 20_000;

export function jwksRoutes({ db }: Pick<ApiDeps, 'db'>): Route[] {
  const published: Published = createGroupCommit({
    write: (tenants) => listPublished(db, tenants),
    maxWeight: mostAtOnce,
    maxWaiting: mostWaiting,
  });
  return [ofTenant(published)];
}

const ofTenant = (published: Published) =>
  route({
    method: 'get',
    path: '/.well-known/tenants/:tenant/jwks.json',
    operationId: 'getPublicKeysOfTenant',
    summary: 'The public keys of a tenant, with the dates from and until which they sign; they sign for no other tenant',
    scope: 'open',
    params: z.strictObject({ tenant: tenantKey }),
    answers: {
      200: {
        description: 'a JWK set; empty for a tenant that has no keys or does not exist',
        schema: jwks,
        types: ['application/jwk-set+json'],
      },
    },
    problems: [404],
    handler: async ({ params }) => show(await published.add(params.tenant)),
  });

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
