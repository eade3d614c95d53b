// The checkpoints of the protocol: a process dies by SIGKILL exactly there, and another one
// finishes its work.
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '#runtime/checkpoints';
import { quickLeases } from '../support/quick-timings.ts';
import { expectTrueRecords, makeTenant, openStage } from './stage.ts';

const points: { at: Checkpoint; namespace: string; repeats: number }[] = [
  { at: 'event committed', namespace: 't20', repeats: 0 },
  { at: 'dispatch written', namespace: 't21', repeats: 0 },
  { at: 'before plan', namespace: 't22', repeats: 0 },
  { at: 'planned', namespace: 't23', repeats: 0 },
  { at: 'posted', namespace: 't24', repeats: 1 },
];

describe.concurrent('a process killed', () => {
  for (const { at, namespace, repeats } of points) {
    it(`at "${at}" loses nothing`, async ({ onTestFinished }) => {
      const stage = await openStage({ namespace, timings: quickLeases });
      onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
      const first = await stage.start({ dieAt: at });
      const tenant = await makeTenant(stage, first);
      // its commit may have succeeded without a response; then the event is delivered all the same
      await stage.send(first, tenant, ['only']);
      expect(await first.exited).toMatchObject({ signal: 'SIGKILL' });
      const second = await stage.start();
      const [other] = await stage.send(second, tenant, ['after']);
      expect(other).toBe('after');
      await stage.settled();
      expect(stage.receiver.of('only')).toHaveLength(1 + repeats);
      expect(stage.receiver.of('after')).toHaveLength(1);
      await expectTrueRecords(stage);
    });
  }
});
