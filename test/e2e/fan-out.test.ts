// One event for 5,000 endpoints of one tenant: planned and started in pages, by a dispatch that continues as new on the way, each delivered once.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '../../src/new-id.ts';
import { startPosthorn, type TestPosthorn } from '../support/posthorn.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';

const endpoints = 5_000;
let posthorn: TestPosthorn;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
  posthorn = await startPosthorn({
    namespace: 't11',
    env: { LOG_LEVEL: 'error', POSTHORN_DISPATCH: 'individual' },
    reached: async (checkpoint) => void (checkpoint === 'planned' && (await swell())),
  });
});
afterAll(async () => {
  await posthorn?.stop();
  await receiver?.close();
});

async function makeEndpoints(tenant: string): Promise<void> {
  const ids = Array.from({ length: endpoints }, () => ({ endpoint: newId('ep'), secret: newId('sec') }));
  const uuids = (of: 'endpoint' | 'secret') => ids.map((each) => each[of].slice(each[of].indexOf('_') + 1));
  const sealed = ids.map(({ secret }) => Buffer.from(posthorn.core.vault.seal(Buffer.alloc(32, 7), secret)));
  await posthorn.database.db.query(
    `with made as (
       insert into endpoints (id, tenant_id, url)
       select i.id, t.id, $3 || '/' || i.n from unnest($1::uuid[]) with ordinality as i (id, n), tenants t where t.external_id = $2)
     insert into endpoint_secrets (id, endpoint_id, sealed) select * from unnest($4::uuid[], $1::uuid[], $5::bytea[])`,
    [uuids('endpoint'), tenant, receiver.url, uuids('secret'), sealed],
  );
}

async function dispatch() {
  const { rows } = await posthorn.database.db.query<{ id: string }>(`select replace(id::text, '-', '') as id from dispatches`);
  return posthorn.temporal.workflow.getHandle(`dispatch/dsp_${rows[0]?.id}`);
}

/** Makes the history of the dispatch so large that Temporal suggests to continue as new: that comes at 4 MB. */
async function swell(): Promise<void> {
  const handle = await dispatch();
  for (let n = 0; n < 5; n++) await handle.signal('unheardOf', 'x'.repeat(900_000));
}

const statuses = async () => {
  const { rows } = await posthorn.database.db.query<{ status: string; n: number }>(
    'select status, count(*)::int as n from deliveries group by status',
  );
  return Object.fromEntries(rows.map(({ status, n }) => [status, n]));
};

it('an event for 5,000 endpoints is delivered to each of them once', { timeout: 280_000 }, async () => {
  const tenant = await posthorn.makeTenant();
  await makeEndpoints(tenant);
  const eventId = await posthorn.postEvent(tenant);
  const handle = await until('the dispatch', dispatchStarted);
  expect(await handle.result()).toMatchObject({ done: true });
  await until('5,000 requests', () => receiver.requests.length >= endpoints, 240_000);
  await until('5,000 deliveries', async () => (await statuses()).succeeded === endpoints);
  expect(await statuses()).toEqual({ succeeded: endpoints });
  await until('its two runs in the list', async () => (await runsOf(handle.workflowId)).join() === 'COMPLETED,CONTINUED_AS_NEW');
  expect(receiver.of(eventId)).toHaveLength(endpoints);
  expect(new Set(receiver.requests.map(({ path }) => path)).size).toBe(endpoints);
});

async function runsOf(workflowId: string): Promise<string[]> {
  const runs: string[] = [];
  for await (const run of posthorn.temporal.workflow.list({ query: `WorkflowId="${workflowId}"` })) runs.push(run.status.name);
  return runs.sort();
}

async function dispatchStarted() {
  const handle = await dispatch();
  await handle.describe();
  return handle;
}
