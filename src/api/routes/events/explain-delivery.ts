// GET /v1/deliveries/{delivery}/explain: where a delivery stands and why, what happens next, and what can be done with it.
import { z } from 'zod';
import { explainEvent } from '#db/deliveries/explanations';
import { readDeliveryFacts } from '#db/deliveries/next-facts';
import { readEvent } from '#db/events/event-lists';
import { isId } from '#domain/ids';
import { type DeliveryExplanation, deliveryExplanation, nextSteps } from '#domain/views/next-steps';
import { notFound } from '../../http/problem.ts';
import { answer, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';
import { explanationExample, toExplain } from './explain.ts';

const example: DeliveryExplanation = {
  ...explanationExample,
  next: {
    attempts: [
      { number: 3, earliestAt: '2026-03-02T09:20:07.000Z', latestAt: '2026-03-02T09:20:07.000Z' },
      { number: 4, earliestAt: '2026-03-02T09:47:07.000Z', latestAt: '2026-03-02T09:53:22.000Z' },
    ],
    attemptsLeft: 2,
    endsAt: '2026-03-02T09:53:37.000Z',
  },
  commands: [
    { command: 'replay', allowed: false, reason: 'Only a delivery that succeeded or is a dead letter can be replayed.' },
    { command: 'retry-now', allowed: true, reason: null },
    { command: 'cancel', allowed: true, reason: null },
    { command: 'release', allowed: false, reason: 'The delivery is not in quarantine.' },
  ],
};

export const explainDeliveryRoute = ({ db, contents, defaultRetry }: ApiDeps): Route =>
  route({
    method: 'get',
    path: '/v1/deliveries/:delivery/explain',
    operationId: 'explainDelivery',
    summary: 'Explain a delivery',
    description:
      'Where the delivery stands, in a code, a sentence and an advice as for its event; which attempts follow if each of them fails; and which commands it would obey now, or why not.',
    scope: 'deliveries:read',
    params: z.strictObject({ delivery: z.string().refine((id) => isId('dlv', id)) }),
    answers: { 200: { description: 'The explanation.', schema: deliveryExplanation, example } },
    async handler({ params: { delivery } }) {
      const facts = await readDeliveryFacts(db, delivery);
      const event = facts && (await readEvent(db, facts.tenant, facts.event));
      if (!facts || !event) throw notFound('delivery');
      const page = { endpointId: facts.endpointId, after: null, limit: 1 };
      const [explained] = await explainEvent(db, toExplain(contents, facts.tenant.tenantId, event), page);
      if (!explained) throw notFound('delivery');
      return answer(200, { ...explained, ...nextSteps({ ...facts, retry: facts.retry ?? defaultRetry, now: new Date() }) });
    },
  });
