// Requests through the egress proxy, with real proxies: routing, and whose failure each error
// counts as.
import { createServer, type Socket } from 'node:net';
import { createSecureContext, type TLSSocket } from 'node:tls';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createAddressGuard } from '#outbound/address-guard';
import { createProxy } from '#outbound/proxy';
import { createAuthority } from '../support/authority.ts';
import { response, startEndpoint } from './endpoint.ts';
import { passOn, startHttpProxy, startInFront, startSocksProxy, userInfo } from './proxies.ts';
import { patienceMs, requestTo, startSender } from './sender.ts';

const named = createAddressGuard({ allowCidrs: ['127.0.0.0/8'], resolve: async () => [{ address: '127.0.0.1', family: 4 }] });
const ok = (socket: Socket) => void socket.write(response(200));

const through = (url: string, more: { ca?: string; trusted?: string; ownOrigin?: string } = {}) => {
  const secureContext = createSecureContext({ ca: more.trusted });
  return startSender({
    guard: named,
    ca: more.ca,
    keepAliveMs: patienceMs,
    proxy: createProxy({ url, secureContext, ownOrigin: more.ownOrigin }),
  });
};
const kinds = [
  ['http', startHttpProxy],
  ['socks5', startSocksProxy],
] as const;

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe.each(kinds)('a proxy (%s)', (scheme, start) => {
  it('gets the checked address, also for plain http, and its connections are reused', async () => {
    const [proxy, endpoint] = [await start(), await startEndpoint(ok)];
    const sender = through(`${scheme}://${userInfo}127.0.0.1:${proxy.port}`);
    for (let n = 0; n < 3; n++) {
      expect(await sender.send(requestTo(`http://hooks.example:${endpoint.port}/`))).toMatchObject({
        outcome: 'accepted',
        address: '127.0.0.1',
      });
    }
    expect(proxy.asked).toEqual([`127.0.0.1:${endpoint.port}`]);
    expect(endpoint.requests[0]).toMatch(new RegExp(`^POST / HTTP/1.1\r\nhost: hooks.example:${endpoint.port}\r\n`));
  });

  it('carries TLS to the endpoint, verified with the right name', async () => {
    const authority = createAuthority();
    const names: unknown[] = [];
    const [proxy, endpoint] = [
      await start(),
      await startEndpoint(
        (socket) => {
          names.push((socket as TLSSocket).servername);
          ok(socket);
        },
        authority.sign('hooks.example', 'DNS:hooks.example'),
      ),
    ];
    const url = `${scheme}://${userInfo}127.0.0.1:${proxy.port}`;
    const result = await through(url, { ca: authority.ca }).send(requestTo(`https://hooks.example:${endpoint.port}/`));
    expect(result).toMatchObject({ outcome: 'accepted', address: '127.0.0.1' });
    expect(result.timings.dnsMs).toBeGreaterThanOrEqual(0);
    expect(result.timings.connectMs).toBeGreaterThan(0);
    expect(result.timings.tlsMs).toBeGreaterThan(0);
    expect(names).toEqual(['hooks.example']);
    expect(await through(url).send(requestTo(`https://hooks.example:${endpoint.port}/`))).toMatchObject({ outcome: 'tls' });
    expect(await through(url, { ca: authority.ca }).send(requestTo(`https://other.example:${endpoint.port}/`))).toMatchObject({
      outcome: 'tls',
    });
  });

  it('that refuses Posthorn or is unreachable causes an internal error', async () => {
    const [proxy, endpoint] = [await start(), await startEndpoint(ok)];
    for (const at of [`127.0.0.1:${proxy.port}`, `post:canary@127.0.0.1:${proxy.port}`, `127.0.0.1:${await closedPort()}`]) {
      const sent = through(`${scheme}://${at}`).send(requestTo(endpoint.url));
      const fault = await sent.catch((error) => error);
      expect(fault).toMatchObject({ name: 'LocalFault', code: 'proxy' });
      expect(inspect(fault, { depth: 9, showHidden: true })).not.toContain('canary');
    }
    expect(endpoint.requests).toEqual([]);
  });

  it('is not called for refused addresses', async () => {
    const proxy = await start();
    const sender = through(`${scheme}://${userInfo}127.0.0.1:${proxy.port}`);
    expect(await sender.send(requestTo('https://10.0.0.1/'))).toMatchObject({ outcome: 'address_blocked' });
    const private10 = createAddressGuard({ allowCidrs: [], resolve: async () => [{ address: '10.0.0.1', family: 4 }] });
    const other = startSender({
      guard: private10,
      proxy: createProxy({ url: `${scheme}://${userInfo}127.0.0.1:${proxy.port}`, secureContext: createSecureContext() }),
    });
    expect(await other.send(requestTo('https://private.example/'))).toMatchObject({ outcome: 'address_blocked' });
    expect(proxy.asked).toEqual([]);
  });

  it('that accepts a request and does not respond causes a timeout, as it may be waiting for the endpoint', async () => {
    const silent = await startInFront(() => undefined);
    const [proxy, endpoint] = [await start(), await startEndpoint(() => undefined)];
    const sent = through(`${scheme}://127.0.0.1:${silent}`).send(requestTo('http://hooks.example/', { timeoutMs: 200 }));
    expect(await sent).toMatchObject({ outcome: 'timeout' });
    const slow = through(`${scheme}://${userInfo}127.0.0.1:${proxy.port}`).send(requestTo(endpoint.url, { timeoutMs: 200 }));
    expect(await slow).toMatchObject({ outcome: 'timeout' });
    await expect.poll(() => endpoint.open, { timeout: patienceMs }).toBe(0);
  });

  it('is not used for this server`s own origin', async () => {
    const [proxy, endpoint] = [await start(), await startEndpoint(ok)];
    const own = `http://127.0.0.1:${endpoint.port}`;
    const sender = through(`${scheme}://${userInfo}127.0.0.1:${proxy.port}`, { ownOrigin: own });
    expect(await sender.send(requestTo(endpoint.url))).toMatchObject({ outcome: 'accepted' });
    expect(proxy.asked).toEqual([]);
  });
});

it('an https proxy is verified', async () => {
  const authority = createAuthority();
  const [proxy, endpoint] = [await startHttpProxy(), await startEndpoint(ok, authority.sign('hooks.example', 'DNS:hooks.example'))];
  const port = await startInFront(passOn(proxy.port), authority.sign('127.0.0.1', 'IP:127.0.0.1'));
  const url = `https://${userInfo}127.0.0.1:${port}`;
  const to = requestTo(`https://hooks.example:${endpoint.port}/`);
  expect(await through(url, { ca: authority.ca, trusted: authority.ca }).send(to)).toMatchObject({ outcome: 'accepted' });
  await expect(through(url, { ca: authority.ca }).send(to)).rejects.toMatchObject({ code: 'proxy' });
});

it('an https proxy that never completes TLS causes an internal error at the deadline', async () => {
  const silent = await startInFront(() => undefined);
  const sent = through(`https://127.0.0.1:${silent}`).send(requestTo('http://hooks.example/', { timeoutMs: 200 }));
  await expect(sent).rejects.toMatchObject({ name: 'LocalFault', code: 'proxy' });
});

const endpoints = (outcome: string) => ({ outcome });
const internal = null;

it.each([
  ['502 Bad Gateway', '', internal],
  ['503 Service Unavailable', '', internal],
  ['504 Gateway Timeout', '', internal],
  ['407 Proxy Authentication Required', '', internal],
  ['301 Moved', '', internal],
  ['502 Bad Gateway', 'proxy-status: proxy.example; error=connection_refused', endpoints('connect')],
  ['502 Bad Gateway', 'proxy-status: proxy.example; error=destination_ip_unroutable', endpoints('connect')],
  ['503 Service Unavailable', 'proxy-status: proxy.example; error=destination_unavailable', endpoints('connect')],
  ['504 Gateway Timeout', 'proxy-status: proxy.example; error=connection_timeout', endpoints('timeout')],
  ['503 Service Unavailable', 'x-squid-error: ERR_CONNECT_FAIL 111', endpoints('connect')],
  ['503 Service Unavailable', 'x-squid-error: ERR_CONNECT_FAIL 101', internal],
  ['503 Service Unavailable', 'x-squid-error: ERR_DNS_FAIL 0', internal],
  ['502 Bad Gateway', 'proxy-status: proxy.example; error=proxy_internal_error', internal],
  ['502 Bad Gateway', 'proxy-status: proxy.example; error=constructor', internal],
])('CONNECT answered with %s (%s) counts as %j', async (status, header, expected) => {
  const port = await startInFront((socket) =>
    socket.once('data', () => socket.end(`HTTP/1.1 ${status}\r\n${header && `${header}\r\n`}content-length: 0\r\n\r\n`)),
  );
  const sent = through(`http://127.0.0.1:${port}`).send(requestTo('http://hooks.example/'));
  if (expected) expect(await sent).toMatchObject(expected);
  else await expect(sent).rejects.toMatchObject({ code: 'proxy' });
});

it.each([
  [1, internal],
  [2, internal],
  [3, internal],
  [4, endpoints('connect')],
  [5, endpoints('connect')],
  [6, internal],
  [8, internal],
])('SOCKS reply %i counts as %j', async (reply, expected) => {
  const port = await startInFront((socket) =>
    socket.once('data', () => {
      socket.write(Buffer.from([5, 0]));
      socket.once('data', () => socket.write(Buffer.from([5, reply, 0, 1, 0, 0, 0, 0, 0, 0])));
    }),
  );
  const sent = through(`socks5://127.0.0.1:${port}`).send(requestTo('http://hooks.example/'));
  if (expected) expect(await sent).toMatchObject(expected);
  else await expect(sent).rejects.toMatchObject({ code: 'proxy' });
});

it('the next address is tried when the first is refused', async () => {
  const [proxy, endpoint] = [await startSocksProxy(), await startEndpoint(ok)];
  const both = ['127.0.0.2', '127.0.0.1'].map((address) => ({ address, family: 4 }));
  const sender = startSender({
    guard: createAddressGuard({ allowCidrs: ['127.0.0.0/8'], resolve: async () => both }),
    proxy: createProxy({ url: `socks5://${userInfo}127.0.0.1:${proxy.port}`, secureContext: createSecureContext() }),
  });
  const result = await sender.send(requestTo(`http://hooks.example:${endpoint.port}/`));
  expect(result).toMatchObject({ outcome: 'accepted', address: '127.0.0.1' });
  expect(proxy.asked).toEqual([`127.0.0.2:${endpoint.port}`, `127.0.0.1:${endpoint.port}`]);
});

it('the next address is tried after an unexplained refusal; if all are refused, the error is internal', async () => {
  const endpoint = await startEndpoint(ok);
  const asked: string[] = [];
  const port = await startInFront((socket) =>
    socket.once('data', (head) => {
      const [, address = ''] = /^CONNECT (\S+):/.exec(head.toString()) ?? [];
      asked.push(address);
      if (address !== '127.0.0.1') return void socket.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n');
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      passOn(endpoint.port)(socket);
    }),
  );
  const send = (...addresses: string[]) => {
    const resolve = async () => addresses.map((address) => ({ address, family: 4 }));
    const guard = createAddressGuard({ allowCidrs: ['127.0.0.0/8'], resolve });
    const proxy = createProxy({ url: `http://127.0.0.1:${port}`, secureContext: createSecureContext() });
    return startSender({ guard, proxy }).send(requestTo(`http://hooks.example:${endpoint.port}/`));
  };
  expect(await send('127.0.0.2', '127.0.0.1')).toMatchObject({ outcome: 'accepted', address: '127.0.0.1' });
  await expect(send('127.0.0.2', '127.0.0.3')).rejects.toMatchObject({ name: 'LocalFault', code: 'proxy' });
  expect(asked).toEqual(['127.0.0.2', '127.0.0.1', '127.0.0.2', '127.0.0.3']);
});

it('a closed port reported by SOCKS is the endpoint`s failure', async () => {
  const proxy = await startSocksProxy();
  const sender = through(`socks5://${userInfo}127.0.0.1:${proxy.port}`);
  expect(await sender.send(requestTo(`http://hooks.example:${await closedPort()}/`))).toMatchObject({ outcome: 'connect' });
});

it.each(['garbage\r\n\r\n', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, ''])(
  'a proxy that does not speak HTTP causes an internal error (%#)',
  async (answer) => {
    const port = await startInFront((socket) => socket.once('data', () => socket.end(answer)));
    await expect(through(`http://127.0.0.1:${port}`).send(requestTo('http://hooks.example/'))).rejects.toMatchObject({ code: 'proxy' });
  },
);
