// GET /v1/stream: what changes, as server-sent events, until the client disconnects or is dropped.
import { z } from 'zod';
import { readTenant } from '#db/access/tenants';
import { readEndpoint } from '#db/endpoints/endpoints';
import { may } from '#domain/access/access';
import { endpointId } from '#domain/endpoints/endpoint-id';
import { tenantKey } from '#domain/endpoints/tenant';
import { streamKind, streamKinds } from '#domain/views/stream-view';
import { begun } from '#exports/export-lines';
import { idText } from '#stream/event-text';
import { positionText, readPosition } from '#stream/position';
import { missed } from '#stream/resume';
import { streamExample } from '../../examples/stream.ts';
import { invalid, notFound, Problem } from '../../http/problem.ts';
import { type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';

const mostReaders = 1_000;
/** A client that was disconnected comes back so long after. */
const retryMs = 2_000;

const query = z.strictObject({
  tenant: tenantKey.optional(),
  endpoint: endpointId.optional(),
  kind: z
    .union([streamKind, z.array(streamKind).max(streamKinds.length)])
    .optional()
    .describe('Only events of this kind. Repeat the parameter for several kinds.'),
});

export const streamRoute = ({ db, feed }: ApiDeps): Route =>
  route({
    method: 'get',
    path: '/v1/stream',
    operationId: 'stream',
    summary: 'Read changes live',
    description:
      'Server-sent events: `delivery` for each delivery that was created or changed, `alert` for each alert that opened, was acknowledged or closed, and `endpoint` for each endpoint that was made, changed or deleted (both with the scope endpoints:read). Changes that follow each other at once may come as one, and after a reconnect some come again. `reset`: changes may be missing, so load again what you show. `end`: why the stream ends. Filters can be combined.',
    scope: 'deliveries:read',
    live: true,
    query,
    answers: { 200: { description: 'Events until the client disconnects.', types: ['text/event-stream'], example: streamExample } },
    problems: [404],
    async handler({ query: { tenant: key, endpoint, kind = [...streamKinds] }, caller, lastEventId }) {
      const sinceUs = lastEventId === null || lastEventId === '' ? null : readPosition(lastEventId);
      if (lastEventId && sinceUs === null)
        throw invalid([{ path: 'last-event-id', message: 'is not an id of this stream; send the last one that you got, or none' }]);
      const tenant = key === undefined ? null : await readTenant(db, key);
      if (key !== undefined && !tenant) throw notFound('tenant', 'tenant');
      if (endpoint !== undefined && !(await readEndpoint(db, endpoint))) throw notFound('endpoint', 'endpoint');
      if (feed.readers >= mostReaders)
        throw new Problem(429, 'Too many live streams are open. Retry after the time in Retry-After.', {
          headers: { 'retry-after': '10' },
        });
      const kinds = [kind].flat().filter((one) => one === 'delivery' || may(caller, 'endpoints:read'));
      const filter = { kinds, tenantId: tenant?.id ?? caller.tenant?.id ?? null, endpointId: endpoint ?? null };
      const { reader, positionUs } = await feed.join(caller, filter);
      async function* pieces(): AsyncGenerator<string> {
        try {
          // until what was missed is sent, a client that comes back again resumes where it did
          yield `retry: ${retryMs}\n${idText(positionText(sinceUs ?? positionUs))}`;
          if (sinceUs !== null) yield* missed(feed.replays, reader, sinceUs, positionUs);
          yield* reader.pieces();
        } finally {
          feed.leave(reader);
        }
      }
      const headers = { 'cache-control': 'no-store', 'x-accel-buffering': 'no' };
      return { status: 200, text: null, type: 'text/event-stream', headers, stream: await begun(pieces()), cut: reader.cut };
    },
  });
