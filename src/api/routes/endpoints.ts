// /v1/tenants/{tenant}/endpoints and /v1/endpoints/{endpoint}
import { z } from 'zod';
import { readTenant } from '#db/access/tenants';
import { changeEndpoint } from '#db/endpoints/endpoint-changes';
import { createEndpoint, type EndpointSettings, listEndpoints, readEndpoint } from '#db/endpoints/endpoints';
import { deleteEndpoint } from '#db/endpoints/pause-resume';
import type { Caller } from '#domain/access';
import { withoutSecrets } from '#domain/audit';
import { createdEndpoint, endpoint, endpointChange, newEndpoint } from '#domain/endpoint';
import { mostAtHostByLink } from '#domain/endpoint-limits';
import { endpointProblems } from '#domain/endpoint-problems';
import { isId } from '#domain/ids';
import { tenantKey } from '#domain/tenant';
import { openSecret, sealSecret } from '#sealing/secret';
import { listQuery, pageAnswer, pageOf } from '../http/page.ts';
import { invalid, notFound } from '../http/problem.ts';
import { answer, noContent, type Route, route } from '../http/route.ts';
import { cancelFor } from './cancel-for.ts';
import type { ApiDeps } from './deps.ts';
import { prepareSigning, prepareSigningChange, secretFor } from './endpoint-signing.ts';
import { retarget, sealNewTarget, showEndpoint } from './show-endpoint.ts';
import { beginVerification, refuseNoVerification } from './verification.ts';

const tenantParams = z.strictObject({ tenant: tenantKey });
export const endpointParams = z.strictObject({ endpoint: z.string().refine((id) => isId('ep', id)) });

const defaultTimeoutMs = 15_000;

export function endpointRoutes(deps: ApiDeps): Route[] {
  return [create(deps), list(deps), read(deps), change(deps), remove(deps)];
}

const create = (deps: ApiDeps) =>
  route({
    method: 'post',
    path: '/v1/tenants/:tenant/endpoints',
    operationId: 'createEndpoint',
    summary: 'Makes an endpoint; the answer alone shows its secret',
    scope: 'endpoints:write',
    audit: 'endpoint.create',
    params: tenantParams,
    body: newEndpoint,
    answers: { 201: { description: 'the endpoint, with its secret', schema: createdEndpoint } },
    async handler({ params, body, ids, caller, audit }) {
      refuseNoVerification(deps, caller, body.verification);
      const { secret, url, headers = {}, auth = null, tls = null, verification = deps.verification.usual, ...given } = body;
      const settings = { ...defaults, ...given };
      const problems = endpointProblems(settings);
      if (problems.length > 0) throw invalid(problems);
      const secretText = secretFor(settings.signing, secret);
      await prepareSigning(deps, params.tenant, settings.signing, headers);
      const endpointId = ids.next('ep');
      const secretId = ids.next('sec');
      const target = { url, headers, auth, tls };
      const sealed = {
        target: sealNewTarget(deps, endpointId, target),
        secret: { secretId, sealed: sealSecret(deps.vault, secretId, secretText) },
      };
      const toMake = { endpointId, tenant: params.tenant, settings, verification, mostAtHost: mostAtHost(caller), ...sealed };
      const made = await createEndpoint(deps.db, toMake, { ...audit, also: withoutSecrets(target) });
      if (!made) throw notFound('tenant');
      await beginVerification(deps, endpointId);
      return answer(201, {
        ...showEndpoint(deps, made.endpoint),
        secret: openSecret(deps.vault, made.secret.secretId, made.secret.sealed),
      });
    },
  });

const mostAtHost = ({ kind }: Caller) => (kind === 'portal_link' ? mostAtHostByLink : null);

const defaults: EndpointSettings = {
  eventTypes: [],
  channels: [],
  description: '',
  format: 'standard',
  signing: null,
  maxInFlight: null,
  retry: null,
  timeoutMs: defaultTimeoutMs,
  metadata: {},
  rateLimit: null,
  ordering: 'none',
  onDeadLetter: 'skip',
  batch: null,
  coalesceMs: null,
  autoRecover: true,
};

/** With what a lane sends: when one of these is given it looks again, also if that is what was wrong with the endpoint. */
const readByLane = [
  'url',
  'headers',
  'auth',
  'tls',
  'verification',
  'format',
  'signing',
  'timeoutMs',
  'maxInFlight',
  'rateLimit',
  'ordering',
  'onDeadLetter',
  'batch',
  'coalesceMs',
  'autoRecover',
] as const;

const list = (deps: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/tenants/:tenant/endpoints',
    operationId: 'listEndpoints',
    summary: "Lists a tenant's endpoints, newest first",
    scope: 'endpoints:read',
    params: tenantParams,
    query: listQuery('ep'),
    answers: { 200: { description: 'a page of endpoints', schema: pageOf(endpoint) } },
    async handler({ params, query: { limit, cursor } }) {
      const tenant = await readTenant(deps.db, params.tenant);
      if (!tenant) throw notFound('tenant');
      const rows = await listEndpoints(deps.db, tenant.id, cursor ?? null, limit + 1);
      return pageAnswer(
        rows,
        limit,
        ({ id }) => id,
        (row) => showEndpoint(deps, row),
      );
    },
  });

const read = (deps: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/endpoints/:endpoint',
    operationId: 'getEndpoint',
    summary: 'Reads an endpoint',
    scope: 'endpoints:read',
    params: endpointParams,
    answers: { 200: { description: 'the endpoint', schema: endpoint } },
    async handler({ params }) {
      const found = await readEndpoint(deps.db, params.endpoint);
      if (!found) throw notFound('endpoint');
      return answer(200, showEndpoint(deps, found));
    },
  });

const change = (deps: ApiDeps) =>
  route({
    method: 'patch',
    path: '/v1/endpoints/:endpoint',
    operationId: 'changeEndpoint',
    summary: 'Changes what is given; what waits is sent by the new settings',
    scope: 'endpoints:write',
    audit: 'endpoint.change',
    params: endpointParams,
    body: endpointChange,
    answers: { 200: { description: 'the endpoint as it is now', schema: endpoint } },
    problems: [409],
    async handler({ params, body, caller, audit }) {
      refuseNoVerification(deps, caller, body.verification);
      const judgeSigning = await prepareSigningChange(deps, params.endpoint, body);
      const { url, headers, auth, tls, verification, ...settings } = body;
      const retargets = [url, headers, auth, tls].some((given) => given !== undefined);
      const target = retargets ? retarget(deps, params.endpoint, { url, headers, auth, tls }) : undefined;
      const others = { retarget: target, verification, judgeSigning, mostAtHost: mostAtHost(caller) };
      const changed = await changeEndpoint(deps.db, params.endpoint, settings, others, audit);
      if (changed.kind === 'unknown') throw notFound('endpoint');
      if (changed.kind === 'problems') throw invalid(changed.problems);
      if (url !== undefined || verification !== undefined) await beginVerification(deps, params.endpoint);
      // also when they are what they were: the call before may not have got so far
      if (readByLane.some((name) => body[name] !== undefined)) await deps.lanes.changed(params.endpoint);
      return answer(200, showEndpoint(deps, changed.endpoint));
    },
  });

const remove = (deps: ApiDeps) =>
  route({
    method: 'delete',
    path: '/v1/endpoints/:endpoint',
    operationId: 'deleteEndpoint',
    summary: 'Deletes an endpoint and cancels what is unfinished for it',
    scope: 'endpoints:write',
    audit: 'endpoint.delete',
    params: endpointParams,
    answers: { 204: { description: 'deleted, now or before' } },
    async handler({ params, audit }) {
      if (!(await deleteEndpoint(deps.db, params.endpoint, audit))) throw notFound('endpoint');
      await cancelFor(deps, params.endpoint);
      return noContent;
    },
  });
