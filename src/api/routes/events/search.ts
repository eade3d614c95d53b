// GET /v1/search: finds things of any kind by what somebody pastes or types.
import { z } from 'zod';
import { readTenant } from '#db/access/tenants';
import { searches } from '#db/search/search';
import { may } from '#domain/access/access';
import { tenantKey } from '#domain/endpoints/tenant';
import { text } from '#domain/text';
import { pastedUrl } from '#domain/views/pasted-url';
import { hitKind, hitKinds, pastedId, type SearchHit, searchHit } from '#domain/views/search-hit';
import { openTarget } from '#sealing/endpoint-target-encryption';
import { deliveryExample } from '../../examples/deliveries.ts';
import { notFound } from '../../http/problem.ts';
import { answer, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';

const query = z.strictObject({
  q: text(200)
    .min(1)
    .describe(
      'The id of a delivery, an event or an endpoint, also as the name of a workflow such as `delivery/dlv_…`; or a part of the id or name of a tenant, of the host or description of an endpoint, or of the name of an event type; or the URL of an endpoint.',
    ),
  kind: z
    .union([hitKind, z.array(hitKind).max(hitKinds.length)])
    .optional()
    .describe('Only things of this kind. Repeat the parameter for several kinds.'),
  tenant: tenantKey.optional(),
  limit: z.coerce.number().int().min(1).max(50).default(10).describe('The maximum number of things of each kind.'),
});

const answered = z.object({ data: z.array(searchHit) }).meta({ id: 'SearchHits' });

const example: SearchHit = {
  kind: 'delivery',
  id: deliveryExample.id,
  tenant: deliveryExample.tenant,
  title: deliveryExample.eventType,
  detail: deliveryExample.host,
  status: deliveryExample.status,
  at: deliveryExample.createdAt,
};

export const searchRoute = ({ db, vault }: ApiDeps): Route =>
  route({
    method: 'get',
    path: '/v1/search',
    operationId: 'search',
    summary: 'Search by id or name',
    description:
      'Deliveries and events are found by their whole id, other things also by a part of their name. Without `tenant`, the id of an event is looked up in the 20,000 newest tenants. Endpoints and tenants need the scope endpoints:read.',
    scope: 'deliveries:read',
    query,
    answers: { 200: { description: 'What was found, by kind.', schema: answered, example: { data: [example] } } },
    problems: [404],
    async handler({ query: { q, kind = [...hitKinds], tenant: key, limit }, caller }) {
      const tenant = key === undefined ? null : await readTenant(db, key);
      if (key !== undefined && !tenant) throw notFound('tenant');
      const url = pastedUrl(q);
      const sought = url && { host: url.host, isIn: (id: string, sealed: Uint8Array) => url.isIn(openTarget(vault, id, sealed).url) };
      const wanted = { text: pastedId(q), tenantId: tenant?.id ?? null, limit, url: sought };
      const kinds = hitKinds
        .filter((one) => [kind].flat().includes(one))
        .filter((one) => !needsEndpoints(one) || may(caller, 'endpoints:read'));
      const found: SearchHit[] = [];
      for (const one of kinds) found.push(...(await searches[one](db, wanted)));
      return answer(200, { data: found });
    },
  });

const needsEndpoints = (kind: SearchHit['kind']) => kind === 'endpoint' || kind === 'tenant';
