// /v1/tenants/{tenant}/signing-keys: the key pairs that sign for a tenant's endpoints by v1a and RFC 9421, and their rotation.
import { z } from 'zod';
import { readTenant } from '#db/access/tenants';
import { newKeyPair } from '#db/keys/signing-key';
import { listSigningKeys } from '#db/keys/signing-keys';
import { durationMs } from '#domain/retry-schedule';
import { keyRotation, signingKey } from '#domain/signing-keys';
import { tenantKey } from '#domain/tenant';
import { notFound, Problem } from '../http/problem.ts';
import { type Answer, answer, type Call, type Route, route } from '../http/route.ts';
import type { ApiDeps } from './deps.ts';

const tenantParams = z.strictObject({ tenant: tenantKey });
const keys = z.object({ data: z.array(signingKey) });
const usually = '24h';

export function signingKeyRoutes(deps: ApiDeps): Route[] {
  return [list(deps), rotate(deps)];
}

const list = ({ db }: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/tenants/:tenant/signing-keys',
    operationId: 'listSigningKeysOfTenant',
    summary: "Lists a tenant's key pairs that are published, newest first; the first is made when an endpoint asks for one",
    scope: 'endpoints:read',
    params: tenantParams,
    answers: { 200: { description: 'the keys', schema: keys } },
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
    summary: 'Publishes a new key pair of the tenant, which takes the place of those before it',
    scope: 'endpoints:write',
    params: tenantParams,
    body: keyRotation,
    bodyOptional: true,
    answers: { 200: { description: 'the new key, with its dates', schema: signingKey } },
    problems: [409],
    audit: 'signing_key.rotate',
    async handler(call) {
      const tenant = await readTenant(deps.db, call.params.tenant);
      if (!tenant) throw notFound('tenant');
      return publish(deps, tenant.id, call);
    },
  });

/** The store decides. The workflow that follows the rotation is started after it, and again when the call is repeated. */
async function publish(
  deps: ApiDeps,
  tenantId: string,
  { body: asked, ids, audit }: Call<unknown, unknown, z.output<typeof keyRotation>>,
): Promise<Answer> {
  const [publishForMs, overlapMs] = [durationMs(asked.publishFor ?? usually), durationMs(asked.overlap ?? usually)];
  const key = newKeyPair(deps.vault, ids.next('sgk'));
  const published = await deps.keyStore.publish({ key, tenantId, publishForMs, overlapMs }, audit);
  if (published === 'under_way')
    throw new Problem(409, 'A rotation is under way: wait for it, cancel it, or end all other keys at once (publishFor and overlap 0s).');
  if (published === 'too_many')
    throw new Problem(409, 'Too many keys are published, or were made within the hour: wait until older ones are out of sight.');
  await deps.followKey(published);
  return answer(200, published);
}
