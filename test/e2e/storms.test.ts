// Two storms of failing endpoints, in short form: another tenant is served meanwhile, and once the endpoints are well
// everything arrives, each event accepted once. The receiver judges. `npm run bench` has the storms in full size.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPosthorn, type TestPosthorn } from '../support/posthorn.ts';
import { quickWaits } from '../support/quick-timings.ts';
import { type Received, type Receiver, startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';

const schedule = Array.from({ length: 30 }, () => '1s');
let posthorn: TestPosthorn;
let receiver: Receiver;
let isDown = true;

beforeAll(async () => {
  [posthorn, receiver] = await Promise.all([
    startPosthorn({
      namespace: 't82',
      env: { POSTHORN_DISPATCH: 'adaptive', POSTHORN_WORKFLOWS_PER_SECOND: '10' },
      timings: quickWaits,
    }),
    startReceiver(),
  ]);
});
afterAll(async () => {
  await posthorn?.stop();
  await receiver?.close();
});

const isAccepted = ({ answered }: Received) => answered?.status === 204;
const pathOf = (storm: string, tenant: string, n: number) => `/${storm}/${tenant}/${n}`;

/** A tenant with so many endpoints, which refuse while the storm lasts. */
async function failingTenant(storm: string, endpoints: number): Promise<string> {
  const tenant = await posthorn.makeTenant();
  for (let n = 0; n < endpoints; n++) {
    const path = pathOf(storm, tenant, n);
    receiver.answer(path, (_request, response) => void response.writeHead(isDown ? 503 : 204).end());
    await posthorn.makeEndpoint(tenant, receiver.url + path, { retry: { schedule } });
  }
  return tenant;
}

async function postTo(tenant: string, count: number): Promise<void> {
  const events = Array.from({ length: count }, () => ({ type: 'order.created', data: {} }));
  expect((await posthorn.post(`/v1/tenants/${tenant}/events/batch`, { events })).status).toBeLessThan(300);
}

async function expectStorm(storm: string, tenants: string[], deliveries: number): Promise<void> {
  const requests = () => receiver.requests.filter(({ path }) => path.startsWith(`/${storm}/`));
  await until('two attempts of each', () => requests().length >= 2 * deliveries);
  const neighbour = await posthorn.makeTenant();
  await posthorn.makeEndpoint(neighbour, `${receiver.url}/neighbour`);
  for (let n = 0; n < 5; n++) {
    const id = await posthorn.postEvent(neighbour);
    await until('the neighbour to be served in the storm', () => receiver.of(id).some(isAccepted));
  }
  expect(requests().some(isAccepted)).toBe(false);
  isDown = false;
  await until('all to arrive', () => requests().filter(isAccepted).length >= deliveries);
  const accepted = requests().filter(isAccepted);
  expect(new Set(accepted.map(({ path, headers }) => `${path} ${headers['webhook-id']}`)).size).toBe(deliveries);
  const settled = async () => {
    const { rows } = await posthorn.database.db.query<{ status: string; count: number }>(
      `select d.status, count(*)::int as count from deliveries d join tenants t on t.id = d.tenant_id
       where t.external_id = any($1) group by d.status`,
      [tenants],
    );
    return rows.length === 1 && rows[0]?.status === 'succeeded' && rows[0].count === deliveries;
  };
  await until('all to be recorded', settled);
  // nothing was sent again after it had been accepted, nor while it was
  expect(requests().filter(isAccepted)).toHaveLength(deliveries);
}

it('one tenant with many endpoints that fail', async () => {
  isDown = true;
  const tenant = await failingTenant('one', 60);
  await postTo(tenant, 2);
  await expectStorm('one', [tenant], 120);
});

it('many tenants whose endpoints fail', async () => {
  isDown = true;
  const tenants: string[] = [];
  for (let n = 0; n < 20; n++) tenants.push(await failingTenant('many', 5));
  await Promise.all(tenants.map((tenant) => postTo(tenant, 4)));
  await expectStorm('many', tenants, 400);
  const { count } = await posthorn.temporal.workflow.count('WorkflowType="deliver"');
  expect(count).toBeLessThan(260);
});
