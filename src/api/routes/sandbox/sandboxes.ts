// Test endpoints of tenants: /v1/tenants/{tenant}/sandbox-endpoints and /v1/sandbox-endpoints/{sandbox}.
import { z } from 'zod';
import { readTenant } from '#db/access/tenants';
import { deleteEndpoint } from '#db/endpoints/pause-resume';
import {
  changeSandbox,
  createSandbox,
  deleteSandbox,
  hasAllSandboxes,
  listSandboxes,
  readSandbox,
  type StoredSandbox,
} from '#db/sandbox/sandboxes';
import { tenantKey } from '#domain/endpoints/tenant';
import { isId } from '#domain/ids';
import { createdSandbox, mostSandboxes, newSandbox, type SandboxView, sandboxChange, sandboxView } from '#domain/sandbox/sandbox-endpoint';
import { parseScript } from '#sandbox/script';
import { type SettingsTags, settingsTags } from '#sealing/settings-tags';
import * as examples from '../../examples/sandbox.ts';
import { listQuery, pageAnswer, pageOf } from '../../http/page.ts';
import { invalid, notFound, Problem } from '../../http/problem.ts';
import { answer, noContent, type Route, route } from '../../http/route.ts';
import { cancelFor } from '../deliveries/cancel-for.ts';
import type { ApiDeps } from '../deps.ts';
import { makeSandboxEndpoint } from './sandbox-endpoint.ts';
import { sandboxRequestRoutes } from './sandbox-requests.ts';

const tenantParams = z.strictObject({ tenant: tenantKey });
const sandboxParams = z.strictObject({ sandbox: z.string().refine((id) => isId('sbx', id)) });

export function sandboxRoutes(deps: ApiDeps): Route[] {
  return [create(deps), list(deps), read(deps), change(deps), remove(deps), ...sandboxRequestRoutes(deps)];
}

const create = (deps: ApiDeps) =>
  route({
    method: 'post',
    path: '/v1/tenants/:tenant/sandbox-endpoints',
    operationId: 'createSandboxEndpoint',
    summary: 'Create a test endpoint',
    description:
      'Creates a receiver inside this server, and an endpoint that leads to it. It records what it receives, with a verdict on the signature, and answers as its script says. The answer contains the signing secret, which is shown only once. 409 if the tenant has 20 of them, or has reached its limit of endpoints.',
    scope: 'endpoints:write',
    audit: 'sandbox.create',
    params: tenantParams,
    body: newSandbox,
    bodyOptional: true,
    bodyExample: examples.newSandboxExample,
    answers: {
      201: { description: 'The test endpoint, with its secret.', schema: createdSandbox, example: examples.createdSandboxExample },
    },
    problems: [409],
    async handler(call) {
      const { params, body, ids, audit } = call;
      const { name = 'Sandbox', script = '' } = body;
      refuseBadScript(script);
      const tenant = await readTenant(deps.db, params.tenant);
      if (!tenant) throw notFound('tenant');
      const id = ids.next('sbx');
      if (await hasAllSandboxes(deps.db, tenant.id, id)) throw full();
      const made = await makeSandboxEndpoint(deps, call, { url: urlOf(deps, id), settings: body.endpoint ?? {} });
      const stored = await createSandbox(deps.db, { id, tenantId: tenant.id, endpoint: made.id, name, script }, audit);
      if (stored === 'full') {
        await deleteEndpoint(deps.db, made.id, { ...audit, action: 'endpoint.delete' });
        throw full();
      }
      if (!stored) throw notFound('tenant');
      return answer(201, { ...show(deps, stored), secret: made.secret });
    },
  });

const list = (deps: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/tenants/:tenant/sandbox-endpoints',
    operationId: 'listSandboxEndpoints',
    summary: 'List the test endpoints of a tenant',
    description: 'Newest first.',
    scope: 'endpoints:read',
    params: tenantParams,
    query: listQuery('sbx'),
    answers: {
      200: { description: 'A page.', schema: pageOf(sandboxView), example: { data: [examples.sandboxExample], nextCursor: null } },
    },
    async handler({ params, query: { limit, cursor } }) {
      const tenant = await readTenant(deps.db, params.tenant);
      if (!tenant) throw notFound('tenant');
      const rows = await listSandboxes(deps.db, tenant.id, cursor ?? null, limit + 1);
      return pageAnswer(rows, limit, (row) => show(deps, row));
    },
  });

const read = (deps: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/sandbox-endpoints/:sandbox',
    operationId: 'getSandboxEndpoint',
    summary: 'Read a test endpoint',
    description: 'Its address, its script, and the endpoint that delivers to it.',
    scope: 'endpoints:read',
    params: sandboxParams,
    answers: { 200: { description: 'The test endpoint.', schema: sandboxView, example: examples.sandboxExample } },
    async handler({ params }) {
      const found = await readSandbox(deps.db, params.sandbox);
      if (!found) throw notFound('sandbox');
      return answer(200, show(deps, found));
    },
  });

const change = (deps: ApiDeps) =>
  route({
    method: 'patch',
    path: '/v1/sandbox-endpoints/:sandbox',
    operationId: 'changeSandboxEndpoint',
    summary: 'Change a test endpoint',
    description: 'Changes only the given fields. A new script goes on with the attempt that an event has reached.',
    scope: 'endpoints:write',
    audit: 'sandbox.change',
    heedsIfMatch: true,
    params: sandboxParams,
    body: sandboxChange,
    bodyExample: examples.sandboxChangeExample,
    answers: { 200: { description: 'The changed test endpoint.', schema: sandboxView, example: examples.changedSandboxExample } },
    async handler({ params, body, audit, requireMatch }) {
      refuseBadScript(body.script ?? '');
      const check = (before: StoredSandbox) => requireMatch(() => tagsOf(deps, before));
      const changed = await changeSandbox(deps.db, params.sandbox, body, audit, check);
      if (!changed) throw notFound('sandbox');
      return answer(200, show(deps, changed));
    },
  });

const remove = (deps: ApiDeps) =>
  route({
    method: 'delete',
    path: '/v1/sandbox-endpoints/:sandbox',
    operationId: 'deleteSandboxEndpoint',
    summary: 'Delete a test endpoint',
    description: 'Also deletes what it received and its endpoint, and cancels the unfinished deliveries of that.',
    scope: 'endpoints:write',
    audit: 'sandbox.delete',
    params: sandboxParams,
    answers: { 204: { description: 'The test endpoint is deleted.' } },
    async handler({ params, audit }) {
      const found = await readSandbox(deps.db, params.sandbox);
      if (!found) throw notFound('sandbox');
      // the endpoint first: after a crash in between, the request can be repeated
      await deleteEndpoint(deps.db, found.endpoint, { ...audit, action: 'endpoint.delete' });
      await cancelFor(deps, found.endpoint);
      if (!(await deleteSandbox(deps.db, found, audit))) throw notFound('sandbox');
      return noContent;
    },
  });

const full = () =>
  new Problem(409, `The tenant has ${mostSandboxes} test endpoints, which is the limit. Delete one first.`, { code: 'limit_reached' });

function refuseBadScript(script: string): void {
  const parsed = parseScript(script);
  if ('problem' in parsed) throw invalid([{ path: 'script', message: parsed.problem }]);
}

function urlOf({ publicOrigin }: ApiDeps, sandboxId: string): string {
  return `${publicOrigin}/sandbox/${sandboxId}`;
}

function tagsOf({ vault }: ApiDeps, { id, name, script }: Pick<StoredSandbox, 'id' | 'name' | 'script'>): SettingsTags {
  return settingsTags(vault, id, { name, script });
}

function show(deps: ApiDeps, { tenantId: _, ...stored }: StoredSandbox): SandboxView {
  const { id, createdAt, updatedAt } = stored;
  const [etag] = tagsOf(deps, stored);
  return { ...stored, etag, url: urlOf(deps, id), createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
}
