// Several processes on one database: each event is handled by one of them.
import { describe, expect, it } from 'vitest';
import { patientLeases } from '../support/quick-timings.ts';
import { expectTrueRecords, makeTenant, names, openStage } from './stage.ts';

describe('two of each', () => {
  it('two workers and two servers deliver each of 150 events once, also those without an owner', async ({ onTestFinished }) => {
    const stage = await openStage({ namespace: 't28', timings: patientLeases });
    onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
    const [server, other] = await Promise.all([stage.start({ role: 'server' }), stage.start({ role: 'server' })]);
    const tenant = await makeTenant(stage, server);
    const accepted = await stage.send(server, tenant, names('before', 30));
    expect(await stage.query('select count(*) from outbox where owner is null')).toEqual([{ count: 30 }]);
    await Promise.all([stage.start({ role: 'worker' }), stage.start({ role: 'worker' })]);
    const both = [stage.send(server, tenant, names('a', 60)), stage.send(other, tenant, names('b', 60))];
    accepted.push(...(await Promise.all(both)).flat());
    expect(accepted).toHaveLength(150);
    await stage.settled();
    expect(stage.notOnce(accepted)).toEqual({});
    expect(await stage.query('select e from dispatches, unnest(event_ids) as e group by e having count(*) > 1')).toEqual([]);
    await expectTrueRecords(stage);
  });
});
