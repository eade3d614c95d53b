// POST /v1/tenants/{tenant}/events/{event}/recall: stops everything of an event that has not been sent.
import { z } from 'zod';
import { readTenant } from '#db/access/tenants';
import { eraseEvent, findEvent } from '#db/events/erasure';
import type { Recalled } from '#db/events/recall';
import { may } from '#domain/access/access';
import { tenantKey } from '#domain/endpoints/tenant';
import { eventKey } from '#domain/events/event';
import { endpointId } from '../../examples/ids.ts';
import { notFound, Problem } from '../../http/problem.ts';
import { answer, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';

const recalledDelivery = z
  .object({
    endpoint: z.string(),
    recalled: z.boolean().describe('true: the delivery was stopped. false: it had ended before'),
    alreadySent: z
      .boolean()
      .describe('true: the event, or a part of it, was sent to the endpoint at least once, whatever the endpoint answered'),
    inFlight: z
      .boolean()
      .describe('true: a request may have been in flight when the delivery was stopped, and has no result yet. Repeat the call 35 s later'),
  })
  .meta({ id: 'RecalledDelivery' });

const recallOptions = z
  .strictObject({ erase: z.boolean().optional().describe('Also erase the content of the event. This cannot be undone.') })
  .meta({ id: 'Recall' });

const example: z.infer<typeof recalledDelivery> = { endpoint: endpointId, recalled: true, alreadySent: false, inFlight: false };

export function recallRoutes(deps: ApiDeps): Route[] {
  return [recall(deps)];
}

const recall = (deps: ApiDeps) =>
  route({
    method: 'post',
    path: '/v1/tenants/:tenant/events/:event/recall',
    operationId: 'recallEvent',
    summary: 'Recall an event',
    description:
      'Stops everything of the event that has not been sent: its unfinished deliveries are cancelled, also those that are not planned yet, and later replays are refused. The answer comes when no request of it can begin any more, which may take 4 seconds. Requests that were sent before cannot be taken back. Repeating it changes nothing and tells the current state. With `erase`, the content is erased too, which needs the scope admin.',
    scope: 'events:write',
    audit: 'event.recall',
    params: z.strictObject({ tenant: tenantKey, event: eventKey }),
    body: recallOptions,
    bodyOptional: true,
    bodyExample: { erase: false },
    answers: {
      200: {
        description: 'One item for each endpoint that was to get the event.',
        schema: z.object({ data: z.array(recalledDelivery) }).meta({ id: 'RecallResult' }),
        example: { data: [example] },
      },
    },
    async handler({ params, body: { erase = false }, caller, audit }) {
      if (erase && !may(caller, 'admin')) throw new Problem(403, 'To erase the content of an event, the key needs the scope admin.');
      const tenant = await readTenant(deps.db, params.tenant);
      if (!tenant) throw notFound('tenant');
      const eventId = await findEvent(deps.db, tenant.id, params.event);
      if (eventId === null) throw notFound('event');
      const of = { tenantId: tenant.id, eventId, externalId: params.event };
      const recalled = await deps.recall(of, audit);
      if (erase) await eraseEvent(deps.db, eventId, { ...of, audit: { ...audit, action: 'event.erase' } });
      deps.log.info({ tenant: params.tenant, eventId, erase }, 'event.recalled');
      return answer(200, { data: recalled.map(toView) });
    },
  });

function toView({ endpointId, ...facts }: Recalled): z.infer<typeof recalledDelivery> {
  return { endpoint: endpointId, ...facts };
}
