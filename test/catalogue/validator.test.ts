// Validation of data: what a violation says, and that no schema and no data takes long.
import { describe, expect, it } from 'vitest';
import { compile } from '#catalogue/validator';

const said = (schema: unknown, data: unknown) =>
  compile(schema)(data).map(({ pointer, message, schema: at }) => `${pointer} ${message} @${at}`);

describe('a violation', () => {
  it.each<[unknown, unknown, string[]]>([
    [{ type: 'integer' }, 'x', [' must be integer @/type']],
    [{ type: ['string', 'null'] }, 1, [' must be string or null @/type']],
    [{ required: ['a/b'] }, {}, ['/a~1b is missing @/required']],
    [
      { properties: { a: true }, additionalProperties: false },
      { a: 1, b: 2 },
      ['/b is not allowed: the schema does not name it @/additionalProperties'],
    ],
    [
      { properties: { a: true }, unevaluatedProperties: false },
      { b: 2 },
      ['/b is not allowed: the schema does not name it @/unevaluatedProperties'],
    ],
    [
      { items: { properties: { n: { minimum: 1, title: 'Amount' } } } },
      [{ n: 1 }, { n: 0 }],
      ['/1/n must be >= 1 ("Amount") @/items/properties/n/minimum'],
    ],
    [{ properties: { 'a/b c%': { minimum: 1 } } }, { 'a/b c%': 0 }, ['/a~1b c% must be >= 1 @/properties/a~1b c%/minimum']],
    [{ enum: ['a', 1] }, 'b', [' must be one of "a", 1 @/enum']],
    [{ const: { a: 1 } }, 1, [' must be {"a":1} @/const']],
    [{ properties: { a: false } }, { a: 1 }, ['/a is not allowed @/properties/a/false schema']],
    [JSON.parse('{"if":{"type":"object"},"then":{"required":["a"]}}'), {}, ['/a is missing @/then/required']],
    [{ $ref: '#/$defs/m', $defs: { m: { maximum: 1 } } }, 2, [' must be <= 1 @/$defs/m/maximum']],
    [{ $id: 'https://a.test/x', $ref: 'x#/$defs/m', $defs: { m: { maximum: 1 } } }, 2, [' must be <= 1 @/$defs/m/maximum']],
    [{ format: 'date-time' }, 'yesterday', [' must match format "date-time" @/format']],
    [
      { uniqueItems: true },
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
      [' must not have duplicate items @/uniqueItems'],
    ],
  ])('of %j by %j', (schema, data, expected) => {
    expect(said(schema, data)).toEqual(expected);
  });

  it('comes with all others, at most 50', () => {
    expect(compile({ items: { type: 'string' } })([1, 2, 'x', 3])).toHaveLength(3);
    expect(compile({ items: { type: 'string' } })(Array.from({ length: 1_000 }, (_, n) => n))).toHaveLength(50);
  });

  it('leaves out words of the schema that are empty, and cuts long ones', () => {
    expect(compile({ type: 'string', title: ' ' })(1)[0]?.message).toBe('must be string');
    expect(compile({ type: 'string', description: 'x'.repeat(1_000) })(1)[0]?.message.length).toBeLessThan(400);
  });
});

it('numbers are compared in double precision', () => {
  const isMost = compile({ maximum: 9_007_199_254_740_991 });
  expect(isMost(JSON.parse('9007199254740991'))).toEqual([]);
  expect(isMost(JSON.parse('9007199254740992'))).toHaveLength(1);
  // two neighbours that are one number in double precision
  expect(compile({ const: JSON.parse('9007199254740993') })(JSON.parse('9007199254740992'))).toEqual([]);
  expect(compile({ type: 'number' })(JSON.parse('1e999'))).toHaveLength(1);
});

describe('what would take long', () => {
  const costly = [expect.objectContaining({ pointer: '', message: expect.stringContaining('takes too long') })];

  it('is given up: a schema that applies itself exponentially often', () => {
    const defs = Object.fromEntries(
      Array.from({ length: 40 }, (_, n) => [
        `d${n}`,
        { anyOf: [{ $ref: `#/$defs/d${n + 1}` }, { $ref: `#/$defs/d${n + 1}`, minimum: 0 }] },
      ]),
    );
    expect(compile({ $ref: '#/$defs/d0', $defs: { ...defs, d40: { type: 'string' } } })(1)).toEqual(costly);
    const nested = Array.from({ length: 100 }).reduce<unknown>((inner) => [inner], 'x');
    expect(compile({ allOf: [{ items: { $ref: '#' } }, { items: { $ref: '#' } }] })(nested)).toEqual(costly);
  });

  it('is given up: many patterns for many long texts', () => {
    const patterns = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`x${n}y*z$`, true]));
    const members = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`k${n}`, 1]));
    expect(compile({ patternProperties: patterns })(members)).toEqual(costly);
  });

  it('is given up: lists without duplicates within each other', () => {
    const nested = Array.from({ length: 200 }).reduce<unknown>((inner) => [inner], Array(60_000).fill(0));
    expect(
      compile({
        uniqueItems: true,
        items: { $ref: '#/$defs/list' },
        $defs: { list: { uniqueItems: true, items: { $ref: '#/$defs/list' } } },
      })(nested),
    ).toEqual(costly);
  });

  it('decides a long list by equal values, whatever the order of keys', () => {
    const listed = [...Array.from({ length: 6_000 }, (_, n) => `v${n}`), 0, null, { a: 1, b: [2] }];
    const isListed = compile({ items: { enum: listed } });
    // each of them compared with each of the list: 200 million
    expect(isListed(Array(35_000).fill('v5999'))).toEqual([]);
    expect(isListed([-0, null, { b: [2], a: 1 }])).toEqual([]);
    expect(isListed(['0', '{"a":1,"b":[2]}', { a: 1, b: ['2'] }, [], false]).map(({ pointer }) => pointer)).toEqual([
      '/0',
      '/1',
      '/2',
      '/3',
      '/4',
    ]);
  });

  it('is linear: patterns that backtrack elsewhere, formats, and lists without duplicates', () => {
    const long = 'a'.repeat(250_000);
    expect(compile({ pattern: '^(a+)+$' })(`${long}!`)).toHaveLength(1);
    expect(compile({ pattern: '(x+x+)+y' })('x'.repeat(250_000))).toHaveLength(1);
    expect(compile({ patternProperties: { '^(a|a)*$': { type: 'string' } } })({ [`${long}!`]: 1 })).toEqual([]);
    for (const format of ['email', 'uri', 'uri-reference', 'uri-template', 'url', 'hostname', 'duration', 'regex'])
      expect(compile({ format })(long), format).toHaveLength(1);
    expect(compile({ uniqueItems: true })(Array.from({ length: 60_000 }, (_, n) => ({ n })))).toEqual([]);
  });
});

it('an ordinary large event is validated', () => {
  const schema = {
    type: 'array',
    items: { type: 'object', properties: { id: { type: 'string' }, tags: { items: { type: 'string' } } }, required: ['id'] },
  };
  const data = Array.from({ length: 5_000 }, (_, n) => ({ id: `item-${n}`, tags: ['a', 'b', 'c'] }));
  expect(compile(schema)(data)).toEqual([]);
});
