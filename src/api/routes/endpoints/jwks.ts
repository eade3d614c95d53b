// GET /.well-known/tenants/{tenant}/jwks.json: the public keys of a tenant (RFC 7517, RFC 8037),
// for anybody. Receivers verify v1a and RFC 9421 signatures with them.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { listPublished } from '#db/keys/signing-keys';
import { createGroupCommit, type GroupCommit } from '#db/store/group-commit';
import { type Jwks, jwks, type SigningKey } from '#domain/endpoints/signing-keys';
import { tenantKey } from '#domain/endpoints/tenant';
import { type Answer, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';

/**
 * How long caches may keep the keys, and so how long a withdrawn key is still trusted. A rotation publishes a key a day
 * before it signs.
 */
const maxAgeSeconds = 300;

/** Anybody can call this, at any rate: waiting requests share a statement, and one statement runs at a time. */
type Published = GroupCommit<string, SigningKey[]>;
const mostAtOnce = 500;
const mostWaiting = 20_000;

const jwksExample: Jwks = {
  keys: [
    {
      kty: 'OKP',
      crv: 'Ed25519',
      kid: 'sgk_019c81d4a5337c0f92be6d1708f3a54c',
      use: 'sig',
      alg: 'EdDSA',
      x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
      nbf: 1_771_736_293,
    },
  ],
};

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
    summary: 'Read the public keys of a tenant',
    description:
      'A JWK set with the ed25519 keys that sign for the endpoints of this tenant, and for no other. `nbf` and `exp` say from when and until when a key signs. A tenant without keys, or an unknown one, has an empty set. No API key is needed.',
    scope: 'open',
    params: z.strictObject({ tenant: tenantKey }),
    answers: {
      200: {
        description: 'The JWK set.',
        schema: jwks,
        example: jwksExample,
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
