// Filters that can never match by a schema are found, with the reason; and none is called so that matches something.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventContent, Filter } from '#domain/filters/filter';
import { type Node, parseFilter } from '#domain/filters/parse-filter';
import { whyNever } from '#domain/filters/schema-fit';

const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['status', 'customer'],
  properties: {
    status: { enum: ['open', 'paid'] },
    amount: { type: 'number', minimum: 0, exclusiveMaximum: 1_000 },
    count: { type: ['integer', 'null'] },
    note: { type: 'string', maxLength: 5 },
    customer: { $ref: '#/$defs/customer' },
    items: { type: 'array', items: { type: 'object', additionalProperties: false, properties: { sku: { type: 'string' } } } },
    either: { oneOf: [{ type: 'string' }, { type: 'boolean' }] },
    pair: { type: 'array', prefixItems: [{ const: 1 }], items: false },
    free: {},
    both: { allOf: [{ type: 'number' }, { maximum: 5 }] },
  },
  $defs: { customer: { type: 'object', required: ['id'], properties: { id: { type: 'string' }, parent: { $ref: '#/$defs/customer' } } } },
};

const nodeOf = (filter: object): Node => {
  const { filter: node } = parseFilter(filter);
  if (!node) throw new Error('not valid');
  return node;
};
const never = (filter: object, of: unknown = schema) =>
  whyNever(nodeOf(filter), 'order.created', of).map(({ at, reason }) => `${at}: ${reason}`);

describe('a filter that can never match', () => {
  it.each<[object, string]>([
    [{ 'data.amonut': 1 }, '/data.amonut: data.amonut does not exist'],
    [{ 'data.amount': { $gte: '100' } }, '/data.amount/$gte: data.amount is number'],
    [{ 'data.amount': { $gte: 1_000 } }, '/data.amount/$gte: data.amount is less than 1000'],
    [{ 'data.amount': { $lt: 0 } }, '/data.amount/$lt: data.amount is at least 0'],
    [{ 'data.amount': { $in: [-1, 2_000] } }, '/data.amount/$in: data.amount is at least 0'],
    [{ 'data.status': 'closed' }, '/data.status: data.status is one of "open", "paid"'],
    [{ 'data.status': { $prefix: 'x' } }, '/data.status/$prefix: data.status is one of "open", "paid"'],
    [{ 'data.status': { $nin: ['open', 'paid'] } }, '/data.status/$nin: data.status always fits'],
    [{ 'data.count': 1.5 }, '/data.count: data.count is integer or null'],
    [{ 'data.note': 'too long' }, '/data.note: data.note has at most 5 characters'],
    [{ 'data.note': { $contains: 1 } }, '/data.note/$contains: data.note is string'],
    [{ 'data.customer.id': 5 }, '/data.customer.id: data.customer.id is string'],
    [{ 'data.customer.parent.parent.id': { $gt: 5 } }, '/data.customer.parent.parent.id/$gt: data.customer.parent.parent.id is string'],
    [{ 'data.customer.id': { $exists: false } }, '/data.customer.id/$exists: data.customer.id always exists'],
    [{ 'data.items.*.sku': 5 }, '/data.items.*.sku: data.items.*.sku is string'],
    [{ 'data.items.*.other': 'x' }, '/data.items.*.other: data.items.*.other does not exist'],
    [{ 'data.items.sku': 'x' }, '/data.items.sku: data.items.sku does not exist'],
    [{ 'data.status.x': { $exists: true } }, '/data.status.x/$exists: data.status.x does not exist'],
    [{ 'data.either': 5 }, '/data.either: data.either is string'],
    [{ 'data.pair.1': 1 }, '/data.pair.1: data.pair.1 does not exist'],
    [{ 'data.both': 6 }, '/data.both: data.both is at most 5'],
    [{ data: 'x' }, '/data: data is object'],
    [{ type: 'order.paid' }, '/type: type is "order.created"'],
    [{ 'data.free': 1, 'data.amount': true }, '/data.amount: data.amount is number'],
    [{ $not: { 'data.customer': { $exists: true } } }, '/$not/data.customer/$exists: data.customer always exists'],
  ])('%j: %s', (filter, expected) => {
    expect(never(filter)).toEqual([expected]);
  });

  it('names every branch of $or, as all of them have to change', () => {
    expect(never({ $or: [{ 'data.amount': '1' }, { 'data.amonut': 1 }] })).toHaveLength(2);
    expect(never({ $or: [{ 'data.amount': '1' }, { 'data.amount': 1 }] })).toEqual([]);
  });

  it('is the case for every filter on the data if no data is allowed', () => {
    expect(never({ 'data.x': 1 }, false)).toEqual(['/data.x: data.x does not exist']);
  });
});

describe('a filter that may match', () => {
  it.each<[object, unknown?]>([
    [{ 'data.amount': { $gte: 999.99 } }],
    [{ 'data.amount': { $ne: '100' } }],
    [{ 'data.amonut': { $exists: false } }],
    [{ 'data.amonut': { $ne: 1 } }],
    [{ $not: { 'data.amonut': 1 } }],
    [{ 'data.count': null }],
    [{ 'data.count': 1 }],
    [{ 'data.free.anything.0': 1 }],
    [{ 'data.pair.0': 1 }],
    [{ $not: { 'data.items.*.sku': { $exists: true } } }],
    [{ 'data.status': { $ne: 'open' } }],
    [{ 'data.customer.other': 1 }],
    [{ 'data.x': 1 }, {}],
    [{ 'data.x': 1 }, true],
    [{ 'data.x': 1 }, { additionalProperties: false, patternProperties: { '^x': true } }],
    [{ 'data.x': 1 }, { unevaluatedProperties: false, allOf: [{ properties: { x: true } }] }],
    [{ 'data.x': 1 }, { $ref: 'https://example.com/other' }],
    [{ 'data.x': 1 }, { $ref: '#' }],
    [{ 'data.x': 1 }, { anyOf: [{ $ref: '#' }, { $ref: '#' }] }],
    [{ 'data.x': 2 ** 60 }, { properties: { x: { const: 2 ** 60 + 2 ** 9 } } }],
    [{ data: { $contains: 'x' } }, { type: ['array', 'null'], maxLength: 0 }],
  ])('%j', (filter, of = schema) => {
    expect(never(filter, of)).toEqual([]);
  });

  const scalar = fc.constantFrom<unknown>('a', 'ab', '', 0, 1, 1.5, -1, true, null);
  const value = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      scalar,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 3 }),
    ),
  })).value;
  /** A schema that allows the value, as strict as `dice` make it. */
  const schemaFor = (data: unknown, dice: () => number): unknown => {
    if (dice() < 0.1) return dice() < 0.5 ? {} : true;
    if (dice() < 0.2) return { anyOf: [false, schemaFor(data, dice)] };
    if (dice() < 0.2) return { allOf: [schemaFor(data, dice), schemaFor(data, dice)] };
    if (Array.isArray(data))
      return dice() < 0.5
        ? { type: 'array', prefixItems: data.map((item) => schemaFor(item, dice)), items: false }
        : { type: ['array', 'string'], items: { oneOf: data.map((item) => schemaFor(item, dice)) } };
    if (typeof data === 'object' && data !== null) {
      const properties = Object.fromEntries(Object.entries(data).map(([key, inner]) => [key, schemaFor(inner, dice)]));
      return {
        type: 'object',
        properties,
        ...(dice() < 0.7 && { required: Object.keys(data) }),
        ...(dice() < 0.7 && { additionalProperties: false }),
      };
    }
    if (dice() < 0.4) return dice() < 0.5 ? { const: data } : { enum: [data, 'other'] };
    if (typeof data === 'number')
      return { type: Number.isInteger(data) ? 'integer' : 'number', minimum: data, exclusiveMaximum: data + 0.5 };
    if (typeof data === 'string') return { type: 'string', maxLength: data.length, minLength: data.length };
    return { type: data === null ? ['null', 'number'] : 'boolean' };
  };
  const path = fc.array(fc.constantFrom('a', 'b', 'c', '0', '1', '*'), { maxLength: 2 }).map((parts) => ['data', ...parts].join('.'));
  const comparison = fc.oneof(
    fc.tuple(fc.constantFrom('$eq', '$ne'), scalar),
    fc.tuple(fc.constantFrom('$in', '$nin'), fc.array(scalar, { minLength: 1, maxLength: 2 })),
    fc.tuple(fc.constantFrom('$gt', '$gte', '$lt', '$lte'), fc.constantFrom<unknown>(0, 1, 1.5, 'a', 'ab')),
    fc.tuple(fc.constant('$exists'), fc.boolean()),
    fc.tuple(fc.constantFrom('$prefix', '$suffix', '$contains'), fc.constantFrom('a', 'b')),
  );
  const leaf = fc.tuple(path, comparison, fc.boolean()).map(([at, [operator, operand], negated]) => {
    const condition = { [operator]: operand };
    return { [at]: negated ? { $not: condition } : condition };
  });
  const filter = fc.oneof(
    leaf,
    fc.array(leaf, { minLength: 1, maxLength: 3 }).map((all) => ({ $and: all })),
    fc.array(leaf, { minLength: 1, maxLength: 3 }).map((any) => ({ $or: any })),
    leaf.map((one) => ({ $not: one })),
  );

  it('is never called impossible by a schema that allows what it matches', () => {
    let [matched, refused] = [0, 0];
    fc.assert(
      fc.property(value, filter, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (data, given, numbers) => {
        const of = schemaFor(data, () => numbers.next().value as number);
        const content = new EventContent(JSON.stringify({ type: 'order.created', data }));
        const isMatch = new Filter(JSON.stringify(given)).decide(content).matches;
        const found = whyNever(nodeOf(given), 'order.created', of);
        if (isMatch) expect(found).toEqual([]);
        matched += Number(isMatch);
        refused += Number(found.length > 0);
      }),
      { numRuns: 3_000 },
    );
    expect(matched).toBeGreaterThan(300);
    expect(refused).toBeGreaterThan(30);
  });
});
