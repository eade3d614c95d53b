// Several processes at once on one database: each event goes to one of them.
import { describe, expect, it } from 'vitest';
import { createStarter } from '../../src/temporal/starter.ts';
import { until } from '../support/until.ts';
import { expectTrueRecords, makeTenant, names, openStage } from './stage.ts';

describe('two of each', () => {
  it('two workers and two servers deliver each of 300 events once, also those that belonged to nobody', { timeout: 90_000 }, async ({ onTestFinished }) => {
    const stage = await openStage({ namespace: 't28' });
    onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
    const [server, other] = await Promise.all([stage.start({ role: 'server' }), stage.start({ role: 'server' })]);
    const tenant = await makeTenant(stage, server);
    // nobody's rows, waiting for two relays that begin at the same time
    const waiting = await stage.send(server, tenant, names('early', 100));
    expect(await stage.query('select count(*) from outbox where owner is null')).toEqual([{ count: 100 }]);
    await Promise.all([stage.start({ role: 'worker' }), stage.start({ role: 'worker' })]);
    const [a, b] = await Promise.all([stage.send(server, tenant, names('a', 150)), stage.send(other, tenant, names('b', 150))]);
    const at = performance.now();
    const all = [...waiting, ...a, ...b];
    expect(all).toHaveLength(400);
    await stage.settled();
    console.log('two of each settled', Math.round(performance.now() - at));
    expect(stage.notOnce(all)).toEqual({});
    expect(await stage.query('select event_id, count(*) from (select unnest(event_ids) as event_id from dispatches) d group by 1 having count(*) > 1')).toEqual([]);
    const [{ dispatches, events }] = await stage.query<{ dispatches: number; events: number }>('select count(*) as dispatches, sum(cardinality(event_ids)) as events from dispatches') as [{ dispatches: number; events: number }];
    expect(Number(events)).toBe(400);
    console.log({ dispatches, events });
    await expectTrueRecords(stage);
    void createStarter; void until;
  });
});
