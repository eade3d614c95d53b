// POST /v1/endpoints/{endpoint}/verify: starts the verification of an unverified endpoint again, at
// once.
import { askAgain } from '#db/endpoints/ask-again';
import { readEndpoint } from '#db/endpoints/endpoints';
import { endpoint } from '#domain/endpoints/endpoint';
import { verifyingEndpointExample } from '../../examples/endpoints.ts';
import { notFound, Problem } from '../../http/problem.ts';
import { answer, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';
import { endpointParams } from './endpoints.ts';
import { showEndpoint } from './show-endpoint.ts';

export function verifyRoutes(deps: ApiDeps): Route[] {
  return [
    route({
      method: 'post',
      path: '/v1/endpoints/:endpoint/verify',
      operationId: 'verifyEndpoint',
      summary: 'Verify an endpoint',
      description:
        'Sends the verification request of an unverified endpoint again. Deliveries to it are held until it confirms that it wants them. A verified endpoint is not asked again. 409 if the endpoint has no `verification`, 429 if it was asked within the last 30 seconds.',
      scope: 'endpoints:write',
      audit: 'endpoint.verify',
      params: endpointParams,
      answers: {
        202: {
          description: 'The verification has started, or the endpoint is verified.',
          schema: endpoint,
          example: verifyingEndpointExample,
        },
      },
      problems: [409, 429],
      async handler({ params, audit }) {
        const found = await readEndpoint(deps.db, params.endpoint);
        if (!found) throw notFound('endpoint');
        if (found.verification.method === 'none')
          throw new Problem(409, 'The endpoint has no `verification`, so there is nothing to verify.');
        const again = await askAgain(deps.db, params.endpoint, audit);
        if (again && 'waitS' in again) {
          const headers = { 'retry-after': String(again.waitS) };
          throw new Problem(429, 'The endpoint was asked to verify a moment ago. Retry after the time in Retry-After.', { headers });
        }
        if (again) await deps.verification.begin({ endpointId: params.endpoint, round: again.round });
        return answer(202, showEndpoint(deps, (await readEndpoint(deps.db, params.endpoint)) ?? found));
      },
    }),
  ];
}
