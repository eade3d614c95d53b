// Batched mode: a relay that stands still (SIGSTOP) with first attempts in flight while another takes its rows, and goes on.
import { describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { arrivals, door, expectAllDelivered, openBatchedStage, sendBatch, unrecorded } from './batched-stage.ts';
import { names } from './stage.ts';

const paths = ['/one', '/two'];
/** As many requests as one endpoint may have in flight. */
const cap = 32;

describe('a relay in batched mode', () => {
  it('stopped with every place taken, replaced and continued repeats those in flight at the stop and nothing else', {
    timeout: 240_000,
  }, async ({ onTestFinished }) => {
    const stage = await openBatchedStage({ namespace: 't38' });
    onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
    const frozen = await stage.start();
    const tenant = await frozen.makeTenant();
    for (const path of paths) await frozen.makeEndpoint(tenant, stage.receiver.url + path);
    const receiver = door(stage, paths);
    const accepted = await sendBatch(frozen, tenant, names('burst', 300));
    await until('the burst is on its way', () => stage.receiver.requests.length >= 100);
    receiver.shut();
    await until('every place is taken', () => receiver.waiting.length === cap * paths.length);
    frozen.freeze();
    // all it can have in flight has come: no place was left for more
    const inFlight = await unrecorded(stage);
    receiver.open();
    receiver.letPass();
    const meanwhile = stage.send(frozen, tenant, names('meanwhile', 20));

    await stage.start({ role: 'worker' });
    const [old] = await stage.query<{ id: string }>('select id from relays where process like $1', [`% ${frozen.pid}`]);
    await until('another takes its rows', async () => {
      const [row] = await stage.query<{ count: number }>('select count(*) from outbox where owner <> $1', [old?.id]);
      return row && row.count > 0;
    });
    frozen.thaw();
    accepted.push(...(await meanwhile));
    expect(accepted).toHaveLength(320);
    await until('it has a new relay', async () => {
      const relays = await stage.query('select id from relays where process like $1', [`% ${frozen.pid}`]);
      return relays.length === 2;
    });
    await stage.settled();
    const repeated = await expectAllDelivered(stage, accepted, paths);
    expect(repeated.filter((key) => !inFlight.has(key))).toEqual([]);
    expect(arrivals(stage).size).toBe(accepted.length * paths.length);
  });
});
