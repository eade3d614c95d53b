// GET /v1/undelivered: what is not delivered, by endpoint.
import { z } from 'zod';
import { readTenant } from '#db/access/tenants';
import { readUndelivered, type UndeliveredRecord } from '#db/deliveries/undelivered';
import { endpointId } from '#domain/endpoints/endpoint-id';
import { tenantKey } from '#domain/endpoints/tenant';
import { eventTypeName } from '#domain/events/event-type';
import { missedStatuses } from '#domain/views/missed';
import { type UndeliveredEndpoint, undeliveredEndpoint, undeliveredStatus } from '#domain/views/undelivered';
import { openTarget } from '#sealing/endpoint-target-encryption';
import { undeliveredExample } from '../../examples/deliveries.ts';
import { notFound } from '../../http/problem.ts';
import { answer, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';

const undelivered = z
  .object({
    data: z.array(undeliveredEndpoint).describe('The endpoint with most of them first; at most 250 endpoints.'),
    complete: z
      .boolean()
      .describe(
        'False: there are more than 20,000. Outcomes and times are of the newest ones; the counts of held deliveries and dead letters are as the statistics counted them last, and other counts are too low.',
      ),
  })
  .meta({ id: 'Undelivered' });

export const undeliveredRoute = (deps: ApiDeps): Route =>
  route({
    method: 'get',
    path: '/v1/undelivered',
    operationId: 'getUndelivered',
    summary: 'Count what is not delivered, by endpoint',
    description:
      'How many deliveries of each endpoint are retrying, held, dead-lettered, quarantined or expired, since when, and how their last attempts ended. For one delivery after the other, list them.',
    scope: 'deliveries:read',
    query: z.strictObject({
      tenant: tenantKey.optional(),
      endpoint: endpointId.optional(),
      status: z
        .union([undeliveredStatus, z.array(undeliveredStatus).max(missedStatuses.length)])
        .optional()
        .describe('Only deliveries with this status. Repeat the parameter for several statuses. Absent: all of them.'),
      type: eventTypeName.optional(),
    }),
    answers: {
      200: { description: 'The endpoints.', schema: undelivered, example: { data: [undeliveredExample], complete: true } },
    },
    problems: [404],
    async handler({ query: { tenant, endpoint, status, type } }) {
      const meant = tenant === undefined ? null : await readTenant(deps.db, tenant);
      if (tenant !== undefined && !meant) throw notFound('tenant', 'tenant');
      const statuses = status === undefined ? [...missedStatuses] : [...new Set([status].flat())];
      const filter = { tenantId: meant?.id ?? null, endpointId: endpoint ?? null, statuses, type: type ?? null };
      const { records, isComplete } = await readUndelivered(deps.db, filter);
      return answer(200, { data: records.map((record) => show(deps, record)), complete: isComplete });
    },
  });

function show({ vault }: Pick<ApiDeps, 'vault'>, { sealed, ...record }: UndeliveredRecord): UndeliveredEndpoint {
  return { ...record, url: sealed && openTarget(vault, record.endpoint, sealed).url };
}
