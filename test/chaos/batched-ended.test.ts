// Batched mode: a worker asked to end (SIGTERM) in the middle of a burst, with requests under way that take longer than others wait for its rows.
import { describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { arrivals, door, expectAllDelivered, openBatchedStage, sendBatch } from './batched-stage.ts';
import { makeTenant, names } from './stage.ts';

describe('a worker in batched mode', () => {
  it('asked to end in a burst finishes what it posts and leaves the others to another at once', { timeout: 240_000 }, async ({
    onTestFinished,
  }) => {
    const stage = await openBatchedStage({ namespace: 't38' });
    onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
    const [first, second] = await Promise.all([stage.start(), stage.start({ role: 'worker' })]);
    const tenant = await makeTenant(stage, first, { timeoutMs: 30_000 });
    const receiver = door(stage, ['/hook'], 50);
    receiver.shut('slow');
    const accepted = await sendBatch(first, tenant, [...names('slow', 12), ...names('burst', 800)]);
    await until('the burst is on its way', () => stage.receiver.requests.length >= 100);
    const [asked] = await stage.query<{ at: Date }>('select now() as at');
    const ended = first.stop();
    await until('all have come', () => arrivals(stage).size === accepted.length);
    await until('others would have taken its rows, were it not seen', async () => {
      const [row] = await stage.query<{ seen: boolean }>(
        `select seen > $2::timestamptz + interval '6 seconds' as seen from relays where process like $1`,
        [`% ${first.pid}`, asked?.at],
      );
      return row?.seen;
    });
    expect(receiver.waiting).toHaveLength(12);
    receiver.letPass();
    expect(await ended).toMatchObject({ code: 0, signal: null });
    expect(await stage.query('select process from relays where process like $1', [`% ${first.pid}`])).toEqual([]);
    await stage.settled();
    expect(await expectAllDelivered(stage, accepted)).toEqual([]);
    expect(await second.stop()).toMatchObject({ code: 0 });
  });
});
