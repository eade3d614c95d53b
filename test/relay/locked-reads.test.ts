// While a table that attempts and API requests read is locked, requests in flight are recorded, the
// relay keeps its lease, events are accepted, and the process reports that it is ready.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPosthorn, type TestPosthorn } from '../support/posthorn.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';

let posthorn: TestPosthorn;
let receiver: Receiver;
beforeAll(async () => {
  [posthorn, receiver] = await Promise.all([startPosthorn({ namespace: 't62' }), startReceiver()]);
});
afterAll(async () => {
  await receiver?.close();
  await posthorn?.stop();
});

const inFlight = 5;
const more = 12;
/** Each of these deliveries has its workflow, which takes a while on a busy machine. */
const timeoutMs = 120_000;

it('a locked read blocks only its own kind of work', { timeout: 400_000 }, async () => {
  const { db } = posthorn.database;
  const tenant = await posthorn.makeTenant();
  const endpoint = await posthorn.makeEndpoint(tenant, `${receiver.url}/hook`, { timeoutMs: 30_000 });
  const held: (() => void)[] = [];
  receiver.answer('/hook', (_request, response) => void held.push(() => response.writeHead(204).end()));
  const post = (id: string) => posthorn.post(`/v1/tenants/${tenant}/events`, { type: 'order.created', data: { id }, id });
  const ids = Array.from({ length: inFlight + more }, (_, n) => `locked-${n}`);
  const first = await Promise.all(ids.slice(0, inFlight).map(post));
  await until('all to be in flight', () => held.length === inFlight, timeoutMs);

  const client = await db.connect();
  const waiting = async () =>
    (await db.query(`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)).rowCount ?? 0;
  const relay = posthorn.worker.relay.id();
  try {
    await client.query('begin');
    await client.query('set local idle_in_transaction_session_timeout = 0');
    await client.query('lock table endpoint_secrets in access exclusive mode');
    const late = await Promise.all(ids.slice(inFlight).map(post));
    const reads = Array.from({ length: 20 }, () => posthorn.post(`/v1/endpoints/${endpoint.id}/rotate-secret`, {}));
    await until('attempts and callers to wait for the lock', async () => (await waiting()) >= 4);

    // all of this happens while the lock is held
    // while Temporal is slow, the relay makes first attempts with what it has cached
    receiver.answer('/hook', [204]);
    for (const answer of held.splice(0)) answer();
    await until('what was in flight to be recorded', async () => ((await db.query('select from attempts')).rowCount ?? 0) >= inFlight);
    const [lockedAt] = (await db.query<{ at: Date }>('select clock_timestamp() as at')).rows;
    await until('the lease to be renewed again and again', async () => {
      const { rowCount } = await db.query(`select from relays where seen > $1::timestamptz + interval '3 seconds'`, [lockedAt?.at]);
      return rowCount === 1;
    });
    expect(posthorn.worker.relay.id()).toBe(relay);
    expect(await posthorn.get('/readyz')).toMatchObject({ status: 200, body: { postgres: 'up' } });
    expect((await post('locked-after')).status).toBe(202);
    expect([...first, ...late].map(({ status }) => status)).toEqual(ids.map(() => 202));

    await client.query('commit');
    await Promise.all(reads);
  } finally {
    client.release(true);
  }
  await until(
    'all to be delivered',
    async () => {
      const { rowCount } = await db.query(`select from deliveries where status = 'succeeded'`);
      return rowCount === ids.length + 1;
    },
    timeoutMs,
  );
  expect(receiver.requests).toHaveLength(ids.length + 1);
});
