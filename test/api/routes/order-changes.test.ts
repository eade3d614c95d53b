// Held deliveries when the ordering of an endpoint changes: they move to the queues of the new
// ordering and lose their sequence numbers, however many there are.
import { expect, it } from 'vitest';
import { deliveryId, uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { apiOfFile } from '../api-of-file.ts';
import { held, leave, rowOf } from '../lanes-at-hand.ts';

const { api, tenant } = await apiOfFile();

const endpointWith = async (settings: object) => (await api.makeEndpoint(tenant, 'http://127.0.0.1:9/hook', settings)).id;
const change = (id: string, body: object) => api.call('PATCH', `/v1/endpoints/${id}`, body);

it.each<[string, string, string | null]>([
  ['endpoint', 'key', 'k'],
  ['endpoint', 'none', null],
  ['key', 'endpoint', null],
])('from %s to %s: earlier numbers are removed, attempted or not, and the key is %s', async (from, to, key) => {
  const id = await endpointWith({ ordering: from });
  const [tried, untried] = [await held(api, tenant, id, { orderingKey: 'k' }), await held(api, tenant, id, { orderingKey: 'k' })];
  await leave(api, tried, 'sequence = 7, attempts = 2');
  await leave(api, untried, 'sequence = 8');
  const accepted = await held(api, tenant, id, { orderingKey: 'k' });
  await leave(api, accepted, `sequence = 6, status = 'succeeded'`);
  expect((await change(id, { ordering: to })).status).toBe(200);
  for (const one of [tried, untried]) expect(await rowOf(api, one)).toMatchObject({ status: 'held', sequence: null, lane_key: key });
  expect(await rowOf(api, accepted)).toMatchObject({ sequence: 6 });
});

it('keeps the numbers while the ordering stays the same', async () => {
  const id = await endpointWith({ ordering: 'key' });
  const one = await held(api, tenant, id, { orderingKey: 'k' });
  await leave(api, one, 'sequence = 3');
  await change(id, { ordering: 'key', onDeadLetter: 'block' });
  expect(await rowOf(api, one)).toMatchObject({ sequence: 3, lane_key: 'k' });
});

it('changes more than a page of held deliveries and dead letters', async () => {
  const id = await endpointWith({ ordering: 'endpoint' });
  const first = await held(api, tenant, id, { orderingKey: 'k' });
  const insert = async (status: string) => {
    const ids = Array.from({ length: 1_100 }, () => uuidOf(deliveryId(newId('evt'), id)));
    await api.db.query(
      `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, sequence, position)
       select i, (select event_id from deliveries where id = $3), $2, (select tenant_id from endpoints where id = $2), 'a', $4, n, n
       from unnest($1::uuid[]) with ordinality as u (i, n)`,
      [ids, uuidOf(id), uuidOf(first), status],
    );
  };
  await insert('held');
  await insert('dead_lettered');
  expect((await change(id, { ordering: 'key', onDeadLetter: 'block' })).status).toBe(200);
  const { rows } = await api.db.query(
    `select status, count(*)::int as n, count(sequence)::int as numbered, count(position)::int as placed, count(lane_key)::int as lined
     from deliveries where endpoint_id = $1 group by status order by status`,
    [uuidOf(id)],
  );
  expect(rows).toEqual([
    { status: 'dead_lettered', n: 1_100, numbered: 1_100, placed: 0, lined: 0 },
    { status: 'held', n: 1_101, numbered: 0, placed: 1_101, lined: 1_101 },
  ]);
});
