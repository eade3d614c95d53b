// Above the budget: a refused first attempt starts no workflow, and a dead letter gets its workflow later, from the sweep.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { statusAttribute } from '#contract/workflow-contract';
import { idOf, uuidOf } from '#domain/ids';
import type { ApiDelivery } from '../support/api.ts';
import { startPosthorn, type TestPosthorn } from '../support/posthorn.ts';
import { quickWaits } from '../support/quick-timings.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';

const onlyOne = { initial: '1s', factor: 1, max: '1s', attempts: 1 };
let posthorn: TestPosthorn;
let receiver: Receiver;

beforeAll(async () => {
  [posthorn, receiver] = await Promise.all([
    // the budget has room for a few workflows: half of a burst of 10, and one dead letter in half a second
    startPosthorn({
      namespace: 't61',
      env: { POSTHORN_DISPATCH: 'batched', POSTHORN_WORKFLOWS_PER_SECOND: '8' },
      timings: quickWaits,
    }),
    startReceiver(),
  ]);
  receiver.answer('/refuses', Array(100).fill(500));
});

afterAll(async () => {
  await posthorn?.stop();
  await receiver?.close();
});

interface Refused {
  id: string;
  now(): Promise<ApiDelivery>;
}

/** The deliveries of so many events, posted in one request, when they have the status. */
async function refused(count: number, status: string, retry: object): Promise<Refused[]> {
  const tenant = await posthorn.makeTenant();
  await posthorn.makeEndpoint(tenant, `${receiver.url}/refuses`, { retry });
  const events = Array.from({ length: count }, () => ({ type: 'order.created', data: {} }));
  const { body } = await posthorn.post(`/v1/tenants/${tenant}/events/batch`, { events });
  return Promise.all(
    body.results.map(async ({ id: eventId }: { id: string }) => {
      const now = async () => (await posthorn.deliveriesOf(tenant, eventId))[0] as ApiDelivery;
      const { id } = await until(`${eventId} ${status}`, async () => {
        const delivery = await now();
        return delivery?.status === status && delivery;
      });
      return { id, now };
    }),
  );
}

async function pumpedOf(deliveries: Refused[]): Promise<Set<string>> {
  const { rows } = await posthorn.database.db.query('select id from deliveries where pumped and id = any($1)', [
    deliveries.map(({ id }) => uuidOf(id)),
  ]);
  return new Set(rows.map(({ id }) => idOf('dlv', id)));
}

const handleOf = (id: string) => posthorn.temporal.workflow.getHandle(`delivery/${id}`);
const workflowOf = (id: string) =>
  handleOf(id)
    .describe()
    .catch(() => null);

it('starts a workflow for a refused first attempt while there is room, and none for the others', async () => {
  const deliveries = await refused(12, 'retrying', { schedule: ['1h'] });
  const pumped = await pumpedOf(deliveries);
  expect(pumped.size).toBeGreaterThan(0);
  expect(pumped.size).toBeLessThan(12);
  await until('the dispatches', async () => (await posthorn.database.db.query('select from outbox')).rows.length === 0);
  await until(
    'the dispatches to be done',
    async () => (await posthorn.database.db.query('select from dispatches where done_at is null')).rows.length === 0,
  );
  for (const { id, now } of deliveries) {
    expect([id, (await workflowOf(id))?.status.name]).toEqual([id, pumped.has(id) ? undefined : 'RUNNING']);
    expect((await now()).workflowId).toMatch(pumped.has(id) ? /^dispatch\// : /^delivery\//);
  }
  expect(receiver.requests.filter(({ path }) => path === '/refuses')).toHaveLength(12);
});

it('opens dead letters at the pace of the budget: each gets its workflow, and obeys a raw replay', async () => {
  const deliveries = await refused(6, 'dead_lettered', onlyOne);
  const waiting = await pumpedOf(deliveries);
  expect(waiting.size).toBeGreaterThan(0);
  for (const { id } of deliveries) {
    await until(`the workflow of ${id}`, async () => {
      const workflow = await workflowOf(id);
      return workflow?.status.name === 'RUNNING' && workflow.typedSearchAttributes.get(statusAttribute) === 'dead_lettered';
    });
  }
  expect((await pumpedOf(deliveries)).size).toBe(0);
  receiver.answer('/refuses', [204]);
  const last = deliveries.findLast(({ id }) => waiting.has(id)) as Refused;
  await handleOf(last.id).signal('replay');
  await until('the delivery', async () => (await last.now()).status === 'succeeded');
  expect((await last.now()).workflowId).toBe(`delivery/${last.id}`);
  expect(await handleOf(last.id).result()).toBe('succeeded');
});

it('obeys a command given before a dead letter is opened', async () => {
  receiver.answer('/refuses', Array(100).fill(500));
  const deliveries = await refused(12, 'dead_lettered', onlyOne);
  receiver.answer('/refuses', [204]);
  const waiting = await pumpedOf(deliveries);
  const [replayed, cancelled] = deliveries.filter(({ id }) => waiting.has(id)).slice(-2) as [Refused, Refused];
  expect((await posthorn.post(`/v1/deliveries/${replayed.id}/replay`)).status).toBe(202);
  expect((await posthorn.post(`/v1/deliveries/${cancelled.id}/cancel`)).status).toBe(202);
  await until('the replay', async () => (await replayed.now()).status === 'succeeded');
  const others = deliveries.filter(({ id }) => id !== cancelled.id);
  await until('the others to be opened', async () => (await pumpedOf(others)).size === 0);
  expect((await cancelled.now()).status).toBe('cancelled');
  expect((await workflowOf(cancelled.id))?.status.name ?? 'COMPLETED').toBe('COMPLETED');
});
