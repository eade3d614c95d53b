// Lists of events and deliveries by type, over many days and tenants; deliveries of one event; and the search.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deliveryId, makeId, uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { createApi } from '../../support/api.ts';
import { type ApiServer, startApi } from '../api-server.ts';
import { planned, setStatus } from '../deliveries-at-hand.ts';
import { listed } from '../listed.ts';

let api: ApiServer;
const url = 'http://hooks-of-lists.test/hook';
const dayMs = 86_400_000;

beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

/** An event of days ago with a delivery. Returns their ids. */
async function longAgo(tenant: string, endpoint: string, type: string, daysAgo: number, status = 'succeeded') {
  const at = Date.now() - daysAgo * dayMs;
  const event = makeId('evt', at, crypto.getRandomValues(new Uint8Array(10)));
  const delivery = deliveryId(event, endpoint);
  const day = new Date(at).toISOString().slice(0, 10);
  for (const parent of ['events', 'deliveries']) await api.db.query('select make_partition($1, $2::date)', [parent, day]);
  await api.db.query(
    `insert into events (id, tenant_id, external_id, type, channels, body, body_timestamp, accepted_at, position)
     select $1, id, $2, $3, '{}', '', '', to_timestamp($4::float8 / 1000), 0 from tenants where external_id = $5`,
    [uuidOf(event), event, type, at, tenant],
  );
  await api.db.query(
    `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status) select $1, $2, $3, id, $4, $5 from tenants where external_id = $6`,
    [uuidOf(delivery), uuidOf(event), uuidOf(endpoint), type, status, tenant],
  );
  return { event, delivery };
}

/** So many events of now with another type and a delivery each: more than a page looks at without an index. */
async function fill(tenant: string, endpoint: string, count: number, status = 'succeeded'): Promise<void> {
  await api.db.query(
    `with made as (
       select t.id as tenant_id, (lpad(to_hex((extract(epoch from now()) * 1000)::bigint - n), 12, '0') || '70008000' || left(md5($1 || n), 12))::uuid as id
       from tenants t, generate_series(1, $3::int) n where t.external_id = $2
     ), of_events as (
       insert into events (id, tenant_id, external_id, type, channels, body, body_timestamp, accepted_at, position)
       select id, tenant_id, id::text, 'usual.type', '{}', '', '', now(), 0 from made
     )
     insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status) select id, id, $4, tenant_id, 'usual.type', $5 from made`,
    [newId('evt'), tenant, count, uuidOf(endpoint), status],
  );
}

describe('a type that is rare', () => {
  it('is found behind many newer deliveries and events of other types, by tenant, endpoint and status', async () => {
    const [tenant, other] = [await api.makeTenant(), await api.makeTenant()];
    const [one, two, foreign] = [
      (await api.makeEndpoint(tenant, url)).id,
      (await api.makeEndpoint(tenant, url)).id,
      (await api.makeEndpoint(other, url)).id,
    ];
    const a = await longAgo(tenant, one, 'rare.type', 40);
    const b = await longAgo(tenant, two, 'rare.type', 20, 'dead_lettered');
    const c = await longAgo(other, foreign, 'rare.type', 2);
    await fill(tenant, one, 3_000);
    const ids = (...found: { delivery: string }[]) => found.map(({ delivery }) => delivery);
    expect(await listed(api, '/v1/deliveries?type=rare.type')).toEqual(ids(c, b, a));
    expect(await listed(api, `/v1/deliveries?type=rare.type&tenant=${tenant}`)).toEqual(ids(b, a));
    expect(await listed(api, `/v1/deliveries?type=rare.type&endpoint=${one}`)).toEqual(ids(a));
    expect(await listed(api, `/v1/deliveries?type=rare.type&tenant=${other}&endpoint=${one}`)).toEqual([]);
    expect(await listed(api, '/v1/deliveries?type=rare.type&status=dead_lettered')).toEqual(ids(b));
    expect(await listed(api, `/v1/deliveries?type=rare.type&status=dead_lettered&status=succeeded&tenant=${tenant}`)).toEqual(ids(b, a));
    expect(await listed(api, `/v1/deliveries?type=rare.type&until=${new Date(Date.now() - 30 * dayMs).toISOString()}`)).toEqual(ids(a));
    expect(await listed(api, '/v1/events?type=rare.type')).toEqual([c, b, a].map(({ event }) => event));
    expect(await listed(api, `/v1/events?type=rare.type&tenant=${tenant}`)).toEqual([b, a].map(({ event }) => event));
    expect(await listed(api, `/v1/tenants/${tenant}/events?type=rare.type`)).toEqual([b, a].map(({ event }) => event));
  });

  it('or a success that is rare, behind many dead letters, by tenant and endpoint', async () => {
    const tenant = await api.makeTenant();
    const endpoint = (await api.makeEndpoint(tenant, url)).id;
    const old = await longAgo(tenant, endpoint, 'usual.type', 40);
    const held = await longAgo(tenant, endpoint, 'usual.type', 10, 'held');
    await fill(tenant, endpoint, 3_000, 'dead_lettered');
    for (const of of [`tenant=${tenant}`, `endpoint=${endpoint}`, `tenant=${tenant}&endpoint=${endpoint}`]) {
      expect(await listed(api, `/v1/deliveries?${of}&status=succeeded`)).toEqual([old.delivery]);
      expect(await listed(api, `/v1/deliveries?${of}&status=succeeded&status=held`)).toEqual([held.delivery, old.delivery]);
    }
  });

  it('is found without those of another tenant, by a key of one', async () => {
    const [tenant, other] = [await api.makeTenant(), await api.makeTenant()];
    const own = await longAgo(tenant, (await api.makeEndpoint(tenant, url)).id, 'guarded.type', 5);
    const endpoint = (await api.makeEndpoint(other, url)).id;
    await longAgo(other, endpoint, 'guarded.type', 6);
    await fill(tenant, newId('ep'), 2_500);
    const { body } = await api.post('/v1/api-keys', { name: 'bound', tenant, scopes: ['deliveries:read'] });
    const bound = createApi(api.origin, body.key);
    expect(await listed(bound, '/v1/deliveries?type=guarded.type')).toEqual([own.delivery]);
    expect(await listed(bound, `/v1/deliveries?type=guarded.type&endpoint=${endpoint}`)).toEqual([]);
    expect(await listed(bound, '/v1/events?type=guarded.type')).toEqual([own.event]);
  });
});

describe('events of all tenants', () => {
  it('show the numbers of their deliveries by status', async () => {
    const tenant = await api.makeTenant();
    const endpoints = await Promise.all([1, 2, 3].map(async () => (await api.makeEndpoint(tenant, url)).id));
    const [first, second] = [await api.postEvent(tenant), await api.postEvent(tenant)];
    const [a = ''] = await planned(api, tenant, first, endpoints);
    await setStatus(api, a, 'dead_lettered');
    const { body } = await api.get(`/v1/events?tenant=${tenant}`);
    expect(body.data).toMatchObject([
      { id: second, tenant, deliveries: {}, moreDeliveries: false },
      { id: first, tenant, deliveries: { pending: 2, dead_lettered: 1 }, moreDeliveries: false },
    ]);
    expect((await api.get(`/v1/events?tenant=${tenant}&limit=1`)).body.nextCursor).toEqual(expect.any(String));
    expect((await api.get('/v1/events?tenant=nobody')).status).toBe(404);
    expect((await api.get('/v1/events?status=pending')).body.errors).toMatchObject([{ path: 'status' }]);
  });

  it('count 100 deliveries of an event, and say that there are more', async () => {
    const tenant = await api.makeTenant();
    const endpoint = (await api.makeEndpoint(tenant, url)).id;
    const { event } = await longAgo(tenant, endpoint, 'fan.out', 1);
    await api.db.query(
      `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status)
       select v.id, event_id, endpoint_id, tenant_id, event_type, 'pending' from deliveries d, unnest($2::uuid[]) v (id) where d.event_id = $1`,
      [uuidOf(event), Array.from({ length: 104 }, () => uuidOf(deliveryId(event, newId('ep'))))],
    );
    const [{ deliveries, moreDeliveries }] = (await api.get(`/v1/events?tenant=${tenant}`)).body.data;
    expect([deliveries.pending >= 100, moreDeliveries]).toEqual([true, true]);
  });
});

describe('deliveries of one event', () => {
  it('are a filter that goes with the others', async () => {
    const tenant = await api.makeTenant();
    const [one, two] = [(await api.makeEndpoint(tenant, url)).id, (await api.makeEndpoint(tenant, url)).id];
    const event = await api.postEvent(tenant, { id: 'order-1' });
    const [a = '', b = ''] = await planned(api, tenant, event, [one, two]);
    await planned(api, tenant, await api.postEvent(tenant), [one]);
    await setStatus(api, b, 'dead_lettered');
    const path = `/v1/deliveries?tenant=${tenant}&event=order-1`;
    expect(await listed(api, path)).toEqual([a, b].toSorted().reverse());
    expect(await listed(api, `${path}&status=dead_lettered`)).toEqual([b]);
    expect(await listed(api, `${path}&endpoint=${one}`)).toEqual([a]);
    expect(await listed(api, `${path}&type=order.created&until=${new Date(0).toISOString()}`)).toEqual([]);
  });

  it('need the tenant, and an event that exists', async () => {
    const tenant = await api.makeTenant();
    const { status, body } = await api.get('/v1/deliveries?event=order-1');
    expect([status, body.errors]).toMatchObject([422, [{ path: 'tenant' }]]);
    expect((await api.get(`/v1/deliveries?tenant=${tenant}&event=order-1`)).status).toBe(404);
    expect((await api.get(`/v1/deliveries?tenant=${tenant}&event=%00`)).body.errors).toMatchObject([{ path: 'event' }]);
  });
});

describe('the search', () => {
  const found = async (q: string, more = '') =>
    (await api.get(`/v1/search?q=${encodeURIComponent(q)}${more}`)).body.data.map(({ kind, id }: { kind: string; id: string }) => [
      kind,
      id,
    ]);

  it('finds by id, also in the name of a workflow, and by a part of a name', async () => {
    const tenant = await api.makeTenant();
    const other = await api.makeTenant();
    const endpoint = (await api.makeEndpoint(tenant, url, { description: 'Bücher & Karten' })).id;
    const event = await api.postEvent(tenant, { id: 'searched-1' });
    await api.postEvent(other, { id: 'searched-1' });
    const [delivery = ''] = await planned(api, tenant, event, [endpoint]);
    await api.post('/v1/event-types', { name: 'searched.type' });
    expect(await found(delivery)).toEqual([['delivery', delivery]]);
    expect(await found(` delivery/${delivery} `)).toEqual([['delivery', delivery]]);
    expect(await found(endpoint)).toEqual([['endpoint', endpoint]]);
    expect(await found(`lane/${endpoint}`)).toEqual([['endpoint', endpoint]]);
    expect(await found('searched-1')).toHaveLength(2);
    expect(await found('searched-1', `&tenant=${tenant}`)).toEqual([['event', 'searched-1']]);
    expect(await found('bücher')).toEqual([['endpoint', endpoint]]);
    expect(await found('OF-LISTS', `&tenant=${tenant}&kind=endpoint`)).toEqual([['endpoint', endpoint]]);
    for (const pasted of [url, `${url}#x`, url.replace('https://', '')])
      expect(await found(pasted), pasted).toContainEqual(['endpoint', endpoint]);
    expect(await found(`${url}/another`, '&kind=endpoint')).toEqual([]);
    expect(await found('arched.ty')).toEqual([['event_type', 'searched.type']]);
    expect((await found(tenant))[0]).toEqual(['tenant', tenant]);
    expect(await found(tenant, '&kind=event&kind=delivery')).toEqual([]);
    expect((await api.get(`/v1/search?q=${delivery}`)).body.data).toMatchObject([
      { tenant, title: 'order.created', detail: 'hooks-of-lists.test', status: 'pending' },
    ]);
  });

  it.each(['%', '_', '\\', "'", 'x'.repeat(200), 'dlv_', `dlv_${'0'.repeat(32)}`, '😀', 'a b'])('takes %j as it is', async (q) => {
    expect(await found(q)).toEqual([]);
  });

  it('names the parameter that is wrong', async () => {
    for (const [path, query] of [
      ['q', ''],
      ['q', 'q='],
      ['q', `q=${'x'.repeat(201)}`],
      ['q', 'q=%00'],
      ['kind', 'q=x&kind=attempt'],
      ['limit', 'q=x&limit=51'],
    ]) {
      const { status, body } = await api.get(`/v1/search?${query}`);
      expect([status, body.errors[0].path]).toEqual([422, path]);
    }
  });

  it('shows a key without endpoints:read no endpoints and tenants, and a key of a tenant nothing of others', async () => {
    const [tenant, other] = [await api.makeTenant(), await api.makeTenant()];
    const own = (await api.makeEndpoint(tenant, 'http://seen-by-search.test/')).id;
    const foreign = (await api.makeEndpoint(other, 'http://seen-by-search.test/')).id;
    const [delivery = ''] = await planned(api, other, await api.postEvent(other, { id: 'seen-by-search' }), [foreign]);
    const searchAs = async (scopes: string[], q: string) => {
      const { body } = await api.post('/v1/api-keys', { name: 'searching', tenant, scopes });
      return (await createApi(api.origin, body.key).get(`/v1/search?q=${q}`)).body.data.map(({ id }: { id: string }) => id);
    };
    expect(await searchAs(['deliveries:read', 'endpoints:read'], 'seen-by-search')).toEqual([own]);
    expect(await searchAs(['deliveries:read'], 'seen-by-search')).toEqual([]);
    for (const q of [delivery, foreign, other]) expect(await searchAs(['deliveries:read', 'endpoints:read'], q)).toEqual([]);
  });
});
