// The audit log over HTTP: one entry for each change, none for a failed one, no secrets; and the list.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyAudit } from '#db/audit/audit-chain';
import { disableFailing, recoverFailing, stopEndpoint } from '#db/endpoints/failing-endpoints';
import { uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import type { ApiAnswer } from '../../support/api.ts';
import { type Receiver, startReceiver } from '../../support/receiver.ts';
import { type ApiServer, apiKey, startApi } from '../api-server.ts';
import { auditAtHand, canary, type Entry, headers, secret, url } from '../audit-at-hand.ts';

let api: ApiServer;
let receiver: Receiver;
beforeAll(async () => {
  [api, receiver] = await Promise.all([startApi(), startReceiver()]);
});
afterAll(async () => {
  await Promise.all([api.close(), receiver.close()]);
});
const { log, endpoint, delivery, testEndpoint, order, newKey, newLink } = auditAtHand(() => api);

const channel = { kind: 'slack', settings: { url: `http://127.0.0.1:9/${canary}` } };
const newChannel = async (): Promise<string> => {
  const settings = { url: `${receiver.url}/${canary}` };
  return (await api.post('/v1/alert-channels', { ...channel, settings, tenant: await api.makeTenant() })).body.id;
};
const newSandbox = async (): Promise<string> => (await api.post(`/v1/tenants/${await api.makeTenant()}/sandbox-endpoints`)).body.id;
const reason = { reason: 'ticket 7' };
const masked = { url: 'http://127.0.0.1:9/***', headers: { 'x-api-key': '***', 'x-other': '***' } };

async function replay(command?: string): Promise<string> {
  const { body } = await api.post('/v1/replays', { tenant: await api.makeTenant(), since: '2026-01-01T00:00:00Z' });
  if (command !== undefined) await api.post(`/v1/replays/${body.id}/${command}`);
  return body.id;
}

/** Every operation of the API that changes something, and the entry that it leaves. */
const changes: Record<string, { make(): Promise<ApiAnswer>; entry: object }> = {
  createTenant: {
    make: () => api.post('/v1/tenants', { id: 'acme', name: 'Acme' }),
    entry: {
      action: 'tenant.create',
      tenant: 'acme',
      target: { kind: 'tenant', id: 'acme' },
      before: null,
      after: { name: 'Acme', metadata: {}, rateLimit: null, maxEndpoints: 100, retention: null },
    },
  },
  createEventType: {
    make: () => api.post('/v1/event-types', { name: 'audited.created', owner: 'team-a', schema: { type: 'object' } }),
    entry: {
      action: 'event_type.create',
      tenant: null,
      target: { kind: 'event_type', id: 'audited.created' },
      before: null,
      after: expect.objectContaining({ owner: 'team-a', version: 1 }),
    },
  },
  applyCatalogue: {
    make: () => api.post('/v1/catalogue', { document: { eventTypes: { 'audited.applied': { owner: 'team-a', schema: {} } } } }),
    entry: {
      action: 'catalogue.apply',
      tenant: null,
      target: { kind: 'event_type', id: 'audited.applied' },
      before: null,
      after: expect.objectContaining({ owner: 'team-a', versions: [1] }),
    },
  },
  changeEventType: {
    make: () => api.call('PATCH', '/v1/event-types/audited.created', { owner: 'team-b' }),
    entry: { action: 'event_type.change', tenant: null, before: { owner: 'team-a' }, after: { owner: 'team-b' } },
  },
  putEventTypeVersion: {
    make: () => api.post('/v1/event-types/audited.created/versions', { schema: true }),
    entry: { action: 'event_type.put_version', tenant: null, before: null, after: { version: 2, replaced: false, compatible: false } },
  },
  putConverter: {
    async make() {
      await api.post('/v1/event-types/audited.created/versions', { version: 2, schema: true, examples: [{}] });
      return api.post('/v1/event-types/audited.created/converters', { from: 2, to: 1, steps: [] });
    },
    entry: { action: 'event_type.put_converter', tenant: null, before: null, after: { from: 2, to: 1, steps: 0 } },
  },
  deleteConverter: {
    make: () => api.call('DELETE', '/v1/event-types/audited.created/converters/2/1'),
    entry: { action: 'event_type.delete_converter', tenant: null, before: { from: 2, to: 1 }, after: null },
  },
  deleteEventType: {
    make: () => api.call('DELETE', '/v1/event-types/audited.created'),
    entry: { action: 'event_type.delete', tenant: null, before: expect.objectContaining({ owner: 'team-b' }), after: null },
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
  endSecret: {
    async make() {
      const { id } = await endpoint();
      await api.post(`/v1/endpoints/${id}/rotate-secret`, { overlap: '1h' });
      const [, earlier] = (await api.get(`/v1/endpoints/${id}/secrets`)).body.data;
      return api.call('DELETE', `/v1/endpoints/${id}/secrets/${earlier.id}`);
    },
    entry: { action: 'endpoint.end_secret', before: { secretId: expect.stringMatching(/^sec_/) }, after: null },
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
  checkConformance: {
    make: async () => api.post(`/v1/endpoints/${(await endpoint()).id}/conformance`, { cases: ['replay'] }),
    entry: { action: 'endpoint.check_conformance', before: null, after: { passed: false, score: 0 } },
  },
  testEndpoint: { make: testEndpoint, entry: { action: 'endpoint.test', after: { delivery: expect.stringMatching(/^dlv_/) } } },
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
    entry: { action: 'portal_link.create', after: { scopes: expect.any(Array), expiresAt: expect.any(String), origins: [] } },
  },
  revokePortalLink: {
    make: async () => api.call('DELETE', `/v1/portal-links/${await newLink()}`),
    entry: { action: 'portal_link.revoke', before: { expiresAt: expect.any(String) }, after: null },
  },
  createSession: {
    make: async () => api.post('/v1/sessions', { key: apiKey }),
    entry: {
      action: 'session.create',
      tenant: null,
      target: { kind: 'session', id: expect.stringMatching(/^ses_/) },
      before: null,
      after: { name: 'bootstrap', role: 'admin', scopes: ['admin'] },
    },
  },
  revokeSession: {
    make: async () => api.call('DELETE', `/v1/sessions/${(await api.post('/v1/sessions', { key: apiKey })).body.id}`),
    entry: { action: 'session.revoke', tenant: null, before: { name: 'bootstrap' }, after: null },
  },
  createAlertChannel: {
    make: async () => api.post('/v1/alert-channels', { ...channel, tenant: await api.makeTenant() }),
    entry: {
      action: 'alert_channel.create',
      target: { kind: 'alert_channel', id: expect.stringMatching(/^ach_/) },
      after: expect.objectContaining({ kind: 'slack', minSeverity: 'info' }),
    },
  },
  changeAlertChannel: {
    make: async () =>
      api.call('PATCH', `/v1/alert-channels/${await newChannel()}`, { minSeverity: 'critical', settings: { url: `${url}&${canary}` } }),
    entry: {
      action: 'alert_channel.change',
      before: { settings: '***', minSeverity: 'info' },
      after: { settings: '***', minSeverity: 'critical' },
    },
  },
  deleteAlertChannel: {
    make: async () => api.call('DELETE', `/v1/alert-channels/${await newChannel()}`),
    entry: { action: 'alert_channel.delete', before: { kind: 'slack' }, after: null },
  },
  testAlertChannel: {
    make: async () => api.post(`/v1/alert-channels/${await newChannel()}/test`),
    entry: { action: 'alert_channel.test', before: null, after: { kind: 'slack' } },
  },
  acknowledgeAlert: {
    async make() {
      const { id } = await endpoint();
      await stopEndpoint(api.db, { endpointId: id, targetVersion: 1 }, newId('alr'), 'gone');
      const [alert] = (await api.get('/v1/alerts?kind=endpoint.disabled')).body.data;
      return api.post(`/v1/alerts/${alert.id}/acknowledge`);
    },
    entry: { action: 'alert.acknowledge', before: { state: 'open' }, after: { state: 'acknowledged' } },
  },
  createSandboxEndpoint: {
    make: async () => api.post(`/v1/tenants/${await api.makeTenant()}/sandbox-endpoints`, { name: 'S', script: '500' }),
    entry: {
      action: 'sandbox.create',
      target: { kind: 'sandbox', id: expect.stringMatching(/^sbx_/) },
      before: null,
      after: { name: 'S', script: '500', endpoint: expect.stringMatching(/^ep_/) },
    },
  },
  changeSandboxEndpoint: {
    make: async () => api.call('PATCH', `/v1/sandbox-endpoints/${await newSandbox()}`, { script: '500' }),
    entry: { action: 'sandbox.change', before: { script: '' }, after: { script: '500' } },
  },
  clearSandboxRequests: {
    make: async () => api.call('DELETE', `/v1/sandbox-endpoints/${await newSandbox()}/requests`),
    entry: { action: 'sandbox.clear', before: { requests: 0 }, after: { requests: 0 } },
  },
  deleteSandboxEndpoint: {
    make: async () => api.call('DELETE', `/v1/sandbox-endpoints/${await newSandbox()}`),
    entry: { action: 'sandbox.delete', before: { name: 'Sandbox' }, after: null },
  },
  replayDelivery: {
    make: () => order('replay', 'dead_lettered'),
    entry: { action: 'delivery.replay', before: { status: 'dead_lettered' }, after: { status: 'pending', ...reason } },
  },
  cancelDelivery: {
    make: () => order('cancel', 'retrying'),
    entry: { action: 'delivery.cancel', before: { status: 'retrying' }, after: { status: 'cancelled', ...reason } },
  },
  createReplay: {
    make: async () => api.post('/v1/replays', { tenant: await api.makeTenant(), since: '2026-01-01T00:00:00Z', perSecond: 3 }),
    entry: {
      action: 'replay.create',
      target: { kind: 'replay', id: expect.any(String) },
      before: null,
      after: expect.objectContaining({ perSecond: 3 }),
    },
  },
  changeReplay: {
    make: async () => api.call('PATCH', `/v1/replays/${await replay()}`, { perSecond: 7 }),
    entry: { action: 'replay.set_pace', before: { perSecond: 100 }, after: { perSecond: 7 } },
  },
  pauseReplay: {
    make: async () => api.post(`/v1/replays/${await replay()}/pause`),
    entry: { action: 'replay.pause', before: { status: 'counting' }, after: { status: 'paused' } },
  },
  resumeReplay: {
    make: async () => api.post(`/v1/replays/${await replay('pause')}/resume`),
    entry: { action: 'replay.resume', before: { status: 'paused' }, after: { status: 'counting' } },
  },
  cancelReplay: {
    make: async () => api.post(`/v1/replays/${await replay()}/cancel`),
    entry: { action: 'replay.cancel', before: { status: 'counting' }, after: { status: 'cancelled' } },
  },
  eraseEvent: {
    make: async () => {
      const tenant = await api.makeTenant();
      return api.call('DELETE', `/v1/tenants/${tenant}/events/${await api.postEvent(tenant, { data: canary })}/content`);
    },
    entry: { action: 'event.erase', before: null, after: null },
  },
  recallEvent: {
    make: async () => {
      const tenant = await api.makeTenant();
      return api.post(`/v1/tenants/${tenant}/events/${await api.postEvent(tenant, { data: canary })}/recall`);
    },
    entry: { action: 'event.recall', before: null, after: null },
  },
  ackMissed: {
    async make() {
      const { endpoint: id } = await delivery('dead_lettered');
      const { body } = await api.get(`/v1/endpoints/${id}/missed`);
      return api.post(`/v1/endpoints/${id}/missed/ack`, { cursor: body.cursor });
    },
    entry: { action: 'endpoint.ack_missed', before: { acked: 0 }, after: { acked: 1, taken: 1 } },
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
    entry: { action: 'delivery.release', before: { status: 'quarantined' }, after: { status: 'pending', ...reason } },
  },
};

describe('every change by the API', () => {
  // the actor of a sign-out is the session: test/api/access/sessions.test.ts
  it('declares an audit action, and has a case in this file', async () => {
    const { paths } = (await api.get('/openapi.json')).body as { paths: Record<string, Record<string, Record<string, string>>> };
    const operations = Object.values(paths).flatMap((methods) => Object.entries(methods));
    const changing = operations.filter(
      ([method, { operationId = '' }]) =>
        method !== 'get' &&
        !/^(beginSignIn|signOut|postEvents?|preview\w+|compareEventType|answerListened|test(Filter|Transform))$/.test(operationId),
    );
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
  await disableFailing(api.db, { endpointId: id, targetVersion: 1 }, newId('alr'), Date.now());
  await recoverFailing(api.db, { endpointId: id, targetVersion: 1 }, newId('alr'));
  await stopEndpoint(api.db, { endpointId: id, targetVersion: 1 }, newId('alr'), 'the endpoint answered 410 Gone');
  await stopEndpoint(api.db, { endpointId: id, targetVersion: 1 }, newId('alr'), 'the endpoint answered 410 Gone');
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
  await disableFailing(api.db, { endpointId: id, targetVersion: 1 }, newId('alr'), Date.now());
  await stopEndpoint(api.db, { endpointId: id, targetVersion: 1 }, newId('alr'), 'the endpoint answered 410 Gone');
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
