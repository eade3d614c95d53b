// Mutual TLS with a real receiver, and TLS rules that Node's environment variables cannot weaken.
import type { Socket } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { identityOf } from '#outbound/access';
import { createAddressGuard } from '#outbound/address-guard';
import { authoritiesWith } from '#outbound/trust';
import { type Authority, createAuthority } from '../support/authority.ts';
import { response, selfSigned, startEndpoint } from './endpoint.ts';
import { patienceMs, requestTo, startSender } from './sender.ts';

const here = async () => [{ address: '127.0.0.1', family: 4 }];
const peerOf = (socket: Socket) => (socket as TLSSocket).getPeerCertificate().subject?.CN;
const accessWith = (authority: Authority, subject: string, ca: string | undefined = authority.ca) => {
  const { cert, key } = authority.sign(subject);
  return { endpointId: 'ep_1', oauth: null, tls: { certificate: cert, key, ...(ca !== undefined && { ca }) } };
};

/** Answers with the subject of the client certificate. */
async function receiver(authority: Authority) {
  const server = authority.sign('127.0.0.1', 'IP:127.0.0.1,DNS:hooks.example');
  return startEndpoint((socket) => socket.write(response(200, {}, String(peerOf(socket)))), {
    ...server,
    ca: authority.ca,
    requestCert: true,
    rejectUnauthorized: true,
  });
}

const bodyText = (result: { response: { bodyStart: Uint8Array } | null }) => Buffer.from(result.response?.bodyStart ?? []).toString();

describe('mutual TLS', () => {
  it('presents each endpoint`s own certificate on its own connection', async () => {
    const authority = createAuthority();
    const endpoint = await receiver(authority);
    const sender = startSender({ keepAliveMs: patienceMs });
    const [one, other] = [accessWith(authority, 'one'), accessWith(authority, 'other')];
    // if connections were shared, the second request of each would use the other's certificate
    for (const [access, name] of [
      [one, 'one'],
      [other, 'other'],
      [one, 'one'],
      [other, 'other'],
    ] as const) {
      const result = await sender.send(requestTo(endpoint.url, { access }));
      expect(result).toMatchObject({ outcome: 'accepted' });
      expect(bodyText(result)).toBe(name);
    }
    expect(endpoint.connections).toBe(2);
  });

  it('uses a changed certificate at once, even while connections are open and busy', async () => {
    const authority = createAuthority();
    const endpoint = await receiver(authority);
    const sender = startSender({ keepAliveMs: patienceMs });
    const [before, after] = [accessWith(authority, 'before'), accessWith(authority, 'after')];
    const many = (access: typeof before) => Array.from({ length: 10 }, () => sender.send(requestTo(endpoint.url, { access })));
    const results = await Promise.all([...many(before), ...many(after)]);
    expect(results.map(bodyText)).toEqual([...Array(10).fill('before'), ...Array(10).fill('after')]);
    expect(bodyText(await sender.send(requestTo(endpoint.url, { access: after })))).toBe('after');
  });

  it('fails as the endpoint`s refusal if the receiver gets no certificate', async () => {
    const authority = createAuthority();
    const endpoint = await receiver(authority);
    const result = await startSender({ ca: authority.ca }).send(requestTo(endpoint.url));
    expect(['tls', 'reset']).toContain(result.outcome);
    expect(endpoint.requests).toEqual([]);
  });

  it('trusts only the endpoint`s own authority, and resumes no session of another identity', async () => {
    const [authority, stranger] = [createAuthority(), createAuthority()];
    const endpoint = await startEndpoint((socket) => socket.end(response(200, { connection: 'close' })), {
      ...authority.sign('127.0.0.1', 'IP:127.0.0.1'),
      maxVersion: 'TLSv1.2',
    });
    const sender = startSender();
    const right = accessWith(authority, 'one');
    const wrong = { ...right, tls: { ...right.tls, ca: stranger.ca } };
    for (let n = 0; n < 2; n++) {
      expect(await sender.send(requestTo(endpoint.url, { access: right }))).toMatchObject({ outcome: 'accepted' });
      expect(await sender.send(requestTo(endpoint.url, { access: wrong }))).toMatchObject({ outcome: 'tls' });
      expect(await sender.send(requestTo(endpoint.url))).toMatchObject({ outcome: 'tls' });
    }
  });

  it('works with an authority alone, without a client certificate', async () => {
    const authority = createAuthority();
    const endpoint = await startEndpoint((socket) => socket.end(response(200)), authority.sign('127.0.0.1', 'IP:127.0.0.1'));
    const access = { endpointId: 'ep_1', oauth: null, tls: { ca: authority.ca } };
    expect(await startSender().send(requestTo(endpoint.url, { access }))).toMatchObject({ outcome: 'accepted' });
  });

  it('with an unusable certificate is an internal error, because it was validated when it was set', async () => {
    const access = { endpointId: 'ep_1', oauth: null, tls: { certificate: 'rubbish', key: 'rubbish' } };
    await expect(startSender().send(requestTo('https://127.0.0.1:9/', { access }))).rejects.toMatchObject({
      name: 'LocalFault',
      code: 'unknown',
    });
  });

  it('has an identity made of its content, which does not reveal the key', () => {
    const tls = { certificate: 'c', key: 'k' };
    const id = (given: typeof tls) => identityOf({ endpointId: 'ep_1', oauth: null, tls: given })?.id;
    expect(id(tls)).toBe(id({ ...tls }));
    expect(id(tls)).not.toBe(id({ ...tls, key: 'other' }));
    expect(id(tls)).toMatch(/^[A-Za-z0-9+/]{43}=$/);
  });
});

describe('TLS to any endpoint', () => {
  it('verifies certificates whatever the environment variables say', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    onTestFinished(() => void vi.unstubAllEnvs());
    const endpoint = await startEndpoint((socket) => socket.write(response(200)), selfSigned());
    expect(await startSender().send(requestTo(endpoint.url))).toMatchObject({ outcome: 'tls' });
    expect(endpoint.requests).toEqual([]);
  });

  it('is at least 1.2, even if Node is started with a lower minimum', async () => {
    const usual = tls.DEFAULT_MIN_VERSION;
    tls.DEFAULT_MIN_VERSION = 'TLSv1';
    onTestFinished(() => {
      tls.DEFAULT_MIN_VERSION = usual;
    });
    const identity = selfSigned();
    const old = { ...identity, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const endpoint = await startEndpoint((socket) => socket.write(response(200)), old);
    const result = await startSender({ ca: identity.cert }).send(requestTo(endpoint.url));
    expect(result).toMatchObject({ outcome: 'tls' });
    expect(endpoint.requests).toEqual([]);
  });

  it('uses the host name, not the checked address, in SNI, in Host and for the certificate', async () => {
    const authority = createAuthority();
    const names: unknown[] = [];
    const endpoint = await startEndpoint(
      (socket) => {
        names.push((socket as TLSSocket).servername);
        socket.write(response(200));
      },
      authority.sign('hooks.example', 'DNS:hooks.example'),
    );
    const guard = createAddressGuard({ allowCidrs: ['127.0.0.0/8'], resolve: here });
    const sender = startSender({ guard, ca: authority.ca });
    const result = await sender.send(requestTo(`https://hooks.example:${endpoint.port}/hook`));
    expect(result).toMatchObject({ outcome: 'accepted', address: '127.0.0.1' });
    expect(names).toEqual(['hooks.example']);
    expect(endpoint.requests[0]).toMatch(new RegExp(`^host: hooks\\.example:${endpoint.port}\r$`, 'im'));
    // the certificate is for another name
    expect(await sender.send(requestTo(`https://other.example:${endpoint.port}/`))).toMatchObject({ outcome: 'tls' });
  });

  it('trusts the operator`s authorities in addition to the default ones', async () => {
    const authority = createAuthority();
    const endpoint = await startEndpoint((socket) => socket.write(response(200)), authority.sign('127.0.0.1', 'IP:127.0.0.1'));
    const ca = authoritiesWith(authority.ca);
    expect(ca?.length).toBeGreaterThan(100);
    expect(authoritiesWith(undefined)).toBeUndefined();
    expect(await startSender({ ca }).send(requestTo(endpoint.url))).toMatchObject({ outcome: 'accepted' });
  });
});
