// POST /v1/endpoints/{endpoint}/verify: an endpoint that has not agreed to be sent to is asked again, at once.

import { askAgain } from '#db/endpoints/ask-again';
import { readEndpoint } from '#db/endpoints/endpoints';
import { endpoint } from '#domain/endpoint';
import { notFound, Problem } from '../http/problem.ts';
import { answer, type Route, route } from '../http/route.ts';
import type { ApiDeps } from './deps.ts';
import { endpointParams } from './endpoints.ts';
import { showEndpoint } from './show-endpoint.ts';

export function verifyRoutes(deps: ApiDeps): Route[] {
  return [
    route({
      method: 'post',
      path: '/v1/endpoints/:endpoint/verify',
      operationId: 'verifyEndpoint',
      summary: 'Asks an endpoint again whether it wants to be sent to; one that has agreed is not asked',
      scope: 'endpoints:write',
      audit: 'endpoint.verify',
      params: endpointParams,
      answers: { 202: { description: 'it is asked, or had agreed', schema: endpoint } },
      problems: [409, 429],
      async handler({ params, audit }) {
        const found = await readEndpoint(deps.db, params.endpoint);
        if (!found) throw notFound('endpoint');
        if (found.verification.method === 'none') throw new Problem(409, 'The endpoint has no `verification`: nothing is asked of it.');
        const again = await askAgain(deps.db, params.endpoint, audit);
        if (again && 'waitS' in again) {
          const headers = { 'retry-after': String(again.waitS) };
          throw new Problem(429, 'The endpoint was asked just now: repeat this after Retry-After.', { headers });
        }
        if (again) await deps.verification.begin({ endpointId: params.endpoint, round: again.round });
        return answer(202, showEndpoint(deps, (await readEndpoint(deps.db, params.endpoint)) ?? found));
      },
    }),
  ];
}
