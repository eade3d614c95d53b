// Batched mode: a process stops with first attempts in flight, for a while (SIGSTOP) or permanently
// (SIGTERM), while another process takes over its rows.
import { describe, expect, it } from 'vitest';
import { longRequests } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { arrivals, door, expectAllDelivered, openBatchedStage, sendBatch, unrecorded } from './batched-stage.ts';
import { allowLongRequests, makeTenant, names } from './stage.ts';

const paths = ['/one', '/two'];
/** The maximum of requests in flight for one endpoint. */
const cap = 32;

describe('a process in batched mode', () => {
  it('stopped with every slot in use, replaced and continued, repeats only the requests in flight at the stop', async ({
    onTestFinished,
  }) => {
    const stage = await openBatchedStage({ namespace: 't38', timings: longRequests });
    onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
    const frozen = await stage.start();
    const tenant = await frozen.makeTenant();
    for (const path of paths) await frozen.makeEndpoint(tenant, stage.receiver.url + path);
    await allowLongRequests(stage);
    const receiver = door(stage, paths);
    const accepted = await sendBatch(frozen, tenant, names('burst', 300));
    await until('the burst is on its way', () => stage.receiver.requests.length >= 100);
    receiver.shut();
    await until('every place is taken', () => receiver.waiting.length === cap * paths.length);
    frozen.freeze();
    // all slots are in use, so no further request can be in flight
    const inFlight = await unrecorded(stage);
    receiver.open();
    receiver.letPass();
    const meanwhile = stage.send(frozen, tenant, names('meanwhile', 20));

    // Another relay deletes its row after its lease has expired, and takes what it still has in the outbox. That may be
    // nothing: on a slow machine the endpoints had a lane by the time of the freeze, and their deliveries were parked.
    const [old] = await stage.query<{ id: string }>('select id from relays where process like $1', [`% ${frozen.pid}`]);
    await stage.start({ role: 'worker' });
    await until('another to take over', async () => (await stage.query('select id from relays where id = $1', [old?.id])).length === 0);
    frozen.thaw();
    accepted.push(...(await meanwhile));
    expect(accepted).toHaveLength(320);
    await until('it has a new relay', async () => {
      const relays = await stage.query('select id from relays where process like $1 and id <> $2', [`% ${frozen.pid}`, old?.id]);
      return relays.length === 1;
    });
    await stage.settled();
    const repeated = await expectAllDelivered(stage, accepted, paths);
    expect(repeated.filter((key) => !inFlight.has(key))).toEqual([]);
    expect(arrivals(stage).size).toBe(accepted.length * paths.length);
  });

  it('stopped in a burst, finishes its requests in flight and releases the other events at once', async ({ onTestFinished }) => {
    const stage = await openBatchedStage({ namespace: 't38', timings: longRequests });
    onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
    const [first, second] = await Promise.all([stage.start(), stage.start({ role: 'worker' })]);
    const tenant = await makeTenant(stage, first);
    await allowLongRequests(stage);
    const receiver = door(stage, ['/hook'], 50);
    receiver.shut('slow');
    const accepted = await sendBatch(first, tenant, [...names('slow', 12), ...names('burst', 150)]);
    await until('the burst is on its way', () => stage.receiver.requests.length >= 60);
    const [asked] = await stage.query<{ at: Date }>('select now() as at');
    const ended = first.stop();
    await Promise.all([
      until('all have come', () => arrivals(stage).size === accepted.length),
      until('others would have taken its rows, were it not seen', async () => {
        const [row] = await stage.query<{ seen: boolean }>(
          `select seen > $2::timestamptz + $3 * interval '1 millisecond' as seen from relays where process like $1`,
          [`% ${first.pid}`, asked?.at, longRequests.relay.expiresAfterMs + 1_000],
        );
        return row?.seen;
      }),
    ]);
    expect(receiver.waiting).toHaveLength(12);
    receiver.letPass();
    expect(await ended).toMatchObject({ code: 0, signal: null });
    expect(await stage.query('select process from relays where process like $1', [`% ${first.pid}`])).toEqual([]);
    await stage.settled();
    expect(await expectAllDelivered(stage, accepted)).toEqual([]);
    expect(await second.stop()).toMatchObject({ code: 0 });
  });
});
