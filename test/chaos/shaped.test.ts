// A process dies between the first request of a delivery and its record, and meanwhile its endpoint gets another transform:
// the next process repeats the request with the same bytes.
import { expect, it } from 'vitest';
import { quickLeases } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { openBatchedStage } from './batched-stage.ts';

it('a first attempt that was sent and not recorded is repeated byte for byte', async ({ onTestFinished }) => {
  const stage = await openBatchedStage({ namespace: 't122', timings: quickLeases });
  onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
  const first = await stage.start({ dieAt: 'posted' });
  const tenant = await first.makeTenant();
  const { id: endpoint } = await first.makeEndpoint(tenant, `${stage.receiver.url}/hook`, {
    timeoutMs: 1_000,
    transform: { template: { first: { $path: 'data.id' } } },
  });
  await stage.send(first, tenant, ['shaped']);
  expect(await first.exited).toMatchObject({ signal: 'SIGKILL' });
  expect(await stage.query('select status, attempts, leased_until > now() as leased from deliveries')).toEqual([
    { status: 'pending', attempts: 0, leased: true },
  ]);

  const second = await stage.start();
  expect((await second.call('PATCH', `/v1/endpoints/${endpoint}`, { transform: { template: 'other' } })).status).toBe(200);
  await until('the repeat', () => stage.receiver.of('shaped').length === 2);
  await stage.settled();
  expect(stage.receiver.of('shaped').map(({ body }) => body.toString())).toEqual(['{"first":"shaped"}', '{"first":"shaped"}']);
  // what is accepted now has the transform of now
  await stage.send(second, tenant, ['later']);
  await stage.settled();
  expect(stage.receiver.of('later').map(({ body }) => body.toString())).toEqual(['"other"']);
  const [later] = await second.deliveriesOf(tenant, 'later');
  expect(later).toMatchObject({ status: 'succeeded', attempts: 1, workflowId: expect.stringMatching(/^dispatch\//) });
});
