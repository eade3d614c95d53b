// GET /v1/tenants/{tenant}/events and …/events/{event}: list events, and read one with its
// deliveries.
import { z } from 'zod';
import { readTenant } from '#db/access/tenants';
import { deliveriesOfEvent } from '#db/deliveries/delivery-lists';
import { type Matched, readMatches } from '#db/deliveries/explanations';
import { listEvents, readEvent, type StoredEvent, type TenantOfList } from '#db/events/event-lists';
import type { Db } from '#db/store/pool';
import { tenantKey } from '#domain/endpoints/tenant';
import { dataOf, eventKey, eventSummary } from '#domain/events/event';
import { eventTypeName } from '#domain/events/event-type';
import { deliveryRange } from '#domain/ids';
import { deliveryView, type EndpointVerdict, endpointVerdict, verdictOf } from '#domain/views/delivery-view';
import { deliveryExample } from '../../examples/deliveries.ts';
import { eventExample } from '../../examples/events.ts';
import { cursorOf } from '../../examples/ids.ts';
import { boundsOf, pageAnswer, pageOf, spanQuery } from '../../http/page.ts';
import { notFound } from '../../http/problem.ts';
import { type Answer, type Route, route } from '../../http/route.ts';
import { linksFor, showDelivery } from '../deliveries/show-delivery.ts';
import type { ApiDeps } from '../deps.ts';
import { toExplain } from './explain.ts';

const most = 1_000;

const eventInFull = eventSummary
  .extend({
    deliveries: z.array(deliveryView).describe('The deliveries of the event, at most 1,000.'),
    moreDeliveries: z.boolean().describe('Whether the event has more than 1,000 deliveries.'),
    endpoints: z.array(endpointVerdict).describe('For each endpoint of the tenant, at most 1,000: why it did or did not get the event.'),
    moreEndpoints: z.boolean().describe('Whether the tenant has more than 1,000 endpoints.'),
    data: z.unknown().describe('The data as it was posted, byte for byte. null: it was erased.'),
  })
  .meta({ id: 'EventDetails' });

const inFullExample: z.infer<typeof eventInFull> = {
  ...eventExample,
  deliveries: [deliveryExample],
  moreDeliveries: false,
  endpoints: [{ endpoint: deliveryExample.endpoint, verdict: 'wanted', delivery: deliveryExample.id }],
  moreEndpoints: false,
  data: { orderId: '1001', total: 99.9, currency: 'EUR' },
};

export function eventReadRoutes(deps: ApiDeps): Route[] {
  return [list(deps), read(deps)];
}

const list = ({ db }: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/tenants/:tenant/events',
    operationId: 'listEvents',
    summary: 'List the events of a tenant',
    description: 'Newest first, without their data.',
    scope: 'deliveries:read',
    params: z.strictObject({ tenant: tenantKey }),
    query: spanQuery('evt').extend({ type: eventTypeName.optional() }),
    answers: {
      200: {
        description: 'A page of events.',
        schema: pageOf(eventSummary),
        example: { data: [eventExample], nextCursor: cursorOf(eventExample.id) },
      },
    },
    async handler({ params, query }) {
      const tenant = await tenantOf(db, params.tenant);
      const wanted = { tenantId: tenant.tenantId, type: query.type ?? null, ...boundsOf(query) };
      const { events, goesOn } = await listEvents(db, wanted, query.limit + 1);
      return pageAnswer(events, query.limit, ({ item }) => item, goesOn);
    },
  });

const read = (deps: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/tenants/:tenant/events/:event',
    operationId: 'getEvent',
    summary: 'Read an event',
    description: 'The event with its data and its deliveries, and for each endpoint of the tenant why it did or did not get the event.',
    scope: 'deliveries:read',
    params: z.strictObject({ tenant: tenantKey, event: eventKey }),
    answers: { 200: { description: 'The event.', schema: eventInFull, example: inFullExample } },
    async handler({ params, caller }) {
      const tenant = await tenantOf(deps.db, params.tenant);
      const event = await readEvent(deps.db, tenant, params.event);
      if (!event) throw notFound('event');
      return inFull(linksFor(deps, caller), tenant, event);
    },
  });

async function tenantOf(db: Db, key: string): Promise<TenantOfList> {
  const tenant = await readTenant(db, key);
  if (!tenant) throw notFound('tenant');
  return { tenantId: tenant.id, key };
}

async function inFull(deps: ApiDeps, tenant: TenantOfList, event: StoredEvent): Promise<Answer> {
  const [data, deliveries, endpoints] = await Promise.all([
    dataText(deps, event),
    deliveriesOfEvent(deps.db, event.eventId, deliveryRange(event.eventId), most + 1),
    readMatches(deps.db, toExplain(deps.contents, tenant.tenantId, event), { endpointId: null, after: null, limit: most + 1 }),
  ]);
  const shown = JSON.stringify({
    ...event.summary,
    deliveries: deliveries.slice(0, most).map((record) => showDelivery(deps, record)),
    moreDeliveries: deliveries.length > most,
    endpoints: endpoints.slice(0, most).map(toVerdict),
    moreEndpoints: endpoints.length > most,
  });
  // `data` is inserted as text, because JSON.parse would round its numbers
  return { status: 200, text: `${shown.slice(0, -1)},"data":${data}}` };
}

function toVerdict({ endpoint: { endpointId }, delivery, mismatch }: Matched): EndpointVerdict {
  return { endpoint: endpointId, verdict: verdictOf(mismatch), delivery: delivery?.id ?? null };
}

async function dataText({ contents }: ApiDeps, { eventId, body, summary }: StoredEvent): Promise<string> {
  if (summary.erasedAt !== null) return 'null';
  return dataOf(Buffer.from(await contents.open(eventId, body)).toString(), summary.type, summary.timestamp);
}
