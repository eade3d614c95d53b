// GET /v1/endpoints/{endpoint}/missed and POST …/missed/ack: a consumer fetches what its endpoint has not accepted, and
// acknowledges it.
import { z } from 'zod';
import type { MissedDelivery } from '#db/deliveries/missed';
import { readEndpoint } from '#db/endpoints/endpoints';
import { type MissedDeliveryView, missedCursor, missedDelivery, numberOfCursor } from '#domain/views/missed';
import { deliveryExample } from '../../examples/deliveries.ts';
import { endpointId } from '../../examples/ids.ts';
import { listSize } from '../../http/page.ts';
import { invalid, notFound } from '../../http/problem.ts';
import { type Answer, noContent, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';
import { endpointParams } from './endpoints.ts';
import { readShapers } from './shape-endpoint.ts';

const cursorText = z.string().min(1).max(200);

const missedPage = z
  .object({
    data: z.array(missedDelivery).describe('Empty: nothing else was missed up to now.'),
    cursor: z
      .string()
      .describe(
        'The place behind the last item. Send it as `after` for the next page, and to …/missed/ack when you have processed the page.',
      ),
  })
  .meta({ id: 'MissedPage' });

const missedAck = z
  .strictObject({ cursor: cursorText.describe('The `cursor` of the last page that you have processed.') })
  .meta({ id: 'MissedAck' });

const itemExample: MissedDeliveryView = {
  delivery: deliveryExample.id,
  event: deliveryExample.event,
  eventType: 'order.created',
  status: 'dead_lettered',
  acceptedAt: '2026-03-02T09:15:00.224Z',
  erasedAt: null,
};

export function missedRoutes(deps: ApiDeps): Route[] {
  return [list(deps), ack(deps)];
}

const list = (deps: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/endpoints/:endpoint/missed',
    operationId: 'listMissed',
    summary: 'List what an endpoint missed',
    description:
      'The deliveries that the endpoint should have accepted and has not: retrying, held, dead-lettered, quarantined and expired ones, with their status. Oldest first, in the order in which they became visible here, so that a reader who follows the cursor misses none: a delivery that fails later, or whose event is committed late, comes later. Without `after` the list begins after what was acknowledged last. A page with bodies ends early, at 4 MiB.',
    scope: 'deliveries:read',
    params: endpointParams,
    query: z.strictObject({
      after: cursorText.optional().describe('The `cursor` of the page before.'),
      limit: listSize,
      include: z.enum(['body']).optional().describe('`body`: each item has the body of its event.'),
    }),
    answers: {
      200: {
        description: 'A page.',
        schema: missedPage,
        example: { data: [itemExample], cursor: missedCursor(endpointId, 1) },
      },
    },
    async handler({ params: { endpoint }, query: { after, limit, include } }) {
      const { from } = await placeOf(deps, endpoint, 'after', after);
      const withBodies = include === 'body';
      const found = await deps.missed.list({ endpointId: endpoint, after: from, limit, withBodies });
      return pageOf(deps, missedCursor(endpoint, found.at(-1)?.number ?? from), found, withBodies);
    },
  });

const ack = (deps: ApiDeps) =>
  route({
    method: 'post',
    path: '/v1/endpoints/:endpoint/missed/ack',
    operationId: 'ackMissed',
    summary: 'Acknowledge what an endpoint missed',
    description:
      'Marks everything up to the cursor as taken. These deliveries succeed without a request: they are not sent any more, are no dead letters, and block no order. A request that is in flight, or begins within 3 seconds, may still arrive. Repeating it, or sending an earlier cursor, changes nothing.',
    scope: 'deliveries:act',
    audit: 'endpoint.ack_missed',
    params: endpointParams,
    body: missedAck,
    bodyExample: { cursor: missedCursor(endpointId, 1) },
    answers: { 204: { description: 'They are taken.' } },
    async handler({ params: { endpoint }, body, audit }) {
      const { from } = await placeOf(deps, endpoint, 'cursor', body.cursor);
      const taken = await deps.missed.ack(endpoint, from, audit);
      if (taken > 0) {
        deps.log.info({ endpoint, taken }, 'missed.acknowledged');
        deps.sweepSoon();
        await deps.lanes.changed(endpoint);
      }
      return noContent;
    },
  });

/** The place that a cursor names; without one, the place behind what was acknowledged last. */
async function placeOf(deps: ApiDeps, endpoint: string, path: 'after' | 'cursor', cursor: string | undefined): Promise<{ from: number }> {
  if (!(await readEndpoint(deps.db, endpoint))) throw notFound('endpoint');
  const { last, acked } = await deps.missed.state(endpoint);
  if (cursor === undefined) return { from: acked };
  const from = numberOfCursor(endpoint, cursor);
  if (from === null || from > last)
    throw invalid([{ path, message: 'is not a cursor of this endpoint; send the cursor of a page of its list' }]);
  return { from };
}

/** Bodies are inserted as text, because JSON.parse would round their numbers. */
async function pageOf(deps: ApiDeps, cursor: string, found: MissedDelivery[], withBodies: boolean): Promise<Answer> {
  const shapers = await readShapers(deps, withBodies ? found : []);
  const items = await Promise.all(
    found.map(async (one) => {
      const shown = JSON.stringify(viewOf(one));
      if (!withBodies) return shown;
      const body = one.body === null ? 'null' : Buffer.from(await deps.contents.open(one.eventId, one.body)).toString();
      return `${shown.slice(0, -1)},"body":${one.body === null ? body : shapers(one, body)}}`;
    }),
  );
  return { status: 200, text: `{"data":[${items.join(',')}],"cursor":${JSON.stringify(cursor)}}` };
}

function viewOf({ delivery, event, eventType, status, acceptedAt, erasedAt }: MissedDelivery): MissedDeliveryView {
  return { delivery, event, eventType, status, acceptedAt: acceptedAt.toISOString(), erasedAt: erasedAt?.toISOString() ?? null };
}
