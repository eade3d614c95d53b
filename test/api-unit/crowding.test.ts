// How many requests of a tenant are under way at once.
import { expect, it } from 'vitest';
import { createCrowding, mostAtOnce, mostEventPostsAtOnce } from '#api/access/crowding';
import { bootstrapCaller } from '#domain/access';

const of = (id: string) => ({ ...bootstrapCaller, tenant: { id, key: id } });
const read = { scope: 'endpoints:read' } as const;
const post = { scope: 'events:write' } as const;

it('a tenant has so many, whichever of its keys asks, and more of what is posted; others are not in its way', () => {
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

it('callers for all tenants are not counted', () => {
  const crowding = createCrowding();
  for (let n = 0; n < 1_000; n++) expect(crowding.enter(bootstrapCaller, read)).toBeNull();
});
