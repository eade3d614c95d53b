// GET /v1/find: what a text may mean that a person typed or pasted. Made for a search field.
import { z } from 'zod';
import { readTenant } from '#db/access/tenants';
import { find } from '#db/find/find';
import { type Caller, may, type Scope } from '#domain/access/access';
import { tenantKey } from '#domain/endpoints/tenant';
import { type FoundKind, found, kindsFor } from '#domain/views/found';
import { endpointId, tenantId } from '../../examples/ids.ts';
import { notFound } from '../../http/problem.ts';
import { answer, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';

const mostOfEach = 10;

const needed: Record<FoundKind, Scope | null> = {
  delivery: 'deliveries:read',
  event: 'deliveries:read',
  replay: 'deliveries:read',
  endpoint: 'endpoints:read',
  tenant: 'endpoints:read',
  alert: 'endpoints:read',
  event_type: null,
};

export const findRoute = ({ db }: ApiDeps): Route =>
  route({
    method: 'get',
    path: '/v1/find',
    operationId: 'find',
    summary: 'Find by id or name',
    description: `What a text may mean: the id of a delivery, a batch (its deliveries), an endpoint, a replay or an alert; your id of an event; a part of a tenant's id or name, of an endpoint's host or description, or of an event type. At most ${mostOfEach} of each kind, and only of kinds that the key may read. An event is looked for in at most 5,000 tenants; with \`tenant\`, in that one.`,
    scope: 'any',
    query: z.strictObject({
      q: z.string().trim().min(1).max(200).describe('An id, or a part of a name.'),
      tenant: tenantKey.optional().describe('Only what belongs to this tenant.'),
    }),
    answers: {
      200: {
        description: 'The best matches first, by kind.',
        schema: z.object({ data: z.array(found) }).meta({ id: 'FoundList' }),
        example: { data: [{ kind: 'endpoint', id: endpointId, tenant: tenantId, title: 'hooks.example.com', status: 'open' }] },
      },
    },
    problems: [404],
    async handler({ query: { q: text, tenant: key }, caller }) {
      const tenant = key === undefined ? null : await readTenant(db, key);
      if (key !== undefined && !tenant) throw notFound('tenant');
      const wish = { text, tenantId: tenant?.id ?? null, limit: mostOfEach };
      const lists = await Promise.all(
        kindsFor(text)
          .filter(mayFind(caller))
          .map((kind) => find(db, kind, wish)),
      );
      return answer(200, { data: lists.flat() });
    },
  });

function mayFind(caller: Caller): (kind: FoundKind) => boolean {
  return (kind) => {
    const scope = needed[kind];
    return scope === null || may(caller, scope);
  };
}
