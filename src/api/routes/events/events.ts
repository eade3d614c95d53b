// POST /v1/tenants/{tenant}/events and …/events/batch: accept events. A 202 means that they are
// committed.
import { z } from 'zod';
import type { Acceptance } from '#db/events/acceptance';
import { tenantKey } from '#domain/endpoints/tenant';
import { acceptedBatch, acceptedEvent, maxBatchBytes, maxEventBytes, newBatch, newEvent, timeProblems } from '#domain/events/event';
import { elementTexts, memberTexts } from '#domain/events/json-slices';
import { acceptedBatchExample, acceptedEventExample, newBatchExample, newEventExample } from '../../examples/events.ts';
import { type FieldError, invalid, notFound, takenByOther } from '../../http/problem.ts';
import { refuseRepeated } from '../../http/read-body.ts';
import { answer, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';
import { type CheckableEvent, type Checked, checkEvents } from './check-events.ts';
import { eventToAccept } from './event-to-accept.ts';

const params = z.strictObject({ tenant: tenantKey });

export function eventRoutes(deps: ApiDeps): Route[] {
  return [post(deps), postBatch(deps)];
}

const post = (deps: ApiDeps) =>
  route({
    method: 'post',
    path: '/v1/tenants/:tenant/events',
    operationId: 'postEvent',
    summary: 'Post an event',
    description:
      'Stores the event durably and delivers it to every endpoint of the tenant that subscribes to it. Its data is validated against the schema of its type in the catalogue: 422 with the place in `data`, or `warnings` in the answer. To retry safely, send the same `id` again: a duplicate is not delivered twice. 409 if the id was used for a different event, 429 while too many events are waiting.',
    scope: 'events:write',
    params,
    body: newEvent,
    bodyExample: newEventExample,
    bodyLimit: maxEventBytes,
    answers: { 202: { description: 'The event is stored. Also for a duplicate.', schema: acceptedEvent, example: acceptedEventExample } },
    problems: [409, 429],
    async handler({ params, body, members, ids, caller, trace }) {
      const nowMs = Date.now();
      const problems = timeProblems(body, nowMs);
      if (problems.length > 0) throw invalid(problems);
      const toAccept = eventToAccept({ event: body, dataText: members.get('data') ?? 'null', eventId: ids.next('evt'), nowMs, trace });
      const posted = [{ event: body, toAccept }];
      const [checked = { toAccept }] = deps.catalogue.isSilent() ? posted : await checkEvents(deps, params.tenant, posted, () => '');
      const acceptances = await deps.accept(params.tenant, [checked.toAccept], caller.tenant?.id);
      if (acceptances === 'unknown_tenant') throw notFound('tenant');
      const kind = acceptances[0]?.kind;
      if (kind === 'conflict') throw takenByOther();
      return answer(202, { id: toAccept.externalId, duplicate: kind === 'duplicate', ...warningsOf(checked) });
    },
  });

const postBatch = (deps: ApiDeps) =>
  route({
    method: 'post',
    path: '/v1/tenants/:tenant/events/batch',
    operationId: 'postEvents',
    summary: 'Post a batch of events',
    description:
      'Stores up to 1,000 events, all or none. All are validated first, also against the catalogue: one invalid event refuses the batch. An event whose id was used for a different event does not fail the batch: its result has `conflict`. 429 while too many events are waiting.',
    scope: 'events:write',
    params,
    body: newBatch,
    bodyExample: newBatchExample,
    bodyLimit: maxBatchBytes,
    answers: {
      202: { description: 'One result for each event, in the order of the request.', schema: acceptedBatch, example: acceptedBatchExample },
    },
    problems: [429],
    async handler({ params, body, members, ids, caller, trace }) {
      const nowMs = Date.now();
      const texts = elementTexts(members.get('events') ?? '[]');
      const problems: FieldError[] = [];
      const events = body.events.map((event, index): CheckableEvent => {
        const text = texts[index] ?? '{}';
        const { members: own, repeated } = memberTexts(text);
        refuseRepeated(repeated, `events[${index}].`);
        problems.push(
          ...sizeProblems(text, index),
          ...timeProblems(event, nowMs).map(({ path, message }) => ({ path: `events[${index}].${path}`, message })),
        );
        return { event, toAccept: eventToAccept({ event, dataText: own.get('data') ?? 'null', eventId: ids.next('evt'), nowMs, trace }) };
      });
      if (problems.length > 0) throw invalid(problems.slice(0, 100));
      const prefixOf = (index: number) => `events[${index}].`;
      const checked: Checked[] = deps.catalogue.isSilent() ? events : await checkEvents(deps, params.tenant, events, prefixOf);
      const toAccept = checked.map((one) => one.toAccept);
      const acceptances = await deps.accept(params.tenant, toAccept, caller.tenant?.id);
      if (acceptances === 'unknown_tenant') throw notFound('tenant');
      return answer(202, { results: acceptances.map((acceptance, index) => resultOf(acceptance, checked[index])) });
    },
  });

function sizeProblems(text: string, index: number): FieldError[] {
  return Buffer.byteLength(text) > maxEventBytes ? [{ path: `events[${index}]`, message: 'is larger than 256 KiB' }] : [];
}

function resultOf({ kind }: Acceptance, checked: Checked | undefined) {
  const id = checked?.toAccept.externalId;
  if (kind === 'conflict') return { id, duplicate: false, conflict: true };
  return { id, duplicate: kind === 'duplicate', ...(checked && warningsOf(checked)) };
}

function warningsOf({ warnings }: Partial<Checked>): { warnings?: FieldError[] } {
  return warnings ? { warnings } : {};
}
