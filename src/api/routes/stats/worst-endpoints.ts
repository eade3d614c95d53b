// GET /v1/stats/endpoints: the endpoints that need attention, the worst first.
import { z } from 'zod';
import { readTenant } from '#db/access/tenants';
import { readEndpoints } from '#db/endpoints/endpoints';
import { rankEndpoints, readCountedOf } from '#db/stats/worst-endpoints';
import { tenantKey } from '#domain/endpoints/tenant';
import { resolutionsOf, spanOf, statsWindow, toStats } from '#domain/stats/stats';
import { type WorstBy, type WorstEndpoint, worstBy, worstEndpoint } from '#domain/stats/worst-endpoints';
import { worstEndpointExample } from '../../examples/stats.ts';
import { notFound } from '../../http/problem.ts';
import { answer, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';
import { showEndpoint } from '../endpoints/show-endpoint.ts';

const query = z.strictObject({
  tenant: tenantKey.optional().describe('Only endpoints of this tenant.'),
  window: statsWindow.default('1h').describe('The span up to now.'),
  by: worstBy
    .default('failed')
    .describe('`failed`: those with the most failed attempts first. `held`: those with the most deliveries in their lanes first.'),
  limit: z.coerce.number().int().min(1).max(50).default(10),
});

export const worstEndpointsRoute = (deps: ApiDeps): Route =>
  route({
    method: 'get',
    path: '/v1/stats/endpoints',
    operationId: 'listWorstEndpoints',
    summary: 'List the endpoints that need attention',
    description:
      'The worst first: endpoints with failed attempts in the window, or with deliveries in their lanes now. Figures are at most some 10 seconds old; at high rates a minute. Windows other than `1h` begin at a full hour in UTC.',
    scope: 'endpoints:read',
    query,
    answers: {
      200: {
        description: 'The endpoints. Empty: none fails, and none holds a delivery.',
        schema: z.object({ data: z.array(worstEndpoint) }),
        example: { data: [worstEndpointExample] },
      },
    },
    problems: [404],
    async handler({ query: { tenant: key, window, by, limit } }) {
      const tenant = key === undefined ? null : await readTenant(deps.db, key);
      if (key !== undefined && !tenant) throw notFound('tenant', 'tenant');
      return answer(200, { data: await worst(deps, { tenantId: tenant?.id ?? null, window, by, limit }) });
    },
  });

interface Asked {
  tenantId: string | null;
  window: z.infer<typeof statsWindow>;
  by: WorstBy;
  limit: number;
}

async function worst(deps: ApiDeps, { tenantId, window, by, limit }: Asked): Promise<WorstEndpoint[]> {
  const { db } = deps;
  const nowMs = Date.now();
  const span = spanOf(window, window === '24h' ? '1h' : (resolutionsOf[window][0] ?? '1h'), nowMs);
  const since = new Date(span.sinceMs);
  const steps = window === '1h' ? 'minutes' : 'hours';
  const ranked = await rankEndpoints(db, { steps, since, tenantId, by, limit });
  const ids = ranked.map(({ endpointId }) => endpointId);
  const [counted, endpoints] = await Promise.all([readCountedOf(db, steps, ids, since), readEndpoints(db, ids)]);
  return ranked.flatMap(({ endpointId, backlog }) => {
    const stored = endpoints.get(endpointId);
    if (!stored) return [];
    const { tenant, url, description, gate } = showEndpoint(deps, stored);
    const { outcomes: _, statusCodes: __, ...totals } = toStats(counted.get(endpointId) ?? [], span, backlog, nowMs, null).totals;
    return [{ endpoint: endpointId, tenant, url, description, gate, ...totals }];
  });
}
