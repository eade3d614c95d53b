// GET /v1/endpoints: the endpoints of all tenants, each with its condition and figures.
import { z } from 'zod';
import { readTenant } from '#db/access/tenants';
import type { StoredEndpoint } from '#db/endpoints/endpoint-row';
import { searchEndpoints } from '#db/endpoints/endpoint-search';
import { may } from '#domain/access/access';
import { tenantKey } from '#domain/endpoints/tenant';
import { text } from '#domain/text';
import { endpointCondition, endpointConditions, endpointSummary } from '#domain/views/endpoint-summary';
import { pastedUrl } from '#domain/views/pasted-url';
import { openTarget } from '#sealing/endpoint-target-encryption';
import { endpointSummariesExample } from '../../examples/endpoints.ts';
import { listQuery, pageAnswer, pageOf } from '../../http/page.ts';
import { notFound } from '../../http/problem.ts';
import { type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';
import { showEndpoint } from './show-endpoint.ts';

export function endpointSearchRoutes(deps: ApiDeps): Route[] {
  return [search(deps)];
}

const search = (deps: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/endpoints',
    operationId: 'searchEndpoints',
    summary: 'Search the endpoints of all tenants',
    description:
      'Newest first, each with its condition and the figures of the last 24 hours. All filters can be combined. A filter looks at 10,000 endpoints a page, so a page may be short or empty and still have a next page.',
    scope: 'endpoints:read',
    query: listQuery('ep').extend({
      tenant: tenantKey.optional(),
      condition: z
        .union([endpointCondition, z.array(endpointCondition).max(endpointConditions.length)])
        .optional()
        .describe('Only endpoints in this condition. Repeat the parameter for several conditions.'),
      search: text(200)
        .optional()
        .describe('Only endpoints with this text in their host name, description or tenant id; or the id or the URL of an endpoint.'),
    }),
    answers: { 200: { description: 'A page of endpoints.', schema: pageOf(endpointSummary), example: endpointSummariesExample } },
    problems: [404],
    async handler({ query: { limit, cursor = null, tenant: key, condition, search: sought = '' }, caller }) {
      const tenant = key === undefined ? null : await readTenant(deps.db, key);
      if (tenant === null && key !== undefined) throw notFound('tenant');
      const url = pastedUrl(sought);
      const filter = {
        tenantId: tenant?.id ?? null,
        conditions: typeof condition === 'string' ? [condition] : (condition ?? null),
        search: sought.trim() || null,
        url: url && { host: url.host, isIn: ({ id, sealed }: StoredEndpoint) => url.isIn(openTarget(deps.vault, id, sealed).url) },
        before: cursor,
      };
      const { found, goesOn } = await searchEndpoints(deps.db, filter, limit + 1);
      const showsFigures = may(caller, 'deliveries:read');
      return pageAnswer(
        found.map((one) => ({ id: one.endpoint.id, ...one })),
        limit,
        ({ endpoint, condition, figures }) => ({ ...showEndpoint(deps, endpoint), condition, figures: showsFigures ? figures : null }),
        goesOn,
      );
    },
  });
