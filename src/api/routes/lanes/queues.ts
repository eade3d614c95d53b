// GET /v1/endpoints/{endpoint}/queues: the orders of an ordered endpoint, with what waits in each and what blocks it.
import { z } from 'zod';
import { readQueues } from '#db/lanes/ordered-queues';
import { orderingKey } from '#domain/events/event';
import { queueView } from '#domain/views/lane-view';
import { queuesExample } from '../../examples/endpoints.ts';
import { answer, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';
import { endpointParams } from '../endpoints/endpoints.ts';
import { orderedEndpoint } from './endpoint-lane.ts';

const most = 100;
const queues = z
  .object({
    data: z.array(queueView),
    nextAfter: z.string().nullable().describe('Send it as `after` for the next queues. null: there are no others.'),
  })
  .meta({ id: 'LaneQueues' });

export function queueRoutes({ db }: ApiDeps): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/endpoints/:endpoint/queues',
      operationId: 'listQueues',
      summary: 'List the queues of an ordered endpoint',
      description:
        'An endpoint with ordering `endpoint` has one queue. With ordering `key` there is one for each ordering key in which deliveries wait or are blocked by a dead letter; in the order of the keys. 409 if the endpoint is not ordered.',
      scope: 'endpoints:read',
      params: endpointParams,
      query: z.strictObject({
        after: orderingKey.optional().describe('Only keys after this one: the `nextAfter` of the page before.'),
      }),
      answers: {
        200: {
          description: `At most ${most} queues.`,
          schema: queues,
          example: queuesExample,
        },
      },
      problems: [409],
      async handler({ params, query: { after = null } }) {
        const { ordering, onDeadLetter } = await orderedEndpoint(db, params.endpoint);
        const wanted = { endpointId: params.endpoint, byKey: ordering === 'key', blocks: onDeadLetter === 'block', after };
        const found = await readQueues(db, wanted, most + 1);
        const data = found.slice(0, most);
        return answer(200, { data, nextAfter: found.length > most ? (data.at(-1)?.orderingKey ?? null) : null });
      },
    }),
  ];
}
