// Processes asked to end (SIGTERM) while PostgreSQL is away and outcomes wait to be recorded.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OwnPostgres, startOwnPostgres } from '../support/own-servers.ts';
import { until } from '../support/until.ts';
import { arrivals, door, expectAllDelivered, openBatchedStage, sendBatch, unrecorded } from './batched-stage.ts';
import { makeTenant, names } from './stage.ts';

const leftUnrecorded = 'worker.stopped_with_attempts_unrecorded';
const inFlight = 12;
let own: OwnPostgres;
beforeAll(async () => {
  own = await startOwnPostgres();
});
afterAll(() => own?.close());

it('record what was posted when it is back in time, also for a relay that was fenced, and end; then nothing repeats; when it is not, they end all the same', {
  timeout: 300_000,
}, async ({ onTestFinished }) => {
  const stage = await openBatchedStage({ namespace: 't18', databaseUrl: own.url });
  onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
  const first = await stage.start();
  const tenant = await makeTenant(stage, first, { timeoutMs: 30_000 });
  const receiver = door(stage);
  receiver.shut();
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

  // one makes first attempts itself, the other by activities
  const [ahead, plain] = await Promise.all([stage.start(), stage.start({ env: { POSTHORN_DISPATCH: 'individual' } })]);
  await stage.settled();
  expect(await expectAllDelivered(stage, accepted)).toEqual([]);
  accepted.push(
    ...(await sendBatch(ahead, tenant, names('ahead', inFlight))),
    ...(await sendBatch(plain, tenant, names('plain', inFlight))),
  );
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
