// /v1/tenants
import { z } from 'zod';
import { changeTenant, createTenant, deleteTenant, listTenants, readTenant } from '#db/access/tenants';
import { newTenant, tenant, tenantChange, tenantKey } from '#domain/tenant';
import { listQuery, pageAnswer, pageOf } from '../http/page.ts';
import { notFound, Problem } from '../http/problem.ts';
import { answer, noContent, type Route, route } from '../http/route.ts';
import { cancelFor } from './cancel-for.ts';
import type { ApiDeps } from './deps.ts';

const params = z.strictObject({ tenant: tenantKey });

export function tenantRoutes(deps: ApiDeps): Route[] {
  return [create(deps), list(deps), read(deps), change(deps), remove(deps)];
}

const create = ({ db }: ApiDeps) =>
  route({
    method: 'post',
    path: '/v1/tenants',
    operationId: 'createTenant',
    summary: 'Makes a tenant',
    scope: 'admin',
    audit: 'tenant.create',
    allTenants: true,
    body: newTenant,
    answers: { 201: { description: 'the tenant', schema: tenant } },
    problems: [409],
    async handler({ body, ids, audit }) {
      const tenantId = ids.next('tnt');
      const tenant = {
        tenantId,
        key: body.id ?? tenantId,
        name: body.name,
        metadata: body.metadata ?? {},
        rateLimit: body.rateLimit ?? null,
        ...(body.maxEndpoints !== undefined && { maxEndpoints: body.maxEndpoints }),
      };
      const made = await createTenant(db, tenant, audit);
      if (made === 'taken') throw new Problem(409, 'There is a tenant with this id.', { errors: [{ path: 'id', message: 'is taken' }] });
      return answer(201, made);
    },
  });

const list = ({ db }: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/tenants',
    operationId: 'listTenants',
    summary: 'Lists tenants, newest first',
    scope: 'admin',
    allTenants: true,
    query: listQuery('tnt'),
    answers: { 200: { description: 'a page of tenants', schema: pageOf(tenant) } },
    async handler({ query: { limit, cursor } }) {
      const rows = await listTenants(db, cursor ?? null, limit + 1);
      return pageAnswer(
        rows,
        limit,
        ({ id }) => id,
        ({ item }) => item,
      );
    },
  });

const read = ({ db }: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/tenants/:tenant',
    operationId: 'getTenant',
    summary: 'Reads a tenant',
    scope: 'endpoints:read',
    params,
    answers: { 200: { description: 'the tenant', schema: tenant } },
    async handler({ params }) {
      const found = await readTenant(db, params.tenant);
      if (!found) throw notFound('tenant');
      return answer(200, found.item);
    },
  });

const change = ({ db }: ApiDeps) =>
  route({
    method: 'patch',
    path: '/v1/tenants/:tenant',
    operationId: 'changeTenant',
    summary: 'Changes what is given',
    scope: 'admin',
    audit: 'tenant.change',
    params,
    body: tenantChange,
    answers: { 200: { description: 'the tenant as it is now', schema: tenant } },
    async handler({ params, body, caller, audit }) {
      if (caller.tenant) refuseOwnLimits(body);
      const changed = await changeTenant(db, params.tenant, body, audit);
      if (!changed) throw notFound('tenant');
      return answer(200, changed);
    },
  });

/** What holds a tenant is set for it, not by it. */
function refuseOwnLimits(body: z.output<typeof tenantChange>): void {
  const errors = (['rateLimit', 'maxEndpoints'] as const)
    .filter((name) => body[name] !== undefined)
    .map((path) => ({ path, message: 'cannot be changed with a key that is bound to the tenant' }));
  const [first] = errors;
  if (first) throw new Problem(403, `${first.path} ${first.message}.`, { errors });
}

const remove = (deps: ApiDeps) =>
  route({
    method: 'delete',
    path: '/v1/tenants/:tenant',
    operationId: 'deleteTenant',
    summary: 'Deletes a tenant and its endpoints, and cancels what is unfinished for them',
    scope: 'admin',
    audit: 'tenant.delete',
    allTenants: true,
    params,
    answers: { 204: { description: 'deleted; its id is free again' } },
    async handler({ params, audit }) {
      const endpointIds = await deleteTenant(deps.db, params.tenant, audit);
      if (!endpointIds) throw notFound('tenant');
      deps.access.callers.forgetTenant(params.tenant);
      for (const endpointId of endpointIds) await cancelFor(deps, endpointId);
      return noContent;
    },
  });
