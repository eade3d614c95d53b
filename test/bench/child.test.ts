// The child processes of the bench.
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { startChild } from '../../bench/child.ts';

describe('a child process of the bench', () => {
  it('may have ended when it gets an order, as in a run that is interrupted', async () => {
    const child = startChild('receiver-child.ts');
    await child.next('listening');
    await child.stop();
    const errors: unknown[] = [];
    const note = (error: unknown) => errors.push(error);
    process.once('uncaughtException', note);
    child.give({ kind: 'progress', prefix: 'run' });
    await setImmediate();
    process.off('uncaughtException', note);
    expect(errors).toEqual([]);
  });
});
