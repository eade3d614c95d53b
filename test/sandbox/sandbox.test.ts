// Tests the sandbox over real HTTP.
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiKey, delivery, faultyDelivery, type SandboxServer, signedHeaders, startSandbox } from './sandbox-server.ts';

let server: SandboxServer;
beforeAll(async () => {
  server = await startSandbox();
});
afterAll(() => server.stop());

const post: SandboxServer['post'] = (path, options) => server.post(path, options);
const ask: SandboxServer['ask'] = (path, method, key) => server.ask(path, method, key);
const recorded: SandboxServer['recorded'] = (id) => server.recorded(id);

describe('POST /sandbox/{id}', () => {
  it('records a signed request and answers 200', async () => {
    const body = '{"type":"order.created","data":{"ü":1}}';
    const response = await post('signed', {
      body,
      headers: { ...signedHeaders(body), 'content-type': 'application/json', 'X-Own': 'yes' },
    });
    expect(response.status).toBe(200);
    const [request, ...more] = await recorded('signed');
    expect(more).toEqual([]);
    expect(request).toMatchObject({
      method: 'POST',
      webhookId: 'evt_1',
      delivery,
      attempt: 3,
      signature: 'valid',
      statusAnswered: 200,
      body,
    });
    expect(request?.headers).toMatchObject({ 'content-type': 'application/json', 'x-own': 'yes' });
    expect(request?.bodyBytes).toBe(Buffer.byteLength(body));
    expect(Math.abs(Date.parse(request?.receivedAt ?? '') - Date.now())).toBeLessThan(60_000);
  });

  it.each<[string, Record<string, string>]>([
    ['no_match', { ...signedHeaders('another body') }],
    ['missing_header', { 'posthorn-delivery': delivery }],
    ['unknown_delivery', {}],
    ['unknown_delivery', { ...signedHeaders('{}'), 'posthorn-delivery': 'dlv_rubbish' }],
    ['unknown_delivery', { ...signedHeaders('{}'), 'posthorn-delivery': delivery.replace(/0$/, 'f') }],
    ['secrets_unavailable', { ...signedHeaders('{}'), 'posthorn-delivery': faultyDelivery }],
  ])('records %s for a request that does not verify, and answers nevertheless', async (reason, headers) => {
    expect((await post('unverified', { headers })).status).toBe(200);
    expect((await recorded('unverified'))[0]).toMatchObject({ signature: reason });
  });

  it('runs the script for each event separately, and repeats the last step', async () => {
    const run = async (id: string) => (await post('scripted?script=500,503,200', { headers: { 'webhook-id': id } })).status;
    expect([await run('a'), await run('b'), await run('a'), await run('a'), await run('b'), await run('a')]).toEqual([
      500, 500, 503, 200, 503, 200,
    ]);
    expect((await recorded('scripted')).map(({ webhookId, statusAnswered }) => `${webhookId} ${statusAnswered}`)).toEqual([
      'a 200',
      'b 503',
      'a 200',
      'a 503',
      'b 500',
      'a 500',
    ]);
  });

  it('answers with Retry-After in seconds or as a date, and with a body', async () => {
    const inSeconds = await post(`after?script=${encodeURIComponent('429;retry-after=7;body=a%2Cb')}`);
    expect([inSeconds.status, inSeconds.headers.get('retry-after'), await inSeconds.text()]).toEqual([429, '7', 'a,b']);
    const asDate = await post('after?script=503;retry-after-date=3600', { headers: { 'webhook-id': 'another' } });
    const date = asDate.headers.get('retry-after') ?? '';
    expect(new Date(date).toUTCString()).toBe(date);
    expect(Math.abs(Date.parse(date) - Date.now() - 3_600_000)).toBeLessThan(60_000);
  });

  it('delays its answer', async () => {
    const before = performance.now();
    expect((await post('late?script=200;delay=80ms')).status).toBe(200);
    expect(performance.now() - before).toBeGreaterThan(75);
  });

  it('resets the connection', async () => {
    await expect(post('cut?script=reset')).rejects.toThrow();
    expect((await recorded('cut'))[0]).toMatchObject({ statusAnswered: null });
  });

  it('drips a byte at a time, and ends', async () => {
    const response = await post('drip?script=drip');
    // one byte every 20 ms for 200 ms: about ten bytes
    expect(await response.text()).toMatch(/^\.{1,12}$/);
  });

  it('sends an endless body until the time limit', async () => {
    const bytes = (await (await post('endless?script=endless')).arrayBuffer()).byteLength;
    expect(bytes).toBeGreaterThanOrEqual(64 * 1024);
  });

  it.each([
    ['gone-drip', 'drip'],
    ['gone-endless', 'endless'],
    ['gone-late', '200;delay=60s'],
  ])('stops when the client disconnects: %s', async (id, script) => {
    const socket = connect(server.port, '127.0.0.1');
    await once(socket, 'connect');
    const { localPort } = socket;
    socket.write(`POST /sandbox/${id}?script=${script} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n`);
    await expect.poll(async () => (await recorded(id)).length).toBe(1);
    socket.destroy();
    await expect.poll(() => server.isConnectedFrom(localPort)).toBe(false);
  });

  it('names the error in a script', async () => {
    const response = await post('rubbish?script=200,hello');
    expect([response.status, response.headers.get('content-type')]).toEqual([400, 'application/problem+json; charset=utf-8']);
    expect(await response.json()).toMatchObject({
      status: 400,
      errors: [{ path: 'script', message: expect.stringContaining('step 2 ("hello")') }],
    });
    expect((await post('rubbish?script=200&script=500')).status).toBe(400);
    expect((await recorded('rubbish')).map(({ statusAnswered }) => statusAnswered)).toEqual([400, 400]);
  });

  it('keeps the first 256 KiB of a body and verifies the signature of the whole body', async () => {
    const body = 'x'.repeat(300 * 1024);
    expect((await post('long', { body, headers: signedHeaders(body) })).status).toBe(200);
    const tooLong = 'x'.repeat(4 * 1024 * 1024 + 1);
    expect((await post('long', { body: tooLong, headers: signedHeaders(tooLong) })).status).toBe(200);
    const requests = await recorded('long');
    expect(requests.map(({ signature, bodyBytes, body: kept }) => [signature, bodyBytes, kept.length])).toEqual([
      ['body_too_long', tooLong.length, 256 * 1024],
      ['valid', body.length, 256 * 1024],
    ]);
  });

  it('accepts a body that is not UTF-8', async () => {
    expect((await post('bytes', { body: Uint8Array.from([0xff, 0, 0xfe]) })).status).toBe(200);
    expect((await recorded('bytes'))[0]).toMatchObject({ bodyBytes: 3, body: '\ufffd\0\ufffd' });
  });

  it('survives a client that aborts its request', async () => {
    const socket = connect(server.port, '127.0.0.1');
    await once(socket, 'connect');
    const { localPort } = socket;
    socket.write('POST /sandbox/broken HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nhalf');
    await expect.poll(() => server.isConnectedFrom(localPort)).toBe(true);
    socket.destroy();
    await expect.poll(() => server.isConnectedFrom(localPort)).toBe(false);
    expect(await recorded('broken')).toEqual([]);
  });
});

describe('GET and DELETE /sandbox/{id}', () => {
  it('need the admin key', async () => {
    for (const method of ['GET', 'DELETE']) {
      expect((await ask('signed', method, 'another key')).status).toBe(401);
      const without = await fetch(`${server.origin}/sandbox/signed`, { method });
      expect([without.status, without.headers.get('content-type')]).toEqual([401, 'application/problem+json; charset=utf-8']);
      expect(await without.json()).toMatchObject({ status: 401, title: 'Unauthorized' });
    }
    expect((await fetch(`${server.origin}/sandbox/signed`, { headers: { authorization: `bearer ${apiKey}` } })).status).toBe(200);
  });

  it('return nothing for an unused sandbox, and forget a used one', async () => {
    expect(await recorded('never-used')).toEqual([]);
    await post('forgotten');
    expect(await recorded('forgotten')).toHaveLength(1);
    expect((await ask('forgotten', 'DELETE')).status).toBe(204);
    expect(await recorded('forgotten')).toEqual([]);
  });

  it.each(['with.dot', 'a'.repeat(65), '%20', '%00'])('answer 404 for the id %j, like POST', async (id) => {
    expect((await ask(id)).status).toBe(404);
    expect((await post(id)).status).toBe(404);
  });
});
