// /v1/endpoints/{endpoint}/listen: the requests of an endpoint as a stream, for `posthorn listen`, and their answers.
import { z } from 'zod';
import { readEndpoint } from '#db/endpoints/endpoints';
import { isListenUrl, listenAnswer } from '#domain/endpoints/listen';
import { isId } from '#domain/ids';
import { openTarget } from '#sealing/endpoint-target-encryption';
import { listenAnswerExample, listenExample } from '../../examples/listen.ts';
import { notFound, Problem } from '../../http/problem.ts';
import { noContent, type Route, route } from '../../http/route.ts';
import type { ApiDeps } from '../deps.ts';

const endpointId = z.string().refine((id) => isId('ep', id));

export function listenRoutes(deps: ApiDeps): Route[] {
  return [listen(deps), answer(deps)];
}

const listen = ({ db, vault, listeners }: ApiDeps) =>
  route({
    method: 'get',
    path: '/v1/endpoints/:endpoint/listen',
    operationId: 'listenToEndpoint',
    summary: 'Receive the requests of an endpoint',
    description:
      'For `posthorn listen`. Server-sent events: `ready`, then a `request` for each attempt, with headers and body as a receiver would get them. Answer each with the operation answerListened: the answer becomes the outcome of the attempt. `end`: why the stream ends. Only for an endpoint whose URL begins with https://listen.posthorn.invalid/; 409 for others. The latest connection gets the requests. While there is none, attempts fail and are retried.',
    scope: 'endpoints:write',
    audit: 'endpoint.listen',
    live: true,
    params: z.strictObject({ endpoint: endpointId }),
    answers: { 200: { description: 'Events until the client disconnects.', types: ['text/event-stream'], example: listenExample } },
    problems: [409],
    async handler({ params, caller, audit }) {
      const endpoint = await readEndpoint(db, params.endpoint);
      if (!endpoint) throw notFound('endpoint');
      if (!isListenUrl(openTarget(vault, endpoint.id, endpoint.sealed).url))
        throw new Problem(409, 'The endpoint has an address of its own. `posthorn listen` makes an endpoint that can be listened to.');
      const stream = await listeners.open(endpoint.id, caller, audit);
      const headers = { 'cache-control': 'no-store', 'x-accel-buffering': 'no' };
      return { status: 200, text: null, type: 'text/event-stream', headers, stream };
    },
  });

const answer = ({ db, listeners }: ApiDeps) =>
  route({
    method: 'post',
    path: '/v1/endpoints/:endpoint/listen/:request',
    operationId: 'answerListened',
    summary: 'Answer a request of an endpoint',
    description: 'Gives the answer to a request that was received with listenToEndpoint. 404 if no attempt waits for it any more.',
    scope: 'endpoints:write',
    params: z.strictObject({ endpoint: endpointId, request: z.uuid() }),
    body: listenAnswer,
    bodyLimit: 512 * 1024,
    bodyExample: listenAnswerExample,
    answers: { 204: { description: 'The answer is the outcome of the attempt.' } },
    async handler({ params: { endpoint, request }, body }) {
      if (!(await readEndpoint(db, endpoint))) throw notFound('endpoint');
      if (!(await listeners.answer(endpoint, request, body))) throw notFound('request');
      return noContent;
    },
  });
