// GET /v1/endpoints: the endpoints of all tenants with their condition and figures.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uuidOf } from '#domain/ids';
import { createApi } from '../../support/api.ts';
import { type ApiServer, startApi } from '../api-server.ts';
import { openLane } from '../lanes-at-hand.ts';
import { listed } from '../listed.ts';

let api: ApiServer;
/** Their endpoints by condition. */
const ids: Record<string, string> = {};
const tenant = 'searched';

beforeAll(async () => {
  api = await startApi();
  await api.makeTenant(tenant);
  await api.makeTenant('other');
  const set = (id: string, columns: string) => api.db.query(`update endpoints set ${columns} where id = $1`, [uuidOf(id)]);
  const open = `state = 'blocked', circuit = '{"state":"open","refusedProbes":1,"refusedSince":1,"accepted":[],"probeAtMs":1}'`;
  for (const condition of ['ok', 'disabled', 'unverified', 'paused', 'failing', 'blocked', 'retry_after']) {
    const settings = { description: `is ${condition}`, ordering: condition === 'blocked' ? 'key' : 'none' };
    ids[condition] = (await api.makeEndpoint(tenant, 'http://127.0.0.1:9/hook', settings)).id;
  }
  ids.other = (await api.makeEndpoint('other', 'https://hooks.example.com/secret-path')).id;
  await set(ids.disabled ?? '', `gate = 'disabled'`);
  await set(ids.unverified ?? '', `gate = 'held', gate_reason = 'unverified'`);
  await set(ids.paused ?? '', `gate = 'held'`);
  await set(ids.retry_after ?? '', `not_before = now() + interval '1 h'`);
  await openLane(api, ids.failing ?? '', open);
  await openLane(api, ids.blocked ?? '', `state_reason = 'blocked_by_dead_letter'`);
  // the gate counts first
  await openLane(api, ids.paused ?? '', open);
});
afterAll(() => api.close());

const found = async (query: string): Promise<string[]> =>
  (await api.get(`/v1/endpoints?${query}`)).body.data.map(({ id }: { id: string }) => id);

describe('the endpoints of all tenants', () => {
  it('are listed newest first, each with its condition', async () => {
    const { body } = await api.get(`/v1/endpoints?tenant=${tenant}`);
    expect(Object.fromEntries(body.data.map((one: { condition: string; id: string }) => [one.condition, one.id]))).toEqual(
      Object.fromEntries(Object.entries(ids).filter(([name]) => name !== 'other')),
    );
    const all = await listed(api, '/v1/endpoints');
    expect(all).toEqual(Object.values(ids).toSorted().toReversed());
  });

  it.each(['ok', 'disabled', 'unverified', 'paused', 'failing', 'blocked', 'retry_after'])(
    'are found by condition %s',
    async (condition) => {
      const expected = condition === 'ok' ? [ids.other, ids.ok] : [ids[condition]];
      expect(await found(`condition=${condition}`)).toEqual(expected);
    },
  );

  it('are failing, too, while the alert that says so is open', async () => {
    const ok = uuidOf(ids.ok ?? '');
    const { rows } = await api.db.query(
      `insert into alerts (id, tenant_id, endpoint_id, kind, subject, severity, for_owner, detail)
       select $1, tenant_id, id, 'endpoint.failing', id::text, 'warning', true, '{}' from endpoints where id = $1 returning id`,
      [ok],
    );
    expect(rows).toHaveLength(1);
    expect(await found('condition=failing')).toEqual([ids.failing, ids.ok]);
    await api.db.query(`update alerts set state = 'closed', closed_at = now() where id = $1`, [ok]);
    expect(await found('condition=failing')).toEqual([ids.failing]);
  });

  it('are found by several conditions, of one tenant', async () => {
    expect(await found(`condition=ok&condition=paused&tenant=${tenant}`)).toEqual([ids.paused, ids.ok]);
    expect((await api.get('/v1/endpoints?condition=sleepy')).body.errors).toEqual([expect.objectContaining({ path: 'condition' })]);
    expect((await api.get('/v1/endpoints?tenant=nobody')).status).toBe(404);
  });

  it('are found by host, description, tenant, id and URL, and never by the path alone', async () => {
    expect(await found('search=HOOKS.example')).toEqual([ids.other]);
    expect(await found('search=Is%20Paused')).toEqual([ids.paused]);
    expect(await found('search=othe')).toEqual([ids.other]);
    expect(await found(`search=${ids.failing}`)).toEqual([ids.failing]);
    for (const url of [
      'https://hooks.example.com/secret-path',
      'HTTPS://hooks.example.com/secret',
      'example.com/secret-path',
      'https://hooks.example.com/',
    ]) {
      expect(await found(`search=${encodeURIComponent(url)}`), url).toEqual([ids.other]);
    }
    expect(await found(`search=${encodeURIComponent('https://hooks.example.com/another-path')}`)).toEqual([]);
    expect(await found('search=secret-path')).toEqual([]);
    expect(await found('search=%25')).toEqual([]);
    expect(await found('search=%20')).toHaveLength(8);
  });

  it('show the figures of the last 24 hours to callers that may read deliveries', async () => {
    const id = uuidOf(ids.ok ?? '');
    const own = '(select tenant_id from endpoints where id = $1)';
    await api.db.query(
      `insert into stats_minutes (id, at, scope, tenant_id, delivered, failed) values
      ($1, now() - interval '5 min', 'endpoint', ${own}, 3, 1), ($1, now() - interval '25 h', 'endpoint', ${own}, 90, 90)`,
      [id],
    );
    await api.db.query(
      `insert into stats_hours (id, at, scope, tenant_id, delivered, failed) values
      ($1, date_trunc('hour', now()) - interval '3 h', 'endpoint', ${own}, 5, 1)`,
      [id],
    );
    await api.db.query(
      `insert into stats_backlogs (id, tenant_id, held, dead_lettered, oldest_at) values ($1, ${own}, 7, 2, now() - interval '1 min')`,
      [id],
    );
    await api.db.query(`update stats_progress set final_until = now() - interval '1 h'`);
    const [{ figures }] = (await api.get(`/v1/endpoints?search=${ids.ok}`)).body.data;
    expect(figures).toEqual({ delivered: 8, failed: 2, successRate: 0.8, held: 7, deadLettered: 2, oldestWaitingMs: expect.any(Number) });
    expect(figures.oldestWaitingMs).toBeGreaterThan(59_000);
    const { body: made } = await api.post('/v1/api-keys', { name: 'endpoints alone', scopes: ['endpoints:read'] });
    expect((await createApi(api.origin, made.key).get(`/v1/endpoints?search=${ids.ok}`)).body.data[0].figures).toBeNull();
  });

  it('go on after a page of a filter that looked at many endpoints', async () => {
    const query = '/v1/endpoints?limit=1&condition=ok';
    const { body } = await api.get(query);
    expect(body.data).toHaveLength(1);
    expect((await api.get(`${query}&cursor=${body.nextCursor}`)).body).toMatchObject({ data: [{ id: ids.ok }], nextCursor: null });
  });

  it('are those of its tenant for a key that is bound to one', async () => {
    const { body: made } = await api.post('/v1/api-keys', { name: 'bound', scopes: ['admin'], tenant: 'other' });
    const { body } = await createApi(api.origin, made.key).get('/v1/endpoints');
    expect(body.data.map(({ id }: { id: string }) => id)).toEqual([ids.other]);
    expect(body.data[0].figures).toMatchObject({ delivered: 0, held: 0, oldestWaitingMs: null });
  });
});
