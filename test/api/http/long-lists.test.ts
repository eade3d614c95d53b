// Lists of more rows than one search reads, and the dispatches that they show.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deliveryStatuses } from '#domain/deliveries/delivery';
import { idOf, uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { type ApiServer, startApi } from '../api-server.ts';
import { planned, setStatus } from '../deliveries-at-hand.ts';

let api: ApiServer;
let tenant: string;
let endpoint: string;
let ids: string[];
const url = 'http://127.0.0.1:9/hook';
const rows = 4_500;

beforeAll(async () => {
  api = await startApi();
  tenant = await api.makeTenant();
  endpoint = (await api.makeEndpoint(tenant, url)).id;
  const [first = ''] = await planned(api, tenant, await api.postEvent(tenant), [endpoint]);
  // copies of a real row, a millisecond apart, older than it
  const made = await api.db.query<{ id: string }>(
    `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, next_attempt_at)
     select (lpad(to_hex(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint - n), 12, '0') || substr(replace(id::text, '-', ''), 13))::uuid,
       event_id, endpoint_id, tenant_id, event_type, 'succeeded', null
     from deliveries, generate_series(1, $2::int) as n where id = $1 returning id`,
    [uuidOf(first), rows - 1],
  );
  ids = [first, ...made.rows.map(({ id }) => idOf('dlv', id))].toSorted().toReversed();
});
afterAll(() => api.close());

/** Reads the list to its end: the ids, and the size of each page. */
async function walk(query: string): Promise<{ found: string[]; pages: number[] }> {
  const found: string[] = [];
  const pages: number[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { status, body } = await api.get(`/v1/deliveries?${query}${cursor && `&cursor=${cursor}`}`);
    expect(status).toBe(200);
    found.push(...body.data.map(({ id }: { id: string }) => id));
    pages.push(body.data.length);
    cursor = body.nextCursor;
  }
  return { found, pages };
}

describe('a list', () => {
  it('is complete when read to its end, in pages of any size', async () => {
    for (const scope of [`tenant=${tenant}`, `endpoint=${endpoint}`, `tenant=${tenant}&endpoint=${endpoint}`]) {
      const { found, pages } = await walk(`${scope}&limit=250`);
      expect(found).toEqual(ids);
      expect(pages).toEqual(Array(rows / 250).fill(250));
    }
  });

  it('finds all of a rare type, in however many pages', async () => {
    const rare = [ids[0], ids[1_999], ids[2_000], ids[2_001], ids[rows - 1]].map(String);
    await api.db.query(`update deliveries set event_type = 'rare.type' where id = any($1)`, [rare.map(uuidOf)]);
    for (const scope of [`tenant=${tenant}`, `endpoint=${endpoint}`, 'status=succeeded&status=pending']) {
      expect((await walk(`${scope}&type=rare.type`)).found).toEqual(rare);
      expect((await walk(`${scope}&type=rare.type&limit=1`)).found).toEqual(rare);
      expect((await walk(`${scope}&type=no.such`)).found).toEqual([]);
    }
  });

  it('finds unsuccessful deliveries by any set of statuses, in the order of ids', async () => {
    const wanted = new Map<string, string>();
    for (const [index, status] of deliveryStatuses.entries()) {
      for (const id of [ids[100 * index + 50], ids[3_000 + 7 * index]].map(String)) {
        await setStatus(api, id, status);
        if (status !== 'succeeded') wanted.set(id, status);
      }
    }
    await setStatus(api, ids[0] ?? '', 'succeeded');
    const sorted = [...wanted.keys()].toSorted().toReversed();
    const others = deliveryStatuses.filter((status) => status !== 'succeeded').map((status) => `status=${status}`);
    for (const scope of ['', `tenant=${tenant}&`, `endpoint=${endpoint}&`]) {
      expect((await walk(`${scope}${others.join('&')}&limit=3`)).found).toEqual(sorted);
      expect((await walk(`${scope}status=quarantined&limit=1`)).found).toEqual(sorted.filter((id) => wanted.get(id) === 'quarantined'));
    }
    expect((await walk(`tenant=${tenant}&status=dead_lettered&type=no.such`)).found).toEqual([]);
  });

  it("shows nothing for another tenant's endpoint", async () => {
    const other = await api.makeTenant();
    expect((await walk(`tenant=${other}&endpoint=${endpoint}`)).found).toEqual([]);
    expect((await walk(`tenant=${other}&endpoint=${endpoint}&status=dead_lettered`)).found).toEqual([]);
  });
});

describe('a delivery without its own workflow', () => {
  it('names the dispatch that covers its event, once there is one', async () => {
    const [one, two] = [await api.postEvent(tenant), await api.postEvent(tenant)];
    const [a = '', b = ''] = [...(await planned(api, tenant, one, [endpoint])), ...(await planned(api, tenant, two, [endpoint]))];
    await api.db.query('update deliveries set own_workflow = false where id = any($1)', [[a, b].map(uuidOf)]);
    const workflowsOf = async () => Promise.all([a, b].map(async (id) => (await api.get(`/v1/deliveries/${id}`)).body.workflowId));
    expect(await workflowsOf()).toEqual([null, null]);
    const [ofBoth, ofOther] = [newId('dsp'), newId('dsp')];
    const { rows: events } = await api.db.query<{ event_id: string }>('select event_id from deliveries where id = any($1) order by id', [
      [a, b].map(uuidOf),
    ]);
    const insert = 'insert into dispatches (id, event_ids) values ($1, $2)';
    await api.db.query(insert, [uuidOf(ofOther), [uuidOf(newId('evt'))]]);
    await api.db.query(insert, [uuidOf(ofBoth), events.map((row) => row.event_id)]);
    // an event in the outbox has no dispatch yet
    expect(await workflowsOf()).toEqual([null, null]);
    await api.db.query('delete from outbox where event_id = any($1)', [events.map((row) => row.event_id)]);
    expect(await workflowsOf()).toEqual([`dispatch/${ofBoth}`, `dispatch/${ofBoth}`]);
    const { body } = await api.get(`/v1/deliveries?tenant=${tenant}&limit=2`);
    expect(body.data.map(({ workflowId }: { workflowId: string }) => workflowId)).toEqual([`dispatch/${ofBoth}`, `dispatch/${ofBoth}`]);
    expect((await api.get(`/v1/tenants/${tenant}/events/${one}`)).body.deliveries).toMatchObject([{ workflowId: `dispatch/${ofBoth}` }]);
  });
});
