// An event whose only direct delivery got its workflow in place of the dispatch's: every workflow that the API names exists,
// also for a delivery of the same event that a lane sent.
import { expect, it } from 'vitest';
import { startPosthorn } from '../support/posthorn.ts';
import { startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';

interface Shown {
  endpoint: string;
  status: string;
  workflowId: string;
}

it('names only workflows that exist', async ({ onTestFinished }) => {
  const [posthorn, receiver] = await Promise.all([startPosthorn({ namespace: 't76' }), startReceiver()]);
  onTestFinished(async () => {
    await posthorn.stop();
    await receiver.close();
  });
  const tenant = await posthorn.makeTenant();
  const direct = await posthorn.makeEndpoint(tenant, `${receiver.url}/direct`);
  const paused = await posthorn.makeEndpoint(tenant, `${receiver.url}/paused`);
  await posthorn.post(`/v1/endpoints/${paused.id}/pause`, {});
  await posthorn.post(`/v1/tenants/${tenant}/events`, { type: 'order.created', data: {}, id: 'one' });
  const deliveries = async () => (await posthorn.get(`/v1/tenants/${tenant}/events/one`)).body.deliveries as Shown[];
  const inStatus = (endpoint: string, status: string) =>
    until(`${status}`, async () => (await deliveries()).some((one) => one.endpoint === endpoint && one.status === status));
  await inStatus(direct.id, 'succeeded');
  await inStatus(paused.id, 'held');
  await posthorn.post(`/v1/endpoints/${paused.id}/resume`, {});
  await inStatus(paused.id, 'succeeded');
  const named = new Map((await deliveries()).map(({ endpoint, workflowId }) => [endpoint, workflowId]));
  for (const workflowId of named.values()) await posthorn.temporal.workflow.getHandle(workflowId).describe();
  expect(receiver.of('one')).toHaveLength(2);
});
