// /v1/api-keys: made, listed and revoked; a key's text is shown when it is made and never again.
import { z } from 'zod';
import { createApiKey, listApiKeys } from '#db/access/api-keys';
import { revokeApiKey } from '#db/access/key-descendants';
import { scopesOf } from '#domain/access';
import { apiKey, createdApiKey, newApiKey } from '#domain/api-key';
import { inUtc } from '#domain/event';
import { isId } from '#domain/ids';
import { tenantKey } from '#domain/tenant';
import { makeKey } from '#sealing/new-api-key';
import { nameOf } from '../access/auth.ts';
import { refuseMore, tenantMeant, withinBounds } from '../access/grant-limits.ts';
import { listQuery, pageAnswer, pageOf } from '../http/page.ts';
import { invalid, notFound, Problem } from '../http/problem.ts';
import { answer, noContent, type Route, route } from '../http/route.ts';
import type { ApiDeps } from './deps.ts';

export function apiKeyRoutes(deps: ApiDeps): Route[] {
  return [create(deps), list(deps), revoke(deps)];
}

const create = ({ db }: ApiDeps) =>
  route({
    method: 'post',
    path: '/v1/api-keys',
    operationId: 'createApiKey',
    summary: 'Makes an API key; the answer alone shows it',
    scope: 'admin',
    audit: 'api_key.create',
    body: newApiKey,
    answers: { 201: { description: 'the key', schema: createdApiKey } },
    problems: [404],
    async handler({ body, caller, ids, audit }) {
      if (body.expiresAt !== undefined && Date.parse(body.expiresAt) <= Date.now())
        throw invalid([{ path: 'expiresAt', message: 'must lie ahead' }]);
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
        throw new Problem(409, 'The key of this request is in use already, and cannot be shown again: revoke it and make another.');
      return answer(201, { ...made, key });
    },
  });

const list = ({ db }: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/api-keys',
    operationId: 'listApiKeys',
    summary: 'Lists API keys, newest first, revoked ones too',
    scope: 'admin',
    query: listQuery('key').extend({ tenant: tenantKey.optional() }),
    answers: { 200: { description: 'a page of keys', schema: pageOf(apiKey) } },
    async handler({ query: { tenant, cursor, limit }, caller }) {
      const meant = await tenantMeant(db, caller, tenant);
      const rows = await listApiKeys(db, meant?.id ?? null, cursor ?? null, limit + 1);
      return pageAnswer(
        rows,
        limit,
        ({ id }) => id,
        (row) => row,
      );
    },
  });

const revoke = ({ db, access }: ApiDeps) =>
  route({
    method: 'delete',
    path: '/v1/api-keys/:key',
    operationId: 'revokeApiKey',
    summary: 'Revokes an API key and all that was made with it: at once in the process that answers, within 5 s in all',
    scope: 'admin',
    audit: 'api_key.revoke',
    params: z.strictObject({ key: z.string().refine((id) => isId('key', id)) }),
    answers: { 204: { description: 'revoked, now or before' } },
    async handler({ params: { key }, caller, audit }) {
      const revoked = await revokeApiKey(db, key, caller.tenant?.id ?? null, audit);
      if (!revoked) throw notFound('key');
      for (const id of revoked) access.callers.forget(id);
      return noContent;
    },
  });
