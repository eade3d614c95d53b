// Batched mode: first attempts before the dispatch, and the steps that follow them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPosthorn, type TestPosthorn } from '../support/posthorn.ts';
import { longLeases } from '../support/quick-timings.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';

let posthorn: TestPosthorn;
let receiver: Receiver;
let tenant: string;

beforeAll(async () => {
  [posthorn, receiver] = await Promise.all([
    startPosthorn({
      namespace: 't14',
      env: { POSTHORN_DISPATCH: 'batched', POSTHORN_DISPATCHES_PER_SECOND: '5' },
      timings: longLeases,
    }),
    startReceiver(),
  ]);
  tenant = await posthorn.makeTenant();
});

afterAll(async () => {
  await posthorn?.stop();
  await receiver?.close();
});

const delivery = async (eventId: string, status: string) =>
  until(`${eventId} ${status}`, async () => (await posthorn.deliveriesOf(tenant, eventId)).find((row) => row.status === status));
/** Undefined while it has none of its own: then a dispatch may be shown in its place. */
const ownWorkflow = ({ id, workflowId }: { id: string; workflowId: string | null }) =>
  workflowId === `delivery/${id}` ? workflowId : undefined;
const query = async (sql: string) => (await posthorn.database.db.query(sql)).rows;

describe('batched mode', () => {
  it('delivers without a workflow for each delivery, and dispatches in batches', async () => {
    await posthorn.makeEndpoint(tenant, `${receiver.url}/plain`, { eventTypes: ['plain.*'] });
    const began = performance.now();
    const ids = await Promise.all(
      Array.from({ length: 300 }, (_, n) => posthorn.postEvent(tenant, { type: 'plain.sent', id: `plain-${n}` })),
    );
    await until('all to arrive', () => receiver.requests.length >= ids.length);
    for (const id of ids) expect(receiver.of(id)).toHaveLength(1);
    await until('the outbox to empty', async () => (await query('select from outbox')).length === 0);
    await until('the dispatches to be done', async () => (await query('select from dispatches where done_at is null')).length === 0);
    const dispatches = await query('select cardinality(event_ids) as events, planned from dispatches');
    // five dispatches a second, not one for each event
    expect(dispatches.length).toBeLessThan(300);
    expect(dispatches.length).toBeLessThanOrEqual(2 + (5 * (performance.now() - began)) / 1_000);
    expect(await query(`select count(*)::int as n, bool_or(own_workflow) as own from deliveries where status = 'succeeded'`)).toEqual([
      { n: 300, own: false },
    ]);
  });

  it('starts a workflow for a refused delivery within the budget, with attempt 2 on schedule', async () => {
    let tries = 0;
    // on a slow machine the budget is closed for a while, and relays retry without a workflow
    const workflowId = await until('a delivery with a workflow', async () => {
      const type = `twice${++tries}`;
      receiver.answer(`/${type}`, [500, 500, 200]);
      await posthorn.makeEndpoint(tenant, `${receiver.url}/${type}`, { eventTypes: [`${type}.*`] });
      const id = await posthorn.postEvent(tenant, { type: `${type}.sent` });
      const row = await delivery(id, 'succeeded');
      expect(row.attempts).toBe(3);
      expect(receiver.of(id)).toHaveLength(3);
      return ownWorkflow(row);
    });
    expect(await posthorn.temporal.workflow.getHandle(workflowId).result()).toBe('succeeded');
  });

  it('opens a dead letter for a delivery whose only attempt failed, and replays it', async () => {
    await posthorn.makeEndpoint(tenant, `${receiver.url}/spent`, {
      eventTypes: ['spent.*'],
      retry: { initial: '1s', factor: 1, max: '1s', attempts: 1 },
    });
    receiver.answer('/spent', [500]);
    const id = await posthorn.postEvent(tenant, { type: 'spent.sent' });
    const workflowId = await until('its workflow', async () => ownWorkflow(await delivery(id, 'dead_lettered')));
    const handle = posthorn.temporal.workflow.getHandle(workflowId);
    await until('its workflow to run', async () => (await handle.describe()).status.name === 'RUNNING');
    receiver.answer('/spent', [200]);
    await handle.signal('replay');
    await delivery(id, 'succeeded');
  });

  it('keeps only a share of the events of a tenant in memory, delivers all of them, and lets other tenants pass', async () => {
    const other = await posthorn.makeTenant();
    await posthorn.makeEndpoint(tenant, `${receiver.url}/many`, { eventTypes: ['many.*'], maxInFlight: 8, timeoutMs: 30_000 });
    await posthorn.makeEndpoint(other, `${receiver.url}/other`);
    const { promise: otherServed, resolve: answer } = Promise.withResolvers<void>();
    receiver.answer('/many', async (_request, response) => {
      await otherServed;
      response.writeHead(204).end();
    });
    const pages = await Promise.all(
      [0, 1].map((page) =>
        posthorn.post(`/v1/tenants/${tenant}/events/batch`, {
          events: Array.from({ length: 1_000 }, (_, n) => ({ type: 'many.sent', id: `many-${page}-${n}`, data: {} })),
        }),
      ),
    );
    expect(pages.map(({ status }) => status)).toEqual([202, 202]);
    const passing = await posthorn.postEvent(other);
    await until('the other tenant to be served', () => receiver.of(passing).length === 1);
    const many = () => receiver.requests.filter(({ path }) => path === '/many');
    expect(posthorn.worker.relay.status().waiting).toBeLessThan(1_500);
    answer();
    await until('all to arrive', () => many().length >= 2_000, 180_000);
    await until('the outbox to empty', async () => (await query('select from outbox')).length === 0);
    expect(new Set(many().map(({ headers }) => headers['webhook-id'])).size).toBe(2_000);
    expect(many()).toHaveLength(2_000);
  });
});
