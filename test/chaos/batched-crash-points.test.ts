// Batched mode: processes die by SIGKILL one after the other, each at the next checkpoint.
// The next process finds the unfinished work and continues it.
import { WorkflowNotFoundError } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '#runtime/checkpoints';
import { quickLeases } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { arrivals, door, expectAllDelivered, openBatchedStage } from './batched-stage.ts';
import { makeTenant } from './stage.ts';

describe('processes in batched mode', () => {
  it('killed at each checkpoint lose nothing and repeat only requests that were sent and not recorded', async ({ onTestFinished }) => {
    const stage = await openBatchedStage({ namespace: 't19', timings: quickLeases });
    onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
    // one that finds work may die before it is ready
    const start = (dieAt: Checkpoint, time = 1) => stage.start({ dieAt, time, awaited: 'listening' });
    const times = () => ['committed', 'posted', 'recorded'].map((id) => arrivals(stage).get(`/hook ${id}`) ?? 0);
    const killed = { signal: 'SIGKILL' };

    const first = await start('event committed');
    const tenant = await makeTenant(stage, first);
    expect(await stage.send(first, tenant, ['committed'])).toEqual([]);
    expect(await first.exited).toMatchObject(killed);
    expect(times()).toEqual([0, 0, 0]);

    const second = await start('posted', 2);
    await stage.settled();
    expect(times()).toEqual([1, 0, 0]);
    await stage.send(second, tenant, ['posted']);
    expect(await second.exited).toMatchObject(killed);
    expect(times()).toEqual([1, 1, 0]);
    expect(await stage.query('select event_id from outbox')).toHaveLength(1);

    const third = await start('dispatch written');
    expect(await third.exited).toMatchObject(killed);
    expect(times()).toEqual([1, 2, 0]);
    expect(await stage.query('select planned from dispatches where done_at is null')).toEqual([{ planned: true }]);

    const fourth = await start('before plan');
    expect(await fourth.exited).toMatchObject(killed);
    expect(await stage.query('select planned from dispatches where done_at is null')).toEqual([{ planned: true }]);

    const fifth = await stage.start();
    await stage.settled();
    // one of its two first attempts hangs, so the event is not ready for a dispatch when the other is recorded
    await fifth.makeEndpoint(tenant, `${stage.receiver.url}/slow`, { eventTypes: ['wide.*'], timeoutMs: 30_000 });
    stage.receiver.answer('/hook', [503, 204]);
    const slow = door(stage, ['/slow']);
    slow.shut();
    await stage.send(fifth, tenant, ['recorded'], { type: 'wide.sent' });
    await until('the other to be in flight', () => slow.waiting.length === 1);
    await until('its refusal is recorded', async () => {
      const rows = await stage.query(`select id from deliveries where status = 'retrying'`);
      return rows.length === 1;
    });
    await fifth.kill();
    slow.open();
    expect(times()).toEqual([1, 2, 1]);
    expect(await stage.query('select event_id from outbox')).toHaveLength(1);

    await stage.start();
    await stage.settled();
    expect(times()).toEqual([1, 2, 2]);
    await expectAllDelivered(stage, ['committed', 'posted', 'recorded']);
    expect(arrivals(stage).get('/slow recorded')).toBe(2);
    const attempts = await stage.query(
      'select e.external_id as id, count(a.id) as recorded from events e join deliveries d on d.event_id = e.id join attempts a on a.delivery_id = d.id group by e.external_id, d.id order by 1, 2',
    );
    expect(attempts).toEqual([
      { id: 'committed', recorded: 1 },
      { id: 'posted', recorded: 1 },
      { id: 'recorded', recorded: 1 },
      { id: 'recorded', recorded: 2 },
    ]);
  });

  it('killed after the move of a parked event lose nothing: its lane has it, and no workflow of a dispatch is made', async ({
    onTestFinished,
  }) => {
    const stage = await openBatchedStage({ namespace: 't19', timings: quickLeases });
    onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
    const first = await stage.start({ dieAt: 'dispatch written' });
    const tenant = await first.makeTenant();
    const { id: endpoint } = await first.makeEndpoint(tenant, `${stage.receiver.url}/hook`);
    await first.post(`/v1/endpoints/${endpoint}/pause`);
    await stage.send(first, tenant, ['parked']);
    expect(await first.exited).toMatchObject({ signal: 'SIGKILL' });
    expect(await stage.query('select event_id from outbox')).toEqual([]);
    const dispatches = await stage.query<{ id: string }>('select id from dispatches where done_at = created_at and planned');
    expect(dispatches).toHaveLength(1);

    const second = await stage.start();
    await second.post(`/v1/endpoints/${endpoint}/resume`);
    const event = await until('it to arrive', () => stage.receiver.of('parked')[0]?.headers['webhook-id']);
    const delivery = await until('it to be recorded', async () => {
      const [one] = await second.deliveriesOf(tenant, 'parked');
      return one?.status === 'succeeded' && one;
    });
    expect(event).toBe('parked');
    expect(delivery).toMatchObject({ workflowId: `lane/${endpoint}`, attempts: 1 });
    expect(arrivals(stage).get('/hook parked')).toBe(1);
    const handle = stage.temporal.workflow.getHandle(`dispatch/dsp_${dispatches[0]?.id.replaceAll('-', '')}`);
    await expect(handle.describe()).rejects.toThrow(WorkflowNotFoundError);
  });
});
