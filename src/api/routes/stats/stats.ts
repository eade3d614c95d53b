// GET …/stats of an endpoint, a tenant and the platform.
import { z } from 'zod';
import { readTenant } from '#db/access/tenants';
import { readEndpoint } from '#db/endpoints/endpoints';
import { readBacklog, readHeld, readHours, readMinutes, type Whose } from '#db/stats/read-stats';
import type { Db } from '#db/store/pool';
import { tenantKey } from '#domain/endpoints/tenant';
import { resolution, resolutionsOf, type StatsView, spanOf, statsView, statsWindow, toStats } from '#domain/stats/stats';
import { endpointStatsExample, statsExample } from '../../examples/stats.ts';
import { invalid, notFound } from '../../http/problem.ts';
import { answer, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';
import { endpointParams } from '../endpoints/endpoints.ts';
import { worstEndpointsRoute } from './worst-endpoints.ts';

const query = z.strictObject({
  window: statsWindow.default('24h').describe('The span up to now.'),
  resolution: resolution.optional().describe(
    `The length of a step of the series. By window, the default first: ${Object.entries(resolutionsOf)
      .map(([window, steps]) => `${window}: ${steps.join(', ')}`)
      .join('; ')}.`,
  ),
});
type Query = z.output<typeof query>;

const description =
  'Figures are at most some 10 seconds old; at high rates a minute. Attempts count at the time of their start. Steps begin at full steps in UTC.';
const answers = (example: StatsView) => ({ 200: { description: 'The statistics.', schema: statsView, example } });

export function statsRoutes(deps: ApiDeps): Route[] {
  const { db } = deps;
  return [ofEndpoint(db), ofTenant(db), ofAll(db), worstEndpointsRoute(deps)];
}

const ofEndpoint = (db: Db) =>
  route({
    method: 'get',
    path: '/v1/endpoints/:endpoint/stats',
    operationId: 'getEndpointStats',
    summary: 'Read the statistics of an endpoint',
    description,
    scope: 'deliveries:read',
    params: endpointParams,
    query,
    answers: answers(endpointStatsExample),
    async handler({ params, query }) {
      const span = checked(query);
      if (!(await readEndpoint(db, params.endpoint))) throw notFound('endpoint');
      return answer(200, await read(db, params.endpoint, span));
    },
  });

const ofTenant = (db: Db) =>
  route({
    method: 'get',
    path: '/v1/tenants/:tenant/stats',
    operationId: 'getTenantStats',
    summary: 'Read the statistics of a tenant',
    description: `${description} The endpoints of the tenant together, deleted ones too.`,
    scope: 'deliveries:read',
    params: z.strictObject({ tenant: tenantKey }),
    query,
    answers: answers(statsExample),
    async handler({ params, query }) {
      const span = checked(query);
      const tenant = await readTenant(db, params.tenant);
      if (!tenant) throw notFound('tenant');
      return answer(200, await read(db, tenant.id, span));
    },
  });

const ofAll = (db: Db) =>
  route({
    method: 'get',
    path: '/v1/stats',
    operationId: 'getStats',
    summary: 'Read the statistics of the platform',
    description: `${description} All tenants together.`,
    scope: 'deliveries:read',
    allTenants: true,
    query,
    answers: answers(statsExample),
    handler: async ({ query }) => answer(200, await read(db, null, checked(query))),
  });

type Asked = Required<Query>;

function checked({ window, resolution: wanted = resolutionsOf[window][0] ?? '1h' }: Query): Asked {
  const possible = resolutionsOf[window];
  if (!possible.includes(wanted))
    throw invalid([{ path: 'resolution', message: `must be one of ${possible.join(', ')} for a window of ${window}` }]);
  return { window, resolution: wanted };
}

async function read(db: Db, whose: Whose, { window, resolution }: Asked): Promise<StatsView> {
  const nowMs = Date.now();
  const span = spanOf(window, resolution, nowMs);
  const readCounted = window === '1h' || window === '24h' ? readMinutes : readHours;
  const since = new Date(span.sinceMs);
  const hasHeld = whose === null || whose.startsWith('tnt_');
  const [counted, backlog, held] = await Promise.all([
    readCounted(db, whose, since),
    readBacklog(db, whose),
    hasHeld ? readHeld(db, whose, since) : null,
  ]);
  return toStats(counted, span, backlog, nowMs, held);
}
