// Alerts and alert channels over HTTP: who sees what, masked secrets, tests of channels against real servers, bad input.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { reconcile } from '#db/alerts/reconcile';
import type { Condition } from '#domain/alerts/alert';
import { uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { type Api, createApi } from '../../support/api.ts';
import { type Receiver, startReceiver } from '../../support/receiver.ts';
import { startSmtp, type TestSmtp } from '../../support/smtp.ts';
import { type ApiServer, startApi } from '../api-server.ts';

let api: ApiServer;
let smtp: TestSmtp;
let receiver: Receiver;
let bound: Api;
let tenantId: string;
beforeAll(async () => {
  [smtp, receiver] = await Promise.all([startSmtp(), startReceiver()]);
  api = await startApi({ smtpUrl: smtp.url });
  await api.makeTenant('acme');
  await api.makeTenant('other');
  bound = createApi(api.origin, (await api.post('/v1/api-keys', { name: 'k', scopes: ['admin'], tenant: 'acme' })).body.key);
  tenantId = (await api.db.query(`select id from tenants where external_id = 'acme'`)).rows[0].id;
});
afterAll(async () => {
  await api?.close();
  await Promise.all([smtp?.close(), receiver?.close()]);
});

const channels = '/v1/alert-channels';
const channelsStored = async () => (await api.db.query('select from alert_channels')).rowCount;

describe('alerts', () => {
  const endpointId = uuidOf(newId('ep'));
  const dead: Condition = {
    kind: 'deliveries.dead_lettered',
    subject: endpointId,
    severity: 'warning',
    tenantId: null,
    endpointId,
    count: 3,
    facts: { host: 'hooks.test', message: 'HTTP 500' },
  };
  const ours: Condition = { ...dead, kind: 'deliveries.quarantined', subject: 'installation', endpointId: null, severity: 'critical' };
  beforeEach(() => reconcile(api.db, [{ ...dead, tenantId }, ours], [dead.kind, ours.kind]));

  it('are shown in the shape of the contract, with filters', async () => {
    const { body } = await api.get('/v1/alerts?tenant=acme&kind=deliveries.dead_lettered&state=open');
    expect(body).toEqual({
      data: [
        {
          id: expect.stringMatching(/^alr_/),
          kind: 'deliveries.dead_lettered',
          severity: 'warning',
          state: 'open',
          tenant: 'acme',
          endpoint: `ep_${endpointId}`,
          title: '3 dead letters for hooks.test',
          detail: expect.stringContaining('HTTP 500'),
          facts: { host: 'hooks.test', message: 'HTTP 500' },
          count: 3,
          openedAt: expect.any(String),
          closedAt: null,
          acknowledgedAt: null,
        },
      ],
      nextCursor: null,
    });
    const [alert] = body.data;
    expect((await api.get(`/v1/alerts/${alert.id}`)).body).toEqual(alert);
    expect((await api.get('/v1/alerts?tenant=other')).body.data).toEqual([]);
    expect((await api.get('/v1/alerts?state=closed')).body.data).toEqual([]);
    expect((await api.get('/v1/alerts?tenant=nobody')).body.data).toEqual([]);
    for (const [query, kinds] of [
      ['state=open&state=acknowledged', [ours.kind, dead.kind]],
      ['state=acknowledged&state=closed', []],
      ['minSeverity=critical', [ours.kind]],
      ['minSeverity=warning', [ours.kind, dead.kind]],
      [`endpoint=ep_${endpointId}`, [dead.kind]],
      [`endpoint=${newId('ep')}`, []],
    ] as const)
      expect((await api.get(`/v1/alerts?${query}`)).body.data.map(({ kind }: { kind: string }) => kind).toSorted()).toEqual(
        kinds.toSorted(),
      );
    for (const [query, field] of [
      ['state=open&state=shut', 'state'],
      ['minSeverity=bad', 'minSeverity'],
      ['endpoint=x', 'endpoint'],
    ] as const)
      expect((await api.get(`/v1/alerts?${query}`)).body.errors[0].path).toMatch(new RegExp(`^${field}`));
  });

  it('about Posthorn itself are shown to the operator only', async () => {
    const kindsFor = async (by: Api) => (await by.get('/v1/alerts')).body.data.map(({ kind }: { kind: string }) => kind).toSorted();
    expect(await kindsFor(api)).toEqual(['deliveries.dead_lettered', 'deliveries.quarantined']);
    expect(await kindsFor(bound)).toEqual(['deliveries.dead_lettered']);
    const unprivileged = (await api.post('/v1/api-keys', { name: 'k', scopes: ['endpoints:read', 'endpoints:write'] })).body.key;
    expect(await kindsFor(createApi(api.origin, unprivileged))).toEqual(['deliveries.dead_lettered']);
    const link = (await api.post('/v1/portal-links', { tenant: 'acme' })).body.token;
    expect(await kindsFor(createApi(api.origin, link))).toEqual(['deliveries.dead_lettered']);
    // a person who may only look at all tenants is an operator, too
    const reader = (await api.post('/v1/api-keys', { name: 'k', scopes: ['endpoints:read'] })).body.key;
    const session = (await api.post('/v1/sessions', { key: reader })).body.token;
    expect(await kindsFor(createApi(api.origin, session))).toEqual(['deliveries.dead_lettered', 'deliveries.quarantined']);
    const quarantine = (await api.get('/v1/alerts?kind=deliveries.quarantined')).body.data[0].id;
    for (const by of [bound, createApi(api.origin, unprivileged)]) {
      expect((await by.get(`/v1/alerts/${quarantine}`)).status).toBe(404);
      expect((await by.post(`/v1/alerts/${quarantine}/acknowledge`)).status).toBe(404);
    }
    expect((await api.get(`/v1/alerts/${quarantine}`)).body.state).toBe('open');
  });

  it('are acknowledged once, by their tenant too', async () => {
    const { id } = (await bound.get('/v1/alerts')).body.data[0];
    const { status, body } = await bound.post(`/v1/alerts/${id}/acknowledge`);
    expect([status, body.state, body.acknowledgedAt]).toEqual([200, 'acknowledged', expect.any(String)]);
    expect((await api.post(`/v1/alerts/${id}/acknowledge`)).body).toEqual(body);
    expect((await api.get('/v1/alerts?state=acknowledged')).body.data).toEqual([body]);
    const { data } = (await api.get('/v1/audit-log?action=alert.acknowledge')).body;
    expect(data).toMatchObject([
      { tenant: 'acme', target: { kind: 'alert', id }, before: { state: 'open' }, after: { state: 'acknowledged' } },
    ]);
    await reconcile(api.db, [ours], [dead.kind, ours.kind]);
    expect((await api.get(`/v1/alerts/${id}`)).body).toMatchObject({ state: 'closed', closedAt: expect.any(String) });
    expect((await api.post(`/v1/alerts/${id}/acknowledge`)).body.state).toBe('closed');
  });
});

describe('a channel', () => {
  const url = 'https://hooks.slack.com/services/T000/B000/canary-path';
  it.each([
    ['slack', { url }, { url: 'https://hooks.slack.com/***' }],
    ['pagerduty', { routingKey: 'canary-key' }, { routingKey: '***' }],
    ['webhook', { url: 'https://example.com/hook', secret: `whsec_${'A'.repeat(32)}` }, { url: 'https://example.com/hook', secret: '***' }],
    ['email', { to: ['a@example.com', 'b@example.com'] }, { to: ['a@example.com', 'b@example.com'] }],
  ])('of the kind %s is stored encrypted and shown masked', async (kind, settings, shown) => {
    const { status, body } = await api.post(channels, { tenant: 'acme', kind, settings, minSeverity: 'warning' });
    expect([status, body]).toMatchObject([201, { id: expect.stringMatching(/^ach_/), tenant: 'acme', kind, minSeverity: 'warning' }]);
    const read = (await bound.get(`${channels}/${body.id}`)).body;
    expect(read).toMatchObject({ settings: shown, kinds: null, quietPeriod: '15m', digest: null, lastError: null });
    expect((await api.get(`${channels}?tenant=acme&limit=1`)).body.data).toEqual([read]);
    const { rows } = await api.db.query('select to_jsonb(c)::text as row from alert_channels c');
    const audit = await api.db.query('select to_json(l)::text as row from posthorn_audit.audit_log l');
    for (const { row } of [...rows, ...audit.rows]) expect(row).not.toMatch(/canary|A{32}/);
  });

  it('of a webhook gets a secret, which is shown once', async () => {
    const { body } = await api.post(channels, { kind: 'webhook', settings: { url: 'https://example.com/hook' } });
    expect(body).toMatchObject({ tenant: null, settings: { secret: expect.stringMatching(/^whsec_/) } });
    expect((await api.get(`${channels}/${body.id}`)).body.settings.secret).toBe('***');
  });

  it('is changed and deleted; a webhook keeps its secret', async () => {
    const { id } = (await api.post(channels, { tenant: 'acme', kind: 'slack', settings: { url } })).body;
    const change = { minSeverity: 'critical', kinds: ['endpoint.disabled'], quietPeriod: '1h', digest: { at: '07:30' } };
    const { body } = await bound.call('PATCH', `${channels}/${id}`, change);
    expect(body).toMatchObject({ ...change, digest: { at: '07:30', only: false } });
    expect((await api.get('/v1/audit-log?action=alert_channel.change')).body.data[0]).toMatchObject({ tenant: 'acme', after: change });
    expect((await bound.call('PATCH', `${channels}/${id}`, { kinds: null, digest: null })).body).toMatchObject({
      kinds: null,
      digest: null,
    });
    expect((await bound.call('DELETE', `${channels}/${id}`)).status).toBe(204);
    expect((await bound.get(`${channels}/${id}`)).status).toBe(404);
    expect((await bound.call('DELETE', `${channels}/${id}`)).status).toBe(404);
    const webhook = (await api.post(channels, { kind: 'webhook', settings: { url: 'https://example.com/1' } })).body;
    const moved = await api.call('PATCH', `${channels}/${webhook.id}`, { settings: { url: 'https://example.com/2' } });
    expect(moved.body.settings).toEqual({ url: 'https://example.com/2', secret: '***' });
  });

  it('of the operator needs an admin key of all tenants', async () => {
    const wanted = { kind: 'slack', settings: { url } };
    const key = (await api.post('/v1/api-keys', { name: 'k', scopes: ['endpoints:read', 'endpoints:write'] })).body.key;
    expect((await createApi(api.origin, key).post(channels, wanted)).status).toBe(403);
    expect((await bound.post(channels, { ...wanted, tenant: null })).status).toBe(404);
    expect((await bound.post(channels, wanted)).body.tenant).toBe('acme');
    const { id } = (await api.post(channels, wanted)).body;
    for (const by of [bound, createApi(api.origin, key)]) {
      expect((await by.get(`${channels}/${id}`)).status).toBe(404);
      expect((await by.call('DELETE', `${channels}/${id}`)).status).toBe(404);
      expect((await by.get(channels)).body.data.filter((one: { tenant: null }) => one.tenant === null)).toEqual([]);
    }
  });
});

it('a tenant has at most 20 channels, also when they are created concurrently', async () => {
  await api.makeTenant('many');
  const make = () => api.post(channels, { tenant: 'many', kind: 'slack', settings: { url: 'https://hooks.slack.com/x' } });
  const statuses = (await Promise.all(Array.from({ length: 30 }, make))).map(({ status }) => status).toSorted();
  expect(statuses).toEqual([...Array(20).fill(201), ...Array(10).fill(409)]);
  const { data } = (await api.get(`${channels}?tenant=many`)).body;
  await api.call('DELETE', `${channels}/${data[0].id}`);
  expect((await make()).status).toBe(201);
});

describe('a test of a channel', () => {
  const make = async (kind: string, settings: object): Promise<string> => (await api.post(channels, { kind, settings })).body.id;
  const test = async (id: string) => api.post(`${channels}/${id}/test`);

  it('posts to Slack and answers with what it said', async () => {
    receiver.answer('/slack', (_request, response) => void response.end('ok'));
    const { status, body } = await test(await make('slack', { url: `${receiver.url}/slack` }));
    expect([status, body]).toEqual([
      200,
      { answer: expect.stringMatching(/^HTTP 200 from 127\.0\.0\.1:\d+, \d+ ms: ok$/), tookMs: expect.any(Number) },
    ]);
    const [request] = receiver.requests.filter(({ path }) => path === '/slack');
    expect(request?.headers['content-type']).toBe('application/json');
    expect(JSON.parse(String(request?.body))).toMatchObject({ text: expect.any(String), blocks: [{ type: 'section' }] });
  });

  it('triggers and resolves an incident of PagerDuty', async () => {
    receiver.answer('/pd', (_request, response) => void response.writeHead(202).end('{"status":"success"}'));
    expect((await test(await make('pagerduty', { routingKey: 'r'.repeat(32), url: `${receiver.url}/pd` }))).status).toBe(200);
    const events = receiver.requests.filter(({ path }) => path === '/pd').map(({ body }) => JSON.parse(String(body)));
    expect(events.map((event) => event.event_action)).toEqual(['trigger', 'resolve']);
    expect(new Set(events.map((event) => event.dedup_key)).size).toBe(1);
  });

  it('sends a mail, and names the recipient that the server refuses', async () => {
    const { status, body } = await test(await make('email', { to: ['ops@example.com'] }));
    expect([status, body.answer]).toEqual([200, expect.stringMatching(/^250/)]);
    expect(smtp.mails.at(-1)).toMatchObject({
      from: 'alerts@posthorn.test',
      to: ['ops@example.com'],
      raw: expect.stringContaining('text/html'),
    });
    smtp.refuse((address) => address === 'gone@example.com');
    for (const to of [['gone@example.com'], ['ops@example.com', 'gone@example.com']]) {
      const refused = await test(await make('email', { to }));
      expect([refused.status, refused.body.errors]).toMatchObject([
        422,
        [{ path: 'settings.to', message: expect.stringContaining('gone@example.com') }],
      ]);
    }
  });

  it.each([
    ['answers 404', '/missing', /HTTP 404.*no_service/],
    ['is a private address', 'http://10.0.0.1/hook', /10\.0\.0\.1/],
  ])('that %s names the field', async (_, path, message) => {
    receiver.answer('/missing', (_request, response) => void response.writeHead(404).end('no_service'));
    const id = await make('slack', { url: `${receiver.url}/missing` });
    const { status, body } = path.startsWith('/')
      ? await test(id)
      : await api.call('PATCH', `${channels}/${id}`, { settings: { url: path } });
    expect([status, body.errors]).toMatchObject([422, [{ path: 'settings.url', message: expect.stringMatching(message) }]]);
  });
});

describe('bad input', () => {
  const slack = { kind: 'slack', settings: { url: 'https://hooks.slack.com/x' } };
  it.each<[string, unknown, string[]]>([
    ['an unknown kind', { ...slack, kind: 'pigeon' }, ['kind']],
    ['no settings', { kind: 'slack' }, ['settings']],
    ['a setting of another kind', { kind: 'email', settings: { to: ['a@example.com'], url: 'https://example.com' } }, ['settings.url']],
    ['a missing setting', { kind: 'pagerduty', settings: {} }, ['settings.routingKey']],
    ['an unknown setting', { kind: 'slack', settings: { uri: 'x' } }, ['settings.uri', 'settings.url']],
    ['a bad recipient', { kind: 'email', settings: { to: ['a@example.com', 'a b@x'] } }, ['settings.to[1]']],
    ['a line break in a recipient', { kind: 'email', settings: { to: ['a@example.com\r\nBcc: b@example.com'] } }, ['settings.to[0]']],
    ['a private address', { kind: 'webhook', settings: { url: 'http://169.254.169.254/' } }, ['settings.url']],
    ['a masked secret', { kind: 'pagerduty', settings: { routingKey: '***' } }, ['settings.routingKey']],
    [
      'a secret too short',
      { kind: 'webhook', settings: { url: 'https://example.com/', secret: 'short but visible' } },
      ['settings.secret'],
    ],
    ['an unknown kind of alert', { ...slack, kinds: ['endpoint.exploded'] }, ['kinds[0]']],
    ['an unknown severity', { ...slack, minSeverity: 'apocalyptic' }, ['minSeverity']],
    ['a quiet period of days', { ...slack, quietPeriod: '2d' }, ['quietPeriod']],
    ['a time that is none', { ...slack, digest: { at: '25:00' } }, ['digest.at']],
    ['a digest for PagerDuty', { kind: 'pagerduty', settings: { routingKey: 'x' }, digest: { at: '08:00' } }, ['digest']],
    ['an unknown field', { ...slack, colour: 'red' }, ['colour']],
  ])('%s names the field, and nothing is stored', async (_, body, paths) => {
    const before = await channelsStored();
    const answer = await api.post(channels, body as object);
    expect(answer).toMatchObject({ status: 422, body: { status: 422 } });
    expect(answer.body.errors.map(({ path }: { path: string }) => path)).toEqual(paths);
    expect(await channelsStored()).toBe(before);
  });

  it('an unknown tenant is 404, an unknown alert or filter too', async () => {
    expect((await api.post(channels, { ...slack, tenant: 'nobody' })).status).toBe(404);
    expect((await api.get('/v1/alerts/alr_nonsense')).status).toBe(404);
    expect((await api.post(`${channels}/${newId('ach')}/test`)).status).toBe(404);
    expect((await api.get('/v1/alerts?kind=nonsense')).body.errors).toMatchObject([{ path: 'kind' }]);
    expect((await api.get('/v1/alerts?cursor=bm9uc2Vuc2U')).body.errors).toMatchObject([{ path: 'cursor' }]);
    expect((await api.post('/v1/tenants', { id: '_posthorn', name: 'x' })).body.errors).toMatchObject([{ path: 'id' }]);
  });

  it('email without an SMTP server is refused', async () => {
    const without = await startApi();
    const answer = await without.post(channels, { kind: 'email', settings: { to: ['a@example.com'] } });
    expect([answer.status, answer.body.errors]).toMatchObject([
      422,
      [{ path: 'kind', message: expect.stringContaining('POSTHORN_SMTP_URL') }],
    ]);
    await without.close();
  });
});
