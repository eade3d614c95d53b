// The audit log over HTTP: one entry for each change, none for a failed one, no secrets; and
// exports that can be continued from any line.
import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer, Call, Route } from '#api/http/route';
import { auditLogRoutes } from '#api/routes/audit-log';
import { createExports } from '#api/routes/export-stream';
import { auditCommand } from '#cli/audit';
import { verifyAudit } from '#db/audit/audit-chain';
import { type AttemptFilter, attemptPages } from '#db/deliveries/attempt-export';
import { disableFailing, recoverFailing, stopEndpoint } from '#db/endpoints/failing-endpoints';
import { asTenant, type ScopedDb, scopedDb } from '#db/store/tenant-scope';
import type { Caller } from '#domain/access';
import { firstUuidAt, idOf, uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import type { ApiAnswer } from '../../support/api.ts';
import { until } from '../../support/until.ts';
import { type ApiServer, apiKey, startApi } from '../api-server.ts';
import { attempted, planned, setStatus } from '../deliveries-at-hand.ts';

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

/** Every operation of the API that changes something, and the entry that it leaves. */
const changes: Record<string, { make(): Promise<ApiAnswer>; entry: object }> = {
  createTenant: {
    make: () => api.post('/v1/tenants', { id: 'acme', name: 'Acme' }),
    entry: {
      action: 'tenant.create',
      tenant: 'acme',
      target: { kind: 'tenant', id: 'acme' },
      before: null,
      after: { name: 'Acme', metadata: {}, rateLimit: null, maxEndpoints: 100 },
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
    async make() {
      const { id } = await endpoint();
      await api.post(`/v1/endpoints/${id}/pause`);
      return api.post(`/v1/endpoints/${id}/resume`);
    },
    entry: { action: 'endpoint.resume', before: { gate: 'held', gateReason: 'paused' }, after: { gate: 'open', gateReason: null } },
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
    entry: { action: 'endpoint.verify', before: { verification: { state: 'failed' } }, after: { verification: { state: 'pending' } } },
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
  rotateSigningKeyOfTenant: {
    make: async () => api.post(`/v1/tenants/${await api.makeTenant()}/signing-keys/rotate`),
    entry: {
      action: 'signing_key.rotate',
      tenant: expect.stringMatching(/^tenant-/),
      target: { kind: 'signing_key', id: expect.stringMatching(/^sgk_/) },
      before: null,
    },
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
  it('declares an audit action, and has a case in this file', async () => {
    const { paths } = (await api.get('/openapi.json')).body as { paths: Record<string, Record<string, Record<string, string>>> };
    const operations = Object.values(paths).flatMap((methods) => Object.entries(methods));
    const changing = operations.filter(([method, { operationId = '' }]) => method !== 'get' && !/^postEvents?$/.test(operationId));
    expect(changing.filter(([, operation]) => !operation['x-audit-action']).map(([, { operationId }]) => operationId)).toEqual([]);
    expect(Object.keys(changes).sort()).toEqual(changing.map(([, { operationId }]) => operationId).sort());
  });

  it.each(Object.entries(changes))('%s leaves one entry without secrets', async (_, { make, entry }) => {
    const [before] = await log();
    const { status, headers: answered } = await make();
    expect(status).toBeLessThan(300);
    const action = (entry as Entry).action;
    const left = (await log()).filter((one) => one.seq > (before?.seq ?? 0) && one.action === action);
    const requestId = answered.get('x-request-id');
    expect(left).toEqual([expect.objectContaining({ ...entry, actor: { kind: 'bootstrap', id: null }, address: '127.0.0.1', requestId })]);
    if (!('tenant' in entry)) expect(left[0]?.tenant).not.toBeNull();
  });

  it('leaves no secret in any entry', async () => {
    const { rows } = await api.db.query<{ line: string }>('select to_json(l)::text as line from posthorn_audit.audit_log l');
    const lines = rows.map(({ line }) => line).join('\n');
    for (const hidden of [canary, apiKey, secret.slice(6, 26)]) expect(lines).not.toContain(hidden);
    expect(await verifyAudit(api.db)).toMatchObject({ entries: rows.length });
  });
});

describe('no entry', () => {
  it('is left by a call that fails or changes nothing', async () => {
    const { tenant, id } = await endpoint();
    const { delivery: retrying } = await delivery('retrying');
    const key = { headers: { 'idempotency-key': randomUUID() } };
    await api.post('/v1/tenants', { name: 'once' }, key);
    const [open, paused] = [await endpoint(), await endpoint()];
    await api.post(`/v1/endpoints/${paused.id}/pause`);
    const versions = async () =>
      (await api.db.query('select version from endpoints where id = any($1)', [[open, paused].map((one) => uuidOf(one.id))])).rows;
    const before = await versions();
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
      [200, api.post(`/v1/endpoints/${paused.id}/pause`)],
      [200, api.post(`/v1/endpoints/${open.id}/resume`)],
      [404, api.post(`/v1/endpoints/${newId('ep')}/rotate-secret`)],
      [409, api.post(`/v1/deliveries/${retrying}/replay`)],
      [409, api.post(`/v1/endpoints/${id}/skip-head`)],
      [202, api.post(`/v1/tenants/${tenant}/events`, { type: 'a', data: 1 })],
    ];
    expect((await Promise.all(calls.map(([, call]) => call))).map(({ status }) => status)).toEqual(calls.map(([status]) => status));
    expect((await log())[0]).toEqual(last);
    expect(await versions()).toEqual(before);
  });
});

it('an endpoint that is waiting for a Retry-After can be resumed, which is logged', async () => {
  const { id } = await endpoint();
  await api.db.query(`update endpoints set not_before = '2099-01-01T00:00Z' where id = $1`, [uuidOf(id)]);
  expect((await api.post(`/v1/endpoints/${id}/resume`)).body.notBefore).toBeNull();
  const [entry] = await log();
  expect(entry).toMatchObject({ action: 'endpoint.resume', before: { notBefore: '2099-01-01T00:00:00.000Z' }, after: { notBefore: null } });
});

it('changes that Posthorn makes itself are logged with the actor system', async () => {
  const { id } = await endpoint();
  await disableFailing(api.db, { endpointId: id, targetVersion: 1 }, newId('alt'), Date.now());
  await recoverFailing(api.db, { endpointId: id, targetVersion: 1 }, newId('alt'));
  await stopEndpoint(api.db, { endpointId: id, targetVersion: 1 }, 'the endpoint answered 410 Gone');
  await stopEndpoint(api.db, { endpointId: id, targetVersion: 1 }, 'the endpoint answered 410 Gone');
  const own = (await log()).filter(({ target }) => target.id === id).slice(0, -1);
  expect(own.map(({ action, actor }) => `${actor.kind} ${action}`)).toEqual([
    'system endpoint.disable',
    'system endpoint.recover',
    'system endpoint.disable',
  ]);
  const failed = { gate: 'disabled', gateReason: 'failed for too long' };
  const gone = { gate: 'disabled', gateReason: 'the endpoint answered 410 Gone' };
  const open = { gate: 'open', gateReason: null };
  expect(own.map(({ before, after }) => [before, after])).toEqual(
    [
      [open, failed],
      [failed, open],
      [open, gone],
    ].toReversed(),
  );
  // an endpoint that failed for too long and then answers 410
  await api.post(`/v1/endpoints/${id}/resume`);
  await disableFailing(api.db, { endpointId: id, targetVersion: 1 }, newId('alt'), Date.now());
  await stopEndpoint(api.db, { endpointId: id, targetVersion: 1 }, 'the endpoint answered 410 Gone');
  expect((await log())[0]).toMatchObject({ action: 'endpoint.disable', before: failed, after: gone });
});

describe('the list', () => {
  it('is filtered by tenant, action and time, and paged, newest first', async () => {
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
  it('continues from any line without gap or repeat while others append', async () => {
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

  it('is enough to verify the hash chain without the database', async () => {
    const { endpoint: id } = await delivery('dead_lettered');
    await stopEndpoint(api.db, { endpointId: id, targetVersion: 1 }, 'the endpoint answered 410 Gone');
    let prev = '0'.repeat(64);
    for (const line of linesOf((await text('/v1/audit-log/export')).body)) {
      const { seq, at, actor, tenantId, action, target, before, after, address, requestId, once, prevHash, hash } = line;
      const uuid = tenantId && uuidOf(tenantId).replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
      const states = [before, after].map((state) => state && JSON.stringify(state));
      const fields = [String(seq), at, actor.kind, actor.id, uuid, action, target.kind, target.id, ...states, address, requestId, once];
      const told = fields.map((field) => (field === null ? '-,' : `${Buffer.byteLength(field)}:${field},`)).join('');
      expect(prevHash).toBe(prev);
      expect(createHash('sha256').update(Buffer.from(prev, 'hex')).update(told).digest('hex'), `entry ${seq}`).toBe(hash);
      prev = hash;
    }
  });

  it('is CSV on request, in which no field can be taken for a formula', async () => {
    await api.post('/v1/tenants', { id: '-1plus', name: '=HYPERLINK("http://x","y")' });
    const { type, body } = await text('/v1/audit-log/export?format=csv&tenant=-1plus');
    expect(type).toBe('text/csv; charset=utf-8; header=present');
    const [head, line, end] = body.split('\r\n');
    expect(head).toBe(
      'seq,at,actor.kind,actor.id,tenant,tenantId,action,target.kind,target.id,before,after,address,requestId,once,prevHash,hash,cursor',
    );
    expect(line).toMatch(/^\d+,20[^,]+Z,bootstrap,,'-1plus,tnt_[0-9a-f]{32},tenant\.create,tenant,'-1plus,,"\{""name"":""=HYPER/);
    expect(end).toBe('');
    expect((await text('/v1/audit-log/export?format=csv&tenant=-1plus&action=endpoint.test')).body).toBe(`${head}\r\n`);
    expect((await text('/v1/audit-log/export?format=xml')).status).toBe(422);
  });

  it('can be filtered on the command line, too', async () => {
    const { id } = await endpoint();
    await api.post(`/v1/endpoints/${id}/pause`);
    const exported = async (...more: string[]) => {
      let said = '';
      const write = async (piece: string) => {
        said += piece;
      };
      await auditCommand(['export', ...more], write, { DATABASE_URL: api.db.options.connectionString });
      return linesOf(said);
    };
    const paused = await exported('--action', 'endpoint.pause');
    expect(paused.at(-1)).toMatchObject({ target: { id } });
    expect(new Set(paused.map(({ action }) => action))).toEqual(new Set(['endpoint.pause']));
    await expect(exported('--action', 'endpoint.stop')).rejects.toThrow('--action');
    await expect(exported('--since', '2026-02-02T00:00:00Z', '--until', '2026-02-01T00:00:00Z')).rejects.toThrow(
      '--until: must be later than',
    );
  });

  it('answers 503 if the database is unavailable, and is cut off if that happens halfway', async () => {
    const query = api.deps.db.query.bind(api.deps.db) as (...args: unknown[]) => Promise<unknown>;
    const away = Object.assign(new Error('away'), { code: '57P01' });
    let left = 0;
    api.deps.db.query = ((...args: unknown[]) => (left-- > 0 ? query(...args) : Promise.reject(away))) as typeof api.deps.db.query;
    try {
      expect((await text('/v1/audit-log/export')).status).toBe(503);
      left = 1;
      await query(
        `select posthorn_audit.append_audit('system', null, null, 'tenant.change', 'tenant', n::text, null, null, null, null, null)
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
  it('has a line for each attempt, ordered by start time, and continues after any line', async () => {
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
    // the events are as new as this test: the deleted one is as old as the attempts
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
    // the same attempt, later each time: an attempt after the last cursor is found by the next export
    await api.db.query(`update attempts set started_at = now() - interval '2 minutes' where number = 3`);
    expect(linesOf((await text(`${path}&after=${all[3].cursor}`)).body)).toMatchObject([{ delivery: old, number: 3 }]);
    const csv = (await text(`${path}&format=csv&endpoint=${other.id}`)).body.split('\r\n');
    expect(csv[0]).toMatch(/^attempt,startedAt,tenant,event,/);
    expect(csv).toHaveLength(3);
  });
});

describe('the query of a list or an export', () => {
  const paths = ['/v1/audit-log', '/v1/audit-log/export', '/v1/deliveries/export'];
  const cursor = (of: string) => Buffer.from(`${of}/${'0'.repeat(32)}`).toString('base64url');

  it.each(paths)('%s needs until to be later than since, and a tenant that exists or existed', async (path) => {
    expect((await text(`${path}?since=2026-02-02T00:00:00Z&until=2026-02-01T00:00:00Z`)).status).toBe(422);
    expect((await text(`${path}?since=2026-02-02T00:00:00Z&until=2026-02-02T01:00:00%2B01:00`)).status).toBe(422);
    expect((await text(`${path}?tenant=nobody`)).status).toBe(404);
  });

  it.each(paths)('%s accepts times with any offset', async (path) => {
    expect((await text(`${path}?since=2026-01-01T00:00:00%2B23:59&until=2099-01-01T00:00:00-23:59`)).status).toBe(200);
  });

  it.each([
    '2026-01-01T00:00:00.000000+23:59',
    '2026-02-31T00:00:00.000000Z',
    '0000-01-01T00:00:00.000000Z',
    '0001-01-01T00:00:00.000000Z',
    '2026-01-01T25:00:00.000000Z',
  ])('refuses a cursor with the time %s', async (at) => {
    expect((await text(`/v1/deliveries/export?after=${cursor(at)}`)).status).toBe(422);
  });

  it('costs no more from an old cursor than without one', async () => {
    const { tenant, id } = await endpoint();
    const [made = ''] = await planned(api, tenant, await api.postEvent(tenant), [id]);
    await attempted(api, made, 1, {});
    const statementsOf = (after: string) =>
      counted(api.deps.db, () => text(`/v1/deliveries/export${after === '' ? '' : `?after=${cursor(after)}`}`));
    const first = await statementsOf('');
    expect(await statementsOf('1970-01-01T00:00:00.000000Z')).toBeLessThanOrEqual(first + 1);
  });
});

/** The number of statements that `work` runs. */
async function counted(db: ScopedDb, work: () => Promise<unknown>): Promise<number> {
  const query = db.query;
  let statements = 0;
  db.query = ((...args: unknown[]) => {
    if (++statements > 50) throw new Error('more statements than anybody waits for');
    return (query as (...args: unknown[]) => unknown)(...args);
  }) as typeof db.query;
  try {
    await work();
  } finally {
    db.query = query;
  }
  return statements;
}

describe('an export', () => {
  const caller = (id: string): Caller => ({ kind: 'api_key', id, tenant: null, scopes: ['admin'], address: null });
  const piecesOf = (ended: string[], name: string) =>
    async function* () {
      try {
        for (;;) yield '';
      } finally {
        ended.push(name);
      }
    };
  const readerOf = ({ stream }: Answer) => (stream as AsyncIterable<string>)[Symbol.asyncIterator]();

  it('runs at most twice at a time for each caller, and frees its place when it ends, read or not', async () => {
    const ended: string[] = [];
    const exports = createExports(api.deps);
    const one = await exports(caller(newId('key')), 'ndjson', piecesOf(ended, 'another'));
    const [first, second] = [1, 2].map((n) => exports(caller('key_1'), 'ndjson', piecesOf(ended, String(n))));
    await expect(exports(caller('key_1'), 'ndjson', piecesOf(ended, '3'))).rejects.toMatchObject({
      status: 429,
      headers: { 'retry-after': '10' },
    });
    await readerOf(await (first as Promise<Answer>)).return?.();
    expect(ended).toEqual(['1']);
    const failing = async function* () {
      yield* [];
      throw new Error('away');
    };
    await expect(exports(caller('key_1'), 'ndjson', failing)).rejects.toThrow('away');
    await readerOf(await exports(caller('key_1'), 'ndjson', piecesOf(ended, '4'))).return?.();
    await Promise.all([one, await (second as Promise<Answer>)].map((answer) => readerOf(answer).return?.()));
  });

  it('ends when its key is revoked', async () => {
    const key = await newKey();
    const reader = readerOf(await createExports(api.deps, 0)(caller(key), 'ndjson', piecesOf([], '')));
    await reader.next();
    expect((await reader.next()).done).toBe(false);
    await api.call('DELETE', `/v1/api-keys/${key}`);
    await expect(reader.next()).rejects.toThrow('no longer valid');
  });

  it('ends when its client disconnects before the first line, and is not started by HEAD', async () => {
    const query = api.deps.db.query;
    let statements = 0;
    const none = { rows: [{ seen: 0, tenant: null, until: new Date(), first: firstUuidAt(0), deliveries: null }], rowCount: 1 };
    api.deps.db.query = (() => {
      statements++;
      return new Promise((resolve) => setImmediate(resolve, none));
    }) as unknown as typeof query;
    try {
      const headers = { authorization: `Bearer ${apiKey}` };
      for (const method of ['GET', 'HEAD']) {
        const leave = new AbortController();
        const response = await fetch(`${api.origin}/v1/deliveries/export`, { method, headers, signal: leave.signal });
        expect(response.status).toBe(200);
        leave.abort();
        let before = -1;
        await until('the statements to end', () => {
          const ended = statements === before;
          before = statements;
          return ended;
        });
        // of more than 80,000 windows since 1970
        expect(statements).toBeLessThan(60_000);
      }
    } finally {
      api.deps.db.query = query;
    }
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

  const manyAttempts = (of: string, count: number) =>
    api.db.query(
      `insert into attempts (delivery_id, id, round, number, started_at, outcome, message, total_ms)
       select $1, gen_random_uuid(), 1, n, now() - interval '2 minutes' - n * interval '50 ms', 'accepted', 'HTTP 200', 1 from generate_series(1, $2) n`,
      [uuidOf(of), count],
    );

  it('sees its own entries and attempts, and gets 404 for other tenants', async () => {
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

  it('is named in its changes, and sees no more of the log in PostgreSQL either', async () => {
    const [own] = [await endpoint(), await endpoint()];
    const { body: key } = await api.post('/v1/api-keys', { name: 'k', scopes: ['endpoints:write'], tenant: own.tenant });
    const settings = { description: 'by its own key', url: `${url}&other` };
    expect((await api.call('PATCH', `/v1/endpoints/${own.id}`, settings, { key: key.key })).status).toBe(200);
    expect((await log())[0]).toMatchObject({ actor: { kind: 'api_key', id: key.id }, action: 'endpoint.change', tenant: own.tenant });
    const tenant = await tenantOf(own.tenant);
    const { data } = JSON.parse((await of(tenant, 'listAuditLog', {})).text ?? '');
    const seen = data.map((entry: Entry) => [entry.action, entry.actor.kind, entry.address, entry.requestId && 'told']);
    // the operator's address is hidden from the tenant
    expect(seen.slice(0, 3)).toEqual([
      ['endpoint.change', 'api_key', '127.0.0.1', 'told'],
      ['api_key.create', 'bootstrap', null, null],
      ['endpoint.create', 'bootstrap', null, null],
    ]);
    const lines = linesOf(await streamOf(await of(tenant, 'exportAuditLog', {})));
    expect(lines.map(({ address }) => address)).toEqual([null, null, null, '127.0.0.1']);
    const all = 'select distinct tenant_id::text as id from posthorn_audit.audit_log';
    const { rows } = await asTenant({ tenantId: tenant.id, readOnly: true }, () => scopedDb(api.db).query(all));
    expect(rows.map(({ id }) => idOf('tnt', id))).toEqual([tenant.id]);
  });

  it('reads its own attempts among many deliveries, and no attempts of others', async () => {
    const [own, other] = [await endpoint(), await endpoint()];
    const deliveries = await Promise.all(
      [own, other].map(async ({ tenant, id }) => (await planned(api, tenant, await api.postEvent(tenant), [id]))[0] ?? ''),
    );
    for (const made of deliveries) await manyAttempts(made, 2_500);
    // as old as the attempts
    await api.db.query(
      `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status)
       select $2, event_id, endpoint_id, tenant_id, event_type, 'succeeded' from deliveries where id = $1`,
      [uuidOf(deliveries[0] ?? ''), firstUuidAt(Date.now() - 600_000)],
    );
    const tenant = await tenantOf(own.tenant);
    const filter: AttemptFilter = { tenantId: tenant.id, endpointId: null, since: null, until: null };
    const read = async (of: Partial<AttemptFilter>, fewest?: number) => {
      const found: string[] = [];
      const db = scopedDb(api.db);
      await asTenant({ tenantId: tenant.id, readOnly: true }, async () => {
        for await (const page of attemptPages(db, { ...filter, ...of }, null, fewest))
          found.push(...page.map(({ attempt: { attempt, startedAt } }) => `${startedAt} ${attempt}`));
      });
      return found;
    };
    const few = await read({});
    expect(few).toHaveLength(2_500);
    expect(few).toEqual(few.toSorted());
    expect(await read({}, 0)).toEqual(few);
    expect(await read({ endpointId: own.id }, 0)).toEqual(few);
    expect(await read({ tenantId: (await tenantOf(other.tenant)).id }, 0)).toEqual([]);
    const seen = `select * from attempts_seen('-infinity', $1, 'infinity', $2, null, 10000) where id is not null`;
    const values = [firstUuidAt(0), uuidOf((await tenantOf(other.tenant)).id)];
    const { rows } = await asTenant({ tenantId: tenant.id, readOnly: true }, () => scopedDb(api.db).query(seen, values));
    expect(new Set(rows.map(({ delivery_id }) => idOf('dlv', delivery_id)))).toEqual(new Set([deliveries[0]]));
  });

  it('keeps its tenant scope while a streamed answer is read', async () => {
    const scope = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const query = (...args: [string]) => {
      seen.push(scope.getStore());
      return api.db.query(...args);
    };
    const db = { query, connect: () => api.db.connect() } as unknown as ScopedDb;
    const { tenant: key, id } = await endpoint();
    const tenant = await tenantOf(key);
    const [made = ''] = await planned(api, key, await api.postEvent(key), [id]);
    await manyAttempts(made, 2_001);
    const since = new Date(Date.now() - 86_400_000).toISOString();
    const answer = await scope.run('its tenant', () => of(tenant, 'exportDeliveries', { since }, db));
    await streamOf(answer);
    expect(seen.length).toBeGreaterThan(2);
    expect(new Set(seen)).toEqual(new Set(['its tenant']));
  });
});
