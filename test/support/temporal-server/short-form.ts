// Which test files run on Temporal's server for production, besides on its dev server. `bin/run.mjs` says so by
// TEST_TEMPORAL_SERVER. `short`: those below; `all`: those that the command line names.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Reporter } from 'vitest/node';

export const serverProject = 'temporal-server';

/** Each of the things that Posthorn wants of Temporal: workflows, retries, commands, lanes, refusals, searches, a killed worker. */
const shortForm = [
  'test/chaos/kills.test.ts',
  'test/e2e/command-line.test.ts',
  'test/e2e/commands.test.ts',
  'test/e2e/delivery.test.ts',
  'test/e2e/in-temporal.test.ts',
  'test/e2e/temporal-refuses.test.ts',
  'test/lanes/pause.test.ts',
  'test/workflows/schedules.test.ts',
  'test/workflows/search-attributes.test.ts',
];

const root = join(import.meta.dirname, '../../..');

export function filesOnServer(wanted: string | undefined, isBuilt: boolean, all: string[]): string[] {
  if (wanted === undefined || !isBuilt) return [];
  return wanted === 'all' ? all : shortForm;
}

/** Those that these files name. To register all of `all` takes 10 s. */
export function namespacesOnServer(wanted: string | undefined, all: string[]): string[] {
  if (wanted === 'all') return all;
  const texts = shortForm.map((file) => readFileSync(join(root, file), 'utf8'));
  return all.filter((name) => /^shared[1-4]$/.test(name) || texts.some((text) => text.includes(`'${name}'`)));
}

/** Says at the end of a run that it left out the server. */
export function leftOutLine(
  wanted: string | undefined,
  isBuilt: boolean,
  print = (line: string) => void process.stdout.write(`${line}\n`),
): Reporter {
  const text =
    "Not run: the tests on Temporal's server for production, which is not built. `npm run test:temporal-server` builds it once and runs them.";
  return {
    onTestRunEnd() {
      // the other reporters print at the same time, so this waits until they have finished
      if (wanted !== undefined && !isBuilt) process.once('exit', () => print(text));
    },
  };
}
