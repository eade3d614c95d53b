// /v1/api-keys: create, list and revoke API keys. A key is shown only in the answer that creates
// it.
import { z } from 'zod';
import { createApiKey, listApiKeys } from '#db/access/api-keys';
import { revokeApiKey } from '#db/access/key-descendants';
import { scopesOf } from '#domain/access/access';
import { apiKey, createdApiKey, newApiKey } from '#domain/access/api-key';
import { tenantKey } from '#domain/endpoints/tenant';
import { inUtc } from '#domain/events/event';
import { isId } from '#domain/ids';
import { makeKey } from '#sealing/new-api-key';
import { nameOf } from '../../access/auth.ts';
import { refuseMore, tenantMeant, withinBounds } from '../../access/grant-limits.ts';
import { apiKeyExample, newApiKeyExample } from '../../examples/access.ts';
import { listQuery, pageAnswer, pageOf } from '../../http/page.ts';
import { invalid, notFound, Problem } from '../../http/problem.ts';
import { answer, noContent, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';

export function apiKeyRoutes(deps: ApiDeps): Route[] {
  return [create(deps), list(deps), revoke(deps)];
}

const create = ({ db }: ApiDeps) =>
  route({
    method: 'post',
    path: '/v1/api-keys',
    operationId: 'createApiKey',
    summary: 'Create an API key',
    description:
      'The answer contains the key itself, which is shown only once. A key cannot grant more than it has: the new key gets no other scopes, no later expiry, no wider address ranges and no higher rate limit than the key that creates it.',
    scope: 'admin',
    audit: 'api_key.create',
    body: newApiKey,
    bodyExample: newApiKeyExample,
    answers: {
      201: {
        description: 'The new key.',
        schema: createdApiKey,
        example: { ...apiKeyExample, key: 'phk_Zm9vYmFyIG5vdCBhIHJlYWwga2V5LCBqdXN0IGRvY3M' },
      },
    },
    problems: [404],
    async handler({ body, caller, ids, audit }) {
      if (body.expiresAt !== undefined && Date.parse(body.expiresAt) <= Date.now())
        throw invalid([{ path: 'expiresAt', message: 'must be in the future' }]);
      refuseMore(caller, body.scopes);
      const tenant = await tenantMeant(db, caller, body.tenant);
      const held = withinBounds(caller, { ...body, ...(body.expiresAt !== undefined && { expiresAt: inUtc(body.expiresAt) }) });
      const { key, hash, prefix } = makeKey();
      const toMake = {
        keyId: ids.next('key'),
        tenantId: tenant?.id ?? null,
        hash,
        prefix,
        name: body.name,
        scopes: scopesOf(body.scopes),
        ...held,
        createdBy: nameOf(caller),
      };
      const made = await createApiKey(db, toMake, audit);
      if (!made)
        throw new Problem(
          409,
          'The key that this request created is already in use and cannot be shown again. Revoke it and create another one.',
        );
      return answer(201, { ...made, key });
    },
  });

const list = ({ db }: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/api-keys',
    operationId: 'listApiKeys',
    summary: 'List API keys',
    description: 'Newest first, including revoked keys. The keys themselves are not shown, only their first characters.',
    scope: 'admin',
    query: listQuery('key').extend({ tenant: tenantKey.optional() }),
    answers: { 200: { description: 'A page of keys.', schema: pageOf(apiKey), example: { data: [apiKeyExample], nextCursor: null } } },
    async handler({ query: { tenant, cursor, limit }, caller }) {
      const meant = await tenantMeant(db, caller, tenant);
      const rows = await listApiKeys(db, meant?.id ?? null, cursor ?? null, limit + 1);
      return pageAnswer(rows, limit);
    },
  });

const revoke = ({ db, access }: ApiDeps) =>
  route({
    method: 'delete',
    path: '/v1/api-keys/:key',
    operationId: 'revokeApiKey',
    summary: 'Revoke an API key',
    description:
      'Also revokes all keys and portal links that were created with it. It takes effect at once in the process that answers, and within 5 seconds in all others. Revoking a revoked key changes nothing.',
    scope: 'admin',
    audit: 'api_key.revoke',
    params: z.strictObject({ key: z.string().refine((id) => isId('key', id)) }),
    answers: { 204: { description: 'The key is revoked.' } },
    async handler({ params: { key }, caller, audit }) {
      const revoked = await revokeApiKey(db, key, caller.tenant?.id ?? null, audit);
      if (!revoked) throw notFound('key');
      for (const id of revoked) access.callers.forget(id);
      return noContent;
    },
  });
