// For a tenant with ordered endpoints, an acceptance is answered after its ordered deliveries are
// held, also by an API process without a relay.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uuidOf } from '#domain/ids';
import { type ApiServer, startApi } from '../api/api-server.ts';

let api: ApiServer;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api?.close());

async function makeOrdered(tenant: string, more: object = {}): Promise<string> {
  const { id } = await api.makeEndpoint(tenant, 'http://127.0.0.1:9/hook', more);
  await api.db.query(`update endpoints set ordering = 'endpoint' where id = $1`, [uuidOf(id)]);
  return id;
}

/** The producer's event ids of an endpoint's held deliveries, in the order of sending. */
async function heldFor(endpointId: string): Promise<string[]> {
  const { rows } = await api.db.query<{ external_id: string }>(
    `select e.external_id from deliveries d join events e on e.id = d.event_id
     where d.endpoint_id = $1 and d.status = 'held' and d.position = e.position order by d.position`,
    [uuidOf(endpointId)],
  );
  return rows.map((row) => row.external_id);
}

const forget = (endpointId: string) => api.db.query('delete from deliveries where endpoint_id = $1', [uuidOf(endpointId)]);
const rows = async (tenant: string) =>
  (await api.db.query('select from deliveries d join tenants t on t.id = d.tenant_id where t.external_id = $1', [tenant])).rowCount;

describe('an acceptance is answered when its deliveries are held', () => {
  it('for single events, and for a batch in its order', async () => {
    const tenant = await api.makeTenant();
    const ordered = await makeOrdered(tenant);
    const first = [await api.postEvent(tenant), await api.postEvent(tenant)];
    expect(await heldFor(ordered)).toEqual(first);
    const events = Array.from({ length: 300 }, (_, n) => ({ id: `n${n}`, type: 'order.created', data: n }));
    expect((await api.post(`/v1/tenants/${tenant}/events/batch`, { events })).status).toBe(202);
    expect(await heldFor(ordered)).toEqual([...first, ...events.map(({ id }) => id)]);
  });

  it('only for ordered endpoints that want the event, existed before it, and get it without a delay', async () => {
    const tenant = await api.makeTenant();
    const [all, some, channel] = [
      await makeOrdered(tenant),
      await makeOrdered(tenant, { eventTypes: ['order.*'] }),
      await makeOrdered(tenant, { channels: ['eu'] }),
    ];
    const plain = (await api.makeEndpoint(tenant, 'http://127.0.0.1:9/plain')).id;
    const order = await api.postEvent(tenant, { type: 'order.created' });
    const inEurope = await api.postEvent(tenant, { type: 'invoice.paid', channels: ['eu'] });
    await api.postEvent(tenant, { deliverAt: new Date(Date.now() + 3_600_000).toISOString() });
    const late = await makeOrdered(tenant);
    expect(await Promise.all([all, some, channel, plain, late].map(heldFor))).toEqual([[order, inEurope], [order], [inEurope], [], []]);
  });

  it('only for events that match the filter', async () => {
    const tenant = await api.makeTenant();
    const filtered = await makeOrdered(tenant, { filter: { 'data.n': { $gte: 2 } } });
    const events = [];
    for (const n of [1, 2, 3]) events.push(await api.postEvent(tenant, { data: { n } }));
    expect(await heldFor(filtered)).toEqual(events.slice(1));
  });

  it('but holds nothing for a tenant without ordered endpoints', async () => {
    const [tenant, ordering] = [await api.makeTenant(), await api.makeTenant()];
    await api.makeEndpoint(tenant, 'http://127.0.0.1:9/hook');
    const ordered = await makeOrdered(ordering);
    await Promise.all([api.postEvent(tenant), api.postEvent(ordering), api.postEvent(tenant)]);
    expect([await rows(tenant), (await heldFor(ordered)).length]).toEqual([0, 1]);
  });
});

describe('a duplicate', () => {
  it('confirms the earlier event, and parks it if the first request crashed before that', async () => {
    const tenant = await api.makeTenant();
    const ordered = await makeOrdered(tenant);
    await api.postEvent(tenant, { id: 'a' });
    await api.postEvent(tenant, { id: 'b' });
    await forget(ordered);
    const late = await makeOrdered(tenant);
    await api.postEvent(tenant, { id: 'b' });
    await api.postEvent(tenant, { id: 'a' });
    expect([await heldFor(ordered), await heldFor(late)]).toEqual([['a', 'b'], []]);
  });

  it('parks an event whose dispatch is not planned yet', async () => {
    const tenant = await api.makeTenant();
    const ordered = await makeOrdered(tenant);
    await api.postEvent(tenant, { id: 'dispatched' });
    await forget(ordered);
    await api.db.query(
      `with gone as (delete from outbox returning event_id) insert into dispatches (id, event_ids) select event_id, array[event_id] from gone`,
    );
    await api.postEvent(tenant, { id: 'dispatched' });
    expect(await heldFor(ordered)).toEqual(['dispatched']);
  });

  it('changes nothing once the event is planned', async () => {
    const tenant = await api.makeTenant();
    const ordered = await makeOrdered(tenant);
    await api.postEvent(tenant, { id: 'planned' });
    await forget(ordered);
    await api.db.query('delete from outbox');
    await api.postEvent(tenant, { id: 'planned' });
    expect(await heldFor(ordered)).toEqual([]);
  });

  it('with other content in the same batch parks nothing', async () => {
    const tenant = await api.makeTenant();
    const ordered = await makeOrdered(tenant, { eventTypes: ['other.*'] });
    const events = [
      { id: 'same', type: 'order.created', data: 1 },
      { id: 'same', type: 'other.created', data: 1 },
    ];
    const { body } = await api.post(`/v1/tenants/${tenant}/events/batch`, { events });
    expect(body.results[1]).toMatchObject({ conflict: true });
    expect(await heldFor(ordered)).toEqual([]);
  });
});
