// GET /v1/tenants/{tenant}/events/{event}/explain: for each endpoint, why it did or did not get the event.
import { z } from 'zod';
import { readTenant } from '#db/access/tenants';
import { type EventToExplain, explainEvent } from '#db/deliveries/explanations';
import { readEvent, type StoredEvent } from '#db/events/event-lists';
import { openContent } from '#db/events/read-content';
import { endpointId } from '#domain/endpoints/endpoint-id';
import { tenantKey } from '#domain/endpoints/tenant';
import { eventKey } from '#domain/events/event';
import { type Explanation, explanation } from '#domain/views/explanation';
import { deliveryExample } from '../../examples/deliveries.ts';
import { notFound } from '../../http/problem.ts';
import { answer, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';

const most = 1_000;

export const explanationExample: Explanation = {
  endpoint: deliveryExample.endpoint,
  host: 'hooks.example.com',
  delivery: deliveryExample.id,
  code: 'retrying',
  message: 'Attempt 2 failed (HTTP 503 from hooks.example.com, 41 ms); the next one is due at 2026-03-02T09:20:07.000Z.',
  status: 'retrying',
  until: '2026-03-02T09:20:07.000Z',
  heldBy: null,
  lastOutcome: 'http_status',
  advice: 'Look into the log of the receiver for this webhook-id, and make it answer with a status from 200 to 299.',
  facts: {
    ...{ attempts: 2, round: 1, lastStatus: 503, lastMessage: 'HTTP 503 from hooks.example.com, 41 ms' },
    ...{ waitedFor: null, cause: null, by: null, at: null },
  },
};

export function explainRoutes(deps: ApiDeps): Route[] {
  return [explain(deps)];
}

const explain = ({ db, contents }: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/tenants/:tenant/events/:event/explain',
    operationId: 'explainEvent',
    summary: 'Explain an event',
    description:
      'For each endpoint of the tenant, deleted ones included, why it did or did not get the event: a stable code for programs, a sentence for people, and what to do about it. It is decided from stored data, and by what the endpoint subscribed to when the event was accepted.',
    scope: 'deliveries:read',
    params: z.strictObject({ tenant: tenantKey, event: eventKey }),
    query: z.strictObject({
      endpoint: endpointId.optional().describe('Only this endpoint.'),
      after: endpointId.optional().describe('Only endpoints after this one, in the order of ids: the `nextAfter` of the page before.'),
    }),
    answers: {
      200: {
        description: 'At most 1,000 endpoints, in the order of their ids.',
        schema: z.object({
          data: z.array(explanation),
          nextAfter: z.string().nullable().describe('Send it as `after` for the next endpoints. null: there are no others.'),
        }),
        example: { data: [explanationExample], nextAfter: null },
      },
    },
    async handler({ params, query: { endpoint = null, after = null } }) {
      const tenant = await readTenant(db, params.tenant);
      if (!tenant) throw notFound('tenant');
      const event = await readEvent(db, { tenantId: tenant.id }, params.event);
      if (!event) throw notFound('event');
      const found = await explainEvent(db, toExplain(contents, tenant.id, event), { endpointId: endpoint, after, limit: most + 1 });
      if (endpoint !== null && after === null && found.length === 0) throw notFound('endpoint', 'endpoint');
      const data = found.slice(0, most);
      return answer(200, { data, nextAfter: found.length > most ? (data.at(-1)?.endpoint ?? null) : null });
    },
  });

export function toExplain(contents: ApiDeps['contents'], tenantId: string, { eventId, summary, body }: StoredEvent): EventToExplain {
  const { type, channels, onlyEndpoint, expiresAt, erasedAt, recalledAt } = summary;
  const timeOf = (text: string | null) => (text === null ? null : new Date(text));
  return {
    ...{ eventId, tenantId, type, channels, onlyEndpoint, content: () => openContent(contents, eventId, body) },
    ...{ expiresAt: timeOf(expiresAt), erasedAt: timeOf(erasedAt), recalledAt: timeOf(recalledAt) },
  };
}
