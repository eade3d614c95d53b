// Tenant isolation on every route: with the ids of another tenant, a tenant-bound caller learns and
// changes nothing. With its own ids, it is served.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLanes } from '#db/lanes/lanes';
import { countSandboxAttempt, recordSandboxRequest } from '#db/sandbox/sandbox-requests';
import { uuidOf } from '#domain/ids';
import { missedCursor } from '#domain/views/missed';
import { newId } from '#runtime/new-id';
import { type Api, type ApiAnswer, createApi } from '../../support/api.ts';
import { type ApiServer, startApi } from '../api-server.ts';
import { attempted, planned } from '../deliveries-at-hand.ts';

/** The ids of a tenant that a caller can put into a request. */
interface Names {
  tenant: string;
  endpoint: string;
  delivery: string;
  attempt: string;
  event: string;
  key: string;
  link: string;
  session: string;
  alert: string;
  channel: string;
  replay: string;
  sandbox: string;
}

interface Case {
  path(names: Names): string;
  body?: object;
  headers?: Record<string, string>;
  /** The body names the tenant. */
  ofTenant?: true;
  /** The body names the endpoint. */
  ofEndpoint?: true;
  /** The status with another tenant's ids; 404 by default. */
  foreign?: number;
  /** The status with its own ids; 200 by default. */
  own?: number;
}

const url = 'http://127.0.0.1:9/hook';

// run in this order with the caller's own ids: operations that delete something come last
const cases: Record<string, Case> = {
  getTenant: { path: ({ tenant }) => `/v1/tenants/${tenant}` },
  changeTenant: { path: ({ tenant }) => `/v1/tenants/${tenant}`, body: { name: 'changed' } },
  listEndpoints: { path: ({ tenant }) => `/v1/tenants/${tenant}/endpoints` },
  createEndpoint: { path: ({ tenant }) => `/v1/tenants/${tenant}/endpoints`, body: { url }, own: 201 },
  getEndpoint: { path: ({ endpoint }) => `/v1/endpoints/${endpoint}` },
  changeEndpoint: {
    path: ({ endpoint }) => `/v1/endpoints/${endpoint}`,
    body: { description: 'changed', ordering: 'endpoint', onDeadLetter: 'block' },
  },
  searchEndpoints: { path: ({ tenant }) => `/v1/endpoints?tenant=${tenant}` },
  previewEndpointChange: {
    path: ({ endpoint }) => `/v1/endpoints/${endpoint}/preview`,
    body: { eventTypes: [], url: 'https://example.com' },
  },
  listQueues: { path: ({ endpoint }) => `/v1/endpoints/${endpoint}/queues` },
  // which secrets can be ended: test/api/routes/endpoint-secrets.test.ts
  endSecret: { path: ({ endpoint }) => `/v1/endpoints/${endpoint}/secrets/sec_${'0'.repeat(32)}`, own: 404 },
  getDocumentation: { path: ({ tenant, endpoint }) => `/v1/tenants/${tenant}/documentation?endpoint=${endpoint}` },
  getDocumentationPage: { path: ({ tenant, endpoint }) => `/v1/tenants/${tenant}/documentation.html?endpoint=${endpoint}` },
  simulateEndpointRetries: { path: ({ endpoint }) => `/v1/endpoints/${endpoint}/retry-schedule/simulate?downFor=7h` },
  getEndpointStats: { path: ({ endpoint }) => `/v1/endpoints/${endpoint}/stats` },
  getTenantStats: { path: ({ tenant }) => `/v1/tenants/${tenant}/stats` },
  listWorstEndpoints: { path: ({ tenant }) => `/v1/stats/endpoints?tenant=${tenant}` },
  getLane: { path: ({ endpoint }) => `/v1/endpoints/${endpoint}/lane` },
  getSequence: { path: ({ endpoint }) => `/v1/endpoints/${endpoint}/sequence` },
  skipHead: { path: ({ endpoint }) => `/v1/endpoints/${endpoint}/skip-head`, body: {}, own: 409 },
  pauseEndpoint: { path: ({ endpoint }) => `/v1/endpoints/${endpoint}/pause` },
  testEndpoint: { path: ({ endpoint }) => `/v1/endpoints/${endpoint}/test`, body: {}, own: 409 },
  resumeEndpoint: { path: ({ endpoint }) => `/v1/endpoints/${endpoint}/resume` },
  // its URL is an address
  listenToEndpoint: { path: ({ endpoint }) => `/v1/endpoints/${endpoint}/listen`, own: 409 },
  answerListened: {
    path: ({ endpoint }) => `/v1/endpoints/${endpoint}/listen/019cabf3-e1c0-7d8a-9f2b-64c1d07e35a8`,
    body: { target: 'localhost:3000', status: 200, totalMs: 1 },
    own: 404,
  },
  verifyEndpoint: { path: ({ endpoint }) => `/v1/endpoints/${endpoint}/verify`, own: 409 },
  checkConformance: { path: ({ endpoint }) => `/v1/endpoints/${endpoint}/conformance`, body: { cases: ['replay'] } },
  getConformance: { path: ({ endpoint }) => `/v1/endpoints/${endpoint}/conformance` },
  listSecrets: { path: ({ endpoint }) => `/v1/endpoints/${endpoint}/secrets` },
  rotateSecret: { path: ({ endpoint }) => `/v1/endpoints/${endpoint}/rotate-secret`, body: {} },
  postEvent: { path: ({ tenant }) => `/v1/tenants/${tenant}/events`, body: { type: 'order.created', data: 1 }, own: 202 },
  postEvents: {
    path: ({ tenant }) => `/v1/tenants/${tenant}/events/batch`,
    body: { events: [{ type: 'order.created', data: 1 }] },
    own: 202,
  },
  listEvents: { path: ({ tenant }) => `/v1/tenants/${tenant}/events` },
  listAllEvents: { path: ({ tenant }) => `/v1/events?tenant=${tenant}` },
  search: { path: ({ tenant, delivery }) => `/v1/search?q=${delivery}&tenant=${tenant}` },
  getEvent: { path: ({ tenant, event }) => `/v1/tenants/${tenant}/events/${event}` },
  explainEvent: { path: ({ tenant, event }) => `/v1/tenants/${tenant}/events/${event}/explain` },
  testTransform: { path: () => '/v1/transforms/test', body: { event: { type: 'a.b', data: 1 } }, ofEndpoint: true },
  listMissed: { path: ({ endpoint }) => `/v1/endpoints/${endpoint}/missed?include=body` },
  getUndelivered: { path: ({ tenant }) => `/v1/undelivered?tenant=${tenant}` },
  listDeliveries: { path: ({ tenant }) => `/v1/deliveries?tenant=${tenant}` },
  getDelivery: { path: ({ delivery }) => `/v1/deliveries/${delivery}` },
  listAttempts: { path: ({ delivery }) => `/v1/deliveries/${delivery}/attempts` },
  getAttempt: { path: ({ delivery, attempt }) => `/v1/deliveries/${delivery}/attempts/${attempt}` },
  explainDelivery: { path: ({ delivery }) => `/v1/deliveries/${delivery}/explain` },
  retryDeliveryNow: { path: ({ delivery }) => `/v1/deliveries/${delivery}/retry-now`, own: 202 },
  createReplay: {
    path: () => '/v1/replays',
    body: { since: '2020-01-01T00:00:00Z', until: '2020-01-02T00:00:00Z' },
    ofTenant: true,
    own: 202,
  },
  listReplays: { path: ({ tenant }) => `/v1/replays?tenant=${tenant}` },
  getReplay: { path: ({ replay }) => `/v1/replays/${replay}` },
  changeReplay: { path: ({ replay }) => `/v1/replays/${replay}`, body: { perSecond: 3 } },
  pauseReplay: { path: ({ replay }) => `/v1/replays/${replay}/pause`, own: 202 },
  resumeReplay: { path: ({ replay }) => `/v1/replays/${replay}/resume`, own: 202 },
  cancelReplay: { path: ({ replay }) => `/v1/replays/${replay}/cancel`, own: 202 },
  releaseDelivery: { path: ({ delivery }) => `/v1/deliveries/${delivery}/release`, own: 409 },
  replayDelivery: { path: ({ delivery }) => `/v1/deliveries/${delivery}/replay`, own: 409 },
  cancelDelivery: { path: ({ delivery }) => `/v1/deliveries/${delivery}/cancel`, own: 202 },
  ackMissed: {
    path: ({ endpoint }) => `/v1/endpoints/${endpoint}/missed/ack`,
    body: { cursor: missedCursor(`ep_${'0'.repeat(32)}`, 0) },
    own: 422,
  },
  recallEvent: { path: ({ tenant, event }) => `/v1/tenants/${tenant}/events/${event}/recall`, body: {} },
  createSandboxEndpoint: { path: ({ tenant }) => `/v1/tenants/${tenant}/sandbox-endpoints`, body: {}, own: 201 },
  listSandboxEndpoints: { path: ({ tenant }) => `/v1/tenants/${tenant}/sandbox-endpoints` },
  getSandboxEndpoint: { path: ({ sandbox }) => `/v1/sandbox-endpoints/${sandbox}` },
  changeSandboxEndpoint: { path: ({ sandbox }) => `/v1/sandbox-endpoints/${sandbox}`, body: { name: 'changed' } },
  listSandboxRequests: { path: ({ sandbox }) => `/v1/sandbox-endpoints/${sandbox}/requests` },
  clearSandboxRequests: { path: ({ sandbox }) => `/v1/sandbox-endpoints/${sandbox}/requests`, own: 204 },
  deleteSandboxEndpoint: { path: ({ sandbox }) => `/v1/sandbox-endpoints/${sandbox}`, own: 204 },
  eraseEvent: { path: ({ tenant, event }) => `/v1/tenants/${tenant}/events/${event}/content`, own: 204 },
  eraseSubject: { path: ({ tenant }) => `/v1/tenants/${tenant}/subjects/jane/content` },
  deleteEndpoint: { path: ({ endpoint }) => `/v1/endpoints/${endpoint}`, own: 204 },
  createApiKey: { path: () => '/v1/api-keys', body: { name: 'x', scopes: ['events:write'] }, ofTenant: true, own: 201 },
  listApiKeys: { path: ({ tenant }) => `/v1/api-keys?tenant=${tenant}` },
  revokeApiKey: { path: ({ key }) => `/v1/api-keys/${key}`, own: 204 },
  createPortalLink: { path: () => '/v1/portal-links', body: {}, ofTenant: true, own: 201 },
  listPortalLinks: { path: ({ tenant }) => `/v1/portal-links?tenant=${tenant}` },
  revokePortalLink: { path: ({ link }) => `/v1/portal-links/${link}`, own: 204 },
  listSessions: { path: ({ tenant }) => `/v1/sessions?tenant=${tenant}` },
  revokeSession: { path: ({ session }) => `/v1/sessions/${session}`, own: 204 },
  listAlerts: { path: ({ tenant }) => `/v1/alerts?tenant=${tenant}` },
  getAlert: { path: ({ alert }) => `/v1/alerts/${alert}` },
  acknowledgeAlert: { path: ({ alert }) => `/v1/alerts/${alert}/acknowledge` },
  createAlertChannel: {
    path: () => '/v1/alert-channels',
    body: { kind: 'slack', settings: { url: 'http://127.0.0.1:9/' } },
    ofTenant: true,
    own: 201,
  },
  listAlertChannels: { path: ({ tenant }) => `/v1/alert-channels?tenant=${tenant}` },
  getAlertChannel: { path: ({ channel }) => `/v1/alert-channels/${channel}` },
  changeAlertChannel: { path: ({ channel }) => `/v1/alert-channels/${channel}`, body: { minSeverity: 'critical' } },
  // nothing listens there
  testAlertChannel: { path: ({ channel }) => `/v1/alert-channels/${channel}/test`, own: 422 },
  deleteAlertChannel: { path: ({ channel }) => `/v1/alert-channels/${channel}`, own: 204 },
  listSigningKeysOfTenant: { path: ({ tenant }) => `/v1/tenants/${tenant}/signing-keys` },
  rotateSigningKeyOfTenant: { path: ({ tenant }) => `/v1/tenants/${tenant}/signing-keys/rotate`, body: {} },
  listAuditLog: { path: ({ tenant }) => `/v1/audit-log?tenant=${tenant}` },
  verifyAuditLog: { path: () => '/v1/audit-log/verification', foreign: 403, own: 403 },
  exportAuditLog: { path: ({ tenant }) => `/v1/audit-log/export?tenant=${tenant}` },
  exportDeliveries: { path: ({ tenant }) => `/v1/deliveries/export?tenant=${tenant}` },
  // the catalogue belongs to no tenant: what is public is there for all of them
  listEventTypes: { path: () => '/v1/event-types', foreign: 200 },
  getEventType: { path: () => '/v1/event-types/shared.type', foreign: 200 },
  listEventTypeVersions: { path: () => '/v1/event-types/shared.type/versions', foreign: 200 },
  getEventTypeVersion: { path: () => '/v1/event-types/shared.type/versions/1', foreign: 200 },
  getEventTypeVersionChanges: { path: () => '/v1/event-types/shared.type/versions/1/changes', foreign: 200 },
  getFixtures: { path: () => '/v1/event-types/shared.type/fixtures', foreign: 200 },
  exportCatalogue: { path: () => '/v1/catalogue?format=asyncapi', foreign: 200 },
  applyCatalogue: { path: () => '/v1/catalogue', body: { document: { eventTypes: {} } }, foreign: 403, own: 403 },
  createEventType: { path: () => '/v1/event-types', body: { name: 'x' }, foreign: 403, own: 403 },
  changeEventType: { path: () => '/v1/event-types/shared.type', body: { description: 'x' }, foreign: 403, own: 403 },
  putEventTypeVersion: { path: () => '/v1/event-types/shared.type/versions', body: { schema: {} }, foreign: 403, own: 403 },
  listConverters: { path: () => '/v1/event-types/shared.type/converters', foreign: 200 },
  putConverter: { path: () => '/v1/event-types/shared.type/converters', body: { from: 2, to: 1, steps: [] }, foreign: 403, own: 403 },
  deleteConverter: { path: () => '/v1/event-types/shared.type/converters/2/1', foreign: 403, own: 403 },
  compareEventType: { path: () => '/v1/event-types/shared.type/compare', body: { schema: {} }, foreign: 403, own: 403 },
  deleteEventType: { path: () => '/v1/event-types/shared.type', foreign: 403, own: 403 },
  deleteTenant: { path: ({ tenant }) => `/v1/tenants/${tenant}`, foreign: 403, own: 403 },
  createTenant: { path: () => '/v1/tenants', body: { name: 'one more' }, foreign: 403, own: 403 },
  listTenants: { path: () => '/v1/tenants', foreign: 403, own: 403 },
  // would not end with its own ids: test/api/routes/stream.test.ts
  stream: { path: ({ tenant }) => `/v1/stream?tenant=${tenant}`, headers: { 'last-event-id': 'none' }, own: 422 },
  getStats: { path: () => '/v1/stats', foreign: 403, own: 403 },
  getStatus: { path: () => '/v1/status', foreign: 403, own: 403 },
};

let api: ApiServer;
let bound: Api;
let own: Names;
let foreign: Names;
let table: { operationId: string; method: string; path: string; open: boolean }[];
const canary = `canary-${randomBytes(6).toString('hex')}`;
const unseen: string[] = [canary, Buffer.from(canary).toString('base64').slice(0, -4)];

beforeAll(async () => {
  api = await startApi();
  own = await furnish('own', `own-${randomBytes(6).toString('hex')}`);
  foreign = await furnish('foreign', canary);
  await api.post('/v1/event-types', { name: 'shared.type', schema: {}, examples: [{}] });
  unseen.push(
    foreign.endpoint,
    foreign.delivery,
    foreign.event,
    foreign.key,
    foreign.link,
    foreign.replay,
    uuidOf(foreign.endpoint),
    uuidOf(foreign.delivery),
    foreign.alert,
    foreign.channel,
    foreign.sandbox,
    uuidOf(foreign.sandbox),
  );
  const { body: made } = await api.post('/v1/api-keys', { name: 'all of its tenant', tenant: own.tenant, scopes: ['admin'] });
  bound = createApi(api.origin, made.key);
  const { body } = await api.get('/openapi.json');
  table = Object.entries<Record<string, { operationId: string; security?: unknown[] }>>(body.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, security }]) => ({
      operationId,
      method: method.toUpperCase(),
      path,
      open: Array.isArray(security) && security.length === 0,
    })),
  );
});
afterAll(() => api.close());

/** A tenant with rows in every table, marked in every text field. */
async function furnish(name: string, mark: string): Promise<Names> {
  const tenant = `${name}-tenant`;
  await api.post('/v1/tenants', { id: tenant, name: mark, metadata: { note: mark } });
  const settings = {
    description: mark,
    headers: { 'x-mark': mark },
    metadata: { note: mark },
    eventTypes: ['order.*'],
    ordering: 'endpoint',
    transform: { template: mark },
  };
  const secret = `whsec_${Buffer.from(`${mark}-secret-secret-secret`).toString('base64')}`;
  const { id: endpoint } = await api.makeEndpoint(tenant, `${url}/${mark}`, { ...settings, secret });
  const event = await api.postEvent(tenant, { id: `event-${mark}`, data: { mark }, subject: 'jane' });
  const [delivery = ''] = await planned(api, tenant, event, [endpoint]);
  const response = {
    statusCode: 500,
    headers: [['x-mark', mark]] as [string, string][],
    bodyStart: Buffer.from(mark),
    bodyTruncated: false,
  };
  await attempted(api, delivery, 1, { outcome: 'http_status', message: mark, response });
  const { body: attempts } = await api.get(`/v1/deliveries/${delivery}/attempts`);
  await openLanes(api.db, [endpoint], 'backlog');
  await api.db.query(`update lanes set state = 'idle', allowance = to_jsonb($2::text) where endpoint_id = $1`, [uuidOf(endpoint), mark]);
  await api.db.query('insert into lane_sequences (endpoint_id, key, last) values ($1, $2, 7777)', [uuidOf(endpoint), '']);
  const { body: key } = await api.post('/v1/api-keys', { name: mark, scopes: ['admin'], tenant });
  const { body: link } = await api.post('/v1/portal-links', { tenant });
  const { body: session } = await api.post('/v1/sessions', { key: key.key });
  const channel = { tenant, kind: 'slack', settings: { url: `${url}/${mark}` } };
  const { body: made } = await api.post('/v1/alert-channels', channel);
  const alert = newId('alr');
  const facts = { host: mark, message: mark };
  await api.db.query(
    `insert into alerts (id, tenant_id, endpoint_id, kind, detail) select $1, id, $2, 'deliveries.dead_lettered', $3 from tenants where external_id = $4`,
    [uuidOf(alert), uuidOf(endpoint), facts, tenant],
  );
  if (name === 'foreign') unseen.push(key.key, key.prefix, link.token, session.token);
  const asked = { tenant, endpoint, since: '2020-01-01T00:00:00Z', types: ['order.*'] };
  const { body: replay } = await api.post('/v1/replays', asked);
  const { body: sandbox } = await api.post(`/v1/tenants/${tenant}/sandbox-endpoints`, { name: mark });
  await receivedBySandbox(sandbox.id, mark);
  if (name === 'foreign') unseen.push(sandbox.secret, sandbox.endpoint);
  const ids = { tenant, endpoint, delivery, attempt: attempts.data[0].id, event, sandbox: sandbox.id, key: key.id, link: link.id };
  return { ...ids, session: session.id, alert, channel: made.id, replay: replay.id };
}

async function receivedBySandbox(sandbox: string, mark: string): Promise<void> {
  const id = newId('sbr');
  const plain = Buffer.from(JSON.stringify({ headers: { mark }, body: mark }));
  const [content = Buffer.alloc(0)] = await api.deps.contents.seal([{ ofDay: id, context: id, plain }]);
  const request = {
    id,
    webhookId: mark,
    delivery: mark,
    attempt: 1,
    method: 'POST',
    signature: 'valid',
    statusAnswered: 200,
    bodyBytes: 1,
  };
  await recordSandboxRequest(api.db, sandbox, { ...request, content });
  await countSandboxAttempt(api.db, sandbox, mark);
}

/**
 * Every row of every table as text, without stored Idempotency-Key answers and last uses of keys, which are written in
 * the background.
 */
async function everything(): Promise<string> {
  const { rows } = await api.db.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c
     where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and c.relname <> 'idempotency_keys' order by 1`,
  );
  const texts = await Promise.all(
    rows.map(
      async ({ name }) =>
        (
          await api.db.query(
            `select coalesce(jsonb_agg(to_jsonb(t) - 'last_used_at' order by (to_jsonb(t) - 'last_used_at')::text), '[]')::text as all_of_it from ${name} t`,
          )
        ).rows[0].all_of_it,
    ),
  );
  return texts.join('\n');
}

function call(operationId: string, names: Names, headers = {}, by = bound): Promise<ApiAnswer> {
  const one = cases[operationId];
  const method = table.find((route) => route.operationId === operationId)?.method;
  if (!one || !method) throw new Error(`no case, or no route, ${operationId}`);
  const named = { ...(one.ofTenant && { tenant: names.tenant }), ...(one.ofEndpoint && { endpoint: names.endpoint }) };
  const body = one.body && { ...one.body, ...named };
  return by.call(method, one.path(names), body, { headers: { ...one.headers, ...headers } });
}

function expectSilence({ body, headers }: ApiAnswer): void {
  const said = JSON.stringify(body) + JSON.stringify([...headers]);
  for (const text of unseen) expect(said).not.toContain(text);
}

/** Names nothing that is stored: its answer depends on the request alone. */
const withoutIds = ['testFilter', 'simulateRetries', 'getCurrentPortalLink', 'getCurrentSession', 'signOut'];

it('every route that needs a key has a case', () => {
  expect(Object.keys(cases).toSorted()).toEqual(
    table
      .filter(({ open, operationId }) => !open && !withoutIds.includes(operationId))
      .map(({ operationId }) => operationId)
      .toSorted(),
  );
});

describe("with another tenant's ids", () => {
  it.each(Object.keys(cases))('%s is refused as if they did not exist', async (operationId) => {
    const before = await everything();
    const answer = await call(operationId, foreign);
    expect(answer.status).toBe(cases[operationId]?.foreign ?? 404);
    expectSilence(answer);
    expect(await everything()).toBe(before);
  });

  it('a portal link gets no further', async () => {
    const scopes = ['events:write', 'endpoints:read', 'endpoints:write', 'deliveries:read', 'deliveries:act'];
    const { body } = await api.post('/v1/portal-links', { tenant: own.tenant, scopes });
    const link = createApi(api.origin, body.token);
    const before = await everything();
    for (const operationId of Object.keys(cases)) {
      const answer = await call(operationId, foreign, {}, link);
      expect(cases[operationId]?.foreign === 200 ? [200] : [403, 404]).toContain(answer.status);
      expectSilence(answer);
    }
    expect(await everything()).toBe(before);
    expect((await call('getEvent', own, {}, link)).status).toBe(200);
  });

  it('the answer is the same as for unknown ids', async () => {
    const unknown = (text: string) => `${text.slice(0, -6)}000000`;
    const nobodys = {
      tenant: 'nobody',
      endpoint: unknown(foreign.endpoint),
      delivery: unknown(foreign.delivery),
      attempt: unknown(foreign.attempt),
      event: 'nothing',
      key: unknown(foreign.key),
      link: unknown(foreign.link),
      session: unknown(foreign.session),
      alert: unknown(foreign.alert),
      channel: unknown(foreign.channel),
      replay: unknown(foreign.replay),
      sandbox: unknown(foreign.sandbox),
    };
    for (const operationId of Object.keys(cases)) {
      const [theirs, nothing] = [await call(operationId, foreign), await call(operationId, nobodys)];
      expect({ status: theirs.status, body: theirs.body }).toEqual({ status: nothing.status, body: nothing.body });
    }
  });

  it('mixed with its own ids, nothing is found either', async () => {
    const before = await everything();
    for (const names of [
      { ...foreign, tenant: own.tenant },
      { ...own, event: foreign.event },
    ]) {
      expect((await call('getEvent', names)).status).toBe(404);
    }
    const answers = [
      await bound.get('/v1/deliveries'),
      await bound.get(`/v1/deliveries?endpoint=${foreign.endpoint}`),
      await bound.get(`/v1/deliveries?tenant=${own.tenant}&endpoint=${foreign.endpoint}`),
      await bound.get(
        `/v1/tenants/${own.tenant}/events?cursor=${Buffer.from('evt_ffffffffffffffffffffffffffffffff').toString('base64url')}`,
      ),
    ];
    const ofForeign = { endpoint: foreign.endpoint, since: '2020-01-01T00:00:00Z' };
    for (const dryRun of [true, false]) expect((await bound.post('/v1/replays', { ...ofForeign, dryRun })).status).toBe(404);
    for (const answer of answers) expectSilence(answer);
    expect(answers.slice(0, 3).map(({ status, body }) => [status, body.data.length])).toEqual([
      [200, 1],
      [200, 0],
      [200, 0],
    ]);
    expect((await bound.get(`/v1/deliveries?tenant=${own.tenant}&tenant=${foreign.tenant}`)).status).toBe(422);
    expect(await everything()).toBe(before);
  });

  it('an Idempotency-Key reveals no answer of another caller', async () => {
    const headers = { 'idempotency-key': 'the-same' };
    const made = await api.call('POST', `/v1/endpoints/${foreign.endpoint}/rotate-secret`, {}, { headers });
    expect(made.status).toBe(200);
    unseen.push(made.body.secret);
    const answer = await call('rotateSecret', foreign, headers);
    expect(answer.status).not.toBe(200);
    expectSilence(answer);
  });
});

describe('with its own ids', () => {
  it.each(Object.keys(cases))('%s succeeds', async (operationId) => {
    const answer = await call(operationId, own);
    expect([answer.status, answer.body]).toEqual([cases[operationId]?.own ?? 200, answer.body]);
    expectSilence(answer);
  });
});
