// Recalls while events are on their way, judged by the receiver: nothing begins after the answer, and what the answer says
// was not sent did not arrive.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ApiAnswer } from '../support/api.ts';
import { startPosthorn, type TestPosthorn } from '../support/posthorn.ts';
import { longLeases } from '../support/quick-timings.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';

let posthorn: TestPosthorn;
let receiver: Receiver;
let tenant: string;
beforeAll(async () => {
  [posthorn, receiver] = await Promise.all([
    startPosthorn({ namespace: 't93', env: { POSTHORN_DISPATCH: 'batched' }, timings: longLeases }),
    startReceiver(),
  ]);
  tenant = await posthorn.makeTenant();
});
afterAll(async () => {
  await posthorn?.stop();
  await receiver?.close();
});

interface Recalled {
  recalled: boolean;
  alreadySent: boolean;
  inFlight: boolean;
}

/** Asks again after a 503, as it says: on a slow machine a burst may wait too long for a connection to PostgreSQL. */
const confirmed = (ask: () => Promise<ApiAnswer>) =>
  until('a confirmation', async () => {
    const answer = await ask();
    return answer.status !== 503 && answer;
  });

/** The first endpoint of the event, and when the answer came. */
async function recall(event: string): Promise<Recalled & { at: number }> {
  const { status, body } = await confirmed(() => posthorn.post(`/v1/tenants/${tenant}/events/${event}/recall`, {}));
  expect(status, JSON.stringify(body)).toBe(200);
  expect(body.data).toHaveLength(1);
  return { ...body.data[0], at: performance.now() };
}

const begunAfter = (event: string, at: number) => receiver.of(event).filter(({ came }) => came > at);

it('stops what waits in the memory of a relay, and says what was in flight', async () => {
  const held = Promise.withResolvers<void>();
  receiver.answer('/narrow', async (_, response) => {
    await held.promise;
    response.writeHead(204).end();
  });
  await posthorn.makeEndpoint(tenant, `${receiver.url}/narrow`, { eventTypes: ['narrow.*'], maxInFlight: 1, timeoutMs: 30_000 });
  const inFlight = await posthorn.postEvent(tenant, { type: 'narrow.sent' });
  await until('the first request', () => receiver.of(inFlight).length > 0);
  const waiting = await posthorn.postEvent(tenant, { type: 'narrow.sent' });
  const other = await posthorn.postEvent(tenant, { type: 'narrow.sent' });

  const [first, second] = await Promise.all([recall(inFlight), recall(waiting)]);
  expect(first).toMatchObject({ recalled: true, alreadySent: false, inFlight: true });
  expect(second).toMatchObject({ recalled: true, alreadySent: false });
  held.resolve();
  await until('the other event', () => receiver.of(other).length > 0);
  await until('the late acceptance', async () => {
    const { recalled, alreadySent } = await recall(inFlight);
    return alreadySent && !recalled;
  });
  expect(receiver.of(inFlight)).toHaveLength(1);
  expect(receiver.of(waiting)).toEqual([]);
});

it('ends the workflow of a dead letter, and empties the lane of a paused endpoint', async () => {
  receiver.answer('/gone', [500]);
  await posthorn.makeEndpoint(tenant, `${receiver.url}/gone`, {
    eventTypes: ['gone.*'],
    retry: { initial: '1s', factor: 1, max: '1s', attempts: 1 },
  });
  const paused = await posthorn.makeEndpoint(tenant, `${receiver.url}/paused`, { eventTypes: ['paused.*'] });
  await posthorn.post(`/v1/endpoints/${paused.id}/pause`);
  const dead = await posthorn.postEvent(tenant, { type: 'gone.sent' });
  const parked = await posthorn.postEvent(tenant, { type: 'paused.sent' });
  const next = await posthorn.postEvent(tenant, { type: 'paused.sent' });
  const statusOf = async (event: string) => (await posthorn.deliveriesOf(tenant, event))[0];
  const workflow = await until('the dead letter and its workflow', async () => {
    const row = await statusOf(dead);
    if (row?.status !== 'dead_lettered' || !row.workflowId?.startsWith('delivery/')) return null;
    const handle = posthorn.temporal.workflow.getHandle(row.workflowId);
    return (await handle.describe()).status.name === 'RUNNING' && handle;
  });
  await until('both to be held', async () => (await statusOf(parked))?.status === 'held' && (await statusOf(next))?.status === 'held');

  const [first, second] = await Promise.all([recall(dead), recall(parked)]);
  expect(first).toMatchObject({ recalled: true, alreadySent: true, inFlight: false });
  expect(second).toMatchObject({ recalled: true, alreadySent: false });
  expect(await workflow.result()).toBe('cancelled');
  await posthorn.post(`/v1/endpoints/${paused.id}/resume`);
  await until('the other event', () => receiver.of(next).length > 0);
  expect(receiver.of(parked)).toEqual([]);
  expect(receiver.of(dead)).toHaveLength(1);
});

it('keeps its word in a burst, whatever it interrupts', async () => {
  receiver.answer('/burst', async (_, response) => {
    await new Promise((resolve) => setImmediate(resolve));
    response.writeHead(204).end();
  });
  await posthorn.makeEndpoint(tenant, `${receiver.url}/burst`, { eventTypes: ['burst.*'], maxInFlight: 3 });
  const events = Array.from({ length: 120 }, (_, n) => `burst-${n}`);
  const recalled = new Map<string, Recalled & { at: number }>();
  await Promise.all(
    events.map(async (id, n) => {
      const event = { type: 'burst.sent', data: {}, id };
      expect((await confirmed(() => posthorn.post(`/v1/tenants/${tenant}/events`, event))).status).toBeLessThan(300);
      if (n % 2 === 0) recalled.set(id, await recall(id));
    }),
  );
  const others = events.filter((id) => !recalled.has(id));
  await until('all others to arrive', () => others.every((id) => receiver.of(id).length > 0));
  for (const [id, { at, alreadySent, inFlight }] of recalled) {
    expect(begunAfter(id, at), id).toEqual([]);
    if (!alreadySent && !inFlight) expect(receiver.of(id), id).toEqual([]);
    if (alreadySent) expect(receiver.of(id).length, id).toBeGreaterThan(0);
  }
});
