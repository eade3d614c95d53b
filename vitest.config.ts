// Two kinds of tests: `unit` needs nothing from outside, `integration` shares one PostgreSQL and one Temporal for the whole run. Four workers on two cores: the
// files mostly wait. One process runs many files, so a file leaves nothing behind in its process.
import { defineConfig } from 'vitest/config';
import { closingLine } from './test/support/closing-line.ts';
import { fileTimes } from './test/support/file-times.ts';
import { OrderOfFiles } from './test/support/order-of-files.ts';

const shared = ['db', 'api', 'relay', 'attempts', 'workflows', 'e2e', 'chaos', 'lanes'].map((folder) => `test/${folder}/**/*.test.ts`);
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
    reporters: ['default', fileTimes(), closingLine()],
    projects: [
      { test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: shared, ...perFile } },
      { test: { name: 'integration', include: shared, globalSetup: 'test/support/global-setup.ts', ...perFile } },
    ],
  },
});
