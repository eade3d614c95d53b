// /v1/sandbox-endpoints/{sandbox}/requests: what a test endpoint received.
import { z } from 'zod';
import { clearSandbox, listSandboxRequests } from '#db/sandbox/sandbox-requests';
import { readSandbox } from '#db/sandbox/sandboxes';
import { isId } from '#domain/ids';
import { sandboxRequestView } from '#domain/sandbox/sandbox-endpoint';
import { sandboxRequestExample } from '../../examples/sandbox.ts';
import { listQuery, pageAnswer, pageOf } from '../../http/page.ts';
import { notFound } from '../../http/problem.ts';
import { noContent, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';

const params = z.strictObject({ sandbox: z.string().refine((id) => isId('sbx', id)) });

export function sandboxRequestRoutes(deps: ApiDeps): Route[] {
  return [list(deps), clear(deps)];
}

const list = (deps: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/sandbox-endpoints/:sandbox/requests',
    operationId: 'listSandboxRequests',
    summary: 'List what a test endpoint received',
    description:
      'Newest first, each with the verdict on its signature and the answer that it got. The newest 100 requests are kept, at most 4 MiB and for 7 days.',
    scope: 'deliveries:read',
    params,
    query: listQuery('sbr').extend({ webhookId: z.string().max(200).optional().describe('Only requests with this `webhook-id`.') }),
    answers: {
      200: { description: 'A page.', schema: pageOf(sandboxRequestView), example: { data: [sandboxRequestExample], nextCursor: null } },
    },
    async handler({ params: { sandbox }, query: { limit, cursor, webhookId } }) {
      if (!(await readSandbox(deps.db, sandbox))) throw notFound('sandbox');
      const rows = await listSandboxRequests(deps.db, sandbox, webhookId ?? null, cursor ?? null, limit + 1);
      const shown = await Promise.all(
        rows.map(async ({ content, receivedAt, ...row }) => {
          const { headers, body } = JSON.parse(Buffer.from(await deps.contents.open(row.id, content)).toString());
          return { ...row, receivedAt: receivedAt.toISOString(), headers, body };
        }),
      );
      return pageAnswer(shown, limit);
    },
  });

const clear = (deps: ApiDeps) =>
  route({
    method: 'delete',
    path: '/v1/sandbox-endpoints/:sandbox/requests',
    operationId: 'clearSandboxRequests',
    summary: 'Forget what a test endpoint received',
    description: 'Also begins its script again for every event.',
    scope: 'endpoints:write',
    audit: 'sandbox.clear',
    params,
    answers: { 204: { description: 'They are deleted.' } },
    async handler({ params: { sandbox }, audit }) {
      const found = await readSandbox(deps.db, sandbox);
      if (!found) throw notFound('sandbox');
      await clearSandbox(deps.db, found, audit);
      return noContent;
    },
  });
