// What changed between two versions of a schema, and whom it breaks.
import { describe, expect, it } from 'vitest';
import { compareSchemas } from '#domain/schemas/compare-schemas';
import { compatibilityOf } from '#domain/schemas/schema-change';

const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more });
const said = (before: unknown, after: unknown) =>
  compareSchemas(before, after).map(({ path, kind, breaks }) => `${path} ${kind} ${breaks.join('+') || 'compatible'}`);

const cases: [name: string, before: unknown, after: unknown, expected: string[]][] = [
  ['nothing', object({ a: { type: 'string' } }), object({ a: { type: 'string' } }), []],
  ['words only', { type: 'string', title: 'a' }, { type: 'string', description: 'b', examples: ['c'] }, []],
  ['a removed field', object({ a: {}, b: {} }), object({ a: {} }), ['data/b field_removed consumers']],
  ['an added optional field', object({ a: {} }), object({ a: {}, 'b/c': {} }), ['data/b~1c field_added compatible']],
  [
    'an added required field',
    object({}),
    object({ a: {} }, { required: ['a'] }),
    ['data/a field_added compatible', 'data/a new_required producers'],
  ],
  [
    'a field that is not required any more',
    object({ a: {} }, { required: ['a'] }),
    object({ a: {} }),
    ['data/a no_longer_required consumers'],
  ],
  ['a narrowed type', { type: ['string', 'null'] }, { type: 'string' }, ['data type_narrowed producers']],
  ['number to integer', { type: 'number' }, { type: 'integer' }, ['data type_narrowed producers']],
  ['integer to number', { type: 'integer' }, { type: 'number' }, ['data type_widened consumers']],
  ['another type', { type: 'integer' }, { type: 'string' }, ['data type_narrowed producers', 'data type_widened consumers']],
  ['a smaller enum', { enum: ['a', 'b'] }, { enum: ['a'] }, ['data enum_narrowed producers']],
  ['a larger enum', { const: 'a' }, { enum: ['a', 'b'] }, ['data enum_widened compatible']],
  ['an enum that is given up', { enum: ['a'] }, {}, ['data type_widened consumers']],
  ['a higher minimum', { minimum: 0 }, { minimum: 1 }, ['data limit_narrowed producers']],
  ['a lower maximum', { maximum: 9 }, { maximum: 8 }, ['data limit_narrowed producers']],
  ['a longer text', { maxLength: 9 }, { maxLength: 99 }, ['data limit_widened compatible']],
  ['a new pattern', {}, { pattern: '^a' }, ['data limit_narrowed producers']],
  ['a format that is given up', { format: 'date-time' }, {}, ['data type_widened consumers']],
  ['a coarser multipleOf', { multipleOf: 1 }, { multipleOf: 10 }, ['data limit_narrowed producers']],
  ['a finer multipleOf', { multipleOf: 10 }, { multipleOf: 5 }, ['data limit_widened compatible']],
  ['a closed object', object({}), object({}, { additionalProperties: false }), ['data closed producers']],
  ['an opened object', object({}, { additionalProperties: false }), object({}), ['data opened compatible']],
  [
    'items',
    { items: { type: 'string' } },
    { items: { type: 'integer' } },
    ['data/* type_narrowed producers', 'data/* type_widened consumers'],
  ],
  ['a branch more', { oneOf: [{ type: 'string' }] }, { oneOf: [{ type: 'string' }, {}] }, ['data undecided producers+consumers']],
  ['within a branch', { anyOf: [{ minimum: 1 }] }, { anyOf: [{ minimum: 2 }] }, ['data limit_narrowed producers']],
  ['another condition', { if: { type: 'string' } }, {}, ['data undecided producers+consumers']],
  ['a first schema', undefined, { type: 'string' }, ['data schema_added compatible']],
  ['no schema any more', {}, null, ['data schema_removed consumers']],
  ['nothing allowed', true, false, ['data type_narrowed producers']],
  ['all allowed', object({ a: false }), object({ a: {} }), ['data/a type_widened consumers']],
];

describe('compareSchemas', () => {
  it.each(cases)('%s', (_name, before, after, expected) => {
    expect(said(before, after)).toEqual(expected);
  });

  it('follows references on both sides, by pointer, anchor and $id, also in a schema that contains itself', () => {
    const before = {
      $id: 'https://a.test/order',
      $ref: '#/$defs/node',
      $defs: { node: object({ next: { $ref: '#/$defs/node' }, n: { type: 'integer' } }) },
    };
    const after = {
      $ref: '#node',
      $defs: { renamed: { $anchor: 'node', ...object({ next: { $ref: '#/$defs/renamed' }, n: { type: 'string' } }) } },
    };
    expect(said(before, after).toSorted()).toEqual([
      'data/n type_narrowed producers',
      'data/n type_widened consumers',
      'data/next/n type_narrowed producers',
      'data/next/n type_widened consumers',
    ]);
    expect(said(before, { ...before, $id: 'https://b.test/', $ref: 'https://b.test/#/$defs/node' })).toEqual([]);
  });

  it('finds what changes behind a reference that has become a schema of its own', () => {
    const before = {
      $defs: { node: object({ next: { $ref: '#/$defs/node' } }) },
      ...object({ root: { $ref: '#/$defs/node' } }),
    };
    expect(said(before, object({ root: object({ next: { type: 'string' } }) }))).toEqual([
      'data/root/next type_narrowed producers',
      'data/root/next type_widened consumers',
      'data/root/next/next field_removed consumers',
    ]);
  });

  it('finds what changes in a definition that only a keyword of its own refers to', () => {
    const ruled = (type: string) => ({
      $defs: { a: { $ref: '#b' }, b: { $anchor: 'b', type } },
      patternProperties: { '^x': { $ref: '#/$defs/a' } },
    });
    expect(said(ruled('string'), ruled('string'))).toEqual([]);
    expect(said(ruled('string'), ruled('integer'))).toEqual(['data undecided producers+consumers']);
  });

  it('applies a reference and what stands beside it', () => {
    const extended = (base: unknown) => ({ $defs: { base }, $ref: '#/$defs/base', ...object({ own: {} }) });
    expect(said(extended(object({ n: { type: 'integer' } })), extended(object({ n: { type: 'number' } })))).toEqual([
      'data/n type_widened consumers',
    ]);
    expect(said(extended(true), { ...extended(true), ...object({}) })).toEqual(['data/own field_removed consumers']);
  });

  it('gives up on references that nest without end', () => {
    const circle = (length: number) => ({
      $ref: '#/$defs/0',
      $defs: Object.fromEntries(Array.from({ length }, (_, n) => [n, object({ next: { $ref: `#/$defs/${(n + 1) % length}` } })])),
    });
    const [first, ...others] = said(circle(700), circle(701));
    expect(first).toMatch(/^data(\/next)+ undecided producers\+consumers$/);
    expect(others).toEqual([]);
  });

  it('looks at the values of an enum once, however many references lead to it', () => {
    let reads = 0;
    const counted = (first: number) =>
      new Proxy(
        Array.from({ length: 1_000 }, (_, n) => first + n),
        {
          get(values, key) {
            reads++;
            return Reflect.get(values, key);
          },
        },
      );
    const places = Array.from({ length: 100 }, (_, n) => [`p${n}`, { $ref: '#/$defs/e' }]);
    const listing = (first: number) => object(Object.fromEntries(places), { $defs: { e: { enum: counted(first) } } });
    expect(said(listing(0), listing(1))).toHaveLength(200);
    expect(reads).toBeLessThan(20 * 1_000);
  });

  it('takes a broken percent-encoding as it is', () => {
    expect(said({ $ref: '#/$defs/%', $defs: { '%': { minimum: 1 } } }, { minimum: 2 })).toEqual(['data limit_narrowed producers']);
  });

  it('ends on schemas whose references multiply', () => {
    const defs = Object.fromEntries(
      Array.from({ length: 40 }, (_, n) => [`d${n}`, { allOf: [{ $ref: `#/$defs/d${n + 1}` }, { $ref: `#/$defs/d${n + 1}` }] }]),
    );
    const huge = (type: string) => ({ $ref: '#/$defs/d0', $defs: { ...defs, d40: { type } } });
    expect(said(huge('string'), { ...huge('string'), title: 'differs' })).toEqual(['data undecided producers+consumers']);
  });
});

it('the compatibility of two versions names what breaks first', () => {
  const changes = compareSchemas(object({ a: {}, c: {} }), object({ b: {}, a: { type: 'string' } }));
  const { compatible, changes: shown } = compatibilityOf(changes);
  expect(compatible).toBe(false);
  expect(shown.map(({ path }) => path)).toEqual(['data/a', 'data/c', 'data/b']);
  expect(compatibilityOf(compareSchemas({}, {}))).toEqual({ compatible: true, changes: [] });
});
