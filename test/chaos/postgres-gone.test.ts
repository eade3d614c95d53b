// PostgreSQL is stopped under a running Posthorn and started again.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OwnPostgres, startOwnPostgres } from '../support/own-servers.ts';
import { until } from '../support/until.ts';
import { expectTrueRecords, makeTenant, names, openStage } from './stage.ts';

let own: OwnPostgres;
beforeAll(async () => {
  own = await startOwnPostgres();
});
afterAll(() => own?.close());

describe('PostgreSQL', () => {
  it('stopped: the API answers 503 with Retry-After; back: works without a restart, and requests in flight are recorded', async ({
    onTestFinished,
  }) => {
    const stage = await openStage({ namespace: 't29', databaseUrl: own.url });
    onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
    const posthorn = await stage.start();
    const tenant = await makeTenant(stage, posthorn, { timeoutMs: 30_000 });
    let finish: (() => void) | undefined;
    stage.receiver.answer('/hook', (request, response) => {
      const accept = () => void response.writeHead(204).end();
      if (request.headers['webhook-id'] === 'in-flight') finish = accept;
      else accept();
    });
    const accepted = await stage.send(posthorn, tenant, ['in-flight']);
    await until('it is being posted', () => finish);
    const burst = stage.send(posthorn, tenant, names('burst', 30));
    await until('the burst is on its way', () => stage.receiver.requests.length > 5);
    await own.stop();
    finish?.();
    accepted.push(...(await burst));
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
    await stage.settled();
    expect(stage.notOnce(accepted)).toEqual({});
    expect(await stage.query("select external_id from events where external_id like 'refused%'")).toEqual([]);
    await expectTrueRecords(stage);
  });
});
