// The audit log over HTTP: one entry for each change, none for what failed, no secret in any; and its exports, which are gone on with anywhere.
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditLogRoutes } from '../../src/api/audit-log.ts';
import type { Answer, Call, Route } from '../../src/api/route.ts';
import { verifyAudit } from '../../src/db/audit-chain.ts';
import { disableFailing, recoverFailing, stopEndpoint } from '../../src/db/failing-endpoints.ts';
import { asTenant, type ScopedDb, scopedDb } from '../../src/db/tenant-scope.ts';
import type { Caller } from '../../src/domain/access.ts';
import { firstUuidAt, idOf, uuidOf } from '../../src/domain/ids.ts';
import { newId } from '../../src/new-id.ts';
import type { ApiAnswer } from '../support/api.ts';
import { until } from '../support/until.ts';
import { type ApiServer, apiKey, startApi } from './api-server.ts';
import { attempted, planned, setStatus } from './deliveries-at-hand.ts';

const canary = 'canary-7f3a';
const url = `http://127.0.0.1:9/${canary}/path?token=${canary}`;
const headers = { 'x-api-key': canary, 'x-other': canary };
const secret = `whsec_${Buffer.from(canary.padEnd(32, '.')).toString('base64')}`;

let api: ApiServer;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

interface Entry {
  seq: number;
  action: string;
  actor: { kind: string; id: string | null };
  tenant: string | null;
  target: { kind: string; id: string };
  before: object | null;
  after: object | null;
  address: string | null;
  requestId: string | null;
}

const log = async (query = ''): Promise<Entry[]> => (await api.get(`/v1/audit-log?limit=250${query}`)).body.data;
const endpoint = async (more = {}) => {
  const tenant = await api.makeTenant();
  return { tenant, ...(await api.makeEndpoint(tenant, url, { headers, secret, ...more })) };
};

async function delivery(status: 'retrying' | 'dead_lettered' | 'quarantined', more = {}) {
  const { tenant, id } = await endpoint(more);
  const [made = ''] = await planned(api, tenant, await api.postEvent(tenant), [id]);
  await setStatus(api, made, status);
  return { delivery: made, endpoint: id };
}

async function test(): Promise<ApiAnswer> {
  const { tenant, id } = await endpoint();
  const answer = api.post(`/v1/endpoints/${id}/test`, { data: { canary } });
  const event = await until('the event', async () => (await api.get(`/v1/tenants/${tenant}/events`)).body.data[0]);
  const [made = ''] = await planned(api, tenant, event.id, [id]);
  await attempted(api, made, 1, {});
  return answer;
}

const order = async (kind: string, status: Parameters<typeof delivery>[0]) =>
  api.post(`/v1/deliveries/${(await delivery(status)).delivery}/${kind}`, { reason: 'ticket 7' });

const reason = { reason: 'ticket 7' };
const masked = { url: 'http://127.0.0.1:9/***', headers: { 'x-api-key': '***', 'x-other': '***' } };

const newKey = async (): Promise<string> =>
  (await api.post('/v1/api-keys', { name: 'k', scopes: ['admin'], tenant: await api.makeTenant() })).body.id;
const newLink = async (): Promise<string> => (await api.post('/v1/portal-links', { tenant: await api.makeTenant() })).body.id;

/** Every operation of the API that changes something, and what it leaves. */
const changes: Record<string, { make(): Promise<ApiAnswer>; entry: object }> = {
  createTenant: {
    make: () => api.post('/v1/tenants', { id: 'acme', name: 'Acme' }),
    entry: {
      action: 'tenant.create',
      tenant: 'acme',
      target: { kind: 'tenant', id: 'acme' },
      before: null,
      after: { name: 'Acme', metadata: {}, rateLimit: null },
    },
  },
  changeTenant: {
    make: async () => api.call('PATCH', `/v1/tenants/${await api.makeTenant()}`, { name: 'New', metadata: {} }),
    entry: { action: 'tenant.change', before: { name: expect.stringContaining('tenant-') }, after: { name: 'New' } },
  },
  deleteTenant: {
    make: async () => api.call('DELETE', `/v1/tenants/${(await endpoint()).tenant}`),
    entry: { action: 'tenant.delete', before: { endpoints: 1 }, after: null },
  },
  createEndpoint: {
    make: async () => api.post(`/v1/tenants/${await api.makeTenant()}/endpoints`, { url, headers, secret, eventTypes: ['a.*'] }),
    entry: {
      action: 'endpoint.create',
      before: null,
      after: expect.objectContaining({ ...masked, eventTypes: ['a.*'], timeoutMs: 15_000 }),
    },
  },
  changeEndpoint: {
    make: async () =>
      api.call('PATCH', `/v1/endpoints/${(await endpoint()).id}`, {
        url: `${url}&more`,
        headers: { 'x-api-key': 'new' },
        timeoutMs: 2_000,
        batch: null,
      }),
    entry: {
      action: 'endpoint.change',
      before: { ...masked, timeoutMs: 15_000 },
      after: { url: masked.url, headers: { 'x-api-key': '***' }, timeoutMs: 2_000 },
    },
  },
  deleteEndpoint: {
    make: async () => api.call('DELETE', `/v1/endpoints/${(await endpoint()).id}`),
    entry: { action: 'endpoint.delete', before: { gate: 'open' }, after: null },
  },
  pauseEndpoint: {
    make: async () => api.post(`/v1/endpoints/${(await endpoint()).id}/pause`),
    entry: { action: 'endpoint.pause', before: { gate: 'open', gateReason: null }, after: { gate: 'held', gateReason: 'paused' } },
  },
  resumeEndpoint: {
    make: async () => api.post(`/v1/endpoints/${(await endpoint()).id}/resume`),
    entry: { action: 'endpoint.resume', after: { gate: 'open', gateReason: null } },
  },
  rotateSecret: {
    make: async () => api.post(`/v1/endpoints/${(await endpoint()).id}/rotate-secret`, { secret: secret.replace('Y', 'Z'), overlap: '1h' }),
    entry: {
      action: 'endpoint.rotate_secret',
      before: null,
      after: { secretId: expect.stringMatching(/^sec_/), overlapMs: 3_600_000, live: 2 },
    },
  },
  verifyEndpoint: {
    async make() {
      const tenant = await api.makeTenant();
      const { id } = await api.makeEndpoint(tenant, url, { verification: 'echo', headers });
      await api.db.query(`update endpoints set verification_state = 'failed' where id = $1`, [uuidOf(id)]);
      return api.post(`/v1/endpoints/${id}/verify`);
    },
    entry: { action: 'endpoint.verify', before: null, after: { verification: { state: 'pending' } } },
  },
  testEndpoint: { make: test, entry: { action: 'endpoint.test', after: { delivery: expect.stringMatching(/^dlv_/) } } },
  skipHead: {
    async make() {
      const { delivery: head, endpoint: id } = await delivery('dead_lettered', { ordering: 'endpoint', onDeadLetter: 'block' });
      await api.db.query('update deliveries set position = 1 where id = $1', [uuidOf(head)]);
      return api.post(`/v1/endpoints/${id}/skip-head`);
    },
    entry: { action: 'endpoint.skip_head', before: { head: expect.stringMatching(/^dlv_/) } },
  },
  rotateSigningKey: {
    make: () => api.post('/v1/signing-keys/rotate', { publishFor: '0s', overlap: '0s' }),
    entry: {
      action: 'signing_key.rotate',
      tenant: null,
      target: { kind: 'signing_key', id: expect.stringMatching(/^sgk_/) },
      before: null,
    },
  },
  rotateSigningKeyOfTenant: {
    make: async () => api.post(`/v1/tenants/${await api.makeTenant()}/signing-keys/rotate`),
    entry: { action: 'signing_key.rotate', tenant: expect.stringMatching(/^tenant-/), before: null },
  },
  createApiKey: {
    make: async () => api.post('/v1/api-keys', { name: 'k', scopes: ['events:write'], tenant: await api.makeTenant() }),
    entry: {
      action: 'api_key.create',
      target: { kind: 'api_key', id: expect.stringMatching(/^key_/) },
      after: { name: 'k', prefix: expect.any(String), scopes: ['events:write'], cidrs: [], rateLimit: null, expiresAt: null },
    },
  },
  revokeApiKey: {
    make: async () => api.call('DELETE', `/v1/api-keys/${await newKey()}`),
    entry: { action: 'api_key.revoke', before: { name: 'k', prefix: expect.any(String) }, after: null },
  },
  createPortalLink: {
    make: async () => api.post('/v1/portal-links', { tenant: await api.makeTenant() }),
    entry: { action: 'portal_link.create', after: { scopes: expect.any(Array), expiresAt: expect.any(String) } },
  },
  revokePortalLink: {
    make: async () => api.call('DELETE', `/v1/portal-links/${await newLink()}`),
    entry: { action: 'portal_link.revoke', before: { expiresAt: expect.any(String) }, after: null },
  },
  replayDelivery: {
    make: () => order('replay', 'dead_lettered'),
    entry: { action: 'delivery.replay', before: { status: 'dead_lettered' }, after: { status: 'retrying', ...reason } },
  },
  cancelDelivery: {
    make: () => order('cancel', 'retrying'),
    entry: { action: 'delivery.cancel', before: { status: 'retrying' }, after: { status: 'cancelled', ...reason } },
  },
  eraseEvent: {
    make: async () => {
      const tenant = await api.makeTenant();
      return api.call('DELETE', `/v1/tenants/${tenant}/events/${await api.postEvent(tenant, { data: canary })}/content`);
    },
    entry: { action: 'event.erase', before: null, after: null },
  },
  eraseSubject: {
    make: async () => {
      const tenant = await api.makeTenant();
      await api.postEvent(tenant, { data: canary, subject: canary });
      return api.call('DELETE', `/v1/tenants/${tenant}/subjects/${canary}/content`);
    },
    entry: { action: 'event.erase', target: { kind: 'subject', id: expect.stringMatching(/^[0-9a-f]{16}$/) }, before: null, after: null },
  },
  retryDeliveryNow: {
    make: () => order('retry-now', 'retrying'),
    entry: { action: 'delivery.retry_now', before: { status: 'retrying' }, after: { status: 'retrying', ...reason } },
  },
  releaseDelivery: {
    make: () => order('release', 'quarantined'),
    entry: { action: 'delivery.release', before: { status: 'quarantined' }, after: { status: 'retrying', ...reason } },
  },
};

describe('every change by the API', () => {
  it('states its action, and has a case here', async () => {
    const { paths } = (await api.get('/openapi.json')).body as { paths: Record<string, Record<string, Record<string, string>>> };
    const operations = Object.values(paths).flatMap((methods) => Object.entries(methods));
    const changing = operations.filter(([method, { operationId = '' }]) => method !== 'get' && !/^postEvents?$/.test(operationId));
    expect(changing.filter(([, operation]) => !operation['x-audit-action']).map(([, { operationId }]) => operationId)).toEqual([]);
    expect(Object.keys(changes).sort()).toEqual(changing.map(([, { operationId }]) => operationId).sort());
  });

  it.each(Object.entries(changes))('%s leaves one entry, without secrets', async (_, { make, entry }) => {
    const [before] = await log();
    const { status, headers: answered } = await make();
    expect(status).toBeLessThan(300);
    const action = (entry as Entry).action;
    const left = (await log()).filter((one) => one.seq > (before?.seq ?? 0) && one.action === action);
    const requestId = answered.get('x-request-id');
    expect(left).toEqual([expect.objectContaining({ ...entry, actor: { kind: 'bootstrap', id: null }, address: '127.0.0.1', requestId })]);
    if (!('tenant' in entry)) expect(left[0]?.tenant).not.toBeNull();
  });

  it('is written nowhere with what it hides', async () => {
    const { rows } = await api.db.query<{ line: string }>('select to_json(l)::text as line from audit_log l');
    const lines = rows.map(({ line }) => line).join('\n');
    for (const hidden of [canary, apiKey, secret.slice(6, 26)]) expect(lines).not.toContain(hidden);
    expect(await verifyAudit(api.db)).toMatchObject({ entries: rows.length });
  });
});

describe('no entry', () => {
  it('is left by what fails or changes nothing', async () => {
    const { tenant, id } = await endpoint();
    const { delivery: retrying } = await delivery('retrying');
    const key = { headers: { 'idempotency-key': randomUUID() } };
    await api.post('/v1/tenants', { name: 'once' }, key);
    const [last] = await log();
    const calls: [number, Promise<ApiAnswer>][] = [
      [401, api.post('/v1/tenants', { name: 'x' }, { key: 'wrong' })],
      [409, api.post('/v1/tenants', { id: tenant, name: 'x' })],
      [422, api.post('/v1/tenants', { name: '' })],
      [201, api.post('/v1/tenants', { name: 'once' }, key)],
      [404, api.call('PATCH', '/v1/tenants/nobody', { name: 'x' })],
      [404, api.call('DELETE', '/v1/tenants/nobody')],
      [404, api.post('/v1/tenants/nobody/endpoints', { url })],
      [422, api.call('PATCH', `/v1/endpoints/${id}`, { ordering: 'endpoint', batch: { maxEvents: 2 }, rateLimit: { perSecond: -1 } })],
      [200, api.call('PATCH', `/v1/endpoints/${id}`, { timeoutMs: 15_000, url, headers: { 'x-api-key': '***', 'x-other': '***' } })],
      [404, api.post(`/v1/endpoints/${newId('ep')}/pause`)],
      [404, api.post(`/v1/endpoints/${newId('ep')}/rotate-secret`)],
      [409, api.post(`/v1/deliveries/${retrying}/replay`)],
      [409, api.post(`/v1/endpoints/${id}/skip-head`)],
      [202, api.post(`/v1/tenants/${tenant}/events`, { type: 'a', data: 1 })],
    ];
    expect((await Promise.all(calls.map(([, call]) => call))).map(({ status }) => status)).toEqual(calls.map(([status]) => status));
    expect((await log())[0]).toEqual(last);
  });
});

it('what Posthorn does by itself is written in its own name', async () => {
  const { id } = await endpoint();
  await disableFailing(api.db, id, newId('alt'), Date.now());
  await recoverFailing(api.db, id, newId('alt'));
  await stopEndpoint(api.db, id, 'the endpoint answered 410 Gone');
  await stopEndpoint(api.db, id, 'the endpoint answered 410 Gone');
  const own = (await log()).filter(({ target }) => target.id === id).slice(0, -1);
  expect(own.map(({ action, actor }) => `${actor.kind} ${action}`)).toEqual([
    'system endpoint.disable',
    'system endpoint.recover',
    'system endpoint.disable',
  ]);
});

describe('the list', () => {
  it('is narrowed by tenant, action and time, and paged, newest first', async () => {
    const { tenant, id } = await endpoint();
    await api.post(`/v1/endpoints/${id}/pause`);
    await api.call('DELETE', `/v1/tenants/${tenant}`);
    const own = await log(`&tenant=${tenant}`);
    expect(own.map(({ action }) => action)).toEqual(['tenant.delete', 'endpoint.pause', 'endpoint.create', 'tenant.create']);
    expect(await log(`&tenant=${tenant}&action=endpoint.pause`)).toEqual([own[1]]);
    const at = (entry?: Entry) => encodeURIComponent((entry as unknown as { at: string }).at);
    expect(await log(`&tenant=${tenant}&since=${at(own[2])}&until=${at(own[0])}`)).toEqual([own[1], own[2]]);
    const first = (await api.get(`/v1/audit-log?tenant=${tenant}&limit=3`)).body;
    const rest = (await api.get(`/v1/audit-log?tenant=${tenant}&limit=3&cursor=${first.nextCursor}`)).body;
    expect([...first.data, ...rest.data]).toEqual(own);
    expect(rest.nextCursor).toBeNull();
    expect((await api.get('/v1/audit-log?cursor=nonsense')).status).toBe(422);
  });
});

const text = async (path: string, origin = api.origin) => {
  const response = await fetch(`${origin}${path}`, { headers: { authorization: `Bearer ${apiKey}` } });
  return { status: response.status, type: response.headers.get('content-type'), body: await response.text() };
};
const linesOf = (body: string) =>
  body
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

describe('the export of the audit log', () => {
  it('goes on in the middle without gap or repeat while others append', async () => {
    const path = '/v1/audit-log/export';
    const name = (n: number) => api.post('/v1/tenants', { name: `n${n}` });
    const first = linesOf((await text(path)).body);
    expect(first.map(({ seq }) => seq)).toEqual(first.map((_, n) => n + 1));
    const middle = first[Math.floor(first.length / 2)];
    const [rest] = await Promise.all([text(`${path}?after=${middle.cursor}`), ...Array.from({ length: 20 }, (_, n) => name(n))]);
    const upTo = linesOf(rest.body);
    const then = linesOf((await text(`${path}?after=${upTo.at(-1).cursor}`)).body);
    const all = [...first.slice(0, middle.seq), ...upTo, ...then].map(({ seq }) => seq);
    expect(all).toEqual(Array.from({ length: first.length + 20 }, (_, n) => n + 1));
    expect(linesOf((await text(`${path}?after=${then.at(-1)?.cursor ?? upTo.at(-1).cursor}`)).body)).toEqual([]);
  });

  it('is CSV on wish, in which nothing can be taken for a formula', async () => {
    await api.post('/v1/tenants', { id: '-1plus', name: '=HYPERLINK("http://x","y")' });
    const { type, body } = await text('/v1/audit-log/export?format=csv&tenant=-1plus');
    expect(type).toBe('text/csv; charset=utf-8; header=present');
    const [head, line, end] = body.split('\r\n');
    expect(head).toBe('seq,at,actor.kind,actor.id,tenant,action,target.kind,target.id,before,after,address,requestId,hash,cursor');
    expect(line).toMatch(/^\d+,20[^,]+Z,bootstrap,,'-1plus,tenant\.create,tenant,'-1plus,,"\{""name"":""=HYPER/);
    expect(end).toBe('');
    expect((await text('/v1/audit-log/export?format=csv&tenant=nobody')).body).toBe(`${head}\r\n`);
    expect((await text('/v1/audit-log/export?format=xml')).status).toBe(422);
  });

  it('says 503 when the store is away, and ends without its end when that happens halfway', async () => {
    const query = api.deps.db.query.bind(api.deps.db) as (...args: unknown[]) => Promise<unknown>;
    const away = Object.assign(new Error('away'), { code: '57P01' });
    let left = 0;
    api.deps.db.query = ((...args: unknown[]) => (left-- > 0 ? query(...args) : Promise.reject(away))) as typeof api.deps.db.query;
    try {
      expect((await text('/v1/audit-log/export')).status).toBe(503);
      left = 1;
      await query(
        `select append_audit('system', null, null, 'tenant.change', 'tenant', n::text, null, null, null, null, null)
        from generate_series(1, 600) n`,
      );
      await expect(text('/v1/audit-log/export')).rejects.toThrow();
      expect(api.logLines.at(-1)?.msg).toBe('api.export_failed');
    } finally {
      api.deps.db.query = query as typeof api.deps.db.query;
    }
  });
});

describe('the export of the delivery log', () => {
  it('has a line for each attempt by its time, whatever its delivery, and goes on behind any', async () => {
    const { tenant, id } = await endpoint();
    const other = await endpoint();
    const events = [await api.postEvent(tenant), await api.postEvent(tenant)];
    const [old = '', young = ''] = (await Promise.all(events.map((event) => planned(api, tenant, event, [id])))).flat();
    const [others = ''] = await planned(api, other.tenant, await api.postEvent(other.tenant), [other.id]);
    const minutes = (ago: number, of: string, number: number) =>
      api.db.query(
        `insert into attempts (delivery_id, id, round, number, started_at, outcome, message, status_code, total_ms)
         values ($1, $2, 1, $3, now() - $4 * interval '1 minute', 'http_status', 'HTTP 500', 500, 7)`,
        [uuidOf(of), uuidOf(newId('att')), number, ago],
      );
    // the events are as young as this test: one that is gone is as old as the attempts
    await minutes(55, `dlv_${firstUuidAt(Date.now() - 3_600_000)}`, 1);
    for (const [ago, of, number] of [
      [50, old, 1],
      [40, young, 1],
      [30, others, 1],
      [20, old, 2],
      [0.1, old, 3],
    ] as const)
      await minutes(ago, of, number);
    const path = `/v1/deliveries/export?since=${new Date(Date.now() - 3_600_000).toISOString()}`;
    const all = linesOf((await text(path)).body);
    expect(all.map(({ delivery: of, number }) => [of, number])).toEqual([
      [old, 1],
      [young, 1],
      [others, 1],
      [old, 2],
    ]);
    expect(all[0]).toMatchObject({
      tenant,
      event: events[0],
      endpoint: id,
      outcome: 'http_status',
      status: 500,
      deliveryStatus: 'pending',
    });
    expect(linesOf((await text(`${path}&after=${all[1].cursor}`)).body)).toEqual(all.slice(2));
    expect(linesOf((await text(`${path}&tenant=${tenant}`)).body)).toEqual([all[0], all[1], all[3]]);
    expect(linesOf((await text(`${path}&endpoint=${other.id}`)).body)).toEqual([all[2]]);
    expect((await text(`${path}&tenant=nobody`)).status).toBe(404);
    // the same attempt, ever later: what comes behind the last cursor is found next time
    await api.db.query(`update attempts set started_at = now() - interval '2 minutes' where number = 3`);
    expect(linesOf((await text(`${path}&after=${all[3].cursor}`)).body)).toMatchObject([{ delivery: old, number: 3 }]);
    const csv = (await text(`${path}&format=csv&endpoint=${other.id}`)).body.split('\r\n');
    expect(csv[0]).toMatch(/^attempt,startedAt,tenant,event,/);
    expect(csv).toHaveLength(3);
  });
});

describe('a caller that is bound to a tenant', () => {
  const asked = { limit: 50, format: 'ndjson' };

  async function of(tenant: { id: string; key: string }, operationId: string, query: object, db: ScopedDb = api.deps.db): Promise<Answer> {
    const route = auditLogRoutes({ ...api.deps, db }).find((one) => one.operationId === operationId);
    const caller: Caller = { kind: 'portal_link', id: 'lnk_1', tenant, scopes: ['admin'], address: null };
    const call = { query: { ...asked, ...query }, caller } as unknown as Call<unknown, unknown, unknown>;
    return await (route as Route).handler(call);
  }
  const streamOf = ({ stream }: Answer) => textOf(Readable.from(stream ?? []));

  async function tenantOf(key: string) {
    const { rows } = await api.db.query('select id from tenants where external_id = $1', [key]);
    return { key, id: idOf('tnt', rows[0].id) };
  }

  it('sees its own entries and attempts, and asks for nobody else', async () => {
    const [own, other] = [await endpoint(), await endpoint()];
    const tenant = await tenantOf(own.tenant);
    const { data } = JSON.parse((await of(tenant, 'listAuditLog', {})).text ?? '');
    expect(data.map((entry: Entry) => [entry.action, entry.tenant])).toEqual([
      ['endpoint.create', own.tenant],
      ['tenant.create', own.tenant],
    ]);
    expect(linesOf(await streamOf(await of(tenant, 'exportAuditLog', { tenant: own.tenant })))).toHaveLength(2);
    for (const name of ['listAuditLog', 'exportAuditLog', 'exportDeliveries'])
      await expect(of(tenant, name, { tenant: other.tenant })).rejects.toMatchObject({ status: 404 });
  });

  it('is named in what it changes, and sees no more of the log than that in PostgreSQL either', async () => {
    const [own] = [await endpoint(), await endpoint()];
    const { body: key } = await api.post('/v1/api-keys', { name: 'k', scopes: ['endpoints:write'], tenant: own.tenant });
    const settings = { description: 'by its own key', url: `${url}&other` };
    expect((await api.call('PATCH', `/v1/endpoints/${own.id}`, settings, { key: key.key })).status).toBe(200);
    expect((await log())[0]).toMatchObject({ actor: { kind: 'api_key', id: key.id }, action: 'endpoint.change', tenant: own.tenant });
    const tenant = await tenantOf(own.tenant);
    const all = 'select distinct tenant_id::text as id from audit_log';
    const { rows } = await asTenant({ tenantId: tenant.id, readOnly: true }, () => scopedDb(api.db).query(all));
    expect(rows.map(({ id }) => idOf('tnt', id))).toEqual([tenant.id]);
  });

  it('is still who asks while what it was answered is read', async () => {
    const scope = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const query = (...args: [string]) => {
      seen.push(scope.getStore());
      return api.db.query(...args);
    };
    const db = { query, connect: () => api.db.connect() } as unknown as ScopedDb;
    const tenant = await tenantOf((await endpoint()).tenant);
    const since = new Date(Date.now() - 86_400_000).toISOString();
    const answer = await scope.run('its tenant', () => of(tenant, 'exportDeliveries', { since }, db));
    await streamOf(answer);
    expect(seen.length).toBeGreaterThan(2);
    expect(new Set(seen)).toEqual(new Set(['its tenant']));
  });
});
