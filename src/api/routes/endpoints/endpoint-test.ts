// POST /v1/endpoints/{endpoint}/test: sends one event to this endpoint only, and answers with its
// one attempt. The id of the event begins with test_, so that receivers recognize it.
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { appendAudit } from '#db/audit/audit';
import { readDelivery } from '#db/deliveries/delivery-lists';
import { readEndpoint } from '#db/endpoints/endpoints';
import type { Caller } from '#domain/access/access';
import { type Obstacle, obstacles } from '#domain/deliveries/delivery';
import { endpointTest } from '#domain/endpoints/endpoint';
import { unverified } from '#domain/endpoints/verification';
import { maxEventBytes, testId } from '#domain/events/event';
import { deliveryId as deliveryIdOf, uuidOf } from '#domain/ids';
import { type AttemptView, attemptView, deliveryView } from '#domain/views/delivery-view';
import { attemptExample, deliveryExample } from '../../examples/deliveries.ts';
import { notFound, Problem } from '../../http/problem.ts';
import { type Answer, answer, route } from '../../http/route.ts';
import { showAttempts } from '../deliveries/show-attempts.ts';
import { linksFor, showDelivery } from '../deliveries/show-delivery.ts';
import type { ApiDeps } from '../deps.ts';
import { eventToAccept } from '../events/event-to-accept.ts';
import { endpointParams } from './endpoints.ts';

const patienceMs = 10_000;
const expiresAfterMs = 600_000;

const testDelivery = { ...deliveryExample, event: 'test_019cabf3e1c07d8a9f2b64c1d07e35a8' };
const tested = z.object({ delivery: deliveryView, attempt: attemptView }).meta({ id: 'TestResult' });
const untested = z.object({ delivery: deliveryView.nullable(), note: z.string() }).meta({ id: 'TestPending' });

export const testEndpoint = (deps: ApiDeps) =>
  route({
    method: 'post',
    path: '/v1/endpoints/:endpoint/test',
    operationId: 'testEndpoint',
    summary: 'Send a test event',
    description:
      'Sends one event of any type to this endpoint only, whatever it subscribes to, and waits for the result. The request is marked with the header `posthorn-test` and an event id that begins with `test_`. A failed test is not retried. 409 if the endpoint is paused, disabled or not verified, or if its ordering puts other deliveries first.',
    scope: 'endpoints:write',
    audit: 'endpoint.test',
    params: endpointParams,
    body: endpointTest,
    bodyOptional: true,
    bodyExample: { type: 'order.created', data: { orderId: '1001' } },
    bodyLimit: maxEventBytes,
    answers: {
      200: { description: 'The attempt was made.', schema: tested, example: { delivery: testDelivery, attempt: attemptExample } },
      202: { description: 'No attempt was made within the time limit. It can still follow.', schema: untested },
    },
    problems: [409, 429],
    async handler({ params, body, members, ids, audit, caller, trace }) {
      const endpoint = await readEndpoint(deps.db, params.endpoint);
      if (!endpoint) throw notFound('endpoint');
      if (endpoint.gate !== 'open')
        throw new Problem(
          409,
          endpoint.gateReason === unverified
            ? obstacles.unverified
            : `The endpoint is ${endpoint.gate === 'held' ? 'paused' : 'disabled'}. Resume it first.`,
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
        trace,
      });
      const acceptances = await deps.accept(endpoint.tenant, [event]);
      if (acceptances === 'unknown_tenant') throw notFound('endpoint');
      const deliveryId = deliveryIdOf(event.eventId, params.endpoint);
      // after the event, not in its transaction: events are stored by group commit, in statements that hold many
      const entry = { target: { kind: 'endpoint', id: params.endpoint }, before: null, after: { delivery: deliveryId } };
      if (acceptances[0]?.kind === 'accepted') await appendAudit(deps.db, { ...audit, once: deliveryId }, entry);
      return report(linksFor(deps, caller), deliveryId, await firstAttempt(deps, caller, deliveryId, endpoint.timeoutMs + patienceMs));
    },
  });

/**
 * Waits for the first attempt. A test that is held in a lane is sent before all others, even during a Retry-After or
 * while the circuit is open. If that is not possible, the test is cancelled and a 409 thrown. Null: no attempt within
 * the time.
 */
async function firstAttempt(deps: ApiDeps, caller: Caller, deliveryId: string, withinMs: number): Promise<AttemptView | null> {
  const { db } = deps;
  const deadline = performance.now() + withinMs;
  let retriedNow = false;
  for (let pause = 20; performance.now() < deadline; pause = Math.min(pause * 1.3, 500)) {
    const [attempt] = await showAttempts(deps, caller, deliveryId, null, 1);
    if (attempt) return attempt;
    if (!retriedNow && (await readDelivery(db, deliveryId))?.status === 'held') {
      retriedNow = true;
      const result = await deps.giveCommand(deliveryId, { kind: 'retry-now' });
      if (result?.obstacle) await giveUp(deps, deliveryId, result.obstacle);
    }
    await delay(pause);
  }
  return null;
}

async function giveUp({ giveCommand }: ApiDeps, deliveryId: string, obstacle: Obstacle): Promise<never> {
  await giveCommand(deliveryId, { kind: 'cancel' });
  throw new Problem(409, obstacles[obstacle], { code: obstacle });
}

async function report(deps: ApiDeps, deliveryId: string, attempt: AttemptView | null): Promise<Answer> {
  if (attempt && attempt.outcome !== 'accepted') await deps.giveCommand(deliveryId, { kind: 'cancel' });
  const record = await readDelivery(deps.db, deliveryId);
  const delivery = record && showDelivery(deps, record);
  if (attempt && delivery) return answer(200, { delivery, attempt });
  return answer(202, { delivery, note: 'No attempt was made in time. The test event expires 10 minutes after it was requested.' });
}
