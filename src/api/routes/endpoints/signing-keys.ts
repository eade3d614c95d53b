// /v1/tenants/{tenant}/signing-keys: list and rotate the key pairs of a tenant (v1a and RFC 9421
// signatures).
import { z } from 'zod';
import { readTenant } from '#db/access/tenants';
import { newKeyPair } from '#db/keys/signing-key';
import { listSigningKeys } from '#db/keys/signing-keys';
import { durationMs } from '#domain/deliveries/retry-schedule';
import { keyRotation, type SigningKey, signingKey } from '#domain/endpoints/signing-keys';
import { tenantKey } from '#domain/endpoints/tenant';
import { notFound, Problem } from '../../http/problem.ts';
import { type Answer, answer, type Call, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';

const tenantParams = z.strictObject({ tenant: tenantKey });
const keys = z.object({ data: z.array(signingKey) });
const defaultDuration = '24h';

const signingKeyExample: SigningKey = {
  id: 'sgk_019c81d4a5337c0f92be6d1708f3a54c',
  tenant: 'acme',
  publicKey: 'whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=',
  publishedAt: '2026-03-02T10:02:31.050Z',
  signsFrom: '2026-03-03T10:02:31.050Z',
  aloneFrom: '2026-03-04T10:02:31.050Z',
  signsUntil: null,
  publishedUntil: null,
};

export function signingKeyRoutes(deps: ApiDeps): Route[] {
  return [list(deps), rotate(deps)];
}

const list = ({ db }: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/tenants/:tenant/signing-keys',
    operationId: 'listSigningKeysOfTenant',
    summary: 'List the signing keys of a tenant',
    description: 'The published public keys, newest first. The first key pair is created when an endpoint of the tenant first needs one.',
    scope: 'endpoints:read',
    params: tenantParams,
    answers: { 200: { description: 'The keys.', schema: keys, example: { data: [signingKeyExample] } } },
    async handler({ params }) {
      const tenant = await readTenant(db, params.tenant);
      if (!tenant) throw notFound('tenant');
      return answer(200, { data: await listSigningKeys(db, tenant.id) });
    },
  });

const rotate = (deps: ApiDeps) =>
  route({
    method: 'post',
    path: '/v1/tenants/:tenant/signing-keys/rotate',
    operationId: 'rotateSigningKeyOfTenant',
    summary: 'Rotate the signing key of a tenant',
    description:
      'Publishes a new key pair. It starts to sign after `publishFor`, so that caches of receivers know it by then. Earlier keys also sign until `overlap` has passed. 409 while another rotation is in progress.',
    scope: 'endpoints:write',
    params: tenantParams,
    body: keyRotation,
    bodyOptional: true,
    bodyExample: { publishFor: '24h', overlap: '24h' },
    answers: { 200: { description: 'The new key, with its dates.', schema: signingKey, example: signingKeyExample } },
    problems: [409],
    audit: 'signing_key.rotate',
    async handler(call) {
      const tenant = await readTenant(deps.db, call.params.tenant);
      if (!tenant) throw notFound('tenant');
      return publish(deps, tenant.id, call);
    },
  });

/**
 * The database decides whether a rotation can start. Its workflow is started afterwards, and again if the call is
 * repeated.
 */
async function publish(
  deps: ApiDeps,
  tenantId: string,
  { body, ids, audit }: Call<unknown, unknown, z.output<typeof keyRotation>>,
): Promise<Answer> {
  const [publishForMs, overlapMs] = [durationMs(body.publishFor ?? defaultDuration), durationMs(body.overlap ?? defaultDuration)];
  const key = newKeyPair(deps.vault, ids.next('sgk'));
  const published = await deps.keyStore.publish({ key, tenantId, publishForMs, overlapMs }, audit);
  if (published === 'under_way')
    throw new Problem(
      409,
      'Another rotation is in progress. Wait for it, cancel it, or end all other keys at once (publishFor and overlap 0s).',
    );
  if (published === 'too_many')
    throw new Problem(
      409,
      'Too many keys are published, or were created within the last hour. Wait until older ones are no longer published.',
    );
  await deps.followKey(published);
  return answer(200, published);
}
