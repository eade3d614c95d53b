// The limit of concurrent requests of a tenant.
import { expect, it } from 'vitest';
import { createCrowding, mostAtOnce, mostEventPostsAtOnce } from '#api/access/crowding';
import { bootstrapCaller } from '#domain/access';

const of = (id: string) => ({ ...bootstrapCaller, tenant: { id, key: id } });
const read = { scope: 'endpoints:read' } as const;
const post = { scope: 'events:write' } as const;

it('a tenant has a limit over all its keys, a higher one for posted events, and does not affect other tenants', () => {
  const crowding = createCrowding();
  const leave = Array.from({ length: mostAtOnce }, () => crowding.enter(of('a'), read));
  const refused = expect.objectContaining({ status: 429, headers: { 'retry-after': '1' } });
  expect(() => crowding.enter(of('a'), read)).toThrow(refused);
  for (let n = 0; n < mostEventPostsAtOnce; n++) crowding.enter(of('a'), post);
  expect(() => crowding.enter(of('a'), post)).toThrow(refused);
  expect(crowding.enter(of('b'), read)).not.toBeNull();
  leave[0]?.();
  expect(crowding.enter(of('a'), read)).not.toBeNull();
  expect(() => crowding.enter(of('a'), read)).toThrow(refused);
});

it('callers that are not bound to a tenant are not limited', () => {
  const crowding = createCrowding();
  for (let n = 0; n < 1_000; n++) expect(crowding.enter(bootstrapCaller, read)).toBeNull();
});
