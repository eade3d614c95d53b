// Batched mode: PostgreSQL is stopped for some seconds in the middle of a burst.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OwnPostgres, startOwnPostgres } from '../support/own-servers.ts';
import { until } from '../support/until.ts';
import { arrivals, door, expectAllDelivered, openBatchedStage, sendBatch } from './batched-stage.ts';
import { makeTenant, names } from './stage.ts';

let own: OwnPostgres;
beforeAll(async () => {
  own = await startOwnPostgres();
});
afterAll(() => own?.close());

describe('PostgreSQL in batched mode', () => {
  it('stopped in a burst: the API answers 503, and no request repeats, not even those in flight', async ({ onTestFinished }) => {
    const stage = await openBatchedStage({ namespace: 't40', databaseUrl: own.url });
    onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
    const posthorn = await stage.start();
    const tenant = await makeTenant(stage, posthorn, { timeoutMs: 30_000 });
    const receiver = door(stage, ['/hook'], 100);
    receiver.shut('slow');
    // everything below must happen within 30 s, the maximum duration of a request
    const accepted = await sendBatch(posthorn, tenant, [...names('slow', 12), ...names('burst', 150)]);
    await until('the burst is on its way', () => stage.receiver.requests.length >= 60);
    await own.stop();
    const refused = await posthorn.post(`/v1/tenants/${tenant}/events`, { type: 'order.created', data: {}, id: 'refused' });
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    await until('its relay has given up', () => posthorn.log().includes('relay.fenced'));
    await own.start();
    accepted.push(
      ...(await until('it accepts again', async () => {
        const some = await stage.send(posthorn, tenant, ['after']);
        return some.length > 0 && some;
      })),
    );
    // the next lease has taken the rows of the last one, which still has 12 requests in flight
    expect(receiver.waiting).toHaveLength(12);
    await until('all have come', () => arrivals(stage).size === accepted.length);
    receiver.letPass();
    await stage.settled();
    expect(await expectAllDelivered(stage, accepted)).toEqual([]);
    expect(await stage.query("select external_id from events where external_id = 'refused'")).toEqual([]);
  });
});
