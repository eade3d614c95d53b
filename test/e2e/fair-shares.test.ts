// Temporal's own fairness, in addition to ours: the priority of each workflow, and that the server
// follows it.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { laneWorkflowId } from '#contract/workflow-contract';
import { signalLane } from '#temporal/starter';
import { until } from '../support/until.ts';
import { type Stage, setStage } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage('t17');
});
afterAll(() => stage?.close());

async function priorityOf(workflowId: string) {
  const { priority } = await stage.posthorn.temporal.workflow.getHandle(workflowId).describe();
  return priority;
}

async function dispatchOf(eventType: string): Promise<string> {
  return until(`the dispatch of ${eventType}`, async () => {
    const query = `WorkflowType="dispatchEvents" and PosthornEventType="${eventType}"`;
    for await (const { workflowId } of stage.posthorn.temporal.workflow.list({ query })) return workflowId;
    return undefined;
  });
}

it('first attempts have priority over retries, and retries over replays, each with its tenant as the key', async () => {
  const sent = await stage.send({ until: 'succeeded' });
  const of = (priorityKey: number) => ({ fairnessKey: stage.tenant, priorityKey });
  for (const path of ['/one', '/two'])
    await stage.posthorn.makeEndpoint(stage.tenant, stage.receiver.url + path, { eventTypes: ['for.two'] });
  await stage.posthorn.post(`/v1/tenants/${stage.tenant}/events`, { type: 'for.two', data: {} });
  expect(await priorityOf(await dispatchOf('for.two'))).toMatchObject(of(2));
  expect(await priorityOf(`delivery/${sent.id}`)).toMatchObject(of(2));
  await sent.closed();
  await sent.command('replay');
  await until('the replay', async () => (await priorityOf(`delivery/${sent.id}`))?.priorityKey === 4);
  expect(await priorityOf(`delivery/${sent.id}`)).toMatchObject(of(4));

  const endpointId = sent.endpoint.id;
  await signalLane(stage.posthorn.core.link, { endpointId, tenant: stage.tenant, endpointHost: new URL(stage.receiver.url).host });
  expect(await priorityOf(laneWorkflowId(endpointId))).toMatchObject(of(3));
});

it('tenants with a single task do not wait for the hundreds of another tenant', async () => {
  const { temporal, namespace } = stage.posthorn;
  const taskQueue = { name: 'unattended' };
  const begin = (workflowId: string, fairnessKey: string) =>
    temporal.workflow.start('none', { workflowId, taskQueue: taskQueue.name, priority: { fairnessKey } });
  for (let from = 0; from < 200; from += 20) await Promise.all(Array.from({ length: 20 }, (_, n) => begin(`many/${from + n}`, 'many')));
  await Promise.all(Array.from({ length: 20 }, (_, n) => begin(`one/${n}`, `one/${n}`)));
  // a start is answered before its task is in the queue
  await until('all tasks in the queue', async () => {
    const { stats } = await temporal.workflowService.describeTaskQueue({ namespace, taskQueue, reportStats: true });
    const count = Number(stats?.approximateBacklogCount ?? 0);
    if (count < 220) throw new Error(`${count} are`);
    return true;
  });
  const order: string[] = [];
  while (order.length < 220) {
    const poll = () => temporal.workflowService.pollWorkflowTaskQueue({ namespace, taskQueue });
    const { workflowExecution } = await temporal.withDeadline(Date.now() + 20_000, poll);
    order.push(workflowExecution?.workflowId?.split('/')[0] ?? '');
  }
  // this holds for each partition of the queue; several partitions may be served one after the other
  expect(order.lastIndexOf('one')).toBeLessThan(210);
});
