// DELETE …/events/{event}/content and …/subjects/{subject}/content: what was said is gone, that it was said stays.
import { z } from 'zod';
import { readTenant } from '#db/access/tenants';
import { eraseSubject } from '#db/events/erase-subject';
import { askToErase, eraseEvent, eventsOfSubject, findEvent } from '#db/events/erasure';
import { subjectHash } from '#db/events/event-encryption';
import { eventKey, subject } from '#domain/event';
import { tenantKey } from '#domain/tenant';
import { notFound } from '../http/problem.ts';
import { answer, noContent, type Route, route } from '../http/route.ts';
import type { ApiDeps } from './deps.ts';

const patienceMs = 15_000;

const erasure = z.object({
  erased: z.int().describe('events whose content this call erased'),
  complete: z.boolean().describe('false: there are more; ask again, or leave the rest to upkeep, which finishes it within hours'),
});

export function erasureRoutes(deps: ApiDeps): Route[] {
  return [ofEvent(deps), ofSubject(deps)];
}

const ofEvent = (deps: ApiDeps) =>
  route({
    method: 'delete',
    path: '/v1/tenants/:tenant/events/:event/content',
    operationId: 'eraseEvent',
    summary: "Erases an event's content and what endpoints answered to it; cancels what is unfinished of it",
    scope: 'admin',
    audit: 'event.erase',
    params: z.strictObject({ tenant: tenantKey, event: eventKey }),
    answers: { 204: { description: 'erased, now or before' } },
    async handler({ params, audit }) {
      const tenant = await readTenant(deps.db, params.tenant);
      if (!tenant) throw notFound('tenant');
      const eventId = await findEvent(deps.db, tenant.id, params.event);
      if (eventId === null) throw notFound('event');
      const held = await eraseEvent(deps.db, eventId, { audit, tenantId: tenant.id, externalId: params.event });
      deps.log.info({ tenant: params.tenant, eventId }, 'event.erased');
      await tellOthers(deps, held);
      return noContent;
    },
  });

const ofSubject = (deps: ApiDeps) =>
  route({
    method: 'delete',
    path: '/v1/tenants/:tenant/subjects/:subject/content',
    operationId: 'eraseSubject',
    summary: 'Erases the content of all events that were posted with this subject',
    scope: 'admin',
    audit: 'event.erase',
    params: z.strictObject({ tenant: tenantKey, subject }),
    answers: {
      200: { description: 'all of it is erased', schema: erasure },
      202: { description: 'some of it is erased, and the rest will be', schema: erasure },
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
      await tellOthers(deps, lanes);
      return answer(complete ? 200 : 202, { erased, complete });
    },
  });

/** The rows say it all: workflows that nobody tells are told by the sweep, and lanes look again. */
async function tellOthers({ lanes, sweepSoon }: ApiDeps, held: Iterable<string>): Promise<void> {
  sweepSoon();
  for (const endpointId of new Set(held)) await lanes.changed(endpointId);
}
