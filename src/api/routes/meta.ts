// GET /v1/meta: the version and egress addresses of this server. Needs no key, and reveals nothing
// about tenants.
import { z } from 'zod';
import { version } from '#config/package';
import { answer, type Route, route } from '../http/route.ts';
import type { ApiDeps } from './deps.ts';

const meta = z
  .object({
    version: z.string().describe('The version of Posthorn.'),
    egressIps: z
      .array(z.string())
      .describe(
        'The addresses and CIDR ranges from which requests to endpoints come, for the allow-list of a firewall. Empty: the operator has not published them.',
      ),
  })
  .meta({ id: 'Meta' });

export const metaRoute = ({ egressIps }: Pick<ApiDeps, 'egressIps'>): Route =>
  route({
    method: 'get',
    path: '/v1/meta',
    operationId: 'getMeta',
    summary: 'Read version and egress addresses',
    description: 'No API key is needed.',
    scope: 'open',
    answers: { 200: { description: 'Version and egress addresses.', schema: meta, example: { version, egressIps: ['192.0.2.0/24'] } } },
    handler: async () => answer(200, { version, egressIps }),
  });
