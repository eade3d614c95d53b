// Several processes, and several relays, on one database: each event is handled by one of them.
import { describe, expect, it } from 'vitest';
import { createDispatches } from '#db/events/dispatches';
import { takeOutboxRows } from '#db/events/outbox';
import { registerRelay } from '#db/events/relays';
import { newId } from '#runtime/new-id';
import { patientLeases } from '../support/quick-timings.ts';
import { expectTrueRecords, makeTenant, names, openStage, type Stage } from './stage.ts';

const dispatchedTwice = (stage: Stage) => stage.query('select e from dispatches, unnest(event_ids) as e group by e having count(*) > 1');

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
    expect(await dispatchedTwice(stage)).toEqual([]);
    await expectTrueRecords(stage);
  });

  it('four relays that race for rows without an owner take each once, and none moves rows of another', async ({ onTestFinished }) => {
    const stage = await openStage({ namespace: 't28', timings: patientLeases });
    onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
    const server = await stage.start({ role: 'server' });
    const tenant = await server.makeTenant();
    expect(await stage.send(server, tenant, names('raced', 200))).toHaveLength(200);
    const relays = Array.from({ length: 4 }, () => newId('rly'));
    await Promise.all(relays.map((relayId) => registerRelay(stage.db, relayId, 'test')));

    const takes = relays.flatMap((relayId) =>
      Array.from({ length: 5 }, () => takeOutboxRows(stage.db, relayId, { except: [], afterTenant: null, limit: 15 })),
    );
    const taken = (await Promise.all(takes)).flat().map(({ eventId }) => eventId);
    expect(new Set(taken).size).toBe(taken.length);
    await Promise.all(relays.map((relayId) => takeOutboxRows(stage.db, relayId, { except: [], afterTenant: null, limit: 1_000 })));
    expect(await stage.query('select count(*) from outbox where owner is null')).toEqual([{ count: 0 }]);

    const rows = await stage.query<{ event_id: string }>('select event_id from outbox');
    const dispatches = () =>
      rows.map(({ event_id }) => ({ dispatchId: newId('dsp'), planned: false, eventIds: [`evt_${event_id.replaceAll('-', '')}`] }));
    const moved = await Promise.all(relays.map((relayId) => createDispatches(stage.db, relayId, dispatches())));
    expect(moved.flat().reduce((sum, events) => sum + events, 0)).toBe(200);
    expect(await dispatchedTwice(stage)).toEqual([]);
    expect(await stage.query('select count(*) from outbox')).toEqual([{ count: 0 }]);
  });
});
