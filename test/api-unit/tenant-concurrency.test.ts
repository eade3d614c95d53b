// The limit of concurrent requests of a tenant.
import { expect, it } from 'vitest';
import { createTenantConcurrency, mostAtOnce, mostEventPostsAtOnce } from '#api/access/tenant-concurrency';
import { bootstrapCaller } from '#domain/access/access';

const of = (id: string) => ({ ...bootstrapCaller, tenant: { id, key: id } });
const read = { scope: 'endpoints:read' } as const;
const post = { scope: 'events:write' } as const;

it('a tenant has a limit over all its keys, a higher one for posted events, and does not affect other tenants', () => {
  const concurrency = createTenantConcurrency();
  const leave = Array.from({ length: mostAtOnce }, () => concurrency.enter(of('a'), read));
  const refused = expect.objectContaining({ status: 429, headers: { 'retry-after': '1' } });
  expect(() => concurrency.enter(of('a'), read)).toThrow(refused);
  for (let n = 0; n < mostEventPostsAtOnce; n++) concurrency.enter(of('a'), post);
  expect(() => concurrency.enter(of('a'), post)).toThrow(refused);
  expect(concurrency.enter(of('b'), read)).not.toBeNull();
  leave[0]?.();
  expect(concurrency.enter(of('a'), read)).not.toBeNull();
  expect(() => concurrency.enter(of('a'), read)).toThrow(refused);
});

it('callers that are not bound to a tenant are not limited', () => {
  const concurrency = createTenantConcurrency();
  for (let n = 0; n < 1_000; n++) expect(concurrency.enter(bootstrapCaller, read)).toBeNull();
});
