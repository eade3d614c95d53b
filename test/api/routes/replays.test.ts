// Replay jobs over HTTP, without Temporal: requests and their problems, lists, commands, audit entries and scopes.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { createApi } from '../../support/api.ts';
import { type ApiServer, startApi } from '../api-server.ts';
import { planned, setStatus } from '../deliveries-at-hand.ts';

let api: ApiServer;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const since = new Date(Date.now() - 3_600_000).toISOString();
const url = 'http://127.0.0.1:9/hook';

async function deadLetters(count: number): Promise<{ tenant: string; endpoint: string }> {
  const tenant = await api.makeTenant();
  const { id: endpoint } = await api.makeEndpoint(tenant, url);
  for (let n = 0; n < count; n++) {
    const [delivery = ''] = await planned(api, tenant, await api.postEvent(tenant), [endpoint]);
    await setStatus(api, delivery, 'dead_lettered');
  }
  return { tenant, endpoint };
}

const stored = async () => (await api.db.query('select count(*)::int as jobs from replays')).rows[0].jobs;
const entries = async (id: string) =>
  (await api.get('/v1/audit-log?limit=250')).body.data.filter((entry: { target: { id: string } }) => entry.target.id === id);

describe('a request', () => {
  it.each([
    [{ until: '2020-01-02T00:00:00Z' }, 'since'],
    [{ since, until: since }, 'until'],
    [{ since, until: '2020-01-01T00:00:00Z' }, 'until'],
    [{ since: '2999-01-01T00:00:00Z' }, 'since'],
    [{ since, perSecond: -1 }, 'perSecond'],
    [{ since, status: ['held'] }, 'status[0]'],
    [{ since, types: ['order.'] }, 'types[0]'],
    [{ since, endpoint: 'evt_1' }, 'endpoint'],
    [{ since, neverAttempted: true, target: 'frozen' }, 'target'],
    [{ since, speed: 5 }, 'speed'],
    [{}, 'since'],
    [{ deliveries: [] }, 'deliveries'],
    [{ deliveries: ['evt_1'] }, 'deliveries[0]'],
    [{ deliveries: Array.from({ length: 1_001 }, () => newId('dlv')) }, 'deliveries'],
    [{ deliveries: [newId('dlv')], neverAttempted: true }, 'neverAttempted'],
  ])('%j is refused, names the field, and stores nothing', async (asked, path) => {
    const before = await stored();
    for (const dryRun of [true, false]) {
      const { status, body } = await api.post('/v1/replays', { ...asked, dryRun });
      expect({ status, paths: body.errors.map((error: { path: string }) => error.path) }).toEqual({ status: 422, paths: [path] });
    }
    expect(await stored()).toBe(before);
  });

  it('for an unknown tenant or endpoint, or an endpoint of another tenant, is a 404', async () => {
    const { tenant, endpoint } = await deadLetters(0);
    const other = await api.makeTenant();
    const before = await stored();
    const nobody = `${endpoint.slice(0, -6)}000000`;
    for (const asked of [{ tenant: 'nobody' }, { tenant, endpoint: nobody }, { tenant: other, endpoint }])
      expect((await api.post('/v1/replays', { since, ...asked })).status).toBe(404);
    expect((await api.post('/v1/replays', { since, tenant: other, endpoint })).body.errors).toMatchObject([{ path: 'endpoint' }]);
    expect((await api.post('/v1/replays', { since, tenant: 'nobody' })).body.errors).toMatchObject([{ path: 'tenant' }]);
    expect(await stored()).toBe(before);
  });

  it('as a dry run counts, and starts nothing', async () => {
    const { tenant, endpoint } = await deadLetters(3);
    const before = await stored();
    const counted = { status: 200, body: { matched: 3, endpoints: 1, tenants: 1 } };
    expect(await api.post('/v1/replays', { tenant, since, dryRun: true })).toMatchObject(counted);
    expect(await api.post('/v1/replays', { endpoint, since, dryRun: true })).toMatchObject(counted);
    expect((await api.post('/v1/replays', { tenant, since, dryRun: true, types: ['user.*'] })).body).toEqual({
      matched: 0,
      endpoints: 0,
      tenants: 0,
    });
    expect(await stored()).toBe(before);
  });

  it('of chosen deliveries takes those, of its tenant, in a status that can be replayed', async () => {
    const [own, other] = [await deadLetters(3), await deadLetters(1)];
    const listOf = async (tenant: string) =>
      (await api.get(`/v1/deliveries?tenant=${tenant}`)).body.data.map(({ id }: { id: string }) => id);
    const [ids, foreign] = [await listOf(own.tenant), await listOf(other.tenant)];
    await setStatus(api, ids[0], 'cancelled');
    const deliveries = [...ids.slice(0, 2), ids[1], ...foreign, newId('dlv')];
    const count = async (asked: object) => (await api.post('/v1/replays', { deliveries, dryRun: true, ...asked })).body.matched;
    expect(await count({})).toBe(2);
    expect(await count({ tenant: own.tenant })).toBe(1);
    expect(await count({ endpoint: other.endpoint })).toBe(1);
    expect(await count({ since: new Date(Date.now() - 1).toISOString() })).toBe(0);
    expect(await count({ until: new Date(Date.now() - 3_600_000).toISOString(), since: '2026-01-01T00:00:00Z' })).toBe(0);
    const { body: link } = await api.post('/v1/portal-links', { tenant: own.tenant });
    expect((await createApi(api.origin, link.token).post('/v1/replays', { deliveries, dryRun: true })).body).toMatchObject({ matched: 1 });
    const { status, body: job } = await api.post('/v1/replays', { tenant: own.tenant, deliveries });
    expect({ status, selection: job.selection }).toMatchObject({ status: 202, selection: { status: ['dead_lettered'], deliveries: 4 } });
    const [created] = await entries(job.id);
    expect(created.after.selection.deliveries).toEqual([...new Set(deliveries)]);
  });

  it('starts a job, also while Temporal is away: its row waits for a worker', async () => {
    const { tenant, endpoint } = await deadLetters(1);
    const asked = { tenant, since, types: ['order.*'], status: ['dead_lettered'], perSecond: 7 };
    const { status, body: job } = await api.post('/v1/replays', asked, { headers: { 'idempotency-key': `k-${tenant}` } });
    expect(status).toBe(202);
    expect(job).toMatchObject({
      ...{ status: 'counting', tenant, endpoint: null, matched: 0, done: 0, succeeded: 0, failed: 0, skipped: 0, perSecond: 7 },
      ...{ estimatedEndAt: null, workflowId: `replay/${job.id}`, createdBy: 'bootstrap' },
      selection: { status: ['dead_lettered'], types: ['order.*'], neverAttempted: false, target: 'frozen', deliveries: null, since },
    });
    const again = await api.post('/v1/replays', asked, { headers: { 'idempotency-key': `k-${tenant}` } });
    expect(again).toMatchObject({ status: 202, body: { id: job.id } });
    expect((await api.get(`/v1/replays/${job.id}`)).body).toEqual(job);
    const { rows } = await api.db.query('select unsignalled_since is not null as left, endpoint_id from replays where id = $1', [
      uuidOf(job.id),
    ]);
    expect(rows).toEqual([{ left: true, endpoint_id: null }]);
    expect(await entries(job.id)).toMatchObject([{ action: 'replay.create', tenant, before: null, after: { perSecond: 7 } }]);
    expect((await api.post('/v1/replays', { endpoint, since })).body).toMatchObject({ tenant, endpoint, perSecond: 100 });
  });
});

describe('a job', () => {
  it('says how many of its deliveries are dead letters now', async () => {
    const { tenant, endpoint } = await deadLetters(3);
    const { body: job } = await api.post('/v1/replays', { tenant, since });
    await api.db.query(`update replays set phase = 'results', matched = 2, replayed = 2, failed = 2 where id = $1`, [uuidOf(job.id)]);
    const { data } = (await api.get(`/v1/deliveries?endpoint=${endpoint}`)).body;
    // of the job: two of the three, one of which is retried
    await api.db.query('update deliveries set replay_id = $1 where id = any($2)', [job.id, [uuidOf(data[0].id), uuidOf(data[1].id)]]);
    await setStatus(api, data[1].id, 'retrying');
    expect((await api.get(`/v1/replays/${job.id}`)).body).toMatchObject({ failed: 2, deadLettered: 1 });
    expect((await api.get(`/v1/replays?tenant=${tenant}`)).body.data).toMatchObject([{ failed: 2, deadLettered: null }]);
  });

  it('is paused, resumed, slowed and cancelled, each once in the audit log', async () => {
    const { tenant } = await deadLetters(0);
    const { body: job } = await api.post('/v1/replays', { tenant, since });
    const command = async (kind: string) => {
      const { status, body } = await api.post(`/v1/replays/${job.id}/${kind}`);
      return `${status} ${body.status}`;
    };
    expect(await command('pause')).toBe('202 paused');
    expect(await command('pause')).toBe('202 paused');
    expect(await command('resume')).toBe('202 counting');
    expect(await api.call('PATCH', `/v1/replays/${job.id}`, { perSecond: 2.5 })).toMatchObject({ status: 200, body: { perSecond: 2.5 } });
    expect((await api.call('PATCH', `/v1/replays/${job.id}`, { perSecond: 'fast' })).body.errors).toMatchObject([{ path: 'perSecond' }]);
    expect(await command('cancel')).toBe('202 cancelled');
    expect(await command('cancel')).toBe('202 cancelled');
    expect(await command('resume')).toMatch('409');
    expect((await api.call('PATCH', `/v1/replays/${job.id}`, { perSecond: 3 })).status).toBe(409);
    const actions = (await entries(job.id)).map(({ action }: { action: string }) => action);
    expect(actions).toEqual(['replay.cancel', 'replay.set_pace', 'replay.resume', 'replay.pause', 'replay.create']);
    expect((await api.get(`/v1/replays/${job.id}`)).body).toMatchObject({ status: 'cancelled', endedAt: expect.any(String) });
  });

  it('that is unknown is a 404', async () => {
    const { body: job } = await api.post('/v1/replays', { since });
    const unknown = `${job.id.slice(0, -6)}000000`;
    expect((await api.get(`/v1/replays/${unknown}`)).status).toBe(404);
    expect((await api.post(`/v1/replays/${unknown}/pause`)).status).toBe(404);
    expect((await api.call('PATCH', `/v1/replays/${unknown}`, { perSecond: 1 })).status).toBe(404);
    expect((await api.get('/v1/replays/rpl_1')).status).toBe(404);
  });
});

describe('the list', () => {
  it('is by tenant and status, newest first, page by page', async () => {
    const { tenant } = await deadLetters(0);
    const ids = [];
    for (let n = 0; n < 3; n++) ids.unshift((await api.post('/v1/replays', { tenant, since })).body.id);
    await api.post(`/v1/replays/${ids[0]}/cancel`);
    const list = async (query: string) => (await api.get(`/v1/replays?tenant=${tenant}${query}`)).body;
    const idsOf = (page: { data: { id: string }[] }) => page.data.map(({ id }) => id);
    expect(idsOf(await list(''))).toEqual(ids);
    expect(idsOf(await list('&status=cancelled&status=done'))).toEqual([ids[0]]);
    const first = await list('&limit=2');
    expect(idsOf(first)).toEqual(ids.slice(0, 2));
    const second = await list(`&limit=2&cursor=${first.nextCursor}`);
    expect({ ids: idsOf(second), next: second.nextCursor }).toEqual({ ids: ids.slice(2), next: null });
    const foreign = Buffer.from(tenant).toString('base64url');
    expect((await api.get(`/v1/replays?cursor=${foreign}`)).body.errors).toMatchObject([{ path: 'cursor' }]);
    expect((await api.get('/v1/replays?tenant=nobody')).status).toBe(404);
  });
});

describe('a caller that is bound to a tenant', () => {
  it('replays only what is of its tenant, named or not, and sees only its jobs', async () => {
    const [own, other] = [await deadLetters(2), await deadLetters(1)];
    const ofAll = (await api.post('/v1/replays', { since })).body.id;
    const { body: link } = await api.post('/v1/portal-links', { tenant: own.tenant });
    const portal = createApi(api.origin, link.token);
    expect(await portal.post('/v1/replays', { since, dryRun: true })).toMatchObject({ status: 200, body: { matched: 2, tenants: 1 } });
    const never = { since, dryRun: true, neverAttempted: true };
    expect(await portal.post('/v1/replays', never)).toMatchObject({ status: 200, body: { matched: 0 } });
    const { body: job } = await portal.post('/v1/replays', { since });
    expect(job).toMatchObject({ tenant: own.tenant, createdBy: link.id });
    expect((await portal.post('/v1/replays', { since, tenant: other.tenant })).status).toBe(404);
    expect((await portal.get('/v1/replays')).body.data.map(({ id }: { id: string }) => id)).toEqual([job.id]);
    for (const path of [`/v1/replays/${ofAll}`, `/v1/replays/${ofAll}/cancel`])
      expect((await portal.call(path.endsWith('cancel') ? 'POST' : 'GET', path)).status).toBe(404);
    expect((await portal.post(`/v1/replays/${job.id}/pause`)).body.status).toBe('paused');
  });

  it('needs the scope to act', async () => {
    const { tenant } = await deadLetters(0);
    const { body: key } = await api.post('/v1/api-keys', { name: 'reads', tenant, scopes: ['deliveries:read'] });
    const reader = createApi(api.origin, key.key);
    expect((await reader.post('/v1/replays', { since })).status).toBe(403);
    expect((await reader.get('/v1/replays')).status).toBe(200);
  });
});
