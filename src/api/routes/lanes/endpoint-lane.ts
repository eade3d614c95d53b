// /v1/endpoints/{endpoint}/lane, …/sequence and …/skip-head: held deliveries and their reasons,
// progress of ordered deliveries, and skipping a dead letter that blocks.
import { z } from 'zod';
import type { StoredEndpoint } from '#db/endpoints/endpoint-row';
import { readEndpoint } from '#db/endpoints/endpoints';
import { readLane, readSequence } from '#db/lanes/lane-views';
import { orderingKey } from '#domain/events/event';
import { gapsIn, laneView, sequenceView } from '#domain/views/lane-view';
import { laneExample, sequenceExample } from '../../examples/endpoints.ts';
import { deliveryId } from '../../examples/ids.ts';
import { invalid, notFound, Problem } from '../../http/problem.ts';
import { answer, type Route, route } from '../../http/route.ts';
import { linksFor } from '../deliveries/show-delivery.ts';
import type { ApiDeps } from '../deps.ts';
import { endpointParams } from '../endpoints/endpoints.ts';
import { showLane } from './show-lane.ts';

const mostGaps = 100;
const ofKey = z.strictObject({ orderingKey: orderingKey.optional() }).meta({ id: 'SkipHead' });
const skipped = z
  .object({
    delivery: z.string().describe('The id of the dead letter that blocked. It keeps its status and can be replayed later.'),
  })
  .meta({ id: 'SkippedDeadLetter' });

export function endpointLaneRoutes(deps: ApiDeps): Route[] {
  return [lane(deps), sequence(deps), skipHead(deps)];
}

const lane = (deps: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/endpoints/:endpoint/lane',
    operationId: 'getLane',
    summary: 'Read the lane of an endpoint',
    description:
      'A lane is the queue of an endpoint that cannot be sent to directly, for example because it is paused, rate-limited, ordered or failing. Shows how many deliveries it holds, and why.',
    scope: 'endpoints:read',
    params: endpointParams,
    answers: { 200: { description: 'The lane. An endpoint without one has state `none`.', schema: laneView, example: laneExample } },
    async handler({ params, caller }) {
      const record = await readLane(deps.db, params.endpoint);
      if (!record) throw notFound('endpoint');
      return answer(200, showLane(linksFor(deps, caller), params.endpoint, record));
    },
  });

const sequence = ({ db }: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/endpoints/:endpoint/sequence',
    operationId: 'getSequence',
    summary: 'Read the sequence numbers of an ordered endpoint',
    description:
      'Which posthorn-sequence numbers were sent to the endpoint and accepted by it, so that a receiver can find gaps. An endpoint with ordering `key` needs the `orderingKey` parameter. 409 if the endpoint is not ordered.',
    scope: 'endpoints:read',
    params: endpointParams,
    query: ofKey,
    answers: { 200: { description: 'The sequence numbers sent and accepted.', schema: sequenceView, example: sequenceExample } },
    problems: [409],
    async handler({ params, query }) {
      const endpoint = await orderedEndpoint(db, params.endpoint);
      const key = query.orderingKey ?? null;
      if (endpoint.ordering === 'key' && key === null)
        throw invalid([{ path: 'orderingKey', message: 'is missing: this endpoint orders each key separately' }]);
      refuseKey(endpoint, key);
      const { lastSent, accepted, waiting, lowest } = await readSequence(db, params.endpoint, key);
      return answer(200, {
        endpoint: params.endpoint,
        orderingKey: key,
        lastSent,
        lastAccepted: accepted[0] ?? null,
        gaps: gapsIn(accepted, lowest, mostGaps),
        nextOffered: waiting ?? (lastSent ?? 0) + 1,
      });
    },
  });

const skipHead = (deps: ApiDeps) =>
  route({
    method: 'post',
    path: '/v1/endpoints/:endpoint/skip-head',
    operationId: 'skipHead',
    summary: 'Skip a blocking dead letter',
    description:
      'An ordered endpoint with onDeadLetter `block` stops at a dead letter. This continues with the delivery after it, for the whole endpoint or for one ordering key. 409 if no dead letter blocks.',
    scope: 'deliveries:act',
    audit: 'endpoint.skip_head',
    params: endpointParams,
    body: ofKey,
    bodyOptional: true,
    bodyExample: { orderingKey: 'customer-42' },
    answers: { 202: { description: 'The dead letter was skipped.', schema: skipped, example: { delivery: deliveryId } } },
    problems: [409],
    async handler({ params, body, audit }) {
      const key = body.orderingKey ?? null;
      refuseKey(await orderedEndpoint(deps.db, params.endpoint), key);
      const delivery = await deps.skipHead(params.endpoint, key, audit);
      if (delivery === null) throw new Problem(409, 'No dead letter blocks this endpoint or ordering key.');
      return answer(202, { delivery });
    },
  });

/** Throws a 404, or a 409 if the endpoint is not ordered. */
export async function orderedEndpoint(db: ApiDeps['db'], endpointId: string): Promise<StoredEndpoint> {
  const endpoint = await readEndpoint(db, endpointId);
  if (!endpoint) throw notFound('endpoint');
  if (endpoint.ordering === 'none') throw new Problem(409, 'The endpoint is not ordered: its `ordering` is `none`.');
  return endpoint;
}

function refuseKey({ ordering }: StoredEndpoint, key: string | null): void {
  if (ordering === 'endpoint' && key !== null)
    throw invalid([{ path: 'orderingKey', message: 'must be left out: this endpoint has one order for all events' }]);
}
