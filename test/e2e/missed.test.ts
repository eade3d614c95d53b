// A consumer that lives from the list of missed events: what it acknowledged is not sent to it, and blocks nothing.
import { afterAll, beforeAll, expect } from 'vitest';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { withPosthorn } from '../support/shared-posthorn.ts';
import { until } from '../support/until.ts';

let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
});
afterAll(() => receiver.close());

withPosthorn('is not sent what it acknowledged while its endpoint was paused', async ({ posthorn }) => {
  const tenant = await posthorn.makeTenant();
  const { id } = await posthorn.makeEndpoint(tenant, `${receiver.url}/pull`);
  await posthorn.post(`/v1/endpoints/${id}/pause`);
  const events: string[] = [];
  for (let n = 0; n < 5; n++) events.push(await posthorn.postEvent(tenant, { data: { n } }));

  const taken: unknown[] = [];
  let cursor = '';
  await until('the consumer to have all', async () => {
    const { body } = await posthorn.get(`/v1/endpoints/${id}/missed?include=body&limit=2${cursor && `&after=${cursor}`}`);
    taken.push(...body.data.map((one: { event: string; body: { data: unknown } }) => ({ event: one.event, data: one.body.data })));
    cursor = body.cursor;
    return taken.length === events.length;
  });
  expect(taken).toEqual(expect.arrayContaining(events.map((event, n) => ({ event, data: { n } }))));
  expect((await posthorn.post(`/v1/endpoints/${id}/missed/ack`, { cursor })).status).toBe(204);

  await posthorn.post(`/v1/endpoints/${id}/resume`);
  const next = await posthorn.postEvent(tenant);
  await until('the next event', () => receiver.of(next).length > 0);
  for (const event of events) {
    expect(receiver.of(event)).toEqual([]);
    expect((await posthorn.deliveriesOf(tenant, event))[0]).toMatchObject({ status: 'succeeded', attempts: 0 });
  }
});

withPosthorn('frees an order that a dead letter blocks, and closes its workflow', async ({ posthorn }) => {
  const tenant = await posthorn.makeTenant();
  receiver.answer('/order', (request, response) => {
    response.writeHead(request.headers['webhook-id'] === 'first' ? 500 : 204).end();
  });
  const { id } = await posthorn.makeEndpoint(tenant, `${receiver.url}/order`, {
    ordering: 'endpoint',
    onDeadLetter: 'block',
    retry: { initial: '1s', factor: 1, max: '1s', attempts: 1 },
  });
  await posthorn.postEvent(tenant, { id: 'first' });
  await posthorn.postEvent(tenant, { id: 'second' });
  const workflow = await until('the dead letter and its workflow', async () => {
    const [row] = await posthorn.deliveriesOf(tenant, 'first');
    if (row?.status !== 'dead_lettered' || !row.workflowId?.startsWith('delivery/')) return null;
    const handle = posthorn.temporal.workflow.getHandle(row.workflowId);
    return (await handle.describe()).status.name === 'RUNNING' && handle;
  });
  const { body } = await posthorn.get(`/v1/endpoints/${id}/missed?limit=1`);
  expect(body.data).toMatchObject([{ event: 'first', status: 'dead_lettered' }]);
  expect((await posthorn.post(`/v1/endpoints/${id}/missed/ack`, { cursor: body.cursor })).status).toBe(204);
  await until('the second event', () => receiver.of('second').length > 0);
  expect(await workflow.result()).toBe('succeeded');
  expect(receiver.of('first')).toHaveLength(1);
});
