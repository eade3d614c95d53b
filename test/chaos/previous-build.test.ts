// Work that sleeps in workflows of the previous build is finished by this one, and after a rollback work of this one by the
// previous: every event is received exactly as often as it should be, and nothing stays open. A workflow whose history
// does not fit has failed, and was started again.
import { describe, expect, it, type TestContext } from 'vitest';
import { quickWaits } from '../support/quick-timings.ts';
import { fallAsleep, requestsOf, restarted, wakeUp } from './sleepers.ts';
import { expectTrueRecords, openStage, type Stage } from './stage.ts';

async function stageOf({ onTestFinished }: TestContext, namespace: string): Promise<Stage> {
  const stage = await openStage({ namespace, timings: quickWaits });
  onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
  return stage;
}

async function expectAllDelivered(stage: Stage): Promise<void> {
  const received = Object.keys(requestsOf).map((event) => [event, stage.receiver.of(event).length]);
  expect(Object.fromEntries(received)).toEqual(requestsOf);
  await expectTrueRecords(stage);
}

// A workflow whose history does not fit fails, or the sweep ends it as stuck before.
describe.concurrent('sleeping work', () => {
  it('of the previous build is finished by this one', async (context) => {
    const stage = await stageOf(context, 't77');
    // the previous build started no workflow in place of a dispatch's; relays in batched mode start none, either
    const asleep = await fallAsleep(stage, { isPreviousBuild: true, env: { POSTHORN_DISPATCH: 'batched' } });
    const posthorn = await stage.start();
    await wakeUp(stage, posthorn, asleep);
    await expectAllDelivered(stage);
    // its history has the result of a command, which had another shape
    expect(await restarted(stage, posthorn, asleep)).toEqual([expect.stringMatching(/^dead-again (FAILED|TERMINATED)$/)]);
  });

  it('of this build is finished by the previous one', async (context) => {
    const stage = await stageOf(context, 't78');
    const asleep = await fallAsleep(stage, {}, { operatorHasObeyed: true });
    const posthorn = await stage.start({ isPreviousBuild: true });
    await wakeUp(stage, posthorn, asleep);
    await expectAllDelivered(stage);
    // their first attempts were local activities, which the previous build does not know
    for (const one of await restarted(stage, posthorn, asleep))
      expect(one).toMatch(/^(backoff|dead-letter|dead-again) (FAILED|TERMINATED)$/);
  });
});
