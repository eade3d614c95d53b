// Every acceptance knows whether its tenant has an ordered endpoint, even when endpoints change at
// the same moment.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { holdEndpoint } from '#db/endpoints/hold-endpoint';
import { uuidOf } from '#domain/ids';
import { type ApiServer, startApi } from '../../api/api-server.ts';
import { until } from '../../support/until.ts';

let api: ApiServer;

beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

it('is not lost by a change of another endpoint that waited for the one that switched ordering on', async () => {
  const tenant = await api.makeTenant();
  const [ordered, other] = await Promise.all([1, 2].map(() => api.makeEndpoint(tenant, 'http://127.0.0.1:9/hook')));
  const client = await api.db.connect();
  await client.query('begin');
  await client.query(`update endpoints set ordering = 'endpoint' where id = $1`, [uuidOf(ordered?.id ?? '')]);
  const held = holdEndpoint(api.db, { endpointId: other?.id ?? '', targetVersion: 1 }, 60_000);
  const waiting = `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
  await until('the other change to wait', async () => (await api.db.query(waiting)).rowCount === 1);
  await client.query('commit');
  client.release();
  await held;
  expect((await api.db.query('select has_ordered_endpoints as has from tenants where external_id = $1', [tenant])).rows).toEqual([
    { has: true },
  ]);
});
