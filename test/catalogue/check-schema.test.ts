// What is accepted as a schema: JSON Schema 2020-12 without what would reach out, take long, or be misspelt.
import { describe, expect, it } from 'vitest';
import { checkSchema } from '#catalogue/check-schema';

const faults = (schema: unknown, examples: unknown[] = []) =>
  checkSchema(schema, examples).map(({ path, message }) => `${path}: ${message}`);
const deep = (levels: number): object => Array.from({ length: levels }).reduce<object>((inner) => ({ items: inner }), {});

describe('a schema', () => {
  it.each<[string, unknown]>([
    ['an object', { type: 'object', properties: { a: { type: 'string', format: 'date-time' } }, required: ['a'], 'x-team': 'orders' }],
    ['true', true],
    ['null, which is none', null],
    [
      'with its dialect, $id and references',
      {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        $id: 'https://a.test/x',
        $ref: 'https://a.test/x#/$defs/a',
        $defs: { a: { $anchor: 'a' }, b: { $ref: '#a' } },
      },
    ],
    ['that contains itself', { properties: { child: { $ref: '#' } }, unevaluatedProperties: false }],
    [
      'with a property named like a keyword',
      { properties: { type: { type: 'string' }, $ref: { type: 'string' }, pattern: { minLength: 1 } } },
    ],
    ['with values that look like schemas', { const: { $ref: 'https://a.test' }, examples: [{ typo: 1 }] }],
  ])('may be %s', (_name, schema) => {
    expect(faults(schema)).toEqual([]);
  });

  it.each<[unknown, string]>([
    [42, 'schema: must be a JSON Schema: an object, true or false'],
    [{ type: 'strin' }, 'schema/type: must be one of array, boolean, integer, null, number, object, string, or a list of them'],
    [{ properties: { total: { type: 'integer', minimum: '1' } } }, 'schema/properties/total/minimum: must be number'],
    [{ properties: { 'a/b': 'string' } }, 'schema/properties/a~1b: must be a JSON Schema: an object, true or false'],
    [{ required: 'a' }, 'schema/required: must be array'],
    [{ requird: ['a'] }, 'schema/requird: is not a keyword of JSON Schema 2020-12; the name of an extension begins with x-'],
    [{ type: 'string', nullable: true }, 'schema/nullable: is not a keyword of JSON Schema 2020-12; use "type": ["…", "null"]'],
    [
      { $schema: 'http://json-schema.org/draft-07/schema#' },
      'schema/$schema: must be https://json-schema.org/draft/2020-12/schema: other versions of JSON Schema are not supported',
    ],
    [{ items: { $id: 'https://a.test' } }, 'schema/items/$id: must be at the root of the schema only'],
    [
      { $ref: 'https://a.test/other.json' },
      'schema/$ref: must refer to a place in this schema, such as #/$defs/money: other documents are not read',
    ],
    [
      { $ref: 'file:///etc/passwd' },
      'schema/$ref: must refer to a place in this schema, such as #/$defs/money: other documents are not read',
    ],
    [{ $ref: '#/$defs/%', $defs: { '%': {} } }, 'schema/$ref: is #/$defs/%, which is no valid reference: write % as %25'],
    [{ $ref: '#/$defs/money' }, 'schema/$ref: refers to #/$defs/money, where there is no subschema'],
    [{ $ref: '#/x-hidden', 'x-hidden': { pattern: '(a+)+$' } }, 'schema/$ref: refers to #/x-hidden, where there is no subschema'],
    [{ $ref: '#' }, 'schema: refers to itself without end'],
    [{ allOf: [{ $ref: '#/$defs/a' }], $defs: { a: { anyOf: [{ $ref: '#' }] } } }, 'schema: refers to itself without end'],
    [{ format: 'emial' }, 'schema/format: is not supported; use one of'],
    [{ pattern: '(a' }, 'schema/pattern: is not a regular expression that can be used'],
    [{ pattern: '(?=a)b' }, 'schema/pattern: is not a regular expression that can be used'],
    [{ patternProperties: { '(a)\\1': {} } }, 'schema/patternProperties/(a)\\1: is not a regular expression that can be used'],
    [{ pattern: 'a'.repeat(1_001) }, 'schema/pattern: must not be longer than 1000 characters'],
    [{ allOf: Array.from({ length: 201 }, () => ({ pattern: 'a' })) }, 'schema: must not have more than 200 patterns'],
    [{ description: 'x'.repeat(70_000) }, 'schema: must not be larger than 64 KiB'],
    [{ allOf: Array.from({ length: 2_001 }, () => true) }, 'schema: must not have more than 2000 subschemas'],
    [deep(70), `schema${'/items'.repeat(33)}/: must not nest deeper than 64 levels`.replace('/:', '')],
  ])('%j is refused with its place', (schema, expected) => {
    const [first = ''] = faults(schema);
    if (JSON.stringify(schema).startsWith('{"items":{"items"'))
      expect(first).toMatch(/^schema(\/items)+.*: must not nest deeper than 64 levels$/);
    else expect(first.startsWith(expected) && [first, expected]).toEqual([first, expected]);
  });

  it('is checked together with its examples', () => {
    const schema = { type: 'object', properties: { n: { type: 'integer', description: 'How many.' } }, required: ['n'] };
    expect(faults(schema, [{ n: 1 }, {}, { n: 'x' }])).toEqual([
      'examples[1]/n: does not match the schema: is missing',
      'examples[2]/n: does not match the schema: must be integer ("How many.")',
    ]);
  });

  it('names all of its faults', () => {
    expect(faults({ properties: { a: { typo: 1 }, b: { format: 'x' } }, other: 1 })).toHaveLength(3);
  });
});
