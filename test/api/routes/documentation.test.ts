// The documentation for consumers and the simulation of retries over HTTP: for a tenant, for an endpoint, and with bad input.
import vm from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { consumerDocument } from '#consumer-docs/document';
import { type ApiServer, startApi } from '../api-server.ts';

let api: ApiServer;
let tenant: string;
let endpoint: string;
beforeAll(async () => {
  api = await startApi();
  tenant = await api.makeTenant();
  const settings = { eventTypes: ['order.*'], timeoutMs: 5_000, retry: { schedule: ['10s', '1h'] }, signing: { schemes: ['v1', 'v1a'] } };
  endpoint = (await api.makeEndpoint(tenant, 'https://hooks.example.com/orders', settings)).id;
  const schema = {
    type: 'object',
    properties: { orderId: { type: 'string', description: 'Number <b>of</b> the order.' } },
    required: ['orderId'],
  };
  await api.post('/v1/event-types', {
    name: 'order.paid',
    group: 'Orders',
    description: 'A customer `paid`.',
    schema,
    examples: [{ orderId: '1001' }],
  });
  await api.post('/v1/event-types', { name: 'user.invited', examples: [{ id: 7 }] });
  await api.post('/v1/event-types', { name: 'internal.synced', visibility: 'internal' });
});
afterAll(() => api.close());

const documentation = async (query = '') => (await api.get(`/v1/tenants/${tenant}/documentation${query}`)).body;
const page = async (query = '') =>
  await fetch(`${api.origin}/v1/tenants/${tenant}/documentation.html${query}`, {
    headers: { authorization: 'Bearer test-key-0123456789abcdef' },
  });

describe('the documentation', () => {
  it('has the public event types with schema and an example as endpoints receive it', async () => {
    const body = consumerDocument.parse(await documentation());
    expect(body.events.map(({ type }) => type)).toEqual(['order.paid', 'user.invited']);
    const [paid] = body.events;
    expect(paid).toMatchObject({ group: 'Orders', subscribed: null, versions: [{ version: 1, schema: { required: ['orderId'] } }] });
    expect(paid?.versions[0]?.example).toMatchObject({ type: 'order.paid', timestamp: expect.any(String), data: { orderId: '1001' } });
  });

  it('has the signature with code in seven languages, the rules of answers, the addresses, and when to fetch missed events', async () => {
    const { signature, answers, addresses, missed, retries } = await documentation();
    expect(signature.schemes).toEqual(['v1']);
    expect(signature.code.map(({ title }: { title: string }) => title)).toEqual([
      'JavaScript',
      'Python',
      'Go',
      'Java',
      'Ruby',
      'PHP',
      'C#',
    ]);
    expect(answers.map(({ status }: { status: string }) => status)).toContain('410');
    expect(addresses.egressIps).toEqual(['192.0.2.0/24']);
    expect(missed.list).toContain('/missed?include=body');
    expect(retries.attempts).toHaveLength(9);
  });

  it('leaves the event types out when asked', async () => {
    const { events, signature } = await documentation('?events=none');
    expect(events).toEqual([]);
    expect(signature.code).toHaveLength(7);
    expect((await api.get(`/v1/tenants/${tenant}/documentation?events=some`)).body.errors).toMatchObject([{ path: 'events' }]);
  });

  it('for an endpoint has its subscription, schemes, timeout and schedule', async () => {
    const body = await documentation(`?endpoint=${endpoint}`);
    expect(body).toMatchObject({ endpoint, request: { timeoutMs: 5_000 }, signature: { schemes: ['v1', 'v1a'] } });
    expect(body.events.map(({ subscribed }: { subscribed: boolean }) => subscribed)).toEqual([true, false]);
    expect(body.retries.attempts).toMatchObject([
      { number: 1, waitMs: null },
      { waitMs: 10_000, earliestAfterMs: 9_000, latestAfterMs: 16_000 },
      { waitMs: 3_600_000 },
    ]);
  });

  it.each<[string, object, RegExp[]]>([
    ['v1a', { schemes: ['v1a'] }, [/ed25519 signature after `v1a,`/]],
    [
      'a custom scheme',
      {
        schemes: [],
        custom: { header: 'X-Sig', algorithm: 'sha512', encoding: 'hex', signed: '{timestamp}.{body}', secretAs: 'text', prefix: 's=' },
      },
      [/without `X-Sig`/, /HMAC-SHA512 over `\{timestamp\}\.\{body\}`/, /the hex of the result, after `s=`/, /The id is not signed/],
    ],
    ['RFC 9421', { schemes: [], messageSignatures: { algorithm: 'ed25519' } }, [/RFC 9421, `ed25519`/, /`content-digest`/]],
  ])('for an endpoint that signs only with %s says how to verify that, without the code for v1', async (_name, signing, wanted) => {
    const { id } = await api.makeEndpoint(tenant, 'https://hooks.example.com/signed', { signing });
    const { signature } = await documentation(`?endpoint=${id}`);
    expect(signature.code).toEqual([]);
    for (const text of wanted) expect(signature.steps.join('\n')).toMatch(text);
    expect(signature.steps.join('\n')).not.toContain('HMAC-SHA256');
    expect(await (await page(`?endpoint=${id}`)).text()).not.toContain('The same as code');
  });

  it('is an HTML page that loads nothing, escapes what producers wrote, and runs only the script that its policy names', async () => {
    const answer = await page(`?endpoint=${endpoint}`);
    const html = await answer.text();
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.headers.get('content-security-policy')).toMatch(/script-src 'sha256-[\w+/]{43}='/);
    expect(answer.headers.get('content-security-policy')).not.toMatch(/unsafe|https?:/);
    expect(html).not.toMatch(/\s(src|srcset)=|<link|@import|\sstyle="|<b>of/);
    for (const text of ['order.paid', '&#60;b&#62;of', 'whsec_', '192.0.2.0/24', 'Down for 7 h']) expect(html).toContain(text);
  });

  it('has a simulator in the page that answers as the API does', async () => {
    const html = await (await page()).text();
    const [, script = ''] = /<script>([\s\S]*?)<\/script>/.exec(html) ?? [];
    const element = { amount: { value: '7' }, unit: { value: '3600000' }, after: { value: '0' }, answer: { textContent: '' } };
    const withListeners = Object.fromEntries(
      Object.entries(element).map(([id, one]) => [id, Object.assign(one, { addEventListener: () => undefined })]),
    );
    vm.runInNewContext(script, { document: { getElementById: (id: string) => withListeners[id] } });
    expect(element.answer.textContent).toMatch(/^Delivered between 7 h 0 min and 20 h \d+ min after the event\.$/);
  });

  it('names what is wrong: another tenant’s endpoint, an unknown tenant, a bad parameter', async () => {
    const other = await api.makeTenant();
    const foreign = (await api.makeEndpoint(other, 'https://hooks.example.com/other')).id;
    expect(await api.get(`/v1/tenants/${tenant}/documentation?endpoint=${foreign}`)).toMatchObject({
      status: 404,
      body: { errors: [{ path: 'endpoint' }] },
    });
    expect((await api.get('/v1/tenants/nobody/documentation')).status).toBe(404);
    expect(await api.get(`/v1/tenants/${tenant}/documentation?endpoint=x`)).toMatchObject({
      status: 422,
      body: { errors: [{ path: 'endpoint' }] },
    });
  });
});

describe('the simulation', () => {
  it('answers for an endpoint from its own schedule', async () => {
    const { body } = await api.get(`/v1/endpoints/${endpoint}/retry-schedule/simulate?downFor=30m`);
    expect(body).toMatchObject({
      endpoint,
      source: 'endpoint',
      schedule: { schedule: ['10s', '1h'] },
      result: { outcome: 'delivered', earliest: { attempt: 3 }, latest: { attempt: 3 } },
    });
    // 9 s and 54 min at least; 11 s, 66 min and three timeouts of 5 s at most
    expect(body.result.earliest.afterMs).toBe(9_000 + 54 * 60_000);
    expect(body.result.latest.afterMs).toBeLessThanOrEqual(11_000 + 66 * 60_000 + 15_000);
    const gone = await api.get(`/v1/endpoints/${endpoint}/retry-schedule/simulate?downFor=3h`);
    expect(gone.body.result).toMatchObject({ outcome: 'dead_letter', earliest: null, sentence: expect.stringContaining('dead letter') });
  });

  it('answers for the usual schedule, and for one that is tried out', async () => {
    const usual = (await api.get('/v1/retry-schedule/simulate?downFor=7h')).body;
    expect(usual).toMatchObject({
      endpoint: null,
      source: 'default',
      result: { outcome: 'delivered', earliest: { attempt: 7 }, latest: { attempt: 8 } },
    });
    expect(usual.result.sentence).toContain('Down for 7 h');
    const tried = (await api.get('/v1/retry-schedule/simulate?downFor=10m&schedule=1m,20m&acceptedAfter=5m&retryAfter=30s')).body;
    expect(tried).toMatchObject({
      source: 'given',
      schedule: { schedule: ['1m', '20m'] },
      result: { outcome: 'delivered', acceptedAfterMs: 300_000 },
    });
  });

  it('is open to a portal link of a tenant', async () => {
    const link = (await api.post('/v1/portal-links', { tenant, scopes: ['endpoints:read'] })).body;
    const answer = await api.call('GET', '/v1/retry-schedule/simulate?downFor=7h', undefined, { key: link.token });
    expect([answer.status, answer.body.source]).toEqual([200, 'default']);
  });

  it.each([
    ['downFor=soon', 'downFor'],
    ['downFor=60d', 'downFor'],
    ['', 'downFor'],
    ['downFor=1h&schedule=1m,later', 'schedule'],
    ['downFor=1h&schedule=3d,3d', 'schedule'],
    ['downFor=1h&acceptedAfter=-1', 'acceptedAfter'],
    ['downFor=1h&times=2', 'times'],
  ])('refuses %s, and names the field', async (query, path) => {
    const { status, body } = await api.get(`/v1/retry-schedule/simulate?${query}`);
    expect([status, body.errors[0]?.path]).toEqual([422, path]);
  });

  it('of an unknown endpoint is a 404', async () => {
    expect((await api.get('/v1/endpoints/ep_00000000000070008000000000000000/retry-schedule/simulate?downFor=1h')).status).toBe(404);
  });
});
