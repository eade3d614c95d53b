// DELETE …/events/{event}/content and …/subjects/{subject}/content: erases the content of events.
// That the events existed stays on record.
import { z } from 'zod';
import { readTenant } from '#db/access/tenants';
import { eraseSubject } from '#db/events/erase-subject';
import { askToErase, eraseEvent, eventsOfSubject, findEvent } from '#db/events/erasure';
import { subjectHash } from '#db/events/event-encryption';
import { tenantKey } from '#domain/endpoints/tenant';
import { eventKey, subject } from '#domain/events/event';
import { notFound } from '../../http/problem.ts';
import { answer, noContent, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';

const patienceMs = 15_000;

const erasure = z
  .object({
    erased: z.int().describe('The number of events whose content this call erased.'),
    complete: z.boolean().describe('false: there are more events. Repeat the call, or wait: the rest is erased within hours.'),
  })
  .meta({ id: 'Erasure' });

export function erasureRoutes(deps: ApiDeps): Route[] {
  return [ofEvent(deps), ofSubject(deps)];
}

const ofEvent = (deps: ApiDeps) =>
  route({
    method: 'delete',
    path: '/v1/tenants/:tenant/events/:event/content',
    operationId: 'eraseEvent',
    summary: 'Erase the content of an event',
    description:
      'Erases the data of the event and the stored answers of endpoints to it, and cancels its unfinished deliveries. This cannot be undone. Erasing an erased event changes nothing.',
    scope: 'admin',
    audit: 'event.erase',
    params: z.strictObject({ tenant: tenantKey, event: eventKey }),
    answers: { 204: { description: 'The content is erased.' } },
    async handler({ params, audit }) {
      const tenant = await readTenant(deps.db, params.tenant);
      if (!tenant) throw notFound('tenant');
      const eventId = await findEvent(deps.db, tenant.id, params.event);
      if (eventId === null) throw notFound('event');
      const held = await eraseEvent(deps.db, eventId, { audit, tenantId: tenant.id, externalId: params.event });
      deps.log.info({ tenant: params.tenant, eventId }, 'event.erased');
      await wake(deps, held);
      return noContent;
    },
  });

const ofSubject = (deps: ApiDeps) =>
  route({
    method: 'delete',
    path: '/v1/tenants/:tenant/subjects/:subject/content',
    operationId: 'eraseSubject',
    summary: 'Erase the content of all events of a subject',
    description:
      'Erases the content of all events of the tenant that were posted with this `subject`, as for a single event. This cannot be undone.',
    scope: 'admin',
    audit: 'event.erase',
    params: z.strictObject({ tenant: tenantKey, subject }),
    answers: {
      200: { description: 'All content is erased.', schema: erasure, example: { erased: 12, complete: true } },
      202: {
        description: 'A part is erased. The rest follows within hours.',
        schema: erasure,
        example: { erased: 5_000, complete: false },
      },
    },
    async handler({ params, audit }) {
      const tenant = await readTenant(deps.db, params.tenant);
      if (!tenant) throw notFound('tenant');
      const of = { tenantId: tenant.id, subjectHash: subjectHash(await deps.contents.hasher(), params.tenant, params.subject) };
      if ((await eventsOfSubject(deps.db, of, 1)).length === 0) return answer(200, { erased: 0, complete: true });
      const order = await askToErase(deps.db, of, audit);
      const deadline = performance.now() + patienceMs;
      const { erased, complete, lanes } = await eraseSubject(deps.db, order, () => performance.now() < deadline);
      deps.log.info({ tenant: params.tenant, erased, complete }, 'subject.erased');
      await wake(deps, lanes);
      return answer(complete ? 200 : 202, { erased, complete });
    },
  });

/**
 * Wakes the sweep, which signals the workflows of the cancelled deliveries, and the lanes. The rows already decide:
 * this only speeds it up.
 */
async function wake({ lanes, sweepSoon }: ApiDeps, held: Iterable<string>): Promise<void> {
  sweepSoon();
  for (const endpointId of new Set(held)) await lanes.changed(endpointId);
}
