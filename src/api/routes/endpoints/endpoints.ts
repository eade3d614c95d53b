// /v1/tenants/{tenant}/endpoints and /v1/endpoints/{endpoint}: create, list, read, change and
// delete endpoints.
import { z } from 'zod';
import { readTenant } from '#db/access/tenants';
import { changeEndpoint, type OtherChanges } from '#db/endpoints/endpoint-changes';
import type { StoredEndpoint } from '#db/endpoints/endpoint-row';
import { createEndpoint, listEndpoints, readEndpoint, usualSettings } from '#db/endpoints/endpoints';
import { deleteEndpoint } from '#db/endpoints/pause-resume';
import type { Caller } from '#domain/access/access';
import { withoutSecrets } from '#domain/access/audit';
import { createdEndpoint, endpoint, endpointChange, newEndpoint } from '#domain/endpoints/endpoint';
import { mostAtHostByLink } from '#domain/endpoints/endpoint-limits';
import { endpointProblems } from '#domain/endpoints/endpoint-problems';
import { tenantKey } from '#domain/endpoints/tenant';
import { isId } from '#domain/ids';
import { sealPastTarget } from '#sealing/endpoint-target-encryption';
import { openSecret, sealSecret } from '#sealing/secret';
import * as examples from '../../examples/endpoints.ts';
import { listQuery, pageAnswer, pageOf } from '../../http/page.ts';
import { invalid, notFound } from '../../http/problem.ts';
import { answer, noContent, type Route, route } from '../../http/route.ts';
import { cancelFor } from '../deliveries/cancel-for.ts';
import type { ApiDeps } from '../deps.ts';
import { refuseImpossible, refuseImpossibleChange, storedFilter } from './endpoint-filter.ts';
import { prepareSigning, prepareSigningChange, secretFor } from './endpoint-signing.ts';
import { reshape, shapeOfNew } from './shape-endpoint.ts';
import { retarget, sealNewTarget, showEndpoint, tagsOfEndpoint } from './show-endpoint.ts';
import { beginVerification, refuseNoVerification } from './verification.ts';

const tenantParams = z.strictObject({ tenant: tenantKey });
export const endpointParams = z.strictObject({ endpoint: z.string().refine((id) => isId('ep', id)) });

export function endpointRoutes(deps: ApiDeps): Route[] {
  return [createEndpointRoute(deps), list(deps), read(deps), change(deps), remove(deps)];
}

export const createEndpointRoute = (deps: ApiDeps) =>
  route({
    method: 'post',
    path: '/v1/tenants/:tenant/endpoints',
    operationId: 'createEndpoint',
    summary: 'Create an endpoint',
    description: 'The answer contains the signing secret, which is shown only once. 409 if the tenant has reached its limit of endpoints.',
    scope: 'endpoints:write',
    audit: 'endpoint.create',
    params: tenantParams,
    body: newEndpoint,
    bodyExample: examples.newEndpointExample,
    answers: { 201: { description: 'The endpoint, with its secret.', schema: createdEndpoint, example: examples.createdEndpointExample } },
    async handler({ params, body, members, ids, caller, audit }) {
      refuseNoVerification(deps, caller, body.verification);
      const { secret, url, headers = {}, auth = null, tls = null, filter, transform = null, versions = null, ...others } = body;
      const { verification = deps.verification.usual, ...given } = others;
      const settings = { ...usualSettings, ...given, ...storedFilter(filter, members) };
      const problems = endpointProblems({ ...settings, isWhole: transform !== null });
      if (problems.length > 0) throw invalid(problems);
      await refuseImpossible(deps.db, { ...settings, given: 'filter' });
      const secretText = secretFor(settings.signing, secret);
      await prepareSigning(deps, params.tenant, settings.signing, headers);
      const endpointId = ids.next('ep');
      const secretId = ids.next('sec');
      const target = { url, headers, auth, tls };
      const sealed = {
        target: sealNewTarget(deps, endpointId, target),
        shapeWith: shapeOfNew(deps, endpointId, { transform, versions }),
        secret: { secretId, sealed: sealSecret(deps.vault, secretId, secretText) },
      };
      const toMake = { endpointId, tenant: params.tenant, settings, verification, mostAtHost: mostAtHost(caller), ...sealed };
      const made = await createEndpoint(deps.db, toMake, { ...audit, also: withoutSecrets({ ...target, transform, versions }) });
      if (!made) throw notFound('tenant');
      await beginVerification(deps, endpointId);
      return answer(201, {
        ...showEndpoint(deps, made.endpoint),
        secret: openSecret(deps.vault, made.secret.secretId, made.secret.sealed),
      });
    },
  });

const mostAtHost = ({ kind }: Caller) => (kind === 'portal_link' ? mostAtHostByLink : null);

/** Settings that a lane reads: giving one wakes the lane, even unchanged, as an earlier call may have crashed. */
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
    summary: 'List the endpoints of a tenant',
    description: 'Newest first. Secrets, header values and credentials are masked.',
    scope: 'endpoints:read',
    params: tenantParams,
    query: listQuery('ep'),
    answers: { 200: { description: 'A page of endpoints.', schema: pageOf(endpoint), example: examples.endpointsExample } },
    async handler({ params, query: { limit, cursor } }) {
      const tenant = await readTenant(deps.db, params.tenant);
      if (!tenant) throw notFound('tenant');
      const rows = await listEndpoints(deps.db, tenant.id, cursor ?? null, limit + 1);
      return pageAnswer(rows, limit, (row) => showEndpoint(deps, row));
    },
  });

const read = (deps: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/endpoints/:endpoint',
    operationId: 'getEndpoint',
    summary: 'Read an endpoint',
    description: 'Secrets, header values and credentials are masked.',
    scope: 'endpoints:read',
    params: endpointParams,
    answers: { 200: { description: 'The endpoint.', schema: endpoint, example: examples.endpointExample } },
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
    summary: 'Change an endpoint',
    description:
      'Changes only the given settings. Deliveries that are waiting use the new settings at their next attempt. A masked value (`***`) that is sent back leaves the stored one unchanged.',
    scope: 'endpoints:write',
    audit: 'endpoint.change',
    heedsIfMatch: true,
    params: endpointParams,
    body: endpointChange,
    bodyExample: examples.endpointChangeExample,
    answers: { 200: { description: 'The changed endpoint.', schema: endpoint, example: examples.changedEndpointExample } },
    problems: [409],
    async handler({ params, body, members, caller, audit, requireMatch }) {
      refuseNoVerification(deps, caller, body.verification);
      const judgeSigning = await prepareSigningChange(deps, params.endpoint, body);
      const { url, headers, auth, tls, verification, filter, transform, versions, ...given } = body;
      const settings = { ...given, ...storedFilter(filter, members) };
      const retargets = [url, headers, auth, tls].some((given) => given !== undefined);
      const target = retargets ? retarget(deps, params.endpoint, { url, headers, auth, tls }, transform) : undefined;
      const pastTarget = (sealed: Uint8Array) => sealPastTarget(deps.vault, params.endpoint, sealed);
      const shaped = reshape(deps, params.endpoint, { transform, versions });
      const check: OtherChanges['check'] = async (before, db) => {
        requireMatch(() => tagsOfEndpoint(deps, before));
        await refuseImpossibleChange(db, before, settings);
      };
      const others = { retarget: target, reshape: shaped, verification, check, judgeSigning, pastTarget, mostAtHost: mostAtHost(caller) };
      const changed = await changeEndpoint(deps.db, params.endpoint, settings, others, audit);
      if (changed.kind === 'unknown') throw notFound('endpoint');
      if (changed.kind === 'problems') throw invalid(changed.problems);
      if (url !== undefined || verification !== undefined) await beginVerification(deps, params.endpoint);
      if (readByLane.some((name) => body[name] !== undefined)) await deps.lanes.changed(params.endpoint);
      return answer(200, showEndpoint(deps, changed.endpoint));
    },
  });

const remove = (deps: ApiDeps) =>
  route({
    method: 'delete',
    path: '/v1/endpoints/:endpoint',
    operationId: 'deleteEndpoint',
    summary: 'Delete an endpoint',
    description: 'Also cancels its unfinished deliveries. Deleting a deleted endpoint changes nothing.',
    scope: 'endpoints:write',
    audit: 'endpoint.delete',
    heedsIfMatch: true,
    params: endpointParams,
    answers: { 204: { description: 'The endpoint is deleted.' } },
    async handler({ params, audit, requireMatch }) {
      const check = (before: StoredEndpoint) => requireMatch(() => tagsOfEndpoint(deps, before));
      if (!(await deleteEndpoint(deps.db, params.endpoint, audit, check))) throw notFound('endpoint');
      await cancelFor(deps, params.endpoint);
      return noContent;
    },
  });
