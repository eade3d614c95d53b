// One event for many endpoints of a tenant, with first attempts before its dispatch. And one workflow
// for each delivery: planned and started in pages, by a dispatch that continues as new on the way.
// TEST_LONG=1 runs both with the numbers of production.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '#runtime/new-id';
import { sealTarget } from '#sealing/endpoint-target-encryption';
import { isLong } from '../support/long.ts';
import { startPosthorn, type TestPosthorn } from '../support/posthorn.ts';
import { unhurried } from '../support/quick-timings.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';

/** More than two pages of 500. */
const many = isLong ? 5_000 : 1_050;
const paged = isLong ? { endpoints: 520, pageSize: 500 } : { endpoints: 50, pageSize: 20 };

let receiver: Receiver;
const open: TestPosthorn[] = [];

beforeAll(async () => {
  receiver = await startReceiver();
});
afterAll(async () => {
  for (const posthorn of open) await posthorn.stop();
  await receiver?.close();
});

async function begin(options: Parameters<typeof startPosthorn>[0]): Promise<TestPosthorn> {
  const posthorn = await startPosthorn(options);
  open.push(posthorn);
  return posthorn;
}

async function makeEndpoints(posthorn: TestPosthorn, tenant: string, endpoints: number, url: string): Promise<void> {
  const ids = Array.from({ length: endpoints }, () => ({ endpoint: newId('ep'), secret: newId('sec') }));
  const uuids = (of: 'endpoint' | 'secret') => ids.map((each) => each[of].slice(each[of].indexOf('_') + 1));
  const { vault } = posthorn.core;
  const sealed = ids.map(({ secret }) => Buffer.from(vault.seal(Buffer.alloc(32, 7), secret)));
  const targets = ids.map(({ endpoint }, n) => sealTarget(vault, endpoint, { url: `${url}/${n + 1}`, headers: {}, auth: null }).sealed);
  await posthorn.database.db.query(
    `with made as (
       insert into endpoints (id, tenant_id, sealed, host)
       select i.id, t.id, i.sealed, '127.0.0.1' from unnest($1::uuid[], $3::bytea[]) as i (id, sealed), tenants t where t.external_id = $2)
     insert into endpoint_secrets (id, endpoint_id, sealed) select * from unnest($4::uuid[], $1::uuid[], $5::bytea[])`,
    [uuids('endpoint'), tenant, targets, uuids('secret'), sealed],
  );
}

/** Expects that each endpoint got the event once, and that every row says so. */
async function expectEachOnce(posthorn: TestPosthorn, eventId: string, endpoints: number): Promise<void> {
  await until('all requests', () => receiver.of(eventId).length >= endpoints, 120_000);
  const statuses = async () => (await posthorn.database.db.query('select status, count(*)::int as n from deliveries group by status')).rows;
  await until('all deliveries', async () => (await statuses()).every(({ status, n }) => status === 'succeeded' && n === endpoints));
  expect(receiver.of(eventId)).toHaveLength(endpoints);
  expect(new Set(receiver.of(eventId).map(({ path }) => path)).size).toBe(endpoints);
}

async function dispatchOf(posthorn: TestPosthorn) {
  const { rows } = await posthorn.database.db.query<{ id: string }>(`select replace(id::text, '-', '') as id from dispatches`);
  const handle = posthorn.temporal.workflow.getHandle(`dispatch/dsp_${rows[0]?.id}`);
  await handle.describe();
  return handle;
}

it(`an event for ${many} endpoints is delivered to each of them once`, async () => {
  const posthorn = await begin({ namespace: 't11', env: { POSTHORN_DISPATCH: 'adaptive' }, timings: unhurried });
  const tenant = await posthorn.makeTenant();
  await makeEndpoints(posthorn, tenant, many, `${receiver.url}/ahead`);
  const eventId = await posthorn.postEvent(tenant);
  await expectEachOnce(posthorn, eventId, many);
  const handle = await until('the dispatch', () => dispatchOf(posthorn));
  expect(await handle.result()).toMatchObject({ done: true, planned: 0, started: 0 });
});

it('an event is delivered once to each endpoint page by page, with a workflow for each delivery', async () => {
  const posthorn = await begin({
    namespace: 't15',
    env: { POSTHORN_DISPATCH: 'individual' },
    pageSize: paged.pageSize,
    timings: unhurried,
    reached: async (checkpoint) => void (checkpoint === 'planned' && (await swell(posthorn))),
  });
  const tenant = await posthorn.makeTenant();
  await makeEndpoints(posthorn, tenant, paged.endpoints, `${receiver.url}/paged`);
  const eventId = await posthorn.postEvent(tenant);
  const handle = await until('the dispatch', () => dispatchOf(posthorn));
  expect(await handle.result()).toMatchObject({ done: true });
  await expectEachOnce(posthorn, eventId, paged.endpoints);
  await until('its two runs in the list', async () => (await runsOf(posthorn, handle.workflowId)).join() === 'COMPLETED,CONTINUED_AS_NEW');
});

/** Makes the dispatch's history larger than 4 MB, at which Temporal suggests continuing as new. */
async function swell(posthorn: TestPosthorn): Promise<void> {
  const handle = await dispatchOf(posthorn);
  for (let n = 0; n < 5; n++) await handle.signal('unheardOf', 'x'.repeat(900_000));
}

async function runsOf(posthorn: TestPosthorn, workflowId: string): Promise<string[]> {
  const runs: string[] = [];
  for await (const run of posthorn.temporal.workflow.list({ query: `WorkflowId="${workflowId}"` })) runs.push(run.status.name);
  return runs.sort();
}
