// GET /v1/endpoints/{endpoint}/secrets: which signing secrets are in use, and until when. The values are never shown again.
import { z } from 'zod';
import { liveSecretTimes } from '#db/endpoints/secrets';
import { signingSecretView } from '#domain/endpoints/endpoint';
import { signingSecretsExample } from '../../examples/endpoints.ts';
import { notFound } from '../../http/problem.ts';
import { answer, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';
import { endpointParams } from './endpoints.ts';

export function endpointSecretsRoute({ db }: ApiDeps): Route {
  return route({
    method: 'get',
    path: '/v1/endpoints/:endpoint/secrets',
    operationId: 'listSecrets',
    summary: 'List the live secrets of an endpoint',
    description:
      'The secrets that sign now, newest first: 1 to 5. During the overlap of a rotation there are several, and each request has a signature by each of them. Their values are not shown.',
    scope: 'endpoints:read',
    params: endpointParams,
    answers: {
      200: { description: 'The secrets.', schema: z.object({ data: z.array(signingSecretView) }), example: signingSecretsExample },
    },
    async handler({ params }) {
      const data = await liveSecretTimes(db, params.endpoint);
      if (!data) throw notFound('endpoint');
      return answer(200, { data });
    },
  });
}
