// Records histories of `deliver` on real servers, one for each path through it.
// Run by bench/record-histories.ts.
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { it } from 'vitest';
import { deliveryStart } from '#temporal/starter';
import { commandArrived, holding, type Sent } from '../e2e/stage.ts';
import { deadLetter, inBackoff, record } from './recording.ts';
import { swell } from './swell.ts';
import { until } from './until.ts';

const recording = record('t01');

/** Records a path of `deliver`: `walk` runs it to its end, or to the point at which to record it. */
function path(name: string, walk: () => Promise<{ handle: WorkflowHandle }>): void {
  it(`deliver-${name}`, async () => recording.keep(`deliver-${name}`, (await walk()).handle));
}

async function closed(sent: Sent): Promise<Sent> {
  await sent.closed();
  return sent;
}

path('at-first', async () => closed(await recording.stage.send({ until: 'succeeded' })));
path('retried', async () =>
  closed(await recording.stage.send({ until: 'succeeded', answer: [500, 500, 204], retry: { schedule: ['50ms', '50ms'] } })),
);
path('replayed', async () => {
  const sent = await recording.stage.send(deadLetter);
  await sent.handle.signal('replay');
  return closed(sent);
});
path('replayed-by-api', async () => {
  const sent = await closed(await recording.stage.send({ until: 'succeeded' }));
  await sent.command('replay');
  await until('the replay', () => sent.requests().length === 2);
  return closed(sent);
});
path('cancelled-in-backoff', async () => {
  const sent = await recording.stage.send(inBackoff);
  await sent.command('cancel');
  return closed(sent);
});
path('cancelled-as-dead-letter', async () => {
  const sent = await recording.stage.send(deadLetter);
  await sent.command('cancel');
  return closed(sent);
});
path('retry-now', async () => {
  const sent = await recording.stage.send(inBackoff);
  await sent.command('retry-now');
  return closed(sent);
});
path('updates', async () => {
  const sent = await recording.stage.send({ ...inBackoff, answer: [500, 500, 204], retry: { schedule: ['1h'] } });
  const update = (name: string) => sent.handle.executeUpdate(name);
  await update('replay');
  await update('retryNow');
  await until('a dead letter', async () => (await sent.handle.query<{ status: string }>('status')).status === 'dead_lettered');
  await update('replay');
  return closed(sent);
});
path('held', async () => {
  const sent = await recording.stage.send({ ...inBackoff, retry: { schedule: ['10s'] } });
  await recording.stage.posthorn.post(`/v1/endpoints/${sent.endpoint.id}/pause`);
  return closed(sent);
});
path('passed-to-relays', async () => {
  const sent = await recording.stage.send(inBackoff);
  await sent.started();
  await recording.stage.sql(sent, 'update deliveries set pumped = true where id = $1');
  await sent.handle.signal('look');
  return closed(sent);
});
path('replayed-while-paused', async () => {
  const sent = await recording.stage.send(deadLetter);
  await recording.stage.posthorn.post(`/v1/endpoints/${sent.endpoint.id}/pause`);
  await sent.command('replay');
  return closed(sent);
});
path('expired', async () =>
  closed(await recording.stage.send({ ...inBackoff, event: { expiresAt: new Date(Date.now() + 1_500).toISOString() } })),
);
path('quarantined-and-released', async () => {
  const sent = await recording.stage.send(inBackoff);
  const spoil = () =>
    recording.stage.posthorn.database.db.query(
      'update endpoint_secrets set sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 255) where endpoint_id = $1',
      [sent.endpoint.id.slice('ep_'.length)],
    );
  await spoil();
  await recording.stage.sql(sent, 'update deliveries set faults = 8 where id = $1');
  await sent.command('retry-now');
  await sent.reach('quarantined');
  await closed(sent);
  await recording.keep('deliver-quarantined', sent.handle);
  await spoil();
  await sent.command('release');
  await sent.reach('succeeded');
  return closed(sent);
});
path('cancelled-in-web-ui', async () => {
  const sent = await recording.stage.send(inBackoff);
  await sent.handle.cancel();
  return closed(sent);
});
path('cancelled-in-web-ui-during-post', async () => {
  const hold = holding();
  const sent = await recording.stage.send({ until: 'pending', answer: hold.reply });
  await hold.held();
  await sent.handle.cancel();
  await commandArrived(sent);
  hold.release(500);
  return closed(sent);
});
path('reset', async () => {
  const sent = await recording.stage.send(deadLetter);
  await sent.handle.signal('replay');
  await closed(sent);
  const { events } = await sent.handle.fetchHistory();
  await recording.stage.posthorn.temporal.workflowService.resetWorkflowExecution({
    namespace: recording.stage.posthorn.namespace,
    workflowExecution: { workflowId: sent.handle.workflowId },
    reason: 'recorded',
    requestId: randomUUID(),
    workflowTaskFinishEventId: events?.find((event) => event.workflowTaskCompletedEventAttributes)?.eventId,
  });
  return closed(sent);
});
path('dead-letter-window-passed', async () => {
  const sent = await recording.stage.send(deadLetter);
  await sent.handle.terminate();
  const about = {
    round: 1,
    tenant: recording.stage.tenant,
    endpointId: sent.endpoint.id,
    endpointHost: new URL(recording.stage.receiver.url).host,
    eventType: sent.type,
  };
  const start = deliveryStart({ deliveryId: sent.id, status: 'dead_lettered', ...about }, 500, 'a recording');
  const handle = await recording.stage.posthorn.temporal.workflow.start('deliver', { ...start, taskQueue: 'posthorn' });
  await handle.result().catch(() => undefined);
  return { handle };
});
path('rubbish-signals', async () => {
  const sent = await recording.stage.send(deadLetter);
  for (const signal of ['retryNow', 'unheardOf'])
    for (const said of [[], [null], ['x'], [7], [[1]]]) await sent.handle.signal(signal, ...said);
  await sent.handle.signal('cancel', 'rubbish');
  return closed(sent);
});

it('deliver-continued', async () => {
  const sent = await recording.stage.send(deadLetter);
  const { runId } = await sent.handle.describe();
  await swell(sent.handle, 'retryNow');
  await recording.keepContinued('deliver-continued', sent.handle, runId);
  await sent.handle.signal('replay');
  await closed(sent);
  await recording.keep('deliver-after-continued', sent.handle);
});
