// /v1/endpoints/{endpoint}/lane and …/sequence: what is held for an endpoint and why, and how far an ordered one has come; and its head, skipped.
import { z } from 'zod';
import type { StoredEndpoint } from '#db/endpoints/endpoint-row';
import { readEndpoint } from '#db/endpoints/endpoints';
import { readLane, readSequence } from '#db/lanes/lane-views';

import { orderingKey } from '#domain/event';
import { gapsIn, laneView, sequenceView } from '#domain/lane-view';
import { invalid, notFound, Problem } from '../http/problem.ts';
import { answer, type Route, route } from '../http/route.ts';
import type { ApiDeps } from './deps.ts';
import { endpointParams } from './endpoints.ts';
import { showLane } from './show-lane.ts';

const mostGaps = 100;
const ofKey = z.strictObject({ orderingKey: orderingKey.optional() });
const skipped = z.object({ delivery: z.string().describe('the one that blocked; it stays what it is, and can be replayed') });

export function endpointLaneRoutes(deps: ApiDeps): Route[] {
  return [lane(deps), sequence(deps), skipHead(deps)];
}

const lane = (deps: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/endpoints/:endpoint/lane',
    operationId: 'getLane',
    summary: 'Says what is held for an endpoint, and why',
    scope: 'endpoints:read',
    params: endpointParams,
    answers: { 200: { description: 'its lane, or that it has none', schema: laneView } },
    async handler({ params }) {
      const record = await readLane(deps.db, params.endpoint);
      if (!record) throw notFound('endpoint');
      return answer(200, showLane(deps, params.endpoint, record));
    },
  });

const sequence = ({ db }: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/endpoints/:endpoint/sequence',
    operationId: 'getSequence',
    summary:
      'Says which posthorn-sequence numbers an ordered endpoint, or one of its ordering keys, was sent and accepted; 409 where it is not ordered',
    scope: 'endpoints:read',
    params: endpointParams,
    query: ofKey,
    answers: { 200: { description: 'how far it has come', schema: sequenceView } },
    problems: [409],
    async handler({ params, query }) {
      const endpoint = await ordered(db, params.endpoint);
      const key = query.orderingKey ?? null;
      if (endpoint.ordering === 'key' && key === null)
        throw invalid([{ path: 'orderingKey', message: 'is needed: each key of this endpoint has an order of its own' }]);
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
    summary: 'Goes on behind the dead letter that blocks an ordered endpoint, or one of its ordering keys; 409 where nothing blocks',
    scope: 'deliveries:act',
    audit: 'endpoint.skip_head',
    params: endpointParams,
    body: ofKey,
    bodyOptional: true,
    answers: { 202: { description: 'it goes on', schema: skipped } },
    problems: [409],
    async handler({ params, body, audit }) {
      const key = body.orderingKey ?? null;
      refuseKey(await ordered(deps.db, params.endpoint), key);
      const delivery = await deps.skipHead(params.endpoint, key, audit);
      if (delivery === null) throw new Problem(409, 'No dead letter blocks it.');
      return answer(202, { delivery });
    },
  });

async function ordered(db: ApiDeps['db'], endpointId: string): Promise<StoredEndpoint> {
  const endpoint = await readEndpoint(db, endpointId);
  if (!endpoint) throw notFound('endpoint');
  if (endpoint.ordering === 'none') throw new Problem(409, 'The endpoint is not ordered.');
  return endpoint;
}

function refuseKey({ ordering }: StoredEndpoint, key: string | null): void {
  if (ordering === 'endpoint' && key !== null)
    throw invalid([{ path: 'orderingKey', message: 'does not apply: the endpoint has one order for all' }]);
}
