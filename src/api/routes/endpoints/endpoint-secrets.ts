// /v1/endpoints/{endpoint}/secrets: which signing secrets are in use, and until when; and ending an earlier one before its
// time. The values are never shown again.
import { z } from 'zod';
import { endSecret, liveSecretTimes } from '#db/endpoints/secrets';
import { signingSecretView } from '#domain/endpoints/endpoint';
import { isId } from '#domain/ids';
import { signingSecretsExample } from '../../examples/endpoints.ts';
import { notFound, Problem } from '../../http/problem.ts';
import { answer, noContent, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';
import { endpointParams } from './endpoints.ts';

export function endpointSecretRoutes(deps: ApiDeps): Route[] {
  return [list(deps), end(deps)];
}

const list = ({ db }: ApiDeps) =>
  route({
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

const end = ({ db }: ApiDeps) =>
  route({
    method: 'delete',
    path: '/v1/endpoints/:endpoint/secrets/:secret',
    operationId: 'endSecret',
    summary: 'End an earlier secret of an endpoint',
    description:
      'An earlier secret stops signing at once, before the overlap of its rotation ends. Do it when the receiver has switched, or when the secret has leaked. Ending it again changes nothing. 409 for the newest secret: rotate it.',
    scope: 'endpoints:write',
    audit: 'endpoint.end_secret',
    params: endpointParams.extend({ secret: z.string().refine((id) => isId('sec', id)) }),
    answers: { 204: { description: 'The secret does not sign any more.' } },
    problems: [409],
    async handler({ params, audit }) {
      const ended = await endSecret(db, params.endpoint, params.secret, audit);
      if (ended === 'unknown') throw notFound('secret');
      if (ended === 'newest') throw new Problem(409, 'The newest secret cannot be ended, since requests must be signed. Rotate it.');
      return noContent;
    },
  });
