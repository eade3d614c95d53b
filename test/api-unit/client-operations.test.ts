// packages/client has a method for every operation of the API.
import { expect, it } from 'vitest';
import { pathOf } from '#api/http/operations';
import { Posthorn } from '#client';
import { allRoutes } from '../support/client-types.ts';

/** Not for producers and consumers: for browsers, probes, scrapers, and for `posthorn listen`. */
const leftOut = [
  'getHealth',
  'getReadiness',
  'getHome',
  'getDocumentationPage',
  'getMetrics',
  'getOpenapi',
  'getAsyncapi',
  'getPublicKeysOfTenant',
  'listenToEndpoint',
  'answerListened',
];

const ids = ['id-1', 'id-2', 'id-3', 'id-4'];
const event = { type: 'a.b', data: 1 };
/** Where ids are no arguments. */
const argumentsOf: Record<string, unknown[]> = {
  'events.send': ['id-1', event],
  'events.sendBatch': ['id-1', [event]],
  'missed.consume': ['id-1', () => undefined],
  'replays.watch': ['id-1'],
};
/** They call other methods, or nothing at once. */
const withoutRequest = ['events.batcher'];

const anyAnswer = { data: [], nextCursor: null, nextAfter: null, cursor: 'c', results: [], status: 'done' };

async function requestsOf(): Promise<{ method: string; request: string }[]> {
  let made: string[] = [];
  const client = new Posthorn({
    url: 'http://posthorn.internal',
    apiKey: 'k',
    async fetch(url, { method = '' }) {
      const path = new URL(url).pathname.split('/').map((segment) => (ids.includes(segment) ? '{}' : segment));
      made.push(`${method.toLowerCase()} ${path.join('/')}`);
      if (url.includes('/stream')) return new Response('event: alert\ndata: {}\n\n', { headers: { 'content-type': 'text/event-stream' } });
      return url.includes('/export') ? new Response('{}\n') : Response.json(anyAnswer);
    },
  });
  const resources = [['client', client], ...Object.entries(client)] as [string, Record<string, (...given: unknown[]) => unknown>][];
  const found: { method: string; request: string }[] = [];
  for (const [resource, object] of resources) {
    const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(object)).filter(
      (name) => !['constructor', 'request', 'open'].includes(name),
    );
    for (const name of methods) {
      const method = `${resource}.${name}`;
      if (withoutRequest.includes(method)) continue;
      made = [];
      await firstOf(object[name]?.(...(argumentsOf[method] ?? ids)));
      expect(made.length, method).toBeGreaterThan(0);
      found.push(...made.map((request) => ({ method, request })));
    }
  }
  return found;
}

/** The answer, or the first item of a list or stream. */
async function firstOf(result: unknown): Promise<unknown> {
  const given = result as Partial<AsyncIterable<unknown>> | null;
  const iterator = typeof given === 'object' && given !== null ? given[Symbol.asyncIterator]?.() : undefined;
  return iterator ? iterator.next() : result;
}

it('the client can call every operation, and calls no other', async () => {
  const operations = new Map(
    allRoutes()
      .filter(({ operationId }) => !leftOut.includes(operationId))
      .map((route) => [`${route.method} ${pathOf(route).replaceAll(/\{\w+\}/g, '{}')}`, route.operationId]),
  );
  const called = await requestsOf();
  expect(called.filter(({ request }) => !operations.has(request))).toEqual([]);
  const requests = new Set(called.map(({ request }) => request));
  expect([...operations].filter(([request]) => !requests.has(request)).map(([, operationId]) => operationId)).toEqual([]);
});
