// Each Temporal namespace of the shared server belongs to one test file: a second Posthorn in it would take its tasks.
import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

it('has one test file for each namespace of Temporal', () => {
  const users = new Map<string, string[]>();
  for (const file of globSync('test/**/*.test.ts')) {
    const named = readFileSync(file, 'utf8').matchAll(/'(t\d{2,3})'/g);
    for (const namespace of new Set(Array.from(named, ([, name = '']) => name)))
      users.set(namespace, [...(users.get(namespace) ?? []), file]);
  }
  expect(users.size).toBeGreaterThan(40);
  expect([...users].filter(([, files]) => files.length > 1)).toEqual([]);
});
