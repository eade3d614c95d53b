// A prepared statement is known to PostgreSQL by its name, so two texts under one name fail on a connection that has seen both.
import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

it('gives each statement a name of its own', () => {
  const users = new Map<string, number>();
  for (const file of globSync('src/**/*.ts'))
    for (const [, name = ''] of readFileSync(file, 'utf8').matchAll(/\bname: '([a-z0-9_]+)',?\s+text\b/g))
      users.set(name, (users.get(name) ?? 0) + 1);
  expect(users.size).toBeGreaterThan(100);
  expect([...users].filter(([, count]) => count > 1)).toEqual([]);
});
