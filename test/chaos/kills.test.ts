// Processes that end in the middle of their work: killed, or stopped with SIGTERM.
import { describe, expect, it } from 'vitest';
import { patientLeases, quickLeases } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { expectTrueRecords, makeTenant, names, openStage } from './stage.ts';

describe.concurrent('a worker', () => {
  it('killed while the receiver holds its request repeats at most that request', async ({ onTestFinished }) => {
    const stage = await openStage({ namespace: 't25', timings: quickLeases });
    onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
    const [first, second] = await Promise.all([stage.start(), stage.start({ role: 'server' })]);
    const tenant = await makeTenant(stage, first, { timeoutMs: 30_000 });
    const hanging: (() => void)[] = [];
    stage.receiver.answer('/hook', (_request, response, count) => {
      const accept = () => void response.writeHead(204).end();
      if (count > 1 || hanging.length >= 5) accept();
      else hanging.push(accept);
    });
    const held = await stage.send(first, tenant, names('held', 5));
    await until('all five are being posted', () => hanging.length === 5);
    const others = await stage.send(first, tenant, names('quick', 10));
    await first.kill();
    await stage.start({ role: 'worker' });
    others.push(...(await stage.send(second, tenant, names('later', 3))));
    await stage.settled();
    expect([held.length, others.length]).toEqual([5, 13]);
    for (const id of held) expect(stage.receiver.of(id)).toHaveLength(2);
    // requests that were sent and not recorded at the time of the kill may repeat, too
    for (const id of others) expect(stage.receiver.of(id).length, id).toBeLessThanOrEqual(2);
    expect(Object.keys(stage.notOnce(names('later', 3)))).toEqual([]);
    await expectTrueRecords(stage);
  });

  it('killed in a burst repeats only requests that were sent and not recorded', async ({ onTestFinished }) => {
    const stage = await openStage({ namespace: 't26', timings: quickLeases });
    onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
    const first = await stage.start({ dieAt: 'posted', time: 20 });
    const tenant = await makeTenant(stage, first);
    const ids = names('burst', 40);
    const accepted = await stage.send(first, tenant, ids);
    await first.exited;
    const recorded = await stage.query<{ id: string }>(
      'select distinct e.external_id as id from events e join deliveries d on d.event_id = e.id join attempts a on a.delivery_id = d.id',
    );
    await stage.start({ role: 'worker' });
    await stage.settled();
    for (const [id, count] of Object.entries(stage.notOnce(accepted))) {
      expect(count).toBe(2);
      expect(recorded.map((row) => row.id)).not.toContain(id);
    }
    await expectTrueRecords(stage);
  });

  it('stopped, finishes and records its requests in flight, and releases its outbox rows', async ({ onTestFinished }) => {
    const stage = await openStage({ namespace: 't27', timings: patientLeases });
    onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
    const first = await stage.start();
    const tenant = await makeTenant(stage, first, { timeoutMs: 30_000 });
    const hanging: (() => void)[] = [];
    stage.receiver.answer('/hook', (request, response) => {
      const accept = () => void response.writeHead(204).end();
      if (request.headers['webhook-id']?.startsWith('slow')) hanging.push(accept);
      else accept();
    });
    const accepted = await stage.send(first, tenant, names('slow', 3));
    await until('all three are being posted', () => hanging.length === 3);
    const many = await first.post(`/v1/tenants/${tenant}/events/batch`, {
      events: names('many', 30).map((id) => ({ type: 'order.created', data: {}, id })),
    });
    expect(many.status).toBe(202);
    accepted.push(...names('many', 30));
    const ended = first.stop();
    await until('it takes no requests any more', () =>
      first.get('/healthz').then(
        () => false,
        () => true,
      ),
    );
    for (const finish of hanging) finish();
    expect(await ended).toMatchObject({ code: 0, signal: null });
    expect(await stage.query('select id from relays')).toEqual([]);
    expect(await stage.query('select owner from outbox where owner is not null')).toEqual([]);
    // it recorded all requests that it sent
    expect(await stage.query('select count(*) from attempts')).toEqual([{ count: stage.receiver.requests.length }]);
    await stage.start({ role: 'worker' });
    await stage.settled();
    expect(stage.notOnce(accepted)).toEqual({});
    await expectTrueRecords(stage);
  });
});
