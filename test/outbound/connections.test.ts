// Connections are reused, queued for, limited and closed, and never go to an unchecked address.
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAddressGuard } from '#outbound/address-guard';
import { type Answer, response, startEndpoint } from './endpoint.ts';
import { patienceMs, requestTo, startSender } from './sender.ts';

const ok: Answer = (socket) => socket.write(response(200));
const last: Answer = (socket) => socket.end(response(200, { connection: 'close' }));

describe('a connection', () => {
  it('is reused by the next request, which then records no connect time', async () => {
    const endpoint = await startEndpoint(ok);
    const sender = startSender({ keepAliveMs: patienceMs });
    const [first, second] = [await sender.send(requestTo(endpoint.url)), await sender.send(requestTo(endpoint.url))];
    expect(endpoint.connections).toBe(1);
    expect(first).toMatchObject({ address: '127.0.0.1', timings: { dnsMs: null, tlsMs: null } });
    expect(second).toMatchObject({ address: '127.0.0.1', timings: { dnsMs: null, connectMs: null, tlsMs: null } });
    for (const { timings } of [first, second]) {
      expect(timings.firstByteMs).toBeGreaterThanOrEqual(timings.connectMs ?? 0);
      expect(timings.totalMs).toBeGreaterThanOrEqual(timings.firstByteMs ?? Number.POSITIVE_INFINITY);
    }
    expect(first.timings.connectMs).toBeGreaterThan(0);
  });

  it('records the times from DNS on', async () => {
    const endpoint = await startEndpoint(ok);
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    const sender = startSender({ guard: createAddressGuard({ allowCidrs: ['127.0.0.0/8'], resolve }) });
    const { timings } = await sender.send(requestTo(`http://named.example:${endpoint.port}/`));
    expect(timings.dnsMs).toBeGreaterThanOrEqual(0);
    expect(timings.connectMs).toBeGreaterThan(0);
    expect(timings.firstByteMs).toBeGreaterThanOrEqual((timings.dnsMs ?? 0) + (timings.connectMs ?? 0));
  });

  it('is opened again when the endpoint closes it, and no request is sent twice', async () => {
    const endpoint = await startEndpoint(last);
    const sender = startSender();
    for (let i = 0; i < 10; i++) {
      const result = await sender.send(requestTo(endpoint.url));
      expect(result.outcome).toBe('accepted');
      expect(result.timings.connectMs).toBeGreaterThan(0);
    }
    expect(endpoint).toMatchObject({ connections: 10, requests: { length: 10 } });
  });

  it('that was kept alive and closes under a request: the request is sent once more on a new one', async () => {
    const endpoint = await startEndpoint((socket, n) => (n === 0 ? socket.write(response(200)) : socket.resetAndDestroy()));
    const sender = startSender({ keepAliveMs: patienceMs });
    const first = await sender.send(requestTo(endpoint.url));
    expect(first).toMatchObject({ outcome: 'accepted' });
    expect(first.reconnected).toBeUndefined();
    expect(await sender.send(requestTo(endpoint.url))).toMatchObject({ outcome: 'reset', address: '127.0.0.1', reconnected: true });
    expect(endpoint).toMatchObject({ connections: 2, requests: { length: 3 } });
  });

  it('that is new and closes under its first request: the request is not repeated', async () => {
    const endpoint = await startEndpoint((socket) => socket.resetAndDestroy());
    const result = await startSender().send(requestTo(endpoint.url));
    expect(result.outcome).toBe('reset');
    expect(result.reconnected).toBeUndefined();
    expect(endpoint.requests).toHaveLength(1);
  });

  it('that was kept alive and closes after one byte of a response: the request is not repeated', async () => {
    const endpoint = await startEndpoint((socket, n) => (n === 0 ? socket.write(response(200)) : socket.end('H')));
    const sender = startSender({ keepAliveMs: patienceMs });
    await sender.send(requestTo(endpoint.url));
    expect(await sender.send(requestTo(endpoint.url))).toMatchObject({ outcome: 'reset' });
    expect(endpoint.requests).toHaveLength(2);
  });

  it('that was kept alive and closes too late: the attempt ends without a second request', async () => {
    let closed = false;
    const endpoint = await startEndpoint((socket, n) => {
      if (n === 0) return void socket.write(response(200));
      closed = true;
      socket.end();
    });
    const sender = startSender({ keepAliveMs: patienceMs });
    await sender.send(requestTo(endpoint.url));
    const result = await sender.send(requestTo(endpoint.url, { isTooLate: () => closed }));
    expect(result.outcome).toBe('reset');
    expect(endpoint.requests).toHaveLength(2);
  });

  it('that closes 2 ms after each response uses up no attempt', async () => {
    const endpoint = await startEndpoint((socket) => {
      socket.write(response(200));
      setTimeout(() => socket.end(), 2);
    });
    const sender = startSender({ keepAliveMs: patienceMs });
    const outcomes = [];
    for (let i = 0; i < 60; i++) {
      outcomes.push((await sender.send(requestTo(endpoint.url))).outcome);
      await delay(i % 4);
    }
    expect(outcomes).toEqual(Array(60).fill('accepted'));
  });

  it('is closed after a failed attempt', async () => {
    const endpoint = await startEndpoint((socket, n) =>
      n === 0 ? socket.write('HTTP/1.1 500 Oh\r\ncontent-length: 9\r\n\r\n') : ok(socket, n, ''),
    );
    const sender = startSender();
    expect(await sender.send(requestTo(endpoint.url, { timeoutMs: 200 }))).toMatchObject({ outcome: 'http_status' });
    expect(await sender.send(requestTo(endpoint.url))).toMatchObject({ outcome: 'accepted' });
    expect(endpoint.connections).toBe(2);
  });

  it('is queued for by many requests at once, up to the limit', async () => {
    const endpoint = await startEndpoint(ok);
    const sender = startSender({ maxConnectionsPerOrigin: 32 });
    const results = await Promise.all(Array.from({ length: 64 }, () => sender.send(requestTo(endpoint.url))));
    expect(results.map(({ outcome }) => outcome)).toEqual(Array(64).fill('accepted'));
    expect(endpoint.requests).toHaveLength(64);
    expect(endpoint.connections).toBeLessThanOrEqual(32);
  });

  it('is passed on to queued requests even if earlier ones fail', async () => {
    const endpoint = await startEndpoint((socket, n) => (n < 10 ? socket.resetAndDestroy() : ok(socket, n, '')));
    const sender = startSender({ maxConnectionsPerOrigin: 2 });
    const results = await Promise.all(Array.from({ length: 20 }, () => sender.send(requestTo(endpoint.url))));
    expect(results.filter(({ outcome }) => outcome === 'reset')).toHaveLength(10);
    expect(results.filter(({ outcome }) => outcome === 'accepted')).toHaveLength(10);
  });

  it('that never became free is an internal error, not a failure of the endpoint', async () => {
    const endpoint = await startEndpoint(() => {});
    const sender = startSender({ maxConnectionsPerOrigin: 1 });
    const first = sender.send(requestTo(endpoint.url, { timeoutMs: 400 }));
    await expect(sender.send(requestTo(endpoint.url, { timeoutMs: 100 }))).rejects.toMatchObject({ code: 'no_connection_free' });
    expect(await first).toMatchObject({ outcome: 'timeout' });
    expect(endpoint.requests).toHaveLength(1);
  });

  it('that is idle longest is closed when there are too many', async () => {
    const sender = startSender({ maxIdleConnections: 2, keepAliveMs: patienceMs });
    const endpoints = await Promise.all(Array.from({ length: 4 }, () => startEndpoint(ok)));
    for (const endpoint of endpoints) await sender.send(requestTo(endpoint.url));
    for (const endpoint of [...endpoints].reverse()) await sender.send(requestTo(endpoint.url));
    expect(endpoints.map(({ connections }) => connections)).toEqual([2, 2, 1, 1]);
  });
});

describe('aborting', () => {
  it('by signal throws, and closes the connection', async () => {
    const endpoint = await startEndpoint(() => {});
    const sender = startSender();
    const controller = new AbortController();
    const sent = sender.send(requestTo(endpoint.url, { signal: controller.signal }));
    await expect.poll(() => endpoint.requests.length, { timeout: patienceMs }).toBe(1);
    controller.abort(new Error('shutting down'));
    await expect(sent).rejects.toMatchObject({ name: 'LocalFault', code: 'aborted', cause: { message: 'shutting down' } });
    await expect(sender.send(requestTo(endpoint.url, { signal: controller.signal }))).rejects.toMatchObject({ code: 'aborted' });
    expect(endpoint.requests).toHaveLength(1);
  });

  it('by close waits for requests in flight, refuses new ones and leaves no connection open', async () => {
    let release = () => {};
    const endpoint = await startEndpoint((socket, n) => {
      if (n < 3) socket.write(response(200));
      else release = () => socket.write(response(200));
    });
    const sender = startSender({ keepAliveMs: patienceMs });
    await Promise.all([1, 2, 3].map(() => sender.send(requestTo(endpoint.url))));
    const underWay = sender.send(requestTo(endpoint.url));
    await expect.poll(() => endpoint.requests.length, { timeout: patienceMs }).toBe(4);
    const closed = sender.close();
    await expect(sender.send(requestTo(endpoint.url))).rejects.toMatchObject({ code: 'closed' });
    release();
    expect(await underWay).toMatchObject({ outcome: 'accepted' });
    await closed;
    await expect.poll(() => endpoint.open, { timeout: patienceMs }).toBe(0);
  });
});

describe('the address of a request', () => {
  async function twoHosts() {
    const good = await startEndpoint(last);
    let reached = 0;
    const forbidden = createServer((socket) => {
      reached++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => forbidden.listen(good.port, '127.0.0.2', resolve));
    onTestFinished(() => new Promise<void>((resolve) => forbidden.close(() => resolve())));
    return { good, url: `http://rebinding.example:${good.port}/`, reached: () => reached };
  }
  const guardResolving = (answers: string[][]) => {
    let asked = 0;
    const resolve = async () => (answers[Math.min(asked++, answers.length - 1)] ?? []).map((address) => ({ address, family: 4 }));
    return { guard: createAddressGuard({ allowCidrs: ['127.0.0.1/32'], resolve }), asked: () => asked };
  };

  it('is the one that was checked, not the one the name resolves to later', async () => {
    const { good, url, reached } = await twoHosts();
    const { guard, asked } = guardResolving([['127.0.0.1'], ['127.0.0.2']]);
    const sender = startSender({ guard });
    expect(await sender.send(requestTo(url))).toMatchObject({ outcome: 'accepted', address: '127.0.0.1' });
    expect(asked()).toBe(1);
    expect(await sender.send(requestTo(url))).toMatchObject({
      outcome: 'address_blocked',
      message: 'rebinding.example resolves to 127.0.0.2, which is a loopback address; add its range to POSTHORN_ALLOW_CIDRS to allow it',
      address: null,
      response: null,
    });
    expect(good.requests).toHaveLength(1);
    expect(reached()).toBe(0);
  });

  it('is never a refused one, even if another address of the name is allowed', async () => {
    const { good, url, reached } = await twoHosts();
    const { guard } = guardResolving([['127.0.0.2', '10.0.0.1', '127.0.0.1']]);
    const sender = startSender({ guard });
    for (let i = 0; i < 3; i++) expect(await sender.send(requestTo(url))).toMatchObject({ outcome: 'accepted', address: '127.0.0.1' });
    good.requests.length = 0;
    expect(reached()).toBe(0);
  });

  it('is checked at the time of sending even if the URL contains an IP address', async () => {
    const { good, reached } = await twoHosts();
    const { guard } = guardResolving([[]]);
    const sender = startSender({ guard });
    expect(await sender.send(requestTo(`http://127.0.0.2:${good.port}/`))).toMatchObject({
      outcome: 'address_blocked',
      message: 'not sent: 127.0.0.2 is a loopback address; add its range to POSTHORN_ALLOW_CIDRS to allow it',
    });
    expect(reached()).toBe(0);
  });

  it('may be this server`s sandbox, and no other path of this server', async () => {
    const endpoint = await startEndpoint(ok);
    const own = `http://127.0.0.1:${endpoint.port}`;
    const sender = startSender({ guard: createAddressGuard({ allowCidrs: [], ownOrigin: own }) });
    expect(await sender.send(requestTo(`${own}/sandbox/demo`))).toMatchObject({ outcome: 'accepted' });
    expect(await sender.send(requestTo(`${own}/v1/tenants`))).toMatchObject({ outcome: 'address_blocked' });
    expect(endpoint.requests).toHaveLength(1);
  });
});
