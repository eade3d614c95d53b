// Temporal loses all its data while events are in every state, or an operator terminates a dispatch.
// `temporal-away` stops it for a while.
import { describe, expect, it } from 'vitest';
import { dispatchWorkflowId, workflowTypes } from '#contract/workflow-contract';
import { readDeliveryRef } from '#db/deliveries/delivery-refs';
import { idOf } from '#domain/ids';
import { deliveryStart } from '#temporal/starter';
import { startOwnTemporal } from '../support/own-servers.ts';
import { quickLeases } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { expectTrueRecords, makeTenant, names, openStage, type Stage } from './stage.ts';

const statusOf = async (stage: Stage, id: string) =>
  (
    await stage.query<{ status: string }>('select d.status from deliveries d join events e on e.id = d.event_id where e.external_id = $1', [
      id,
    ])
  )[0]?.status;

describe.concurrent('Temporal', () => {
  it('whose operator terminates a dispatch half-way: it is started again, and each delivery is sent once', async ({ onTestFinished }) => {
    const stage = await openStage({ namespace: 't21', timings: quickLeases });
    onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
    const first = await stage.start({ dieAt: 'planned' });
    const tenant = await first.makeTenant();
    await Promise.all(names('hook', 30).map((name) => first.makeEndpoint(tenant, `${stage.receiver.url}/${name}`)));
    await stage.send(first, tenant, ['wide']);
    await first.exited;
    const [dispatch] = await stage.query<{ id: string }>('select id from dispatches');
    const workflowId = dispatchWorkflowId(idOf('dsp', dispatch?.id ?? ''));
    await stage.temporal.workflow.getHandle(workflowId).terminate('by hand');
    for (const { id } of await stage.query<{ id: string }>('select id from deliveries order by id limit 10')) {
      const delivery = await readDeliveryRef(stage.db, idOf('dlv', id));
      if (!delivery) continue;
      const start = { ...deliveryStart(delivery, 60_000, 'the dispatch before its end'), taskQueue: 'posthorn' };
      await stage.temporal.workflow.start(workflowTypes.deliver, start);
    }
    await stage.start();
    await stage.settled();
    expect(stage.receiver.requests.map(({ path }) => path).sort()).toEqual(names('/hook', 30).sort());
    const runs: string[] = [];
    for await (const run of stage.temporal.workflow.list({ query: `WorkflowId = '${workflowId}'` })) runs.push(run.status.name);
    expect(runs.sort()).toEqual(['COMPLETED', 'TERMINATED']);
    await expectTrueRecords(stage);
  });

  it('that lost its data: due deliveries are sent, final ones stay final', async ({ onTestFinished }) => {
    const own = await startOwnTemporal();
    onTestFinished(() => own.close());
    const stage = await openStage({ namespace: 'default', temporalAddress: own.address, timings: quickLeases });
    onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
    const [first, server] = await Promise.all([stage.start({ dieAt: 'before plan', time: 5 }), stage.start({ role: 'server' })]);
    const tenant = await makeTenant(stage, server, { eventTypes: ['plain.*'] });
    for (const [type, schedule] of [
      ['backoff', ['1h', '1h']],
      ['dead', ['50ms']],
    ] as const)
      await server.makeEndpoint(tenant, `${stage.receiver.url}/${type}`, { eventTypes: [`${type}.*`], retry: { schedule } });
    stage.receiver.answer('/backoff', [503, 204]);
    stage.receiver.answer('/dead', [500, 500, 204]);

    await stage.send(first, tenant, ['succeeded'], { type: 'plain.event' });
    await stage.send(first, tenant, ['retrying'], { type: 'backoff.event' });
    await stage.send(first, tenant, ['dead_lettered'], { type: 'dead.event' });
    await stage.send(first, tenant, ['pending'], { type: 'plain.event', deliverAt: new Date(Date.now() + 50_000).toISOString() });
    // the delivery that may become due is checked first
    for (const status of ['pending', 'succeeded', 'retrying', 'dead_lettered'])
      await until(`one ${status}`, async () => (await statusOf(stage, status)) === status);
    await stage.send(first, tenant, ['dispatched'], { type: 'plain.event' });
    await first.exited;
    const worker = await stage.start({ role: 'worker' });
    await own.stop();
    await stage.send(server, tenant, ['accepted'], { type: 'plain.event' });
    own.wipe();
    await own.start();
    await stage.query("update deliveries set next_attempt_at = now() - interval '1 minute' where status in ('pending', 'retrying')");
    await stage.settled();
    const dead = (await server.deliveriesOf(tenant, 'dead_lettered'))[0];
    expect(dead?.status).toBe('dead_lettered');
    expect((await server.post(`/v1/deliveries/${dead?.id}/replay`, {})).status).toBeLessThan(300);
    await until('the dead letter is delivered', async () => (await statusOf(stage, 'dead_lettered')) === 'succeeded');
    await stage.settled();
    const counts = Object.fromEntries(
      ['succeeded', 'retrying', 'dead_lettered', 'pending', 'dispatched', 'accepted'].map((id) => [id, stage.receiver.of(id).length]),
    );
    expect(counts).toEqual({ succeeded: 1, retrying: 2, dead_lettered: 3, pending: 1, dispatched: 1, accepted: 1 });
    expect(await worker.stop()).toMatchObject({ code: 0 });
  });
});
