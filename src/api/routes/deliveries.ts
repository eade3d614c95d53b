// /v1/deliveries: lists, one delivery, its attempts, and orders to it.
import { z } from 'zod';
import { readTenant } from '#db/access/tenants';
import { listAttempts } from '#db/deliveries/attempt-lists';
import { listDeliveries, readDelivery } from '#db/deliveries/delivery-lists';
import { orderAction } from '#domain/audit';
import { deliveryStatus, type Order, obstacles } from '#domain/delivery';
import { attemptView, deliveryView } from '#domain/delivery-view';
import { eventTypeName } from '#domain/event-type';
import { isId, uuidOf } from '#domain/ids';
import { tenantKey } from '#domain/tenant';
import { text } from '#domain/text';
import type { Ids } from '../http/ids.ts';
import { boundsOf, listQuery, pageAnswer, pageOf, spanQuery } from '../http/page.ts';
import { notFound, Problem } from '../http/problem.ts';
import { answer, type Route, route } from '../http/route.ts';
import type { ApiDeps } from './deps.ts';
import { showDelivery } from './show-delivery.ts';

const params = z.strictObject({ delivery: z.string().refine((id) => isId('dlv', id)) });
const reason = z.strictObject({ reason: text(500).optional().describe('for the log') });

export function deliveryRoutes(deps: ApiDeps): Route[] {
  return [
    list(deps),
    read(deps),
    attempts(deps),
    order(deps, 'replay', 'Delivers a dead letter or a delivery that succeeded again, from the start of its schedule', (ids) => ({
      kind: 'replay',
      replayId: uuidOf(ids.next('dlv')),
    })),
    order(deps, 'cancel', 'Gives up a delivery that is not finished', () => ({ kind: 'cancel' })),
    order(
      deps,
      'retry-now',
      'Makes the next attempt now, also while the endpoint asked for a pause or is only probed; 409 where its gate or its order forbids it',
      () => ({ kind: 'retry-now' }),
    ),
    order(deps, 'release', 'Frees a delivery from quarantine', () => ({ kind: 'release' })),
  ];
}

const list = (deps: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/deliveries',
    operationId: 'listDeliveries',
    summary: 'Lists deliveries, newest first',
    scope: 'deliveries:read',
    query: spanQuery('dlv').extend({
      tenant: tenantKey.optional(),
      endpoint: z
        .string()
        .refine((id) => isId('ep', id), 'is not the id of an endpoint')
        .optional(),
      status: z
        .union([deliveryStatus, z.array(deliveryStatus).max(8)])
        .optional()
        .describe('one, or several by saying it several times'),
      type: eventTypeName.optional(),
    }),
    answers: { 200: { description: 'a page of deliveries', schema: pageOf(deliveryView) } },
    problems: [404],
    async handler({ query }) {
      const tenant = query.tenant === undefined ? null : await readTenant(deps.db, query.tenant);
      if (query.tenant !== undefined && !tenant) throw notFound('tenant');
      const { records, goesOn } = await listDeliveries(
        deps.db,
        {
          tenantId: tenant?.id ?? null,
          endpointId: query.endpoint ?? null,
          statuses: query.status === undefined ? null : [...new Set([query.status].flat())],
          type: query.type ?? null,
          ...boundsOf(query),
        },
        query.limit + 1,
      );
      return pageAnswer(
        records,
        query.limit,
        ({ id }) => id,
        (record) => showDelivery(deps, record),
        goesOn,
      );
    },
  });

const read = (deps: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/deliveries/:delivery',
    operationId: 'getDelivery',
    summary: 'Reads a delivery',
    scope: 'deliveries:read',
    params,
    answers: { 200: { description: 'the delivery', schema: deliveryView } },
    async handler({ params }) {
      const record = await readDelivery(deps.db, params.delivery);
      if (!record) throw notFound('delivery');
      return answer(200, showDelivery(deps, record));
    },
  });

const attempts = ({ db, contents }: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/deliveries/:delivery/attempts',
    operationId: 'listAttempts',
    summary: "Lists a delivery's attempts, newest first",
    scope: 'deliveries:read',
    params,
    query: listQuery('att'),
    answers: { 200: { description: 'a page of attempts', schema: pageOf(attemptView) } },
    async handler({ params, query: { limit, cursor } }) {
      const rows = await listAttempts(db, contents, params.delivery, cursor ?? null, limit + 1);
      if (rows.length === 0 && !(await readDelivery(db, params.delivery))) throw notFound('delivery');
      return pageAnswer(
        rows,
        limit,
        ({ id }) => id,
        (row) => row,
      );
    },
  });

function order(deps: ApiDeps, kind: Order['kind'], summary: string, orderOf: (ids: Ids) => Order): Route {
  return route({
    method: 'post',
    path: `/v1/deliveries/:delivery/${kind}`,
    operationId: kind === 'retry-now' ? 'retryDeliveryNow' : `${kind}Delivery`,
    summary,
    scope: 'deliveries:act',
    audit: orderAction({ kind }),
    params,
    body: reason,
    bodyOptional: true,
    answers: { 202: { description: 'the delivery as it is now', schema: deliveryView } },
    problems: [409],
    async handler({ params: { delivery }, body, ids, audit }) {
      const result = await deps.giveOrder(
        delivery,
        orderOf(ids),
        body.reason === undefined ? audit : { ...audit, also: { reason: body.reason } },
      );
      if (!result) throw notFound('delivery');
      if (result.obstacle) throw new Problem(409, obstacles[result.obstacle]);
      if (!result.obeyed) throw new Problem(409, `The delivery is ${result.status}: ${kind} does not apply.`);
      deps.log.info({ delivery, order: kind, reason: body.reason }, 'delivery.ordered');
      const record = await readDelivery(deps.db, delivery);
      if (!record) throw notFound('delivery');
      return answer(202, showDelivery(deps, record));
    },
  });
}
