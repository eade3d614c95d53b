// What a receiver refuses, in which order, and what it logs.
import { describe, expect, it } from 'vitest';
import { createReceiver, fetchReceiver, type ReceiverOptions } from '#receiver';
import { memoryInbox } from '#receiver/inbox/memory';
import { remoteAddresses, remoteJwks } from '#receiver/remote';
import { startReceiver } from '../support/receiver.ts';
import { secret, signedRequest } from './signed.ts';

function receiverWith(options: Partial<ReceiverOptions> = {}, address: string | undefined = '192.0.2.7') {
  const lines: Record<string, unknown>[] = [];
  const write = (level: string) => (fields: object, msg: string) => void lines.push({ level, msg, ...fields });
  const log = { info: write('info'), warn: write('warn'), error: write('error') };
  const receiver = createReceiver({ secrets: secret, inbox: memoryInbox(), log, ...options });
  const handler = fetchReceiver(receiver, { addressOf: () => address });
  const post = async ({ method, headers, body } = signedRequest()) =>
    handler(new Request('http://localhost/', method === 'GET' ? { method, headers } : { method, headers, body }));
  const reason = async (request = signedRequest()) => {
    const response = await post(request);
    return [response.status, lines.filter(({ msg }) => /received|rejected/.test(String(msg))).at(-1)?.reason];
  };
  return { receiver, lines, post, reason };
}

const forged = () => ({ ...signedRequest(), body: '{}' });

it('refuses with a status and a reason that is in the log, and never logs the body or the signature', async () => {
  const { reason, lines } = receiverWith();
  const old = new Date(Date.now() - 301_000);
  expect(await reason({ ...signedRequest(), method: 'GET' })).toEqual([405, 'method']);
  expect(await reason(forged())).toEqual([401, 'no_match']);
  expect(await reason(signedRequest({ at: old }))).toEqual([401, 'timestamp_too_old']);
  expect(await reason({ ...signedRequest(), headers: {} })).toEqual([400, 'missing_header']);
  expect(await reason(signedRequest({ body: 'no json' }))).toEqual([400, 'malformed_body']);
  expect(await reason(signedRequest({ body: '{"a":"\u0000"}' }))).toEqual([400, 'malformed_body']);
  expect(await reason(signedRequest({ data: 'canary' }))).toEqual([202, undefined]);
  expect(JSON.stringify(lines)).not.toMatch(/canary|v1,|whsec_/);
  expect(lines.filter(({ msg }) => msg === 'webhook.rejected')).toHaveLength(6);
  for (const line of lines.filter(({ msg }) => msg === 'webhook.rejected').slice(1))
    expect(line).toMatchObject({ from: '192.0.2.7', reason: expect.any(String) });
});

describe('allowFrom', () => {
  it.each([
    [['192.0.2.0/24'], '192.0.2.255', 202],
    [['192.0.2.0/24'], '192.0.3.0', 403],
    [['192.0.2.7'], '::ffff:192.0.2.7', 202],
    [['2001:db8::/32'], '2001:db8:1::9', 202],
    [['2001:db8::/32'], '2001:db9::9', 403],
    [['0.0.0.0/0'], '2001:db8::1', 403],
    [['10.0.0.0/8', '::1'], '::1', 202],
    [['10.0.0.0/8'], undefined, 403],
    [['10.0.0.0/8'], 'nonsense', 403],
  ])('%j and a request from %s: %d', async (allowFrom, address, status) => {
    const { receiver } = receiverWith({ allowFrom });
    const { method, headers } = signedRequest();
    const body = async () => Buffer.from(signedRequest().body);
    const answer = await receiver.receive({ method, headers, address, body });
    expect(answer.status === 403 ? 403 : 202).toBe(status);
    const read = async () => expect.unreachable('it reads the body before it looks at the address');
    // before the body is read
    if (status === 403) expect((await receiver.receive({ method, headers, address, body: read })).status).toBe(403);
  });

  it('takes no nonsense', () => {
    expect(() => receiverWith({ allowFrom: '10.0.0.0/8' })).not.toThrow();
    expect(() => receiverWith({ allowFrom: 'example.com' })).toThrow(/neither an address nor a CIDR range/);
    for (const range of ['10.0.0.0/33', '10.0.0', '1.2.3.256', '::/129', 'example.com', '10.0.0.0/8/8', '1:2:3:4:5:6:7:8::'])
      expect(() => receiverWith({ allowFrom: [range] }), range).toThrow(/neither an address nor a CIDR range/);
  });

  it('takes the addresses that /v1/meta publishes, and answers 503 while it cannot know them', async () => {
    const posthorn = await startReceiver();
    let egressIps: string[] = [];
    posthorn.answer('/v1/meta', (_request, response) => void response.end(JSON.stringify({ version: '1', egressIps })));
    const { reason, lines } = receiverWith({ allowFrom: remoteAddresses(`${posthorn.url}/v1/meta`) });
    expect(await reason()).toEqual([503, 'allow_list_unavailable']);
    expect(lines.at(-1)?.detail).toMatch(/lists no address.*POSTHORN_EGRESS_IPS/);
    egressIps = ['192.0.2.0/24'];
    expect((await reason())[0]).toBe(202);
    await posthorn.close();
    // it is remembered
    expect((await reason())[0]).toBe(202);
    expect((await receiverWith({ allowFrom: remoteAddresses(`${posthorn.url}/v1/meta`) }).post()).headers.get('retry-after')).toBe('5');
  });

  it('takes the address from the proxies that are trusted, and from no other', async () => {
    const through = signedRequest({}, { 'x-forwarded-for': '203.0.113.9, 192.0.2.1, 10.0.0.1' });
    const allowFrom = ['192.0.2.1'];
    expect((await receiverWith({ allowFrom, trustedProxies: 2 }, '10.0.0.2').post(through)).status).toBe(202);
    expect((await receiverWith({ allowFrom, trustedProxies: 1 }, '10.0.0.2').post(through)).status).toBe(403);
    expect((await receiverWith({ allowFrom }, '10.0.0.2').post(through)).status).toBe(403);
  });
});

it('limits the rate of each address before it looks at the signature', async () => {
  const { post, reason, receiver } = receiverWith({ rateLimit: { perSecond: 0.01, burst: 2 } });
  expect([(await post(forged())).status, (await post(forged())).status]).toEqual([401, 401]);
  expect(await reason(forged())).toEqual([429, 'rate_limit']);
  expect(Number((await post()).headers.get('retry-after'))).toBeGreaterThan(50);
  const { method, headers, body } = signedRequest();
  expect((await receiver.receive({ method, headers, address: '192.0.2.8', body: async () => Buffer.from(body) })).status).toBe(202);
});

it('answers the question whether the endpoint wants webhooks', async () => {
  const { post } = receiverWith();
  const question = signedRequest({ id: 'vrf_1', type: 'posthorn.verification', data: { challenge: 'c1' } });
  const { 'posthorn-delivery': _none, ...headers } = question.headers;
  expect(await (await post({ ...question, headers })).json()).toEqual({ challenge: 'c1' });
  expect((await post({ ...question, headers, body: question.body.replace('c1', 'c2') })).status).toBe(401);
  // an event of a producer is none
  expect(await (await post(question)).json()).toMatchObject({ accepted: 1 });
});

it('takes secrets from a function, and public keys from a JWK set', async () => {
  const posthorn = await startReceiver();
  posthorn.answer('/jwks.json', (_request, response) => void response.end(JSON.stringify({ keys: [] })));
  expect((await receiverWith({ secrets: async () => [secret] }).post()).status).toBe(202);
  const { reason } = receiverWith({ secrets: remoteJwks(`${posthorn.url}/jwks.json`) });
  expect(await reason()).toEqual([500, 'bad_secret']);
  await posthorn.close();
  expect(await receiverWith({ secrets: remoteJwks(`${posthorn.url}/jwks.json`) }).reason()).toEqual([503, 'secrets_unavailable']);
});

it('a body that breaks off is the fault of the connection', async () => {
  const { receiver, lines } = receiverWith();
  const body = () => Promise.reject(new Error('aborted'));
  expect((await receiver.receive({ ...signedRequest(), address: undefined, body })).status).toBe(400);
  expect(lines.at(-1)).toMatchObject({ level: 'warn', reason: 'body_incomplete' });
});

it('says at the start what cannot work', () => {
  expect(() => receiverWith({ secrets: [] })).toThrow(/secrets: give the whsec_/);
  const { receiver } = receiverWith();
  expect(() => receiver.on('order.*.x' as 'order.*', () => undefined)).toThrow(/neither an event type/);
  expect(() => receiver.on('a', () => undefined).on('a', () => undefined)).toThrow(/has a handler already/);
});

it('answers 503 with Retry-After while the inbox is away: Posthorn tries again, and nothing is lost', async () => {
  const open = memoryInbox().open;
  const inbox = {
    open: (...given: Parameters<typeof open>) => ({ ...open(...given), accept: () => Promise.reject(new Error('10.0.0.1 refused')) }),
  } as unknown as ReceiverOptions['inbox'];
  const { post, reason } = receiverWith({ inbox });
  expect(await reason()).toEqual([503, 'inbox_unavailable']);
  const response = await post();
  expect([response.headers.get('retry-after'), await response.text()]).toEqual(['5', expect.not.stringContaining('10.0.0.1')]);
});
