// GET /v1/tenants/{tenant}/events and …/events/{event}
import { z } from 'zod';
import { readTenant } from '#db/access/tenants';
import { deliveriesOfEvent } from '#db/deliveries/delivery-lists';
import { endpointVerdicts, listEvents, readEvent, type StoredEvent, type TenantOfList } from '#db/events/event-lists';
import type { Db } from '#db/store/pool';
import { deliveryView, endpointVerdict } from '#domain/delivery-view';
import { dataOf, eventKey, eventSummary } from '#domain/event';
import { deliveryRange } from '#domain/ids';
import { tenantKey } from '#domain/tenant';
import { boundsOf, pageAnswer, pageOf, spanQuery } from '../http/page.ts';
import { notFound } from '../http/problem.ts';
import { type Answer, type Route, route } from '../http/route.ts';
import type { ApiDeps } from './deps.ts';
import { showDelivery } from './show-delivery.ts';

const most = 1_000;

const eventInFull = eventSummary.extend({
  deliveries: z.array(deliveryView).describe('the first 1,000 of them'),
  moreDeliveries: z.boolean(),
  endpoints: z.array(endpointVerdict).describe("the tenant's first 1,000 endpoints, and why each did or did not get the event"),
  moreEndpoints: z.boolean(),
  data: z.unknown().describe('as it was posted, byte for byte; null once it was erased'),
});

export function eventReadRoutes(deps: ApiDeps): Route[] {
  return [list(deps), read(deps)];
}

const list = ({ db }: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/tenants/:tenant/events',
    operationId: 'listEvents',
    summary: "Lists a tenant's events, newest first",
    scope: 'deliveries:read',
    params: z.strictObject({ tenant: tenantKey }),
    query: spanQuery('evt'),
    answers: { 200: { description: 'a page of events', schema: pageOf(eventSummary) } },
    async handler({ params, query }) {
      const tenant = await tenantOf(db, params.tenant);
      const rows = await listEvents(db, tenant, boundsOf(query), query.limit + 1);
      return pageAnswer(
        rows,
        query.limit,
        ({ id }) => id,
        ({ item }) => item,
      );
    },
  });

const read = (deps: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/tenants/:tenant/events/:event',
    operationId: 'getEvent',
    summary: 'Reads an event, its deliveries, and why each endpoint did or did not get it',
    scope: 'deliveries:read',
    params: z.strictObject({ tenant: tenantKey, event: eventKey }),
    answers: { 200: { description: 'the event', schema: eventInFull } },
    async handler({ params }) {
      const tenant = await tenantOf(deps.db, params.tenant);
      const event = await readEvent(deps.db, tenant, params.event);
      if (!event) throw notFound('event');
      return inFull(deps, tenant, event);
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
    endpointVerdicts(deps.db, tenant.tenantId, event, most + 1),
  ]);
  const shown = JSON.stringify({
    ...event.summary,
    deliveries: deliveries.slice(0, most).map((record) => showDelivery(deps, record)),
    moreDeliveries: deliveries.length > most,
    endpoints: endpoints.slice(0, most),
    moreEndpoints: endpoints.length > most,
  });
  // `data` goes in as text: JSON.parse would round its numbers
  return { status: 200, text: `${shown.slice(0, -1)},"data":${data}}` };
}

async function dataText({ contents }: ApiDeps, { eventId, body, summary }: StoredEvent): Promise<string> {
  if (summary.erasedAt !== null) return 'null';
  return dataOf(Buffer.from(await contents.open(eventId, body)).toString(), summary.type, summary.timestamp);
}
