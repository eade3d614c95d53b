// Endpoints that cannot be reached, or whose certificate is not trusted.
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createAddressGuard } from '#outbound/address-guard';
import { type Answer, type Endpoint, response, selfSigned, startEndpoint } from './endpoint.ts';
import { requestTo, startSender } from './sender.ts';

describe('an endpoint that cannot be reached', () => {
  it('because nothing listens there has the outcome connect', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const result = await startSender().send(requestTo(`http://127.0.0.1:${port}/`));
    expect(result).toMatchObject({ outcome: 'connect', response: null, address: '127.0.0.1' });
    expect(result.message).toBe(`cannot connect to 127.0.0.1:${port} at 127.0.0.1 (ECONNREFUSED)`);
  });

  it.each(['ENOTFOUND', 'EAI_AGAIN'])('because its name does not resolve (%s) has the outcome dns', async (code) => {
    const resolve = () => Promise.reject(Object.assign(new Error(`getaddrinfo ${code}`), { code }));
    const sender = startSender({ guard: createAddressGuard({ allowCidrs: [], resolve }) });
    const result = await sender.send(requestTo('https://user.example/secret?token=1'));
    expect(result).toMatchObject({ outcome: 'dns', address: null, message: `user.example cannot be resolved (${code})` });
  });

  it('because its name takes too long to resolve times out', async () => {
    const sender = startSender({ guard: createAddressGuard({ allowCidrs: [], resolve: () => new Promise(() => {}) }) });
    const result = await sender.send(requestTo('https://slow.example/', { timeoutMs: 100 }));
    expect(result).toMatchObject({ outcome: 'timeout', address: null, timings: { dnsMs: null, connectMs: null } });
  });

  it('because its TLS handshake does not end times out', async () => {
    const endpoint = await startEndpoint(() => {});
    const result = await startSender().send(requestTo(endpoint.url.replace('http:', 'https:'), { timeoutMs: 300 }));
    expect(result).toMatchObject({ outcome: 'timeout', address: '127.0.0.1', timings: { tlsMs: null, firstByteMs: null } });
    expect(result.timings.connectMs).not.toBeNull();
  });
});

describe('TLS', () => {
  const ok: Answer = (socket) => socket.write(response(200));
  const send = async (endpoint: Endpoint, ca?: string) => startSender(ca === undefined ? {} : { ca }).send(requestTo(endpoint.url));

  it('with an untrusted certificate fails before anything is sent', async () => {
    const endpoint = await startEndpoint(ok, selfSigned());
    const result = await send(endpoint);
    expect(result).toMatchObject({
      outcome: 'tls',
      response: null,
      address: '127.0.0.1',
      message: expect.stringContaining('DEPTH_ZERO_SELF_SIGNED_CERT'),
    });
    expect(endpoint.requests).toHaveLength(0);
  });

  it('with a certificate of another name fails, also the second time', async () => {
    const identity = selfSigned('DNS:other.example');
    const endpoint = await startEndpoint(ok, identity);
    const sender = startSender({ ca: identity.cert });
    for (let i = 0; i < 2; i++) expect(await sender.send(requestTo(endpoint.url))).toMatchObject({ outcome: 'tls' });
    expect(endpoint.requests).toHaveLength(0);
  });

  it('with a valid certificate works, also with a resumed session', async () => {
    const identity = selfSigned();
    const endpoint = await startEndpoint((socket) => socket.end(response(200, { connection: 'close' })), identity);
    const sender = startSender({ ca: identity.cert });
    for (let i = 0; i < 3; i++) {
      const result = await sender.send(requestTo(endpoint.url));
      expect(result).toMatchObject({ outcome: 'accepted', timings: { dnsMs: null } });
      expect(result.timings.tlsMs).toBeGreaterThan(0);
    }
    expect(endpoint.connections).toBe(3);
  });

  it('fails if the endpoint speaks plain HTTP', async () => {
    const server = createServer((socket) =>
      socket
        .on('error', () => {})
        .resume()
        .end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const result = await startSender().send(requestTo(`https://127.0.0.1:${port}/`));
    await new Promise((resolve) => server.close(resolve));
    expect(result.outcome).toBe('tls');
  });
});
