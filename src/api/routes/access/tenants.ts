// /v1/tenants: create, list, read, change and delete tenants.
import { z } from 'zod';
import { changeTenant, createTenant, deleteTenant, listTenants, readTenant } from '#db/access/tenants';
import { newTenant, type StoredTenant, type Tenant, tenant, tenantChange, tenantKey } from '#domain/endpoints/tenant';
import { type SettingsTags, settingsTags } from '#sealing/settings-tags';
import { etagExample } from '../../examples/ids.ts';
import { listQuery, pageAnswer, pageOf } from '../../http/page.ts';
import { notFound, Problem } from '../../http/problem.ts';
import { answer, noContent, type Route, route } from '../../http/route.ts';
import { cancelFor } from '../deliveries/cancel-for.ts';
import type { ApiDeps } from '../deps.ts';

const params = z.strictObject({ tenant: tenantKey });

const example: Tenant = {
  id: 'acme',
  etag: etagExample,
  name: 'Acme Inc.',
  metadata: { plan: 'pro' },
  rateLimit: null,
  maxEndpoints: 100,
  retention: null,
  createdAt: '2026-02-20T16:46:02.114Z',
  updatedAt: '2026-02-20T16:46:02.114Z',
};

export function tenantRoutes(deps: ApiDeps): Route[] {
  return [create(deps), list(deps), read(deps), change(deps), remove(deps)];
}

/** A tenant that was deleted frees its id, so the next one with it is told apart by the time it was made. */
function tagsOf({ vault }: ApiDeps, { id, createdAt, updatedAt: _, ...settings }: StoredTenant): SettingsTags {
  return settingsTags(vault, `tenant ${id} ${createdAt}`, settings);
}

function show(deps: ApiDeps, stored: StoredTenant): Tenant {
  const [etag] = tagsOf(deps, stored);
  return { ...stored, etag };
}

const create = (deps: ApiDeps) =>
  route({
    method: 'post',
    path: '/v1/tenants',
    operationId: 'createTenant',
    summary: 'Create a tenant',
    description: 'A tenant is a customer account of your platform. It owns endpoints and events. 409 if the id is already in use.',
    scope: 'admin',
    audit: 'tenant.create',
    allTenants: true,
    body: newTenant,
    bodyExample: { id: 'acme', name: 'Acme Inc.', metadata: { plan: 'pro' } },
    answers: { 201: { description: 'The tenant.', schema: tenant, example } },
    problems: [409],
    async handler({ body, ids, audit }) {
      refuseLongRetention(body, deps.retentionDays);
      const tenantId = ids.next('tnt');
      const tenant = {
        tenantId,
        key: body.id ?? tenantId,
        name: body.name,
        metadata: body.metadata ?? {},
        rateLimit: body.rateLimit ?? null,
        retention: body.retention ?? null,
        ...(body.maxEndpoints !== undefined && { maxEndpoints: body.maxEndpoints }),
      };
      const made = await createTenant(deps.db, tenant, audit);
      if (made === 'taken')
        throw new Problem(409, 'A tenant with this id already exists.', { errors: [{ path: 'id', message: 'is already in use' }] });
      return answer(201, show(deps, made));
    },
  });

const list = (deps: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/tenants',
    operationId: 'listTenants',
    summary: 'List tenants',
    description: 'Newest first.',
    scope: 'endpoints:read',
    allTenants: true,
    query: listQuery('tnt'),
    answers: { 200: { description: 'A page of tenants.', schema: pageOf(tenant), example: { data: [example], nextCursor: null } } },
    async handler({ query: { limit, cursor } }) {
      const rows = await listTenants(deps.db, cursor ?? null, limit + 1);
      return pageAnswer(rows, limit, ({ item }) => show(deps, item));
    },
  });

const read = (deps: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/tenants/:tenant',
    operationId: 'getTenant',
    summary: 'Read a tenant',
    description: 'A tenant with its limits and metadata.',
    scope: 'endpoints:read',
    params,
    answers: { 200: { description: 'The tenant.', schema: tenant, example } },
    async handler({ params }) {
      const found = await readTenant(deps.db, params.tenant);
      if (!found) throw notFound('tenant');
      return answer(200, show(deps, found.item));
    },
  });

const change = (deps: ApiDeps) =>
  route({
    method: 'patch',
    path: '/v1/tenants/:tenant',
    operationId: 'changeTenant',
    summary: 'Change a tenant',
    description: 'Changes only the given fields. A key that is bound to the tenant cannot change `rateLimit` and `maxEndpoints`.',
    scope: 'admin',
    audit: 'tenant.change',
    heedsIfMatch: true,
    params,
    body: tenantChange,
    bodyExample: { rateLimit: { perSecond: 50 } },
    answers: {
      200: {
        description: 'The changed tenant.',
        schema: tenant,
        example: { ...example, rateLimit: { perSecond: 50 }, updatedAt: '2026-03-02T10:02:31.050Z' },
      },
    },
    async handler({ params, body, caller, audit, requireMatch }) {
      if (caller.tenant) refuseOwnLimits(body);
      refuseLongRetention(body, deps.retentionDays);
      const check = (before: StoredTenant) => requireMatch(() => tagsOf(deps, before));
      const changed = await changeTenant(deps.db, params.tenant, body, audit, check);
      if (!changed) throw notFound('tenant');
      return answer(200, show(deps, changed));
    },
  });

/** Throws a 403: a tenant cannot change its limits with its own keys. */
function refuseOwnLimits(body: z.output<typeof tenantChange>): void {
  const errors = (['rateLimit', 'maxEndpoints'] as const)
    .filter((name) => body[name] !== undefined)
    .map((path) => ({ path, message: 'cannot be changed with a key that is bound to the tenant' }));
  const [first] = errors;
  if (first) throw new Problem(403, `${first.path} ${first.message}.`, { errors });
}

/** Throws a 422: payloads cannot be kept longer than their events. */
function refuseLongRetention({ retention }: z.output<typeof tenantChange>, retentionDays: number): void {
  if (!retention || retention.payloadDays <= retentionDays) return;
  const message = `must be at most ${retentionDays}, the days for which events are kept (POSTHORN_RETENTION_DAYS)`;
  throw new Problem(422, `retention.payloadDays ${message}.`, { errors: [{ path: 'retention.payloadDays', message }] });
}

const remove = (deps: ApiDeps) =>
  route({
    method: 'delete',
    path: '/v1/tenants/:tenant',
    operationId: 'deleteTenant',
    summary: 'Delete a tenant',
    description: 'Also deletes its endpoints and cancels their unfinished deliveries. Its id can be used again.',
    scope: 'admin',
    audit: 'tenant.delete',
    heedsIfMatch: true,
    allTenants: true,
    params,
    answers: { 204: { description: 'The tenant is deleted.' } },
    async handler({ params, audit, requireMatch }) {
      const check = (before: StoredTenant) => requireMatch(() => tagsOf(deps, before));
      const endpointIds = await deleteTenant(deps.db, params.tenant, audit, check);
      if (!endpointIds) throw notFound('tenant');
      deps.access.callers.forgetTenant(params.tenant);
      for (const endpointId of endpointIds) await cancelFor(deps, endpointId);
      return noContent;
    },
  });
