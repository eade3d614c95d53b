// The request layer against a server that refuses, stalls and breaks off.
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../../test/support/until.ts';
import { Posthorn, PosthornConnectionError, type PosthornOptions, PosthornProblem } from '../src/index.ts';
import { json, problem, type ScriptedServer, startScriptedServer } from './scripted-server.ts';

let server: ScriptedServer;
beforeAll(async () => {
  server = await startScriptedServer();
});
afterAll(() => server.close());

const client = (more: Partial<PosthornOptions> = {}) => new Posthorn({ url: `${server.url}/base/`, apiKey: 'phk_test', ...more });
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error,
  );
const drop = (response: ServerResponse) => void response.socket?.destroy();
const keys = () => server.requests.map(({ headers }) => headers['idempotency-key']);

describe('retries', () => {
  it('send the same body and Idempotency-Key until the answer, with a new key for each call', async () => {
    server.answer((_request, response, count) =>
      count % 3 === 0
        ? json(response, 201, { id: 'acme' })
        : json(response, count % 3 === 1 ? 500 : 503, problem(503, 'not confirmed'), { 'retry-after': '0' }),
    );
    for (let n = 0; n < 2; n++) expect(await client().tenants.create({ name: 'Acme' })).toEqual({ id: 'acme' });
    const [first, second, third, fourth] = keys();
    expect(first).toMatch(/^[0-9a-f-]{36}$/);
    expect([second, third]).toEqual([first, first]);
    expect(fourth).not.toBe(first);
    expect(new Set(server.requests.map(({ body }) => body))).toEqual(new Set(['{"name":"Acme"}']));
    expect(server.requests[0]).toMatchObject({
      url: '/base/v1/tenants',
      headers: { authorization: 'Bearer phk_test', 'content-type': 'application/json' },
    });
  });

  it('give an event an id in place of a key; that an earlier try stored it makes no duplicate', async () => {
    server.answer(({ body }, response, count) =>
      count === 1 ? drop(response) : json(response, 202, { id: JSON.parse(body).id, duplicate: true }),
    );
    const sent = await client().events.send('acme', { type: 'order.created', data: 1 });
    expect(sent).toEqual({ id: expect.stringMatching(/^evt_[0-9a-f]{32}$/), duplicate: false });
    expect([server.requests.length, server.requests[0]?.body === server.requests[1]?.body, keys()]).toEqual([
      2,
      true,
      [undefined, undefined],
    ]);
    expect(await client().events.send('acme', { id: 'mine', type: 'order.created', data: 1 })).toEqual({ id: 'mine', duplicate: true });
  });

  it('wait as long as Retry-After says, and not at all if that is too long', async () => {
    const waits: number[] = [];
    server.answer((_request, response, count) =>
      count === 1 ? json(response, 429, problem(429, 'Rate limit exceeded'), { 'retry-after': '1' }) : json(response, 200, {}),
    );
    await client({ onRetry: (_error, ms) => waits.push(ms) }).meta();
    const [first, second] = server.requests;
    // a timer may fire a millisecond early
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(995);
    expect(waits[0]).toBeGreaterThanOrEqual(1_000);
    const later = new Date(Date.now() + 3_600_000).toUTCString();
    server.answer((_request, response) => json(response, 503, problem(503, 'not confirmed'), { 'retry-after': later }));
    const error = (await failure(client().tenants.create({ name: 'x' }))) as PosthornProblem;
    expect([server.requests.length, error.isUnconfirmed, (error.retryAfterMs ?? 0) > 3_500_000]).toEqual([1, true, true]);
  });

  it('end after the given number; a write that was not confirmed says with which key to repeat it', async () => {
    server.answer((_request, response) =>
      json(response, 503, problem(503, 'not confirmed'), { 'retry-after': '0', 'x-request-id': 'r-1' }),
    );
    const error = (await failure(
      client({ retries: 9 }).tenants.create({ name: 'x' }, { retries: 1, idempotencyKey: 'k-1' }),
    )) as PosthornProblem;
    expect(error).toBeInstanceOf(PosthornProblem);
    expect(error).toMatchObject({ status: 503, message: 'not confirmed', isUnconfirmed: true, requestId: 'r-1' });
    expect(error.attempted).toEqual({ method: 'POST', path: '/v1/tenants', tries: 2, idempotencyKey: 'k-1' });
    const event = (await failure(client({ retries: 0 }).events.send('acme', { id: 'e-1', type: 'a', data: 1 }))) as PosthornProblem;
    expect([event.isUnconfirmed, event.attempted.eventIds]).toEqual([true, ['e-1']]);
  });

  it('are not made for what another try cannot change', async () => {
    for (const status of [400, 401, 403, 404, 409, 413, 422]) {
      server.answer((_request, response) => json(response, status, problem(status, 'no', [{ path: 'name', message: 'is missing' }])));
      const error = (await failure(client().tenants.create({ name: '' }))) as PosthornProblem;
      expect(error).toMatchObject({ status, title: 'Refused', errors: [{ path: 'name', message: 'is missing' }], isUnconfirmed: false });
      expect(server.requests).toHaveLength(1);
    }
  });

  it('go on while another request with the same key is running', async () => {
    server.answer((_request, response, count) =>
      count === 1 ? json(response, 409, problem(409, 'still in progress'), { 'retry-after': '0' }) : json(response, 201, { id: 'x' }),
    );
    expect(await client().tenants.create({ name: 'x' })).toEqual({ id: 'x' });
  });

  it('of a change carry its key and what it was based on', async () => {
    server.answer((_request, response, count) => (count === 1 ? drop(response) : json(response, 200, {})));
    await client().tenants.update('acme', { name: 'x' }, { ifMatch: { etag: '"a"' } });
    await client().tenants.delete('acme', { ifMatch: '"b"' });
    const [first, second, other] = server.requests.map(({ headers }) => [headers['if-match'], headers['idempotency-key']]);
    expect(first).toEqual(['"a"', expect.stringMatching(/.{36}/)]);
    expect([second, other]).toEqual([first, ['"b"', undefined]]);
  });

  it('count a deletion as done that an unanswered try has made', async () => {
    server.answer((_request, response, count) => (count === 1 ? drop(response) : json(response, 404, problem(404, 'no such tenant'))));
    expect(await client().tenants.delete('acme')).toBeUndefined();
    server.answer((_request, response) => json(response, 404, problem(404, 'no such tenant')));
    expect(await failure(client().tenants.delete('acme'))).toMatchObject({ status: 404 });
  });
});

describe('timeouts and signals', () => {
  it('a try that is not answered in time is repeated; then the call fails without an answer', async () => {
    server.answer(() => undefined);
    const error = (await failure(client({ timeoutMs: 30, retries: 1 }).tenants.get('acme'))) as PosthornConnectionError;
    expect(error).toBeInstanceOf(PosthornConnectionError);
    expect([error.message, error.attempted.tries]).toEqual([expect.stringContaining('no answer within 30 ms'), 2]);
  });

  it('also limit an answer that begins and does not end', async () => {
    server.answer((_request, response) => void response.writeHead(200, { 'content-type': 'application/json' }).write('{"id":'));
    expect(await failure(client({ timeoutMs: 30, retries: 0 }).tenants.get('acme'))).toBeInstanceOf(PosthornConnectionError);
  });

  it('the signal ends a request in flight, a wait, and a call that has not begun, with its reason', async () => {
    const stop = new AbortController();
    server.answer(() => undefined);
    const inFlight = failure(client().tenants.get('acme', { signal: stop.signal }));
    await until('the request', () => server.requests.length === 1);
    stop.abort(new Error('enough'));
    expect(await inFlight).toMatchObject({ message: 'enough' });
    expect(await failure(client().tenants.get('acme', { signal: stop.signal }))).toMatchObject({ message: 'enough' });
    expect(server.requests).toHaveLength(1);

    const whileKeyIsRead = new AbortController();
    const apiKey = async () => {
      whileKeyIsRead.abort(new Error('meanwhile'));
      return 'phk_test';
    };
    expect(await failure(client({ apiKey }).tenants.get('acme', { signal: whileKeyIsRead.signal }))).toMatchObject({
      message: 'meanwhile',
    });

    const second = new AbortController();
    server.answer((_request, response) => json(response, 503, problem(503, 'not confirmed'), { 'retry-after': '30' }));
    const options = { onRetry: () => second.abort(new Error('no patience')) };
    expect(await failure(client(options).tenants.get('acme', { signal: second.signal }))).toMatchObject({ message: 'no patience' });
  });
});

describe('answers that Posthorn does not give', () => {
  it('a page of a proxy becomes a problem with its text', async () => {
    server.answer(
      (_request, response) => void response.writeHead(403, { 'content-type': 'text/html' }).end('<h1>Blocked\n by  policy</h1>'),
    );
    expect(await failure(client().meta())).toMatchObject({ status: 403, detail: 'Forbidden: <h1>Blocked by policy</h1>', errors: [] });
  });

  it('a page with status 200 says that the address is wrong', async () => {
    server.answer((_request, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome</h1>'));
    expect(String(await failure(client().meta()))).toContain(`not JSON but text/html. Is ${server.url}/base the address of Posthorn?`);
  });

  it('JSON that was cut off is said to be that', async () => {
    server.answer((_request, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"a":'));
    expect(String(await failure(client().meta()))).toContain('no complete JSON. It may have been cut off.');
  });

  it('a redirect is not followed, so the key goes nowhere else', async () => {
    server.answer((_request, response) => void response.writeHead(302, { location: `${server.url}/elsewhere` }).end());
    expect(await failure(client().meta())).toMatchObject({
      status: 302,
      message: expect.stringContaining(`redirects to ${server.url}/elsewhere`),
    });
    expect(server.requests).toHaveLength(1);
  });

  it('an address where nobody listens is a connection error that names it', async () => {
    const error = await failure(new Posthorn({ url: 'http://127.0.0.1:9', apiKey: 'k', retries: 0 }).meta());
    expect(error).toBeInstanceOf(PosthornConnectionError);
    expect(String(error)).toContain('GET http://127.0.0.1:9/v1/meta was not answered');
  });
});

describe('addresses', () => {
  it('an id is one segment of the path, whatever it contains', async () => {
    server.answer((_request, response) => json(response, 200, {}));
    await client().tenants.get('a/b?c#d');
    expect(server.requests[0]?.url).toBe('/base/v1/tenants/a%2Fb%3Fc%23d');
    for (const id of ['', '.', '..']) expect(() => client().tenants.get(id)).toThrow(TypeError);
  });

  it('the options are checked at once', () => {
    expect(() => client({ url: 'ftp://x' })).toThrow('url must begin with https:// or http://');
    for (const url of ['hooks.example.com', 'localhost:8080', 'https://', ''])
      expect(() => client({ url }), url).toThrow('url must begin with https:// or http://, such as https://hooks.example.com');
    expect(() => client({ apiKey: '' })).toThrow('apiKey is missing');
  });

  it('a key from a function is asked for each try, so that it can be rotated', async () => {
    server.answer((_request, response, count) => json(response, count === 1 ? 500 : 200, {}, { 'retry-after': '0' }));
    let asked = 0;
    await client({ apiKey: async () => `key-${++asked}` }).meta();
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer key-1', 'Bearer key-2']);
  });
});
