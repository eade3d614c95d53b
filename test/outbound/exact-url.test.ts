// A URL is requested exactly as it is written, or refused. The receiver is a bare socket that shows
// the request line.
import { createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OAuthClient } from '#domain/endpoints/endpoint-target';
import { createAddressGuard } from '#outbound/address-guard';
import { authenticating } from '#outbound/authenticating';
import { messageSignatureHeaders } from '#outbound/sign-message';
import { verify as verifyRequest } from '#receiver';
import { rfc9421 } from '#receiver/schemes';
import { response, startEndpoint } from './endpoint.ts';
import { requestTo, startSender } from './sender.ts';

const { checkUrl } = createAddressGuard({ allowCidrs: ['127.0.0.0/8'] });
const lineOf = (request = '') => request.slice(0, request.indexOf('\r\n'));

/** Token server and endpoint in one. */
const startReceiver = () =>
  startEndpoint((socket) =>
    socket.write(response(200, { 'content-type': 'application/json' }, '{"access_token":"t","token_type":"bearer","expires_in":60}')),
  );

describe('path and query', () => {
  it.each<[written: string, requested: string | null]>([
    ['/hooks/in', '/hooks/in'],
    ['', '/'],
    ['/', '/'],
    ['/h?', '/h?'],
    ['?', '/?'],
    ['?a=1', '/?a=1'],
    ['//a', '//a'],
    ['/a%2Fb/%7Btenant%7D?x=%20+%27', '/a%2Fb/%7Btenant%7D?x=%20+%27'],
    ['/a%2eb/..c/...', '/a%2eb/..c/...'],
    ['/a|b;c=d/[e]?{f}^|`', '/a|b;c=d/[e]?{f}^|`'],
    ['/%zz', '/%zz'],
    ['/a?b?c', '/a?b?c'],
    ['/a/../b', null],
    ['/a/./b', null],
    ['/a/..', null],
    ['/a/%2e%2e/b', null],
    ['/a/.%2E/b', null],
    ["?q='x'", null],
    ['/a^b', null],
    ['/a"b', null],
    ['/a`b', null],
    ['/{tenant}/hook', null],
    ['/<a>', null],
    ['?<a>', null],
    ['?"', null],
    ['/ä', null],
    ['?ä', null],
    ['/a\\b', null],
    ['\\a', null],
    ['/a b', null],
    ['/a\tb', null],
    ['/a\nb', null],
    ['/a\r\nx: y', null],
    ['/a\0', null],
    ['/a\u00a0b', null],
    ['/a#b', null],
    ['#', null],
  ])('%j is requested as %j, also as a token URL', async (written, requested) => {
    const receiver = await startReceiver();
    const url = `http://127.0.0.1:${receiver.port}${written}`;
    expect(checkUrl(url).ok).toBe(requested !== null);
    const oauth: OAuthClient = { type: 'oauth2', tokenUrl: url, clientId: 'a', clientSecret: 'b' };
    const result = await authenticating(startSender()).send(requestTo(url, { access: { endpointId: 'ep_1', oauth, tls: null } }));
    if (requested === null) expect([result.outcome === 'accepted', receiver.requests]).toEqual([false, []]);
    else expect(receiver.requests.map(lineOf)).toEqual(Array(2).fill(`POST ${requested} HTTP/1.1`));
  });

  it('any URL that is not refused is requested as it is written', async () => {
    const receiver = await startReceiver();
    const sender = startSender();
    const piece = fc.oneof(
      fc.constantFrom('/', '.', '..', '%2e', '?', '%', '/../', ';', "'", '"', '^', '`', '|', '{', '}', 'ä', '\\', '//'),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 6 }), async (pieces) => {
        const written = `/${pieces.join('')}`;
        const url = `http://127.0.0.1:${receiver.port}${written}`;
        const before = receiver.requests.length;
        const { ok } = checkUrl(url);
        await sender.send(requestTo(url));
        expect(receiver.requests.slice(before).map(lineOf)).toEqual(ok ? [`POST ${written} HTTP/1.1`] : []);
      }),
      { numRuns: 300 },
    );
  });

  it.each(['/h?', '/h', '/h?a=%20', ''])('%j is signed exactly as it is requested (RFC 9421)', (written) => {
    const [url, body, secret] = [`https://example.com${written}`, Buffer.from('{}'), randomBytes(32)];
    const timestamp = Math.floor(Date.now() / 1_000);
    const sent = { 'content-type': 'application/json', 'webhook-id': 'evt_1', 'webhook-timestamp': String(timestamp) };
    const keys = [{ keyId: 'k', key: createSecretKey(secret) }];
    const signed = messageSignatureHeaders({ algorithm: 'hmac-sha256' }, { url, headers: sent, body, timestamp }, keys);
    const verify = (seen: string) => verifyRequest(body, { ...sent, ...signed }, { hmac: secret }, { scheme: rfc9421({ url: seen }) });
    expect(() => verify(url)).not.toThrow();
    expect(() => verify(`${url}${url.includes('?') ? '&' : '?'}`)).toThrow();
  });
});

describe('the host', () => {
  it.each([
    'https://EXAMPLE.com/a',
    'HTTPS://example.com/a',
    'https://example.com:443/a',
    'http://127.0.0.1:80/a',
    'https://example.com:8443/a',
    'https://bücher.example/a',
    'https://BÜCHER.example/a',
    'https://faß.example/a',
    'https://xn--bcher-kva.example/a',
    'https://[2606:4700:4700::1111]/a',
    'https://[2606:4700:4700::ABCD]:8443/a',
  ])('%s is an accepted spelling', (url) => {
    expect(checkUrl(url)).toMatchObject({ ok: true });
  });

  it.each([
    ['https://ex%61mple.com/a', 'https://example.com/a'],
    ['https://exam\u00adple.com/a', 'https://example.com/a'],
    ['https://ｅｘａｍｐｌｅ.com/a', 'https://example.com/a'],
    ['https://example。com/a', 'https://example.com/a'],
    ['https://example.com:/a', 'https://example.com/a'],
    ['https://example.com:0443/a', 'https://example.com/a'],
    ['https://example.com:08443/a', 'https://example.com:8443/a'],
    ['https://[2606:4700:4700:0:0:0:0:1111]/a', 'https://[2606:4700:4700::1111]/a'],
    ['https://0x5db8d822/a', 'https://93.184.216.34/a'],
    ['https://93.184.216.34./a', 'https://93.184.216.34/a'],
    ['https://９３.184.216.34/a', 'https://93.184.216.34/a'],
    ['https://example.com/a/../b', 'https://example.com/b'],
    ['https://example.com/{tenant}', 'https://example.com/%7Btenant%7D'],
  ])('%s is refused, and the message says what to send', (url, instead) => {
    expect(checkUrl(url)).toEqual({ ok: false, reason: `would be requested as ${instead}; send the URL in that form` });
  });
});
