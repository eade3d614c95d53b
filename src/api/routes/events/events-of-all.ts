// GET /v1/events: the events of all tenants, with what became of them in short.
import { readTenant } from '#db/access/tenants';
import { countOutcomes } from '#db/deliveries/event-outcomes';
import { listEvents } from '#db/events/event-lists';
import { tenantKey } from '#domain/endpoints/tenant';
import { eventTypeName } from '#domain/events/event-type';
import { type ListedEvent, listedEvent, mostCounted } from '#domain/views/listed-event';
import { eventExample } from '../../examples/events.ts';
import { cursorOf } from '../../examples/ids.ts';
import { boundsOf, pageAnswer, pageOf, spanQuery } from '../../http/page.ts';
import { notFound } from '../../http/problem.ts';
import { type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';

const example: ListedEvent = { ...eventExample, deliveries: { succeeded: 2, retrying: 1 }, moreDeliveries: false };

export const allEventsRoute = ({ db }: ApiDeps): Route =>
  route({
    method: 'get',
    path: '/v1/events',
    operationId: 'listAllEvents',
    summary: 'List the events of all tenants',
    description: 'Newest first, without their data, each with the numbers of its deliveries by status. All filters can be combined.',
    scope: 'deliveries:read',
    query: spanQuery('evt').extend({ tenant: tenantKey.optional(), type: eventTypeName.optional() }),
    answers: {
      200: {
        description: 'A page of events.',
        schema: pageOf(listedEvent),
        example: { data: [example], nextCursor: cursorOf(eventExample.id) },
      },
    },
    problems: [404],
    async handler({ query }) {
      const tenant = query.tenant === undefined ? null : await readTenant(db, query.tenant);
      if (query.tenant !== undefined && !tenant) throw notFound('tenant');
      const wanted = { tenantId: tenant?.id ?? null, type: query.type ?? null, ...boundsOf(query) };
      const { events, goesOn } = await listEvents(db, wanted, query.limit + 1);
      const shown = events.slice(0, query.limit).map(({ id }) => id);
      const outcomes = await countOutcomes(db, shown, mostCounted);
      return pageAnswer(
        events,
        query.limit,
        ({ id, item }) => ({ ...item, ...(outcomes.get(id) ?? { deliveries: {}, moreDeliveries: false }) }),
        goesOn,
      );
    },
  });
