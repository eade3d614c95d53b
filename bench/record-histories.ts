// Records what is missing in test/histories: one real history of each path through a workflow. What is there stays, for whatever was shipped must
// replay; a path that a change gives a new shape gets a new name in test/support/record-*-main.ts.
import { startVitest } from 'vitest/node';

const vitest = await startVitest('test', [], {
  config: false,
  root: new URL('..', import.meta.url).pathname,
  include: ['test/support/record-*-main.ts'],
  globalSetup: ['test/support/global-setup.ts'],
  pool: 'forks',
  testTimeout: 120_000,
  hookTimeout: 120_000,
});
await vitest.close();
