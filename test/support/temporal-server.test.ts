// What `npm test` runs on Temporal's server for production, and what it says when it runs nothing there.
import { existsSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import type { TestRunEndReason } from 'vitest/node';
import { filesOnServer, leftOutLine, namespacesOnServer } from './temporal-server/short-form.ts';

const all = ['test/e2e/**/*.test.ts'];

it('are files that exist, if the server is built and somebody wants them', () => {
  const files = filesOnServer('short', true, all);
  expect(files.length).toBeGreaterThan(5);
  expect(files.filter((file) => !existsSync(file))).toEqual([]);
  expect(filesOnServer('all', true, all)).toEqual(all);
  for (const none of [filesOnServer('short', false, all), filesOnServer('all', false, all), filesOnServer(undefined, true, all)])
    expect(none).toEqual([]);
});

it('have the namespaces that they name', () => {
  // of in-temporal, of pause, of none
  const [list, pause, none] = [7, 44, 80].map((number) => `t${String(number).padStart(2, '0')}`);
  const namespaces = [list, pause, none, 'shared1', 'shared16'].map(String);
  expect(namespacesOnServer('short', namespaces)).toEqual([list, pause, 'shared1']);
  expect(namespacesOnServer('all', namespaces)).toEqual(namespaces);
});

it.each([
  ['short', false, 1],
  ['short', true, 0],
  [undefined, false, 0],
])('one line says that the server is left out: wanted %s, built %s', async (wanted, isBuilt, count) => {
  const before = process.listeners('exit');
  const lines: string[] = [];
  await leftOutLine(wanted, isBuilt, (line) => void lines.push(line)).onTestRunEnd?.([], [], 'passed' as TestRunEndReason);
  const added = process.listeners('exit').filter((listener) => !before.includes(listener));
  onTestFinished(() => {
    for (const listener of added) process.off('exit', listener);
  });
  for (const listener of added) listener(0);
  expect(lines).toHaveLength(count);
  for (const line of lines) expect(line).toMatch(/^Not run: .*`npm run test:temporal-server`/);
});
