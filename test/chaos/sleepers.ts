// Work that sleeps in each of its waits: begun by one build of Posthorn, finished by another.
import { expect } from 'vitest';
import type { LaneKnown } from '#contract/workflow-contract';
import type { PosthornProcess, ProcessOptions } from '../support/posthorn-process.ts';
import { until } from '../support/until.ts';
import type { Stage } from './stage.ts';

/** Each is the id of an event, the type `….sent`, and the path of its endpoint. */
const sleepers = {
  backoff: { answer: [500, 204], schedule: ['1h'], sleeps: 'retrying', command: 'retry-now' },
  'dead-letter': { answer: [500, 500, 204], schedule: ['50ms'], sleeps: 'dead_lettered', command: 'replay' },
  'dead-again': { answer: [500, 500, 500, 500, 204], schedule: ['50ms'], sleeps: 'dead_lettered', command: 'replay' },
} as const;
type Sleeper = keyof typeof sleepers;
const all = Object.keys(sleepers) as Sleeper[];

/** How many requests each event gets in all. */
export const requestsOf = { backoff: 2, 'dead-letter': 3, 'dead-again': 5, fan: 3, wide: 6, 'held-1': 1, 'held-2': 1, meanwhile: 1 };

export interface Asleep {
  tenant: string;
  pausedEndpoint: string;
}

/**
 * Begins all of them with a process that then stops, and a dispatch with a process that dies between its pages.
 * `operatorHasObeyed`: the operator paused the endpoint, else the API.
 */
export async function fallAsleep(stage: Stage, by: Partial<ProcessOptions>, { operatorHasObeyed = false } = {}): Promise<Asleep> {
  const posthorn = await stage.start(by);
  const tenant = await posthorn.makeTenant();
  const endpoint = (path: string, type: string, answer: readonly number[], schedule: readonly string[] = ['1h']) => {
    stage.receiver.answer(`/${path}`, [...answer]);
    return posthorn.makeEndpoint(tenant, `${stage.receiver.url}/${path}`, { eventTypes: [`${type}.sent`], retry: { schedule } });
  };
  for (const name of all) await endpoint(name, name, sleepers[name].answer, sleepers[name].schedule);
  await endpoint('fan-1', 'fan', [204]);
  await endpoint('fan-2', 'fan', [500, 204]);
  for (const path of ['wide-1', 'wide-2', 'wide-3']) await endpoint(path, 'wide', [500, 204]);
  await endpoint('meanwhile', 'meanwhile', [204]);
  const { id: pausedEndpoint } = await endpoint('held', 'held', [204]);
  if (operatorHasObeyed) await pauseByOperator(stage, pausedEndpoint);
  else await posthorn.post(`/v1/endpoints/${pausedEndpoint}/pause`);
  for (const name of [...all, 'fan']) expect(await stage.send(posthorn, tenant, [name], { type: `${name}.sent` })).toEqual([name]);
  await stage.send(posthorn, tenant, ['held-1', 'held-2'], { type: 'held.sent' });

  await Promise.all(all.map((name) => reach(posthorn, tenant, name, sleepers[name].sleeps, 1)));
  await reach(posthorn, tenant, 'fan', 'retrying', 1);
  const { id } = await reach(posthorn, tenant, 'dead-again', 'dead_lettered', 1);
  await stage.temporal.workflow.getHandle(`delivery/${id}`).signal('replay');
  await reach(posthorn, tenant, 'dead-again', 'dead_lettered', 2);
  const lane = stage.temporal.workflow.getHandle(`lane/${pausedEndpoint}`);
  await until('the lane to wait', async () => (await lane.query<LaneKnown>('lane')).wait === 'paused');
  expect(await posthorn.stop()).toMatchObject({ code: 0 });

  const dying = await stage.start({ ...by, pageSize: 1, dieAt: 'before plan', time: 2 });
  expect(await stage.send(dying, tenant, ['wide'], { type: 'wide.sent' })).toEqual(['wide']);
  await dying.exited;
  return { tenant, pausedEndpoint };
}

/** Wakes all of them by the API and by the operator, and waits until everything is delivered. */
export async function wakeUp(stage: Stage, posthorn: PosthornProcess, { tenant, pausedEndpoint }: Asleep): Promise<void> {
  const command = async (kind: string, deliveryId: string) =>
    expect(await posthorn.post(`/v1/deliveries/${deliveryId}/${kind}`)).toMatchObject({ status: 202 });
  expect(await stage.send(posthorn, tenant, ['meanwhile'], { type: 'meanwhile.sent' })).toEqual(['meanwhile']);
  for (const name of all) {
    const [row] = await posthorn.deliveriesOf(tenant, name);
    await command(sleepers[name].command, row?.id ?? '');
  }
  await command('retry-now', (await reach(posthorn, tenant, 'fan', 'retrying', 1)).id);
  const wide = await until('the deliveries of the dispatch', async () => {
    const rows = (await posthorn.deliveriesOf(tenant, 'wide')).filter(({ status }) => status === 'retrying');
    return rows.length === 3 && rows;
  });
  const operator = stage.temporal.workflow.getHandle('posthorn/operator');
  for (const { id: deliveryId } of wide) await operator.signal('retryNow', { deliveryId });
  await operator.signal('resume', { endpointId: pausedEndpoint });
  await stage.settled();
}

/** Returns when the operator rests. */
async function pauseByOperator(stage: Stage, endpointId: string): Promise<void> {
  const operator = stage.temporal.workflow.getHandle('posthorn/operator');
  const { runId } = await until('the operator', () => operator.describe());
  await operator.signal('pause', { endpointId });
  await until('the operator to rest', async () => (await operator.describe()).runId !== runId);
}

/** Waits for a delivery of the event in this status and round. */
async function reach(posthorn: PosthornProcess, tenant: string, event: string, status: string, round: number) {
  return until(`${event} ${status}`, async () =>
    (await posthorn.deliveriesOf(tenant, event)).find((row) => row.status === status && row.round === round),
  );
}

/** The events with a workflow that failed, or had to be ended, and how it ended. */
export async function restarted(stage: Stage, posthorn: PosthornProcess, { tenant }: Asleep): Promise<string[]> {
  const ended = new Map<string, string>();
  for await (const { workflowId, status } of stage.temporal.workflow.list({ query: "ExecutionStatus != 'Completed'" })) {
    if (status.name === 'FAILED' || status.name === 'TERMINATED') ended.set(workflowId, status.name);
  }
  const found: string[] = [];
  for (const event of Object.keys(requestsOf)) {
    for (const { id } of await posthorn.deliveriesOf(tenant, event)) {
      const how = ended.get(`delivery/${id}`);
      if (how) found.push(`${event} ${how}`);
      ended.delete(`delivery/${id}`);
    }
  }
  return [...found, ...ended.keys()];
}
