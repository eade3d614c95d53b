// One Posthorn in individual mode for all test files of a worker that need nothing special. Each file works
// with tenants of its own. It starts with the first file that asks for it, and stops with the worker.
import { inject, test } from 'vitest';
import { startPosthorn } from './posthorn.ts';
import { quickResults } from './quick-timings.ts';
import { shareInProcess } from './share-in-process.ts';
import { announceWorker } from './worker-presence.ts';

async function start() {
  const leave = await announceWorker(inject('postgresUrl'));
  const posthorn = await startPosthorn({ namespace: `shared${process.env.VITEST_POOL_ID}`, timings: quickResults });
  const stop = async () => {
    await posthorn.stop();
    await leave();
  };
  return { value: posthorn, stop };
}

/** Its hooks and tests get `posthorn`, which they must not stop, configure or stall. */
// biome-ignore lint/correctness/noEmptyPattern: Vitest reads from the pattern which fixtures are needed
export const withPosthorn = test.extend('posthorn', { scope: 'worker' }, async ({}, { onCleanup }) => {
  const { value: posthorn, release } = await shareInProcess('posthorn', start);
  onCleanup(release);
  return posthorn;
});
