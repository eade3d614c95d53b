// /v1/deliveries: list deliveries, read one and its attempts, and give commands to it.
import { z } from 'zod';
import { readTenant } from '#db/access/tenants';
import { listDeliveries, readDelivery } from '#db/deliveries/delivery-lists';
import { readEventId } from '#db/events/event-lists';
import { commandAction } from '#domain/access/audit';
import { type Command, deliveryStatus, obstacles } from '#domain/deliveries/delivery';
import { endpointId } from '#domain/endpoints/endpoint-id';
import { tenantKey } from '#domain/endpoints/tenant';
import { eventKey } from '#domain/events/event';
import { eventTypeName } from '#domain/events/event-type';
import { isId, uuidOf } from '#domain/ids';
import { text } from '#domain/text';
import { attemptDetails } from '#domain/views/attempt-details';
import { attemptView, type DeliveryView, deliveryView } from '#domain/views/delivery-view';
import {
  attemptDetailsExample,
  attemptExample,
  cancelledDeliveryExample,
  deliveryExample,
  pendingDeliveryExample,
} from '../../examples/deliveries.ts';
import { cursorOf } from '../../examples/ids.ts';
import type { Ids } from '../../http/ids.ts';
import { boundsOf, listQuery, pageAnswer, pageOf, spanQuery } from '../../http/page.ts';
import { invalid, notFound, Problem } from '../../http/problem.ts';
import { answer, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';
import { showAttempt, showAttempts } from './show-attempts.ts';
import { linksFor, showDelivery } from './show-delivery.ts';

const params = z.strictObject({ delivery: z.string().refine((id) => isId('dlv', id)) });
const reason = z
  .strictObject({ reason: text(500).optional().describe('Why you do this. It is stored in the audit log.') })
  .meta({ id: 'CommandReason' });

interface CommandTexts {
  kind: Command['kind'];
  summary: string;
  description: string;
  example: DeliveryView;
}

const replay: CommandTexts = {
  kind: 'replay',
  summary: 'Replay a delivery',
  description:
    'Delivers a dead letter or a succeeded delivery again: it becomes pending, or held for its lane, in the next round, at the start of its retry schedule. 409 in any other status.',
  example: pendingDeliveryExample,
};
const cancel: CommandTexts = {
  kind: 'cancel',
  summary: 'Cancel a delivery',
  description:
    'Stops a delivery that has not succeeded: no further attempt is made. A request that is already in flight is not recalled. 409 if the delivery has succeeded or expired.',
  example: cancelledDeliveryExample,
};
const retryNow: CommandTexts = {
  kind: 'retry-now',
  summary: 'Retry a delivery now',
  description:
    'Makes the next attempt at once, even while the endpoint asked for a wait with Retry-After or its circuit is open. 409 if the endpoint is paused, disabled or not verified, or if its ordering puts other deliveries first.',
  example: pendingDeliveryExample,
};
const release: CommandTexts = {
  kind: 'release',
  summary: 'Release a delivery from quarantine',
  description:
    'A delivery is quarantined after ten failures in a row inside Posthorn itself. Releasing it lets its attempts continue. 409 if the delivery is not quarantined.',
  example: pendingDeliveryExample,
};

export function deliveryRoutes(deps: ApiDeps): Route[] {
  return [
    list(deps),
    read(deps),
    attempts(deps),
    attempt(deps),
    command(deps, replay, (ids) => ({ kind: 'replay', replayId: uuidOf(ids.next('dlv')) })),
    command(deps, cancel, () => ({ kind: 'cancel' })),
    command(deps, retryNow, () => ({ kind: 'retry-now' })),
    command(deps, release, () => ({ kind: 'release' })),
  ];
}

const list = (deps: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/deliveries',
    operationId: 'listDeliveries',
    summary: 'List deliveries',
    description: 'Newest first. All filters can be combined.',
    scope: 'deliveries:read',
    query: spanQuery('dlv').extend({
      tenant: tenantKey.optional(),
      endpoint: endpointId.optional(),
      status: z
        .union([deliveryStatus, z.array(deliveryStatus).max(8)])
        .optional()
        .describe('Only deliveries with this status. Repeat the parameter for several statuses.'),
      type: eventTypeName.optional(),
      event: eventKey.optional().describe('Only deliveries of this event. Needs `tenant`.'),
    }),
    answers: {
      200: {
        description: 'A page of deliveries.',
        schema: pageOf(deliveryView),
        example: { data: [deliveryExample], nextCursor: cursorOf(deliveryExample.id) },
      },
    },
    problems: [404],
    async handler({ query, caller }) {
      const tenant = query.tenant === undefined ? null : await readTenant(deps.db, query.tenant);
      if (query.tenant !== undefined && !tenant) throw notFound('tenant', 'tenant');
      const eventId = query.event === undefined ? null : await eventIdOf(deps.db, tenant?.id, query.event);
      const { records, goesOn } = await listDeliveries(
        deps.db,
        {
          tenantId: tenant?.id ?? null,
          endpointId: query.endpoint ?? null,
          eventId,
          statuses: query.status === undefined ? null : [...new Set([query.status].flat())],
          type: query.type ?? null,
          ...boundsOf(query),
        },
        query.limit + 1,
      );
      return pageAnswer(records, query.limit, (record) => showDelivery(linksFor(deps, caller), record), goesOn);
    },
  });

async function eventIdOf(db: ApiDeps['db'], tenantId: string | undefined, key: string): Promise<string> {
  if (tenantId === undefined)
    throw invalid([{ path: 'tenant', message: 'is required with event: an id of an event is unique within a tenant' }]);
  const eventId = await readEventId(db, tenantId, key);
  if (eventId === null) throw notFound('event');
  return eventId;
}

const read = (deps: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/deliveries/:delivery',
    operationId: 'getDelivery',
    summary: 'Read a delivery',
    description: 'One event for one endpoint: its status, its attempts so far, and when the next one is due.',
    scope: 'deliveries:read',
    params,
    answers: { 200: { description: 'The delivery.', schema: deliveryView, example: deliveryExample } },
    async handler({ params, caller }) {
      const record = await readDelivery(deps.db, params.delivery);
      if (!record) throw notFound('delivery');
      return answer(200, showDelivery(linksFor(deps, caller), record));
    },
  });

const attempts = (deps: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/deliveries/:delivery/attempts',
    operationId: 'listAttempts',
    summary: 'List the attempts of a delivery',
    description:
      'Newest first. Each attempt is one HTTP request, with its outcome, the request as it was sent and the start of the answer of the endpoint. In the request, credentials and the header values that the endpoint sets are masked.',
    scope: 'deliveries:read',
    params,
    query: listQuery('att'),
    answers: {
      200: { description: 'A page of attempts.', schema: pageOf(attemptView), example: { data: [attemptExample], nextCursor: null } },
    },
    async handler({ params, query: { limit, cursor }, caller }) {
      const rows = await showAttempts(deps, caller, params.delivery, cursor ?? null, limit + 1);
      if (rows.length === 0 && !(await readDelivery(deps.db, params.delivery))) throw notFound('delivery');
      return pageAnswer(rows, limit);
    },
  });

const attempt = (deps: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/deliveries/:delivery/attempts/:attempt',
    operationId: 'getAttempt',
    summary: 'Read an attempt',
    description:
      'As in the list, with the body that was sent, made again from the event and proved by its stored digest, and with what a receiver would say of the signature.',
    scope: 'deliveries:read',
    params: params.extend({ attempt: z.string().refine((id) => isId('att', id)) }),
    answers: { 200: { description: 'The attempt.', schema: attemptDetails, example: attemptDetailsExample } },
    async handler({ params: { delivery, attempt: id }, caller }) {
      const shown = await showAttempt(deps, caller, delivery, id);
      if (!shown) throw notFound('attempt');
      return answer(200, shown);
    },
  });

function command(deps: ApiDeps, { kind, summary, description, example }: CommandTexts, commandOf: (ids: Ids) => Command): Route {
  return route({
    method: 'post',
    path: `/v1/deliveries/:delivery/${kind}`,
    operationId: kind === 'retry-now' ? 'retryDeliveryNow' : `${kind}Delivery`,
    summary,
    description,
    scope: 'deliveries:act',
    audit: commandAction({ kind }),
    params,
    body: reason,
    bodyOptional: true,
    bodyExample: { reason: 'Customer asked for it, ticket 4711' },
    answers: { 202: { description: 'The delivery in its current state.', schema: deliveryView, example } },
    problems: [409],
    async handler({ params: { delivery }, body, caller, ids, audit }) {
      const result = await deps.giveCommand(
        delivery,
        commandOf(ids),
        body.reason === undefined ? audit : { ...audit, also: { reason: body.reason } },
      );
      if (!result) throw notFound('delivery');
      if (result.obstacle) throw new Problem(409, obstacles[result.obstacle], { code: result.obstacle });
      if (!result.obeyed) throw new Problem(409, `The delivery is ${result.status}: ${kind} does not apply.`, { code: 'not_applicable' });
      deps.log.info({ delivery, command: kind, reason: body.reason }, 'delivery.command_given');
      const record = await readDelivery(deps.db, delivery);
      if (!record) throw notFound('delivery');
      return answer(202, showDelivery(linksFor(deps, caller), record));
    },
  });
}
