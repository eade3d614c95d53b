// Records missing files of test/histories: one history of each path through a workflow. Existing
// files stay, because shipped histories must replay. A path with a changed shape gets a new name in
// test/support/record-*-main.ts.
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
