// GET /v1/meta: what receivers may want to know of this server, for their allow-lists. Open: it says nothing of any tenant.
import { z } from 'zod';
import { version } from '#config/package';
import { answer, type Route, route } from '../http/route.ts';
import type { ApiDeps } from './deps.ts';

const meta = z.object({
  version: z.string(),
  egressIps: z.array(z.string()).describe('the addresses and ranges that requests to endpoints come from; empty: not said'),
});

export const metaRoute = ({ egressIps }: Pick<ApiDeps, 'egressIps'>): Route =>
  route({
    method: 'get',
    path: '/v1/meta',
    operationId: 'getMeta',
    summary: 'Says where requests to endpoints come from',
    scope: 'open',
    answers: { 200: { description: 'as configured', schema: meta } },
    handler: async () => answer(200, { version, egressIps }),
  });
