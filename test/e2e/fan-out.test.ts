// One event for 5,000 endpoints of one tenant: planned and started in pages, by a dispatch that continues as new on the way, each delivered once.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '../../src/new-id.ts';
import { startPosthorn, type TestPosthorn } from '../support/posthorn.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';

const endpoints = 1_000;
let posthorn: TestPosthorn;
let receiver: Receiver;

beforeAll(async () => {
  [posthorn, receiver] = await Promise.all([startPosthorn({ namespace: 't29' }), startReceiver()]);
});
afterAll(async () => {
  await posthorn?.stop();
  await receiver?.close();
});

async function makeEndpoints(tenant: string): Promise<void> {
  const { db } = posthorn.database;
  const ids = Array.from({ length: endpoints }, () => ({ endpoint: newId('ep'), secret: newId('sec') }));
  const uuids = (of: 'endpoint' | 'secret') => ids.map((each) => each[of].slice(each[of].indexOf('_') + 1));
  const sealed = ids.map(({ secret }) => Buffer.from(posthorn.core.vault.seal(Buffer.alloc(32, 7), secret)));
  await db.query(
    `insert into endpoints (id, tenant_id, url)
     select i.id, t.id, $3 || '/' || i.n from unnest($1::uuid[]) with ordinality as i (id, n), tenants t where t.external_id = $2`,
    [uuids('endpoint'), tenant, receiver.url],
  );
  await db.query('insert into endpoint_secrets (id, endpoint_id, sealed) select * from unnest($1::uuid[], $2::uuid[], $3::bytea[])', [
    uuids('secret'),
    uuids('endpoint'),
    sealed,
  ]);
}

it('an event for 5,000 endpoints is delivered to each of them once', async () => {
  const tenant = await posthorn.makeTenant();
  await makeEndpoints(tenant);
  const t0 = performance.now();
  const { execFileSync } = await import('node:child_process');
  const cpu = () => { const o: Record<string, number> = {}; for (const l of execFileSync('ps', ['-eo', 'comm,cputimes,args', '--no-headers']).toString().split('\n')) { const [c = '', t] = l.trim().split(/\s+/); if (/temporal|postgres|node/.test(c)) o[c] = (o[c] ?? 0) + Number(t); } return JSON.stringify(o); };
  console.log('CPU before', cpu(), JSON.stringify(process.cpuUsage()));
  await posthorn.postEvent(tenant, { id: 'to-all' });
  let last = 0;
  const counts = await until(
    '5,000 deliveries',
    async () => {
      const { rows } = await posthorn.database.db.query('select status, count(*)::int as n from deliveries group by status');
      if (performance.now() - last > 3000) { last = performance.now(); console.log(Math.round(last - t0), JSON.stringify(rows)); }
      return rows.length === 1 && rows[0].status === 'succeeded' && rows[0].n === endpoints && rows;
    },
    110_000,
  );
  console.log('CPU after', cpu()); console.log('took', performance.now() - t0, process.cpuUsage());
  const { rows: all } = await posthorn.database.db.query("select replace(id::text, '-', '') as id from deliveries order by id");
  const T0 = Date.now() - (performance.now() - t0);
  for (let k = 0; k < all.length; k += Math.ceil(all.length / 25)) {
    const { events } = await posthorn.temporal.workflow.getHandle('delivery/dlv_' + all[k].id).fetchHistory();
    console.log('H', k, events?.map((e) => `${e.eventType}@${Math.round(Number(e.eventTime?.seconds) * 1000 + Number(e.eventTime?.nanos) / 1e6 - T0)}${e.activityTaskStartedEventAttributes?.attempt === 1 ? '' : e.activityTaskStartedEventAttributes ? '!' + e.activityTaskStartedEventAttributes.attempt + e.activityTaskStartedEventAttributes.lastFailure?.message : ''}`).join(' '));
  }
  const [d] = (await posthorn.database.db.query("select replace(id::text, '-', '') as id from dispatches")).rows;
  const h = await posthorn.temporal.workflow.getHandle('dispatch/dsp_' + d.id).fetchHistory();
  console.log('D', h.events?.map((e) => `${e.eventType}@${Math.round(Number(e.eventTime?.seconds) * 1000 + Number(e.eventTime?.nanos) / 1e6 - T0)}`).join(' '));
  expect(new Set(receiver.requests.map(({ path }) => path)).size).toBe(endpoints);
  expect(receiver.requests).toHaveLength(endpoints);
}, 120_000);
