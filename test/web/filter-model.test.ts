// The filter builder without a browser: every filter of the API is read and written without loss, edits keep it valid, and
// problems are shown where they are.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filterText } from '#domain/filters/filter';
import { comparisons, parseFilter } from '#domain/filters/parse-filter';
import { describeFilter } from '../../web/src/parts/filter/describe-filter.ts';
import { replaced, typesOf, withOneMore, withOperator, without } from '../../web/src/parts/filter/edit-filter.ts';
import { type Compare, type Node, newCompare, newField, newGroup, type Value } from '../../web/src/parts/filter/model.ts';
import { readFilter } from '../../web/src/parts/filter/read-filter.ts';
import { fieldsOfExample, fieldsOfSchema } from '../../web/src/parts/filter/schema-fields.ts';
import { filterWords } from '../../web/src/parts/filter/words.ts';
import { writeFilter } from '../../web/src/parts/filter/write-filter.ts';

const rewritten = (text: string) => writeFilter(readFilter(text) ?? []);
const read = (filter: object) => readFilter(JSON.stringify(filter)) as Node[];

const operands: Record<(typeof comparisons)[number], unknown> = {
  $eq: 'paid',
  $ne: null,
  $in: ['EUR', 5, true, null],
  $nin: [1, 2],
  $gt: 5,
  $gte: '2026-01-01',
  $lt: -1.5,
  $lte: 1e9,
  $exists: false,
  $prefix: 'EU-',
  $suffix: '.com',
  $contains: 'x',
};

describe('a filter in the builder', () => {
  it.each(comparisons.map((operator) => [operator]))('has %s, below a path, in $not, $or and $and', (operator) => {
    const test = { [operator]: operands[operator] };
    for (const filter of [
      { 'data.a': test },
      { 'data.a': { $not: test } },
      { 'data.a': { $or: [test, { $exists: true }], $and: [test] } },
      { $or: [{ 'data.a': test, 'data.b': test }, { $not: { type: test, 'data.c': 1 } }], $and: [{ 'data.*.d': test }], type: 'x' },
    ]) {
      expect(rewritten(JSON.stringify(filter))).toMatchObject({ text: JSON.stringify(filter), problems: new Map() });
    }
  });

  it('has every condition of the documentation', () => {
    const table = readFileSync('docs/filters.md', 'utf8').split('## Conditions')[1]?.split('## Paths')[0] ?? '';
    const conditions = [...table.matchAll(/^\| (.+?) \| /gm)].flatMap(([, cell = '']) => [...cell.matchAll(/`([^`$][^`]*)`/g)]);
    const texts = conditions.flatMap(([, text = '']) => (text.startsWith('{') || /^["\dtn]/.test(text) ? [text] : []));
    expect(texts.length).toBeGreaterThan(14);
    for (const text of texts) {
      const filter = filterText(`{"data.x":${text}}`);
      expect(rewritten(filter).text).toBe(filter);
    }
  });

  it('is the same after it was read and written, whatever it is', () => {
    const scalar = fc.oneof(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.bigInt(), fc.boolean(), fc.constant(null));
    const json = (value: unknown): string => (typeof value === 'bigint' ? String(value) : JSON.stringify(value));
    const text = fc.string({ minLength: 1, maxLength: 9 }).map(json);
    const order = fc.oneof(text, fc.bigInt().map(json), fc.integer().map(json));
    const compare = fc
      .oneof(
        fc.tuple(fc.constantFrom('$eq', '$ne'), scalar.map(json)),
        fc.tuple(
          fc.constantFrom('$in', '$nin'),
          fc.array(scalar.map(json), { minLength: 1, maxLength: 3 }).map((all) => `[${all}]`),
        ),
        fc.tuple(fc.constantFrom('$gt', '$gte', '$lt', '$lte'), order),
        fc.tuple(fc.constant('$exists'), fc.boolean().map(json)),
        fc.tuple(fc.constantFrom('$prefix', '$suffix', '$contains'), text),
      )
      .map(([operator, operand]) => ({ [operator]: operand }));
    const listed = (inner: fc.Arbitrary<string>) => fc.array(inner, { minLength: 1, maxLength: 3 }).map((all) => `[${all}]`);
    const object = (all: Record<string, string>[]) =>
      `{${Object.entries(Object.assign({}, ...all)).map(([key, value]) => `${JSON.stringify(key)}:${value}`)}}`;
    const { filter } = fc.letrec<{ test: string; filter: string }>((tie) => ({
      test: fc.oneof(
        { maxDepth: 3 },
        scalar.map(json),
        fc
          .array(
            fc.oneof(
              compare,
              listed(tie('test')).map(($or) => ({ $or })),
              tie('test').map(($not) => ({ $not })),
            ),
            { minLength: 1, maxLength: 3 },
          )
          .map(object),
      ),
      filter: fc
        .array(
          fc.oneof(
            { maxDepth: 4 },
            fc
              .tuple(fc.constantFrom('type', 'data', 'data.a\\.b', 'data.items.*.sku'), tie('test'))
              .map(([path, test]) => ({ [path]: test })),
            listed(tie('filter')).map(($and) => ({ $and })),
            listed(tie('filter')).map(($or) => ({ $or })),
            tie('filter').map(($not) => ({ $not })),
          ),
          { minLength: 1, maxLength: 3 },
        )
        .map(object),
    }));
    let shown = 0;
    fc.assert(
      fc.property(filter, (given) => {
        const stored = filterText(given);
        const nodes = readFilter(stored);
        if (!nodes) return;
        shown++;
        expect(writeFilter(nodes)).toMatchObject({ text: stored, problems: new Map() });
      }),
      { numRuns: 500 },
    );
    expect(shown).toBeGreaterThan(200);
  });

  it.each([
    ['an unknown operator', '{"data.a":{"$regex":"x"}}'],
    ['an unknown field', '{"payload.a":1}'],
    ['a list', '[1]'],
    ['no condition', '{}'],
    ['no JSON', '{"data.a":'],
  ])('is left to the JSON editor: %s', (_name, text) => {
    expect(readFilter(text)).toBeNull();
  });

  it('keeps numbers as they are written', () => {
    for (const number of ['9007199254740993', '0.10000000000000000001', '1e400'])
      expect(rewritten(`{"data.a":{"$gte":${number}}}`).text).toBe(`{"data.a":{"$gte":${number}}}`);
  });
});

describe('an edit', () => {
  const field = (nodes: Node[], at = 0) => nodes[at] as Node & { kind: 'field' };

  it('writes two conditions of one field, and two with one operator as a list', () => {
    const nodes = read({ 'data.amount': { $gte: 5 } });
    const { id } = field(nodes);
    const less = withOneMore(nodes, id, newCompare('$lt', [{ type: 'number', text: '10' }]));
    expect(writeFilter(less).text).toBe('{"data.amount":{"$gte":5,"$lt":10}}');
    const twice = withOneMore(nodes, id, newCompare('$gte', [{ type: 'number', text: '6' }]));
    expect(writeFilter(twice).text).toBe('{"data.amount":{"$and":[{"$gte":5},{"$gte":6}]}}');
  });

  it('writes one field that is named twice as a list', () => {
    const nodes = [...read({ 'data.a': 1 }), ...read({ 'data.a': { $ne: 2 } })];
    expect(writeFilter(nodes)).toMatchObject({ text: '{"$and":[{"data.a":1},{"data.a":{"$ne":2}}]}', problems: new Map() });
  });

  it('adds groups, and removes those that it leaves empty', () => {
    const group = newGroup<Node>('any', [newField('data.a'), newField('type')]);
    const nodes = withOneMore([...read({ 'data.b': true }), group], group.id, newField('data.c'));
    expect(writeFilter(nodes).filter).toEqual({ 'data.b': true, $or: [{ 'data.a': '' }, { type: '' }, { 'data.c': '' }] });
    const inner = (nodes[1] as typeof group).of.map(({ id }) => id);
    expect(inner.reduce<Node[]>((left, id) => without(left, id), nodes)).toEqual([nodes[0]]);
    expect(writeFilter([])).toMatchObject({ filter: null, text: '' });
  });

  it('of an operator always gives values that it takes', () => {
    const values: Value[] = [{ type: 'text', text: 'a' }, { type: 'number', text: '5' }, { type: 'boolean', is: true }, { type: 'null' }];
    for (const from of comparisons)
      for (const to of comparisons)
        for (const value of values.filter(({ type }) => typesOf(from).includes(type))) {
          const changed = withOperator(newCompare(from, [value]), to);
          expect(changed.values.every(({ type }) => typesOf(to).includes(type))).toBe(true);
          const filled = changed.values.map((one) =>
            'text' in one && one.text === '' ? { ...one, text: one.type === 'text' ? 'x' : '1' } : one,
          );
          const { filter, problems } = writeFilter([{ ...newField('data.a'), of: [{ ...changed, values: filled }] }]);
          expect([parseFilter(filter).problems, problems]).toEqual([[], new Map()]);
        }
  });

  it('does not change the tree it is made from', () => {
    const nodes = read({ $or: [{ 'data.a': 1 }, { 'data.b': 2 }] });
    const before = JSON.stringify(nodes);
    const [group] = nodes as [Node & { kind: 'group' }];
    const changed = replaced<Node>(nodes, field(group.of).id, (node) => ({ ...(node as Node & { kind: 'field' }), path: 'type' }));
    expect([writeFilter(changed).text, JSON.stringify(nodes)]).toEqual(['{"$or":[{"type":1},{"data.b":2}]}', before]);
  });
});

describe('problems', () => {
  it('are shown at their condition', () => {
    const bad = newCompare('$prefix');
    const number: Compare = newCompare('$gt', [{ type: 'number', text: '12,5' }]);
    const path = newField('datum.x');
    const nodes: Node[] = [{ ...newField('data.a'), of: [bad] }, { ...newField('data.b'), of: [number] }, path];
    expect(writeFilter(nodes).problems).toEqual(
      new Map([
        [bad.id, 'must be a text that is not empty'],
        [number.id, 'not_a_number'],
        [path.id, 'unknown field: a path is `type`, `data`, or begins with `data.`'],
      ]),
    );
  });

  it('of the whole filter are shown above it', () => {
    const values: Value[] = [{ type: 'text', text: 'x'.repeat(5_000) }];
    expect([...writeFilter([{ ...newField('data.a'), of: [newCompare('$eq', values)] }]).problems.keys()]).toEqual(['']);
  });

  it('of the API are found by their place', () => {
    const nodes = read({ $or: [{ 'data.a/b': { $gt: 1, $lt: 5 } }, { 'data.b': { $in: [1, 2] } }] });
    const written = writeFilter(nodes);
    const [first, second] = (nodes[0] as Node & { kind: 'group' }).of as (Node & { kind: 'field' })[];
    expect(written.at('/$or/0/data.a~1b/$lt')).toBe(first?.of[1]?.id);
    expect(written.at('/$or/1/data.b/$in/1')).toBe(second?.of[0]?.id);
    expect(written.at('/$or/1')).toBe(second?.id);
    expect(written.at('')).toBe('');
  });
});

describe('a filter as a sentence', () => {
  const filter = {
    'data.amount': { $gte: 100, $lt: 500 },
    $or: [{ type: 'order.paid' }, { 'data.eu': true, 'data.vat': { $exists: false } }],
    'data.currency': { $in: ['EUR', 'USD'] },
    $not: { 'data.test': { $exists: true } },
  };

  it('is in English and German', () => {
    expect(describeFilter(read(filter), filterWords.en)).toBe(
      'data.amount is at least 100 and is less than 500 and (type equals "order.paid" or (data.eu equals yes and data.vat is absent)) and data.currency is one of "EUR" or "USD" and not (data.test is there)',
    );
    expect(describeFilter(read(filter), filterWords.de)).toContain(
      'data.amount ist mindestens 100 und ist kleiner als 500 und (type ist gleich',
    );
  });
});

describe('the fields of a type', () => {
  it('are read from its schema, also through references and branches, and without end where it refers to itself', () => {
    const schema = {
      $defs: { money: { type: 'object', properties: { cents: { type: 'integer', description: 'In cents.' } } } },
      type: 'object',
      properties: {
        total: { $ref: '#/$defs/money' },
        status: { enum: ['open', 'paid'] },
        lines: { type: 'array', items: { properties: { 'a.b': { type: ['string', 'null'] } } } },
        parent: { $ref: '#' },
      },
      anyOf: [{ properties: { vat: { type: 'string', title: 'Number' } } }, true],
    };
    const fields = fieldsOfSchema(schema);
    expect(fields.find(({ path }) => path === 'data.total.cents')).toMatchObject({ types: ['number'], description: 'In cents.' });
    expect(fields.find(({ path }) => path === 'data.status')?.values).toEqual(['open', 'paid']);
    expect(fields.map(({ path }) => path)).toEqual(expect.arrayContaining(['data.lines.*.a\\.b', 'data.vat', 'data.parent']));
    expect(fields.length).toBeLessThan(20);
    for (const { path } of fields) expect(parseFilter({ [path]: 1 }).problems).toEqual([]);
    expect([fieldsOfSchema(true), fieldsOfSchema(null), fieldsOfSchema({ $ref: '#/nowhere' })]).toEqual([[], [], []]);
  });

  it('are read from an example where there is no schema', () => {
    expect(fieldsOfExample({ id: 7, lines: [{ sku: 'A' }], note: null }).map(({ path, types }) => [path, ...types])).toEqual([
      ['data.id', 'number'],
      ['data.lines', 'array'],
      ['data.lines.*', 'object'],
      ['data.lines.*.sku', 'string'],
      ['data.note', 'null'],
    ]);
  });
});
