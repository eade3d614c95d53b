// Processes are stopped with SIGTERM while PostgreSQL is away and outcomes wait to be recorded.
import { describe, expect, it, type TestContext } from 'vitest';
import { startOwnPostgres } from '../support/own-servers.ts';
import { quickEnd, quickLeases } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { arrivals, door, expectAllDelivered, openBatchedStage, sendBatch, unrecorded } from './batched-stage.ts';
import { allowLongRequests, makeTenant, names } from './stage.ts';

const leftUnrecorded = 'worker.stopped_with_attempts_unrecorded';
const inFlight = 12;

/** A stage with its own PostgreSQL, one process, and a receiver that does not answer yet. */
async function openOwn({ onTestFinished }: TestContext, namespace: string, timings = quickLeases) {
  const own = await startOwnPostgres();
  onTestFinished(() => own.close());
  const stage = await openBatchedStage({ namespace, databaseUrl: own.url, timings });
  onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
  const first = await stage.start();
  const tenant = await makeTenant(stage, first, { timeoutMs: 30_000 });
  await allowLongRequests(stage);
  const receiver = door(stage);
  receiver.shut();
  return { own, stage, first, tenant, receiver };
}

describe.concurrent('processes that are stopped without PostgreSQL', () => {
  it('record their requests if it is back in time, even for a fenced relay, and end; then nothing repeats', async (context) => {
    const { own, stage, first, tenant, receiver } = await openOwn(context, 't18');
    const accepted = await sendBatch(first, tenant, names('fenced', inFlight));
    await until('all to be in flight', () => receiver.waiting.length === inFlight);
    await own.stop();
    await until('its relay to be fenced', () => first.log().includes('relay.fenced'));
    receiver.letPass();
    const ended = first.stop();
    await until('an outcome to wait', () => first.log().includes('attempt.not_recorded'));
    await own.start();
    expect(await ended).toMatchObject({ code: 0, signal: null });
    expect(first.log()).not.toContain(leftUnrecorded);
    expect(await unrecorded(stage)).toEqual(new Set());
    await stage.start();
    await stage.settled();
    expect(await expectAllDelivered(stage, accepted)).toEqual([]);
  });

  it('end even if it is not back in time; then only requests that were sent and not recorded repeat', async (context) => {
    const { own, stage, first: ahead, tenant, receiver } = await openOwn(context, 't80', quickEnd);
    // one process makes first attempts in its relay, the other by activities
    const plain = await stage.start({ env: { POSTHORN_DISPATCH: 'individual' } });
    const accepted = [
      ...(await sendBatch(ahead, tenant, names('ahead', inFlight))),
      ...(await sendBatch(plain, tenant, names('plain', inFlight))),
    ];
    await until('all to be in flight', () => receiver.waiting.length === 2 * inFlight);
    const mayRepeat = await unrecorded(stage);
    await own.stop();
    const both = [ahead.stop(), plain.stop()];
    receiver.open();
    receiver.letPass();
    for (const end of await Promise.all(both)) expect(end).toMatchObject({ code: 0, signal: null });
    expect(ahead.log()).toContain(leftUnrecorded);

    await own.start();
    await stage.start();
    await stage.settled();
    const repeated = await expectAllDelivered(stage, accepted);
    expect(repeated.filter((key) => !mayRepeat.has(key))).toEqual([]);
    expect(arrivals(stage).size).toBe(accepted.length);
  });
});
