// PostgreSQL is stopped in the middle of a burst and started again, in each dispatch mode. Requests
// that are in flight end while it is away, or only after it is back.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OwnPostgres, startOwnPostgres } from '../support/own-servers.ts';
import { longRequests } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { arrivals, door, expectAllDelivered, sendBatch } from './batched-stage.ts';
import { allowLongRequests, expectTrueRecords, makeTenant, names, openStage } from './stage.ts';

const modes = [
  { mode: 'individual', namespace: 't29', ends: 'while it is away' },
  { mode: 'batched', namespace: 't40', ends: 'after it is back' },
] as const;

const owns: OwnPostgres[] = [];
beforeAll(async () => {
  owns.push(...(await Promise.all(modes.map(() => startOwnPostgres()))));
});
afterAll(() => Promise.all(owns.map((own) => own.close())));

describe.concurrent('PostgreSQL that is stopped in a burst', () => {
  it.for(modes.map((one, index) => ({ ...one, index })))(
    '$mode: 503 with Retry-After meanwhile, no restart needed, and no request repeats, not even those that end $ends',
    async ({ mode, namespace, ends, index }, { onTestFinished }) => {
      const own = owns[index] as OwnPostgres;
      const env = { POSTHORN_DISPATCH: mode };
      const stage = await openStage({ namespace, databaseUrl: own.url, env, timings: longRequests });
      onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
      const posthorn = await stage.start();
      const tenant = await makeTenant(stage, posthorn);
      await allowLongRequests(stage);
      const receiver = door(stage, ['/hook'], 100);
      receiver.shut('slow');
      const accepted = await sendBatch(posthorn, tenant, [...names('slow', 12), ...names('burst', 100)]);
      await until('the burst is on its way', () => stage.receiver.requests.length >= 40 && receiver.waiting.length === 12);
      await own.stop();
      if (ends === 'while it is away') receiver.letPass();
      const refused = await posthorn.post(`/v1/tenants/${tenant}/events`, { type: 'order.created', data: {}, id: 'refused' });
      expect(refused.status).toBe(503);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(refused.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect((await posthorn.get('/readyz')).status).toBe(503);
      expect((await posthorn.get('/healthz')).status).toBe(200);
      expect(await stage.send(posthorn, tenant, names('refused', 5))).toEqual([]);
      await until('its relay has given up', () => posthorn.log().includes('relay.fenced'));
      await own.start();
      accepted.push(
        ...(await until('it accepts again', async () => {
          const some = await stage.send(posthorn, tenant, ['after']);
          return some.length > 0 && some;
        })),
      );
      await until('all have come', () => arrivals(stage).size === accepted.length);
      if (ends === 'after it is back') {
        // the next lease has taken the rows of the last one, which still has 12 requests in flight
        expect(receiver.waiting).toHaveLength(12);
        receiver.letPass();
      }
      await stage.settled();
      expect(await expectAllDelivered(stage, accepted)).toEqual([]);
      expect(await stage.query("select external_id from events where external_id like 'refused%'")).toEqual([]);
      await expectTrueRecords(stage);
    },
  );
});
