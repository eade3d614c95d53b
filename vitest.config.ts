// Two kinds of tests: `unit` needs nothing from outside, `integration` shares one PostgreSQL and one Temporal for the whole run. `npm test` adds some of the latter
// on Temporal's server for production. Four workers on two cores: the files mostly wait. One process runs many files, so a file leaves nothing behind in its process.
import { defineConfig } from 'vitest/config';
import { closingLine } from './test/support/closing-line.ts';
import { fileTimes } from './test/support/file-times.ts';
import { OrderOfFiles } from './test/support/order-of-files.ts';
import { isServerBuilt } from './test/support/temporal-server/commands.ts';
import { filesOnServer, leftOutLine, serverProject } from './test/support/temporal-server/short-form.ts';

const shared = [
  'db',
  'api',
  'relay',
  'attempts',
  'workflows',
  'e2e',
  'chaos',
  'lanes',
  'chores',
  'alerts',
  'ingest',
  'doctor',
  'stream',
  'listen',
  'web',
]
  .map((folder) => `test/${folder}/**/*.test.ts`)
  .concat('packages/*/test/**/*.test.ts');
const globalSetup = 'test/support/global-setup.ts';
const wanted = process.env.TEST_TEMPORAL_SERVER;
const onServer = filesOnServer(wanted, isServerBuilt(), shared);
// Longer than any poll of a test waits: a failing test says what it waited for. `expect.poll` would give up after a second.
const perFile = {
  testTimeout: 600_000,
  hookTimeout: 300_000,
  expect: { poll: { timeout: 60_000 } },
  setupFiles: 'test/support/set-up-file.ts',
};

// biome-ignore lint/style/noDefaultExport: Vitest reads the default export
export default defineConfig({
  test: {
    pool: 'forks',
    isolate: false,
    maxWorkers: 4,
    sequence: { sequencer: OrderOfFiles },
    reporters: ['default', fileTimes(), leftOutLine(wanted, isServerBuilt()), closingLine()],
    projects: [
      { test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: shared, ...perFile } },
      { test: { name: 'integration', include: shared, globalSetup, ...perFile } },
      ...(onServer.length > 0 ? [{ test: { name: serverProject, include: onServer, globalSetup, ...perFile } }] : []),
    ],
  },
});
