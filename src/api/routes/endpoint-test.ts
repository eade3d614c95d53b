// POST /v1/endpoints/{endpoint}/test: an event for this endpoint alone, and what came of its one attempt. Its id says to receivers that it is a test.
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { appendAudit } from '#db/audit/audit';
import { listAttempts } from '#db/deliveries/attempt-lists';
import { readDelivery } from '#db/deliveries/delivery-lists';
import { readEndpoint } from '#db/endpoints/endpoints';
import { type Obstacle, obstacles } from '#domain/delivery';
import { type AttemptView, attemptView, deliveryView } from '#domain/delivery-view';
import { endpointTest } from '#domain/endpoint';
import { maxEventBytes, testId } from '#domain/event';
import { deliveryId as deliveryIdOf, uuidOf } from '#domain/ids';
import { unverified } from '#domain/verification';
import { notFound, Problem } from '../http/problem.ts';
import { type Answer, answer, route } from '../http/route.ts';
import type { ApiDeps } from './deps.ts';
import { endpointParams } from './endpoints.ts';
import { eventToAccept } from './event-to-accept.ts';
import { showDelivery } from './show-delivery.ts';

const patienceMs = 10_000;
const expiresAfterMs = 600_000;

const tested = z.object({ delivery: deliveryView, attempt: attemptView });
const untested = z.object({ delivery: deliveryView.nullable(), note: z.string() });

export const testEndpoint = (deps: ApiDeps) =>
  route({
    method: 'post',
    path: '/v1/endpoints/:endpoint/test',
    operationId: 'testEndpoint',
    summary:
      'Sends a test event of any type to this endpoint, whatever it subscribes to, marked as a test, and waits for the answer; a refused test is not repeated',
    scope: 'endpoints:write',
    audit: 'endpoint.test',
    params: endpointParams,
    body: endpointTest,
    bodyOptional: true,
    bodyLimit: maxEventBytes,
    answers: {
      200: { description: 'what came of it', schema: tested },
      202: { description: 'on its way, no answer in time', schema: untested },
    },
    problems: [409, 429],
    async handler({ params, body, members, ids, audit }) {
      const endpoint = await readEndpoint(deps.db, params.endpoint);
      if (!endpoint) throw notFound('endpoint');
      if (endpoint.gate !== 'open')
        throw new Problem(
          409,
          endpoint.gateReason === unverified
            ? 'The endpoint is not verified. Verify it first.'
            : `The endpoint is ${endpoint.gate === 'held' ? 'paused' : 'disabled'}: resume it first.`,
        );
      const nowMs = Date.now();
      const eventId = ids.next('evt');
      const expiresAt = new Date(nowMs + expiresAfterMs).toISOString();
      const event = eventToAccept({
        event: { id: testId(uuidOf(eventId)), type: body.type ?? 'posthorn.test', data: null, expiresAt },
        dataText: members.get('data') ?? '{"message":"This is a test from Posthorn."}',
        eventId,
        nowMs,
        onlyEndpointId: params.endpoint,
      });
      const acceptances = await deps.accept(endpoint.tenant, [event]);
      if (acceptances === 'unknown_tenant') throw notFound('endpoint');
      const deliveryId = deliveryIdOf(event.eventId, params.endpoint);
      // events are stored many at once, in a statement of their own: right after it
      const entry = { target: { kind: 'endpoint', id: params.endpoint }, before: null, after: { delivery: deliveryId } };
      if (acceptances[0]?.kind === 'accepted') await appendAudit(deps.db, { ...audit, once: deliveryId }, entry);
      return report(deps, deliveryId, await firstAttempt(deps, deliveryId, endpoint.timeoutMs + patienceMs));
    },
  });

/** Held, it is sent before all others, also while its endpoint asked for a pause or is only probed. Throws a 409 where that is not possible: it is given up then. */
async function firstAttempt(deps: ApiDeps, deliveryId: string, withinMs: number): Promise<AttemptView | null> {
  const { db, contents } = deps;
  const deadline = performance.now() + withinMs;
  let hurried = false;
  for (let pause = 20; performance.now() < deadline; pause = Math.min(pause * 1.3, 500)) {
    const attempts = await listAttempts(db, contents, deliveryId, null, 1);
    if (attempts[0]) return attempts[0];
    if (!hurried && (await readDelivery(db, deliveryId))?.status === 'held') {
      hurried = true;
      const result = await deps.giveOrder(deliveryId, { kind: 'retry-now' });
      if (result?.obstacle) await giveUp(deps, deliveryId, result.obstacle);
    }
    await delay(pause);
  }
  return null;
}

async function giveUp({ giveOrder }: ApiDeps, deliveryId: string, obstacle: Obstacle): Promise<never> {
  await giveOrder(deliveryId, { kind: 'cancel' });
  throw new Problem(409, obstacles[obstacle]);
}

async function report(deps: ApiDeps, deliveryId: string, attempt: AttemptView | null): Promise<Answer> {
  if (attempt && attempt.outcome !== 'accepted') await deps.giveOrder(deliveryId, { kind: 'cancel' });
  const record = await readDelivery(deps.db, deliveryId);
  const delivery = record && showDelivery(deps, record);
  if (attempt && delivery) return answer(200, { delivery, attempt });
  return answer(202, { delivery, note: 'No attempt was made in time; the test is given up 10 minutes after it was asked for.' });
}
