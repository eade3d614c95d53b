// Deleting an endpoint with many deliveries: all of them are cancelled, page by page, and no
// others.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { cancelUnfinished } from '#db/endpoints/pause-resume';
import { type DeliveryStatus, deliveryStatuses, obeyedIn } from '#domain/deliveries/delivery';
import { idOf, uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { type ApiServer, startApi } from '../../api/api-server.ts';

let api: ApiServer;
let endpoint: string;
let other: string;

beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());
beforeEach(async () => {
  const tenant = await api.makeTenant();
  endpoint = (await api.makeEndpoint(tenant, 'http://127.0.0.1:9/hook')).id;
  other = (await api.makeEndpoint(tenant, 'http://127.0.0.1:9/hook')).id;
});

async function make(of: string, status: DeliveryStatus, count: number, attempts = 0): Promise<void> {
  await api.db.query(
    `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, attempts)
     select id, id, $2, $2, 'test', $3, $4 from unnest($1::uuid[]) as id`,
    [Array.from({ length: count }, () => uuidOf(newId('dlv'))), uuidOf(of), status, attempts],
  );
}

async function counts(of: string): Promise<Record<string, number>> {
  const { rows } = await api.db.query('select status, count(*) as n from deliveries where endpoint_id = $1 group by status', [uuidOf(of)]);
  return Object.fromEntries(rows.map(({ status, n }) => [status, n]));
}

it('cancels every unfinished delivery of a deleted endpoint, and returns each id once', async () => {
  for (const status of deliveryStatuses) await make(endpoint, status, 300);
  await make(other, 'pending', 5);
  const unfinished = await api.db.query<{ id: string }>(
    'select id from deliveries where endpoint_id = $1 and status = any($2) order by id',
    [uuidOf(endpoint), obeyedIn.cancel],
  );
  const named: string[] = [];
  for await (const ids of cancelUnfinished(api.db, endpoint)) named.push(...ids);
  expect(named).toEqual(unfinished.rows.map(({ id }) => idOf('dlv', id)));
  expect(await counts(endpoint)).toEqual({ succeeded: 300, expired: 300, cancelled: 300 * 6 });
  expect(await counts(other)).toEqual({ pending: 5 });
});
