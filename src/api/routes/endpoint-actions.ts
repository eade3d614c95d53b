// What can be done to an endpoint: pause, resume, rotate its secret, send it a test.
import { readEndpoint } from '#db/endpoints/endpoints';
import { readSecret, rotateSecret } from '#db/endpoints/secrets';
import { endpoint, rotatedSecret, secretRotation } from '#domain/endpoint';
import { durationMs } from '#domain/retry-schedule';
import { openSecret } from '#sealing/secret';
import { notFound, Problem } from '../http/problem.ts';
import { type Answer, answer, type Route, route } from '../http/route.ts';
import type { ApiDeps } from './deps.ts';
import { sealNext } from './endpoint-signing.ts';
import { testEndpoint } from './endpoint-test.ts';
import { endpointParams } from './endpoints.ts';
import { showEndpoint } from './show-endpoint.ts';

const defaultOverlap = '24h';
const mostLiveSecrets = 5;

export function endpointActionRoutes(deps: ApiDeps): Route[] {
  return [pause(deps), resume(deps), rotate(deps), testEndpoint(deps)];
}

const pause = (deps: ApiDeps) =>
  route({
    method: 'post',
    path: '/v1/endpoints/:endpoint/pause',
    operationId: 'pauseEndpoint',
    summary: 'Holds deliveries until the endpoint is resumed',
    scope: 'endpoints:write',
    audit: 'endpoint.pause',
    params: endpointParams,
    answers: { 200: { description: 'the endpoint as it is now; one that is disabled stays so', schema: endpoint } },
    async handler({ params, audit }) {
      if (!(await deps.setGate(params.endpoint, 'pause', audit))) throw notFound('endpoint');
      return current(deps, params.endpoint);
    },
  });

const resume = (deps: ApiDeps) =>
  route({
    method: 'post',
    path: '/v1/endpoints/:endpoint/resume',
    operationId: 'resumeEndpoint',
    summary: 'Opens a paused or disabled endpoint again and sends what is held, a little at first',
    scope: 'endpoints:write',
    audit: 'endpoint.resume',
    params: endpointParams,
    answers: { 200: { description: 'the endpoint as it is now', schema: endpoint } },
    problems: [409],
    async handler({ params, audit }) {
      const resumed = await deps.setGate(params.endpoint, 'resume', audit);
      if (!resumed) throw notFound('endpoint');
      if (resumed === 'unverified') throw new Problem(409, 'The endpoint is not verified. Verify it first.');
      deps.sweepSoon();
      return current(deps, params.endpoint);
    },
  });

async function current(deps: ApiDeps, endpointId: string): Promise<Answer> {
  const found = await readEndpoint(deps.db, endpointId);
  if (!found) throw notFound('endpoint');
  return answer(200, showEndpoint(deps, found));
}

const rotate = (deps: ApiDeps) =>
  route({
    method: 'post',
    path: '/v1/endpoints/:endpoint/rotate-secret',
    operationId: 'rotateSecret',
    summary: 'Adds a secret; those before it go on signing for the overlap',
    scope: 'endpoints:write',
    audit: 'endpoint.rotate_secret',
    params: endpointParams,
    body: secretRotation,
    bodyOptional: true,
    answers: { 200: { description: 'the new secret', schema: rotatedSecret } },
    problems: [409],
    async handler({ params, body, ids, audit }) {
      const secretId = ids.next('sec');
      const overlapMs = durationMs(body.overlap ?? defaultOverlap);
      const seal = sealNext(deps, secretId, body.secret);
      const rotation = { endpointId: params.endpoint, secretId, seal, overlapMs, maxLive: mostLiveSecrets };
      const rotated = await rotateSecret(deps.db, rotation, audit);
      if (rotated === 'unknown') throw notFound('endpoint');
      if (rotated === 'too_many')
        throw new Problem(409, `The endpoint has ${mostLiveSecrets} live secrets already: rotate with a shorter overlap, or later.`);
      // an endpoint that refused the signature is probed at once
      await deps.lanes.changed(params.endpoint);
      const stored = await readSecret(deps.db, secretId);
      if (!stored) throw notFound('endpoint');
      return answer(200, {
        endpoint: params.endpoint,
        secret: openSecret(deps.vault, secretId, stored.sealed),
        othersEndAt: new Date(Date.now() + overlapMs).toISOString(),
      });
    },
  });
