// OAuth 2.0 client credentials with a real authorization server (oidc-provider), and with scripted
// servers that misbehave.
import { createServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { Provider } from 'oidc-provider';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { OAuthClient } from '#domain/endpoints/endpoint-target';
import { createAddressGuard } from '#outbound/address-guard';
import { authenticating } from '#outbound/authenticating';
import { type Answer, response, selfSigned, startEndpoint } from './endpoint.ts';
import { requestTo, startSender } from './sender.ts';

const secret = 'canary s3cret: & %';
const clients = [
  { client_id: 'in header: %', token_endpoint_auth_method: 'client_secret_basic' },
  { client_id: 'in-body', token_endpoint_auth_method: 'client_secret_post' },
].map((client) => ({ ...client, client_secret: secret, grant_types: ['client_credentials'], redirect_uris: [], response_types: [] }));

/** A real authorization server with TLS. `lifeS`: lifetime of its tokens in seconds. */
async function startAuthorizationServer(lifeS = 600) {
  const identity = selfSigned();
  const server = createHttpsServer(identity);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  vi.spyOn(console, 'info').mockImplementation(() => undefined);
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const provider = new Provider(issuer, {
    clients,
    scopes: ['hooks'],
    ttl: { ClientCredentials: lifeS },
    features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
  });
  const seen = { tokens: 0, refused: 0 };
  provider.on('grant.success', () => void seen.tokens++).on('grant.error', () => void seen.refused++);
  server.on('request', provider.callback());
  const grants = (request: string) => provider.ClientCredentials.find(/^authorization: Bearer (.+)\r$/im.exec(request)?.[1] ?? '');
  return { identity, tokenUrl: `${issuer}/token`, seen, grants };
}

/** A token server with this answer. */
async function scripted(...answers: { status?: number; body?: string | object; headers?: Record<string, string> }[]) {
  const asked: { headers: Record<string, unknown>; body: string }[] = [];
  const server = createServer(async (request, reply) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const answer = answers[Math.min(asked.push({ headers: request.headers, body }), answers.length) - 1] ?? {};
    const { status = 200, body: content = { access_token: `token-${asked.length}`, token_type: 'Bearer', expires_in: 600 } } = answer;
    reply.writeHead(status, { 'content-type': 'application/json', ...answer.headers });
    reply.end(typeof content === 'string' ? content : JSON.stringify(content));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return { asked, tokenUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token?path=canary` };
}

const clientOf = (tokenUrl: string, more: Partial<OAuthClient> = {}): OAuthClient => ({
  type: 'oauth2',
  tokenUrl,
  clientId: clients[0]?.client_id ?? '',
  clientSecret: secret,
  ...more,
});
const accessOf = (oauth: OAuthClient, endpointId = 'ep_1') => ({ endpointId, oauth, tls: null });
const bearers = (requests: string[]) => requests.map((request) => /^authorization: (.+)\r$/im.exec(request)?.[1]);
const ok: Answer = (socket) => socket.write(response(200));
const refusing401 =
  (refuses: (n: number) => boolean): Answer =>
  (socket, n) =>
    socket.write(response(refuses(n) ? 401 : 200));

describe('a real authorization server', () => {
  it.each([
    [clients[0]?.client_id ?? '', {}],
    ['in-body', { credentialsIn: 'body' as const }],
  ])('gives a token to %s, one for 100 concurrent deliveries', async (clientId, more) => {
    const authority = await startAuthorizationServer();
    const endpoint = await startEndpoint(ok);
    const sender = authenticating(startSender({ ca: authority.identity.cert }));
    const access = accessOf(clientOf(authority.tokenUrl, { clientId, scope: 'hooks', ...more }));
    const results = await Promise.all(Array.from({ length: 100 }, () => sender.send(requestTo(endpoint.url, { access }))));
    expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(['accepted']));
    expect(authority.seen).toEqual({ tokens: 1, refused: 0 });
    expect(await authority.grants(endpoint.requests[99] ?? '')).toMatchObject({ clientId, scope: 'hooks', isExpired: false });
    // another endpoint gets its own token, and so does a changed client
    await sender.send(requestTo(endpoint.url, { access: accessOf(access.oauth, 'ep_2') }));
    await sender.send(requestTo(endpoint.url, { access: accessOf({ ...access.oauth, scope: undefined } as OAuthClient) }));
    expect(authority.seen.tokens).toBe(3);
  });

  it('may compress its response although the request says identity', async () => {
    const compressed = gzipSync(JSON.stringify({ access_token: 'token-1', token_type: 'Bearer', expires_in: 600 }));
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    const server = await startEndpoint((socket) => socket.write(response(200, headers, compressed)));
    const endpoint = await startEndpoint(ok);
    const sender = authenticating(startSender());
    const result = await sender.send(requestTo(endpoint.url, { access: accessOf(clientOf(server.url)) }));
    expect(result.outcome).toBe('accepted');
    expect(server.requests[0]).toMatch(/^accept-encoding: identity\r$/im);
    expect(bearers(endpoint.requests)).toEqual(['Bearer token-1']);
  });

  it('that refuses the client causes auth_failed, whose message names only host and status', async () => {
    const authority = await startAuthorizationServer();
    const endpoint = await startEndpoint(ok);
    const sender = authenticating(startSender({ ca: authority.identity.cert }));
    const access = accessOf(clientOf(authority.tokenUrl, { clientSecret: 'canary wrong' }));
    const result = await sender.send(requestTo(endpoint.url, { access }));
    expect(result).toMatchObject({ outcome: 'auth_failed', response: null, address: null });
    expect(result.message).toMatch(/^no access token: HTTP 401 from 127\.0\.0\.1:\d+, \d+ ms$/);
    expect(endpoint.requests).toEqual([]);
    expect(authority.seen).toEqual({ tokens: 0, refused: 1 });
  });

  it('is called for each delivery when its tokens expire at once', async () => {
    const server = await scripted({ body: { access_token: 'short', token_type: 'Bearer', expires_in: 0 } });
    const endpoint = await startEndpoint(ok);
    const sender = authenticating(startSender());
    for (let n = 0; n < 3; n++) await sender.send(requestTo(endpoint.url, { access: accessOf(clientOf(server.tokenUrl)) }));
    expect(server.asked).toHaveLength(3);
    expect(bearers(endpoint.requests)).toEqual(['Bearer short', 'Bearer short', 'Bearer short']);
  });

  it('is called again shortly before the token expires', async () => {
    const authority = await startAuthorizationServer(1);
    const endpoint = await startEndpoint(ok);
    const sender = authenticating(startSender({ ca: authority.identity.cert }));
    const access = accessOf(clientOf(authority.tokenUrl));
    await sender.send(requestTo(endpoint.url, { access }));
    await vi.waitFor(
      async () => {
        await sender.send(requestTo(endpoint.url, { access }));
        expect(authority.seen.tokens).toBe(2);
      },
      { timeout: 60_000, interval: 50 },
    );
    expect(new Set(bearers(endpoint.requests)).size).toBe(2);
  });
});

describe('a token that the endpoint refuses', () => {
  it('is replaced once, and the delivery is sent again in the same attempt', async () => {
    const server = await scripted({});
    const endpoint = await startEndpoint(refusing401((n) => n === 0));
    const sender = authenticating(startSender());
    const access = accessOf(clientOf(server.tokenUrl));
    expect(await sender.send(requestTo(endpoint.url, { access }))).toMatchObject({ outcome: 'accepted' });
    expect(bearers(endpoint.requests)).toEqual(['Bearer token-1', 'Bearer token-2']);
    expect(await sender.send(requestTo(endpoint.url, { access }))).toMatchObject({ outcome: 'accepted' });
    expect(server.asked).toHaveLength(2);
  });

  it('is replaced only once: the second 401 is the result', async () => {
    const server = await scripted({});
    const endpoint = await startEndpoint(refusing401(() => true));
    const result = await authenticating(startSender()).send(requestTo(endpoint.url, { access: accessOf(clientOf(server.tokenUrl)) }));
    expect(result).toMatchObject({ outcome: 'http_status', response: { statusCode: 401 } });
    expect(endpoint.requests).toHaveLength(2);
  });

  it('is replaced with one token request for all deliveries that were refused', async () => {
    const server = await scripted({});
    const endpoint = await startEndpoint((socket, _, request) => socket.write(response(request.includes('Bearer token-1') ? 401 : 200)));
    const sender = authenticating(startSender());
    const access = accessOf(clientOf(server.tokenUrl));
    const results = await Promise.all(Array.from({ length: 20 }, () => sender.send(requestTo(endpoint.url, { access }))));
    expect(results.map(({ outcome }) => outcome)).toEqual(Array(20).fill('accepted'));
    expect(server.asked).toHaveLength(2);
  });

  it('and that cannot be replaced causes auth_failed with the token server`s Retry-After', async () => {
    const server = await scripted({}, { status: 503, headers: { 'retry-after': '7' } });
    const endpoint = await startEndpoint(refusing401(() => true));
    const result = await authenticating(startSender()).send(requestTo(endpoint.url, { access: accessOf(clientOf(server.tokenUrl)) }));
    expect(result).toMatchObject({ outcome: 'auth_failed', retryAfterMs: 7_000 });
  });

  it('leaves the 401 as the result if it is too late to send again', async () => {
    const server = await scripted({});
    const endpoint = await startEndpoint(refusing401(() => true));
    const access = accessOf(clientOf(server.tokenUrl));
    const isTooLate = () => endpoint.requests.length > 0;
    const result = await authenticating(startSender()).send(requestTo(endpoint.url, { access, isTooLate }));
    expect(result).toMatchObject({ outcome: 'http_status', response: { statusCode: 401 } });
    expect(endpoint.requests).toHaveLength(1);
  });

  it('is not replaced after any other refusal', async () => {
    const server = await scripted({});
    const endpoint = await startEndpoint((socket) => socket.write(response(403)));
    const result = await authenticating(startSender()).send(requestTo(endpoint.url, { access: accessOf(clientOf(server.tokenUrl)) }));
    expect(result).toMatchObject({ outcome: 'http_status', response: { statusCode: 403 } });
    expect(endpoint.requests).toHaveLength(1);
  });
});

describe('a token server that', () => {
  it.each([
    ['redirects', { status: 302, headers: { location: 'https://example.com' } }, /HTTP 302 .* redirects are not followed/],
    [
      'answers 400 with its secret in the body',
      { status: 400, body: `{"error":"invalid_client","error_description":"${secret}"}` },
      /HTTP 400/,
    ],
    ['answers no JSON', { body: 'canary' }, /is not a token response/],
    ['answers without a token', { body: { token_type: 'bearer' } }, /is not a token response/],
    ['gives a token of another kind', { body: { access_token: 'x', token_type: 'mac' } }, /is not a token response/],
    ['gives a token that needs proof of possession', { body: { access_token: 'x', token_type: 'DPoP' } }, /is not a token response/],
    ['injects a header with its token', { body: { access_token: 'x\r\ncanary: 1', token_type: 'Bearer' } }, /is not a token response/],
    ['answers 201', { status: 201 }, /is not a token response/],
    ['answers too much', { body: `{"access_token":"${'x'.repeat(70_000)}","token_type":"Bearer"}` }, /is not a token response/],
  ])('%s makes the attempt fail', async (_, answer, message) => {
    const server = await scripted(answer);
    const endpoint = await startEndpoint(ok);
    const result = await authenticating(startSender()).send(requestTo(endpoint.url, { access: accessOf(clientOf(server.tokenUrl)) }));
    expect(result).toMatchObject({ outcome: 'auth_failed', message: expect.stringMatching(message) });
    expect(result.message).not.toMatch(/canary|s3cret/);
    expect(endpoint.requests).toEqual([]);
  });

  it('is unreachable or refused by the address guard makes the attempt fail', async () => {
    const sender = authenticating(startSender());
    for (const tokenUrl of ['https://10.0.0.1/token', 'http://127.0.0.2:9/token', 'http://93.184.216.34/token']) {
      const result = await sender.send(requestTo('http://127.0.0.1:9/', { access: accessOf(clientOf(tokenUrl)) }));
      expect(result.outcome).toBe('auth_failed');
    }
  });

  it('is slower than the attempt may take does not delay the attempt beyond its timeout', async () => {
    const sender = authenticating(startSender());
    const silent = await startEndpoint(() => undefined);
    const access = accessOf(clientOf(silent.url));
    const result = await sender.send(requestTo('http://127.0.0.1:9/', { access, timeoutMs: 100 }));
    expect(result).toMatchObject({ outcome: 'auth_failed', message: 'no access token before the deadline' });
    // other waiters end with their own deadlines; this one is aborted by its caller
    const controller = new AbortController();
    const given = sender.send(requestTo('http://127.0.0.1:9/', { access, signal: controller.signal }));
    controller.abort();
    await expect(given).rejects.toMatchObject({ name: 'LocalFault', code: 'aborted' });
    expect(silent.requests).toHaveLength(1);
  });

  it('is not called because no connection is free causes an internal error, however short the timeout', async () => {
    const silent = await startEndpoint((socket, n) => void (n > 0 && socket.write(response(200))));
    const sender = startSender({ maxConnectionsPerOrigin: 1 });
    const holding = new AbortController();
    const held = sender.send(requestTo(silent.url, { signal: holding.signal })).catch(() => undefined);
    const sent = authenticating(sender).send(requestTo('http://127.0.0.1:9/', { access: accessOf(clientOf(silent.url)), timeoutMs: 50 }));
    await expect(sent).rejects.toMatchObject({ name: 'LocalFault', code: 'no_connection_free' });
    holding.abort();
    await held;
  });

  it('cannot be called for an internal reason causes an internal error', async () => {
    const guard = createAddressGuard({ allowCidrs: ['127.0.0.0/8'] });
    const sender = startSender({ guard });
    await sender.close();
    const sent = authenticating(sender).send(requestTo('http://127.0.0.1:9/', { access: accessOf(clientOf('http://127.0.0.1:9/')) }));
    await expect(sent).rejects.toMatchObject({ name: 'LocalFault', code: 'closed' });
  });

  it('receives the configured parameters, and no others', async () => {
    const server = await scripted({});
    const endpoint = await startEndpoint(ok);
    const oauth = clientOf(server.tokenUrl, { scope: 'a b', audience: 'https://hooks.example', credentialsIn: 'body' });
    await authenticating(startSender()).send(requestTo(endpoint.url, { access: accessOf(oauth) }));
    expect(Object.fromEntries(new URLSearchParams(server.asked[0]?.body))).toEqual({
      grant_type: 'client_credentials',
      client_id: oauth.clientId,
      client_secret: secret,
      scope: 'a b',
      audience: 'https://hooks.example',
    });
    expect(server.asked[0]?.headers).toMatchObject({ 'user-agent': 'Posthorn/test' });
    expect(server.asked[0]?.headers.authorization).toBeUndefined();
  });
});
