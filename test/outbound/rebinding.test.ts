// DNS rebinding: an attacker's real DNS server answers each query differently. 127.0.0.1 stands for
// a public address, 127.0.0.2 for a private one.
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isPortFree } from '#embedded/free-port';
import { createAddressGuard } from '#outbound/address-guard';
import { startDns } from './dns-server.ts';
import { response, startEndpoint } from './endpoint.ts';
import { patienceMs, requestTo, startSender } from './sender.ts';

const name = 'rebinding.example';
const [good, secret] = ['127.0.0.1', '127.0.0.2'];

/** An endpoint, a private service on the same port, and a sender that uses that DNS server. */
async function scene(zone: Parameters<typeof startDns>[0], connection: 'close' | 'keep-alive' = 'close') {
  const endpoint = await startEndpoint((socket) => socket.write(response(200, { connection })));
  let reached = 0;
  const service = createServer((socket) => {
    reached++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => service.listen(endpoint.port, secret, resolve));
  onTestFinished(() => new Promise<void>((resolve) => service.close(() => resolve())));
  const dns = await startDns(zone);
  const guard = createAddressGuard({ allowCidrs: [`${good}/32`], resolve: dns.resolve });
  const sender = startSender({ guard, keepAliveMs: 2 * patienceMs });
  const send = (timeoutMs = patienceMs) => sender.send(requestTo(`http://${name}:${endpoint.port}/`, { timeoutMs }));
  return { endpoint, dns, send, reached: () => reached };
}

describe('a name that is rebound', () => {
  it('between two requests is checked again: the second is not sent', async () => {
    const { endpoint, dns, send, reached } = await scene({ [name]: [[good], [secret]] });
    expect(await send()).toMatchObject({ outcome: 'accepted', address: good });
    expect(await send()).toMatchObject({
      outcome: 'address_blocked',
      address: null,
      message: `${name} resolves to ${secret}, which is a loopback address; add its range to POSTHORN_ALLOW_CIDRS to allow it`,
    });
    expect([endpoint.requests.length, dns.asked.length, reached()]).toEqual([1, 2, 0]);
  });

  it('between check and connect is not resolved again: one query for each connection', async () => {
    const answers = Array.from({ length: 20 }, (_, n) => [n % 2 === 0 ? good : secret]);
    const { endpoint, dns, send, reached } = await scene({ [name]: answers });
    for (let n = 0; n < 20; n++) expect((await send()).outcome).toBe(n % 2 === 0 ? 'accepted' : 'address_blocked');
    expect([endpoint.requests.length, dns.asked.length, reached()]).toEqual([10, 20, 0]);
  });

  it('during many concurrent requests reaches nothing private, whichever answer each request got', async () => {
    const { endpoint, send, reached } = await scene({ [name]: Array.from({ length: 50 }, (_, n) => [n % 3 === 0 ? good : secret]) });
    const results = await Promise.all(Array.from({ length: 30 }, () => send()));
    for (const result of results)
      expect(result.address === null ? result.outcome : result.address).toMatch(/^(address_blocked|127\.0\.0\.1)$/);
    expect(reached()).toBe(0);
    expect(endpoint.requests).toHaveLength(results.filter(({ outcome }) => outcome === 'accepted').length);
  });

  it('while its connection is open keeps that connection: no query and no new connection', async () => {
    const { endpoint, dns, send, reached } = await scene({ [name]: [[good], [secret]] }, 'keep-alive');
    for (let n = 0; n < 3; n++) expect(await send()).toMatchObject({ outcome: 'accepted', address: good });
    expect([endpoint.connections, dns.asked.length, reached()]).toEqual([1, 1, 0]);
  });
});

/** No program gets it by chance, so nothing listens on it at the public address either. */
async function portOutsideOfTheUsualRange(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if (await isPortFree(port)) return port;
  }
}

describe('a name with answers of both kinds', () => {
  it.each([
    ['the private one first', [secret, good]],
    ['the private one last', [good, secret]],
    [
      'private ones of every form before and after it',
      ['10.0.0.1', secret, '::1', good, `::ffff:${secret}`, 'fd00::1', '169.254.169.254', '0.0.0.0'],
    ],
  ])('(%s) is reached only at the public one', async (_, addresses) => {
    const { send, reached } = await scene({ [name]: [addresses] });
    for (let n = 0; n < 3; n++) expect(await send()).toMatchObject({ outcome: 'accepted', address: good });
    expect(reached()).toBe(0);
  });

  it('is not reached at the private one if the public one is down', async () => {
    const dns = await startDns({ [name]: [[good, secret]] });
    let reached = 0;
    const service = createServer(() => void reached++);
    const unused = await portOutsideOfTheUsualRange();
    await new Promise<void>((resolve) => service.listen(unused, secret, resolve));
    onTestFinished(() => new Promise<void>((resolve) => service.close(() => resolve())));
    const { port } = service.address() as { port: number };
    const sender = startSender({ guard: createAddressGuard({ allowCidrs: [`${good}/32`], resolve: dns.resolve }) });
    expect(await sender.send(requestTo(`http://${name}:${port}/`))).toMatchObject({ outcome: 'connect', address: good });
    expect(reached).toBe(0);
  });
});

describe('a name that resolves to something else', () => {
  it.each([
    ['an alias of a private name', ['-> internal.example', secret]],
    ['an alias of an alias', ['-> a.example', '-> b.example', '-> localhost', secret]],
    ['an IPv6 address of this machine', ['::1']],
    ['a private address as IPv6', [`::ffff:${secret}`]],
    ['a private address behind 6to4', ['2002:7f00:2::1']],
    ['a private address behind NAT64', ['64:ff9b::7f00:2']],
    ['the address of nothing', ['0.0.0.0', '::']],
    ['a metadata service', ['169.254.169.254', 'fd00:ec2::254', '::ffff:169.254.169.254']],
    ['everybody', ['255.255.255.255', '224.0.0.1', 'ff02::1']],
  ])('(%s) gets no request', async (_, answer) => {
    const { send, reached } = await scene({ [name]: [answer] });
    expect(await send()).toMatchObject({ outcome: 'address_blocked', address: null, response: null });
    expect(reached()).toBe(0);
  });

  it('through an alias to a public address gets its request there', async () => {
    const { send } = await scene({ [name]: [['-> cdn.example', '-> edge.example', good]] });
    expect(await send()).toMatchObject({ outcome: 'accepted', address: good });
  });
});

describe('a name that does not resolve', () => {
  it.each([
    ['because there is none', 'no such name'],
    ['because its server fails', 'failure'],
    ['because it has no address', []],
  ] as const)('%s has its own outcome', async (_, answer) => {
    const { send } = await scene({ [name]: [typeof answer === 'string' ? answer : []] });
    expect(await send()).toMatchObject({ outcome: 'dns', address: null });
  });

  it('because its server is silent waits no longer than the request`s timeout', async () => {
    const { send } = await scene({ [name]: ['silence'] });
    expect(await send(200)).toMatchObject({ outcome: 'timeout', address: null });
  });
});
