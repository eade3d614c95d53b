// Actions on an endpoint: pause, resume, rotate the secret, send a test event.
import { readEndpoint } from '#db/endpoints/endpoints';
import { readSecret, rotateSecret } from '#db/endpoints/secrets';
import { obstacles } from '#domain/deliveries/delivery';
import { durationMs } from '#domain/deliveries/retry-schedule';
import { endpoint, rotatedSecret, secretRotation } from '#domain/endpoints/endpoint';
import { openSecret } from '#sealing/secret';
import { endpointExample, pausedEndpointExample, rotatedSecretExample } from '../../examples/endpoints.ts';
import { notFound, Problem } from '../../http/problem.ts';
import { type Answer, answer, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';
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
    summary: 'Pause an endpoint',
    description: 'Its deliveries are held until the endpoint is resumed. A disabled endpoint stays disabled.',
    scope: 'endpoints:write',
    audit: 'endpoint.pause',
    params: endpointParams,
    answers: { 200: { description: 'The endpoint in its current state.', schema: endpoint, example: pausedEndpointExample } },
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
    summary: 'Resume an endpoint',
    description:
      'Enables a paused or disabled endpoint again. Held deliveries are sent slowly at first, and faster while the endpoint accepts them. 409 if the endpoint is not verified.',
    scope: 'endpoints:write',
    audit: 'endpoint.resume',
    params: endpointParams,
    answers: { 200: { description: 'The endpoint in its current state.', schema: endpoint, example: endpointExample } },
    problems: [409],
    async handler({ params, audit }) {
      const resumed = await deps.setGate(params.endpoint, 'resume', audit);
      if (!resumed) throw notFound('endpoint');
      if (resumed === 'unverified') throw new Problem(409, obstacles.unverified, { code: 'unverified' });
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
    summary: 'Rotate the secret of an endpoint',
    description:
      'Adds a new secret, which signs from now on. Earlier secrets also sign until the overlap ends, so that the receiver has time to switch. The answer contains the new secret, which is shown only once. 409 if the endpoint has 5 live secrets.',
    scope: 'endpoints:write',
    audit: 'endpoint.rotate_secret',
    params: endpointParams,
    body: secretRotation,
    bodyOptional: true,
    bodyExample: { overlap: '24h' },
    answers: { 200: { description: 'The new secret.', schema: rotatedSecret, example: rotatedSecretExample } },
    problems: [409],
    async handler({ params, body, ids, audit }) {
      const secretId = ids.next('sec');
      const overlapMs = durationMs(body.overlap ?? defaultOverlap);
      const seal = sealNext(deps, secretId, body.secret);
      const rotation = { endpointId: params.endpoint, secretId, seal, overlapMs, maxLive: mostLiveSecrets };
      const rotated = await rotateSecret(deps.db, rotation, audit);
      if (rotated === 'unknown') throw notFound('endpoint');
      if (rotated === 'too_many')
        throw new Problem(
          409,
          `The endpoint already has ${mostLiveSecrets} live secrets, the maximum. Rotate with a shorter overlap, or wait until one of them ends.`,
        );
      // the lane probes at once an endpoint that refused the old signature
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
