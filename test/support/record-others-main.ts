// Records histories of the other workflows on real servers. Run by bench/record-histories.ts.
import type { WorkflowHandle } from '@temporalio/client';
import { defineUpdate } from '@temporalio/workflow';
import { it } from 'vitest';
import { newId } from '#runtime/new-id';
import { deadLetter, inBackoff, record } from './recording.ts';
import { swell } from './swell.ts';
import { until } from './until.ts';

const recording = record('t02');

it('operator', async () => {
  const operator = recording.stage.posthorn.temporal.workflow.getHandle('posthorn/operator');
  const [one, other] = await Promise.all([recording.stage.send(inBackoff), recording.stage.send(deadLetter)]);
  const { runId } = await operator.describe();
  await operator.signal('cancel', { deliveryId: one.id });
  await operator.signal('replay', { deliveryId: other.id });
  await operator.signal('replay', 'rubbish');
  await operator.signal('pause', { endpointId: one.endpoint.id });
  await operator.signal('resume', { endpointId: one.endpoint.id });
  await operator.signal('retryNow', { deliveryId: newId('dlv') });
  await Promise.all([one.closed(), other.closed()]);
  await until('its work', async () => (await operator.query<unknown[]>('recent')).length === 5);
  await recording.keep('operator-commands', operator);
  await swell(operator, 'cancel');
  await operator.signal('cancel');
  await recording.keepContinued('operator-continued', operator, runId);
  await operator.signal('skipHead', { endpointId: one.endpoint.id });
  await operator.signal('skipHead', { endpointId: one.endpoint.id, orderingKey: 'a-key' });
  await operator.signal('skipHead', { endpointId: one.endpoint.id, orderingKey: 7 });
  await until(
    'the heads',
    async () => (await operator.query<{ command: string }[]>('recent')).filter(({ command }) => command === 'skipHead').length === 2,
  );
  await recording.keep('operator-skip-head', operator);
  const third = await recording.stage.send(inBackoff);
  const update = (name: string, said: object) => operator.executeUpdate(defineUpdate<unknown, [object]>(name), { args: [said] });
  await Promise.all([operator.signal('retryNow', { deliveryId: newId('dlv') }), update('cancel', { deliveryId: third.id })]);
  await update('pause', { endpointId: third.endpoint.id });
  await recording.keep('operator-updates', operator);
  const { runId: last } = await operator.describe();
  await recording.keepContinued('operator-rested', operator, last);
});

it('upkeep', async () => {
  await recording.stage.posthorn.temporal.schedule.getHandle('posthorn/upkeep').trigger();
  const done = await until('an upkeep', async () => {
    for await (const { workflowId } of recording.stage.posthorn.temporal.workflow.list({ query: 'WorkflowType="upkeep"' }))
      return workflowId;
    return null;
  });
  const handle = recording.stage.posthorn.temporal.workflow.getHandle(done);
  await handle.result();
  await recording.keep('upkeep', handle);
});

it('rotates a signing key', async () => {
  const rotate = async (waits: object) => {
    const { posthorn, tenant } = recording.stage;
    const { body } = await posthorn.post(`/v1/tenants/${tenant}/signing-keys/rotate`, waits);
    return posthorn.temporal.workflow.getHandle(`rotate-key/${body.id}`);
  };
  await (await rotate({})).result();
  const atOnce = await rotate({ publishFor: '0s', overlap: '0s' });
  await atOnce.result();
  await recording.keep('rotate-key-at-once', atOnce);
  const cancelled = await rotate({ publishFor: '1s', overlap: '1h' });
  await until('both sign', async () => (await cancelled.query<{ phase: string }>('progress')).phase === 'signing');
  await cancelled.signal('cancel', 'rubbish');
  await cancelled.result();
  await recording.keep('rotate-key-cancelled', cancelled);
  const byButton = await rotate({ publishFor: '1h' });
  await byButton.query('progress');
  await byButton.cancel();
  await byButton.result();
  await recording.keep('rotate-key-cancelled-in-web-ui', byButton);
});

it('replays', async () => {
  const { posthorn } = recording.stage;
  const since = new Date(Date.now() - 3_600_000).toISOString();
  const start = async (more: object) => {
    const { endpoint, again } = await recording.stage.send(deadLetter);
    await again('dead_lettered');
    const { body } = await posthorn.post('/v1/replays', { endpoint: endpoint.id, since, ...more });
    return posthorn.temporal.workflow.getHandle(`replay/${body.id}`);
  };
  const is = (job: WorkflowHandle, status: string) =>
    until(`it is ${status}`, async () => (await job.query<{ status: string }>('progress')).status === status);
  const done = await start({});
  await done.result();
  await recording.keep('replay-done', done);

  const commanded = await start({ neverAttempted: true, status: ['dead_lettered'], perSecond: 0.1 });
  await commanded.signal('pause', 'rubbish');
  await is(commanded, 'paused');
  const update = (name: string, said?: object) => commanded.executeUpdate<unknown, [unknown]>(name, { args: [said] });
  await update('setPace', { perSecond: 0.02 });
  await update('resume');
  await update('pause');
  await commanded.signal('look', 7);
  await commanded.signal('resume');
  await is(commanded, 'running');
  await commanded.signal('cancel');
  await commanded.result();
  await recording.keep('replay-commands', commanded);

  const byButton = await start({ perSecond: 0.01 });
  await posthorn.post(`/v1/replays/${byButton.workflowId.slice('replay/'.length)}/pause`);
  await is(byButton, 'paused');
  await byButton.cancel();
  await byButton.result();
  await recording.keep('replay-cancelled-in-web-ui', byButton);

  const long = await start({ perSecond: 0.01 });
  const { runId } = await long.describe();
  await swell(long, 'look');
  await recording.keepContinued('replay-continued', long, runId);
  await long.signal('cancel');
  await long.result();
  await recording.keep('replay-after-continued', long);
});

// last: it leaves more endpoints than a tenant may have
it('dispatches', async () => {
  const sent = await recording.stage.send({ until: 'succeeded' });
  const { rows } = await recording.stage.posthorn.database.db.query(
    `select replace(id::text, '-', '') as id from dispatches order by id desc limit 1`,
  );
  const one = recording.stage.posthorn.temporal.workflow.getHandle(`dispatch/dsp_${rows[0].id}`);
  await one.result();
  await recording.keep('dispatch-one-event', one);

  await recording.stage.posthorn.database.db.query(
    `insert into endpoints (id, tenant_id, sealed, host, event_types, gate)
     select i.id, p.tenant_id, p.sealed, p.host, '{many.sent}', 'held' from unnest($1::uuid[]) as i (id), endpoints p where p.id = $2`,
    [Array.from({ length: 600 }, () => newId('ep').slice('ep_'.length)), sent.endpoint.id.slice('ep_'.length)],
  );
  const many = await postToMany([]);
  await many.result();
  await recording.keep('dispatch-pages', many);

  const large = await postToMany([many.workflowId]);
  const { runId } = await large.describe();
  await swell(large, 'unheardOf');
  await recording.keepContinued('dispatch-continued', large, runId);
  await large.result();
  await recording.keep('dispatch-after-continued', large);
});

async function postToMany(earlier: string[]): Promise<WorkflowHandle> {
  await recording.stage.posthorn.postEvent(recording.stage.tenant, { type: 'many.sent' });
  return until('the large dispatch', async () => {
    const query = 'WorkflowType="dispatchEvents" and PosthornEventType="many.sent"';
    for await (const { workflowId } of recording.stage.posthorn.temporal.workflow.list({ query }))
      if (!earlier.includes(workflowId)) return recording.stage.posthorn.temporal.workflow.getHandle(workflowId);
    return null;
  });
}
