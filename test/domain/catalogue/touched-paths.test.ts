// Which filters a change of a schema touches.
import { expect, it } from 'vitest';
import { touchedPaths } from '#domain/catalogue/touched-paths';
import { changeOf } from '#domain/schemas/schema-change';

const touched = (filter: object, ...paths: string[]) =>
  touchedPaths(
    JSON.stringify(filter),
    paths.map((path) => changeOf(path, 'field_removed', 'was removed')),
  );

it('those that look at the place, above it or below it, also within lists', () => {
  const filter = { 'data.items.*.sku': 'a', $not: { 'data.items.0.price': 1 }, $or: [{ type: 'x' }, { 'data.a/b': { $gt: 1 } }] };
  expect(touched(filter, 'data/items/*/sku')).toEqual(['data.items.*.sku']);
  expect(touched(filter, 'data/items')).toEqual(['data.items.*.sku', 'data.items.0.price']);
  expect(touched(filter, 'data/items/*/price/amount')).toEqual(['data.items.0.price']);
  expect(touched(filter, 'data/a~1b')).toEqual(['data.a/b']);
  expect(touched(filter, 'data')).toEqual(['data.items.*.sku', 'data.items.0.price', 'data.a/b']);
  expect(touched(filter, 'data/other')).toEqual([]);
});

it('none, if the change breaks nobody', () => {
  expect(touchedPaths('{"data.a":1}', [changeOf('data/a', 'enum_widened', 'x')])).toEqual([]);
});
