// The paths through each workflow, walked on real servers; run by bench/record-histories.ts.
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, inject, it } from 'vitest';
import { newId } from '../../src/new-id.ts';
import { deliveryStart } from '../../src/temporal/starter.ts';
import { holding, type Sent, type Stage, setStage } from '../e2e/stage.ts';
import { keepHistory } from './recorded-history.ts';
import { until } from './until.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage('t01', { LOG_LEVEL: 'fatal' });
});
afterAll(() => stage?.close());

const inBackoff = { until: 'retrying', answer: [500, 204] };
const deadLetter = { until: 'dead_lettered', answer: [500, 500, 204], retry: { schedule: ['50ms'] } };
const workflow = () => stage.posthorn.temporal.workflow;
const endpoint = (sent: Sent, action: string) => stage.posthorn.post(`/v1/endpoints/${sent.endpoint.id}/${action}`);

const keep = (name: string, { workflowId }: WorkflowHandle, runId?: string) =>
  keepHistory(name, { address: inject('temporalAddress'), namespace: stage.posthorn.namespace, workflowId, runId });

/** A path of `deliver`: `walk` brings it to its end, or to where it is to be recorded. */
function path(name: string, walk: () => Promise<{ handle: WorkflowHandle }>): void {
  it(`deliver-${name}`, async () => keep(`deliver-${name}`, (await walk()).handle));
}

async function closed(sent: Sent): Promise<Sent> {
  await sent.closed();
  return sent;
}

path('at-first', async () => closed(await stage.send({ until: 'succeeded' })));
path('retried', async () =>
  closed(await stage.send({ until: 'succeeded', answer: [500, 500, 204], retry: { schedule: ['50ms', '50ms'] } })),
);
path('replayed', async () => {
  const sent = await stage.send(deadLetter);
  await sent.handle.signal('replay');
  return closed(sent);
});
path('replayed-by-api', async () => {
  const sent = await closed(await stage.send({ until: 'succeeded' }));
  await sent.order('replay');
  await until('the replay', () => sent.requests().length === 2);
  return closed(sent);
});
path('cancelled-in-backoff', async () => {
  const sent = await stage.send(inBackoff);
  await sent.order('cancel');
  return closed(sent);
});
path('cancelled-as-dead-letter', async () => {
  const sent = await stage.send(deadLetter);
  await sent.order('cancel');
  return closed(sent);
});
path('retry-now', async () => {
  const sent = await stage.send(inBackoff);
  await sent.order('retry-now');
  return closed(sent);
});
path('held', async () => {
  const open = await stage.send({ until: 'succeeded' });
  await endpoint(open, 'pause');
  return closed(await open.again('held'));
});
path('expired', async () => closed(await stage.send({ ...inBackoff, event: { expiresAt: new Date(Date.now() + 1_500).toISOString() } })));
path('quarantined-and-released', async () => {
  const sent = await stage.send(inBackoff);
  const spoil = () =>
    stage.posthorn.database.db.query(
      'update endpoint_secrets set sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 255) where endpoint_id = $1',
      [sent.endpoint.id.slice('ep_'.length)],
    );
  await spoil();
  await stage.sql(sent, 'update deliveries set faults = 8 where id = $1');
  await sent.order('retry-now');
  await sent.reach('quarantined');
  await closed(sent);
  await keep('deliver-quarantined', sent.handle);
  await spoil();
  await sent.order('release');
  await sent.reach('succeeded');
  return closed(sent);
});
path('cancelled-in-web-ui', async () => {
  const sent = await stage.send(inBackoff);
  await sent.handle.cancel();
  return closed(sent);
});
path('cancelled-in-web-ui-during-post', async () => {
  const hold = holding();
  const sent = await stage.send({ until: 'pending', answer: hold.reply });
  await hold.held();
  await sent.handle.cancel();
  await until('the cancellation', async () =>
    (await sent.handle.fetchHistory()).events?.some((event) => event.activityTaskCancelRequestedEventAttributes),
  );
  hold.release(500);
  return closed(sent);
});
path('reset', async () => {
  const sent = await stage.send(deadLetter);
  await sent.handle.signal('replay');
  await closed(sent);
  const { events } = await sent.handle.fetchHistory();
  await stage.posthorn.temporal.workflowService.resetWorkflowExecution({
    namespace: stage.posthorn.namespace,
    workflowExecution: { workflowId: sent.handle.workflowId },
    reason: 'recorded',
    requestId: randomUUID(),
    workflowTaskFinishEventId: events?.find((event) => event.workflowTaskCompletedEventAttributes)?.eventId,
  });
  return closed(sent);
});
path('dead-letter-window-passed', async () => {
  const sent = await stage.send(deadLetter);
  await sent.handle.terminate();
  const about = { tenant: stage.tenant, endpointId: sent.endpoint.id, endpointUrl: stage.receiver.url, eventType: sent.type };
  const start = deliveryStart({ deliveryId: sent.id, status: 'dead_lettered', ...about }, 500, 'a recording');
  const handle = await workflow().start('deliver', start);
  await handle.result().catch(() => undefined);
  return { handle };
});
path('rubbish-signals', async () => {
  const sent = await stage.send(deadLetter);
  for (const signal of ['retryNow', 'unheardOf'])
    for (const said of [[], [null], ['x'], [7], [[1]]]) await sent.handle.signal(signal, ...said);
  await sent.handle.signal('cancel', 'rubbish');
  return closed(sent);
});

/** Temporal suggests to continue as new at 4 MB of history; what these signals carry is cut short in the recording. */
async function swell(handle: WorkflowHandle, signal: string): Promise<void> {
  for (let n = 0; n < 5; n++) await handle.signal(signal, 'x'.repeat(900_000));
}

async function continued(name: string, handle: WorkflowHandle, firstRun: string): Promise<void> {
  await until('the next run', async () => (await handle.describe()).runId !== firstRun);
  await keep(name, handle, firstRun);
}

it('deliver-continued', async () => {
  const sent = await stage.send(deadLetter);
  const { runId } = await sent.handle.describe();
  await swell(sent.handle, 'retryNow');
  await continued('deliver-continued', sent.handle, runId);
  await sent.handle.signal('replay');
  await closed(sent);
  await keep('deliver-after-continued', sent.handle);
});

it('dispatches', async () => {
  const sent = await stage.send({ until: 'succeeded' });
  const { rows } = await stage.posthorn.database.db.query(
    `select replace(id::text, '-', '') as id from dispatches order by id desc limit 1`,
  );
  const one = workflow().getHandle(`dispatch/dsp_${rows[0].id}`);
  await one.result();
  await keep('dispatch-one-event', one);

  await stage.posthorn.database.db.query(
    `insert into endpoints (id, tenant_id, url, event_types, gate)
     select i.id, p.tenant_id, p.url, '{many.sent}', 'held' from unnest($1::uuid[]) as i (id), endpoints p where p.id = $2`,
    [Array.from({ length: 600 }, () => newId('ep').slice('ep_'.length)), sent.endpoint.id.slice('ep_'.length)],
  );
  const many = await postToMany([]);
  await many.result();
  await keep('dispatch-pages', many);

  const large = await postToMany([many.workflowId]);
  const { runId } = await large.describe();
  await swell(large, 'unheardOf');
  await continued('dispatch-continued', large, runId);
  await large.result();
  await keep('dispatch-after-continued', large);
});

async function postToMany(earlier: string[]): Promise<WorkflowHandle> {
  await stage.posthorn.postEvent(stage.tenant, { type: 'many.sent' });
  return until('the large dispatch', async () => {
    const query = 'WorkflowType="dispatchEvents" and PosthornEventType="many.sent"';
    for await (const { workflowId } of workflow().list({ query }))
      if (!earlier.includes(workflowId)) return workflow().getHandle(workflowId);
    return null;
  });
}

it('operator', async () => {
  const operator = workflow().getHandle('posthorn/operator');
  const [one, other] = await Promise.all([stage.send(inBackoff), stage.send(deadLetter)]);
  const { runId } = await operator.describe();
  await operator.signal('cancel', { deliveryId: one.id });
  await operator.signal('replay', { deliveryId: other.id });
  await operator.signal('replay', 'rubbish');
  await operator.signal('pause', { endpointId: one.endpoint.id });
  await operator.signal('resume', { endpointId: one.endpoint.id });
  await operator.signal('retryNow', { deliveryId: newId('dlv') });
  await Promise.all([one.closed(), other.closed()]);
  await until('its work', async () => (await operator.query<unknown[]>('recent')).length === 5);
  await keep('operator-orders', operator);
  await swell(operator, 'cancel');
  await operator.signal('cancel');
  await continued('operator-continued', operator, runId);
});

it('upkeep', async () => {
  await stage.posthorn.temporal.schedule.getHandle('posthorn/upkeep').trigger();
  const done = await until('an upkeep', async () => {
    for await (const { workflowId } of workflow().list({ query: 'WorkflowType="upkeep"' })) return workflowId;
    return null;
  });
  const handle = workflow().getHandle(done);
  await handle.result();
  await keep('upkeep', handle);
});
