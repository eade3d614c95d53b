// Filters: what each part of the language means, that numbers are never rounded, and that the compiled filter decides as a
// plain reading of the language does.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventContent, Filter } from '#domain/filters/filter';
import { parseFilter } from '#domain/filters/parse-filter';
import { isLong } from '../../support/long.ts';
import { matchesNaively } from './naive-filter.ts';

const bodyOf = (data: string, type = 'order.created') => `{"type":${JSON.stringify(type)},"timestamp":"t","data":${data}}`;
const decide = (filter: string, data: string, type?: string) => new Filter(filter).decide(new EventContent(bodyOf(data, type)));
const matches = (filter: string, data: string) => decide(filter, data).matches;

describe('a comparison', () => {
  it.each([
    ['"paid"', '"paid"', true],
    ['"paid"', '"PAID"', false],
    ['{"$eq": null}', 'null', true],
    ['{"$eq": 1}', '"1"', false],
    ['{"$eq": true}', '"true"', false],
    ['{"$eq": false}', '0', false],
    ['{"$eq": 1}', '1.0', true],
    ['{"$eq": 100}', '1e2', true],
    ['{"$eq": 0}', '-0', true],
    ['{"$ne": 1}', '"1"', true],
    ['{"$ne": 1}', '1', false],
    ['{"$in": ["a", 1, null]}', '1.00', true],
    ['{"$in": ["a", 1, null]}', '"1"', false],
    ['{"$nin": ["a", 1]}', '"b"', true],
    ['{"$nin": ["a", 1]}', '1', false],
    ['{"$gt": 10}', '9', false],
    ['{"$gt": 10}', '"9"', false],
    ['{"$gte": "2026-01-01"}', '"2026-03-02T09:15:00Z"', true],
    ['{"$lt": "b"}', '"a"', true],
    ['{"$lt": "b"}', '1', false],
    ['{"$lte": 1}', 'null', false],
    ['{"$gt": 1, "$lt": 3}', '2', true],
    ['{"$gt": 1, "$lt": 3}', '3', false],
    ['{"$prefix": "or"}', '"order"', true],
    ['{"$prefix": "or"}', '["order"]', false],
    ['{"$suffix": "er"}', '"order"', true],
    ['{"$contains": "rde"}', '"order"', true],
    ['{"$contains": "a"}', '["a", "b"]', true],
    ['{"$contains": "a"}', '["ab"]', false],
    ['{"$contains": 1}', '[1.0]', true],
    ['{"$contains": 1}', '{"a": 1}', false],
    ['{"$exists": true}', 'null', true],
    ['{"$not": {"$gt": 10}}', '"x"', true],
    ['{"$or": [{"$lt": 0}, {"$gt": 10}]}', '11', true],
    ['{"$or": [{"$lt": 0}, {"$gt": 10}]}', '5', false],
    ['{"$and": [{"$prefix": "a"}, {"$suffix": "z"}]}', '"a-z"', true],
    ['"a"', '["a"]', false],
    ['{"$ne": "a"}', '{"b": 1}', true],
  ])('%s and %s: %s', (condition, value, expected) => {
    expect(matches(`{"data.x": ${condition}}`, `{"x": ${value}}`)).toBe(expected);
    expect(matches(`{"data": ${condition}}`, value)).toBe(expected);
  });

  it.each([
    ['{"data.x": {"$exists": false}}', true],
    ['{"data.x": {"$ne": 1}}', true],
    ['{"data.x": {"$nin": [1]}}', true],
    ['{"data.x": {"$not": {"$gt": 1}}}', true],
    ['{"data.x": null}', false],
    ['{"data.x": {"$exists": true}}', false],
    ['{"data.x": {"$lt": 1}}', false],
  ])('%s with an absent value: %s', (filter, expected) => {
    for (const data of ['{}', 'null', '[]', '"x"', '{"y": {"x": 1}}']) expect(matches(filter, data)).toBe(expected);
  });
});

describe('numbers', () => {
  it.each([
    ['{"$eq": 9007199254740993}', '9007199254740993', true],
    ['{"$eq": 9007199254740993}', '9007199254740992', false],
    ['{"$eq": 9007199254740992}', '9007199254740993', false],
    ['{"$gt": 9007199254740992}', '9007199254740993', true],
    ['{"$gt": 18446744073709551615}', '18446744073709551616', true],
    ['{"$lte": 18446744073709551615}', '18446744073709551616', false],
    ['{"$eq": 0.1}', '0.1000000000000000055', false],
    ['{"$eq": 0.1}', '0.10000000000000000000', true],
    ['{"$lt": 0.1000000000000000055}', '0.1', true],
    ['{"$lt": 1e400}', '9e399', true],
    ['{"$lt": 1e400}', '1e401', false],
    ['{"$gt": 0}', '1e-400', true],
    ['{"$eq": -12345678901234567890}', '-1234567890123456789e1', true],
    ['{"$in": [1, 9007199254740993]}', '9007199254740992', false],
    ['{"$in": [1, 9007199254740993]}', '9007199254740993.0', true],
    ['{"$contains": 9007199254740993}', '[9007199254740992]', false],
    ['{"$eq": 100}', '100.00000000000000001', false],
    ['{"$gt": 100}', '100.00000000000000001', true],
    ['{"$eq": 0.0000001}', '1e-7', true],
    ['{"$eq": 1e99999999999999999999}', '1e99999999999999999998', false],
  ])('%s and %s: %s, whatever a double would make of them', (condition, value, expected) => {
    expect(matches(`{"data.x": ${condition}}`, `{"x": ${value}}`)).toBe(expected);
    expect(matches(`{"data.x": ${condition}}`, `{"x":${value}}`)).toBe(expected);
    expect(matches(`{"data.0": ${condition}}`, `[${value},1]`)).toBe(expected);
  });

  it('are told apart in one event, also from texts that look like them', () => {
    const data =
      '{"a": 9007199254740992, "b": 9007199254740993, "c": "x 9007199254740994", "d": 100, "e": 100.00000000000000001, "f": ": 1e2"}';
    for (const [name, value] of [
      ['a', '9007199254740992'],
      ['b', '9007199254740993'],
      ['d', '100'],
      ['e', '100.00000000000000001'],
    ])
      for (const other of ['a', 'b', 'd', 'e']) expect(matches(`{"data.${other}": ${value}}`, data)).toBe(other === name);
  });

  it('are no objects that a path could lead into', () => {
    for (const key of ['text', 'double', 'toJSON', 'rawJSON', 'constructor'])
      expect(matches(`{"data.x.${key}": {"$exists": true}}`, '{"x": 12345678901234567890}')).toBe(false);
  });
});

describe('a path', () => {
  it.each([
    ['data.a.b', '{"a": {"b": 1}}', true],
    ['data.a.b', '{"a.b": 1}', false],
    ['data.a\\.b', '{"a.b": 1}', true],
    ['data.a\\\\b', '{"a\\\\b": 1}', true],
    ['data.\\*', '{"*": 1}', true],
    ['data.\\*', '[1]', false],
    ['data.*', '{"*": 1}', false],
    ['data.a*', '{"a*": 1}', true],
    ['data.1', '[0, 1]', true],
    ['data.1', '{"1": 1}', true],
    ['data.01', '[0, 1]', false],
    ['data.01', '{"01": 1}', true],
    ['data.length', '[1]', false],
    ['data.*', '[0, 1]', true],
    ['data.*.b', '[{"b": 0}, {"b": 1}]', true],
    ['data.*.*', '[[0], [0, 1]]', true],
    ['data.a.0.b', '{"a": [{"b": 1}]}', true],
    ['data.__proto__', '{"__proto__": 1}', true],
    ['data.a', '{"a": 0, "a": 1}', true],
    ['data.größe', '{"größe": 1}', true],
    ['data.a b', '{"a b": 1}', true],
  ])('%s in %s: %s', (path, data, expected) => {
    expect(matches(JSON.stringify({ [path]: 1 }), data)).toBe(expected);
  });

  it('leads into no inherited member', () => {
    for (const key of ['constructor', 'toString', '__proto__', 'hasOwnProperty'])
      expect(matches(`{"data.${key}": {"$exists": true}}`, '{}')).toBe(false);
  });

  it('with a star asks for one element that fits all conditions', () => {
    const filter = '{"data.items.*": {"$gt": 1, "$lt": 3}}';
    expect(matches(filter, '{"items": [0, 2]}')).toBe(true);
    expect(matches(filter, '{"items": [0, 4]}')).toBe(false);
    expect(matches('{"data.items.*.x": {"$exists": false}}', '{"items": [{"x": 1}, {}]}')).toBe(true);
    expect(matches('{"data.items.*.x": {"$exists": false}}', '{"items": []}')).toBe(false);
    expect(matches('{"$not": {"data.items.*.x": 1}}', '{"items": [{"x": 2}]}')).toBe(true);
  });

  it('may be the type', () => {
    expect(decide('{"type": {"$prefix": "order."}}', '1', 'order.paid').matches).toBe(true);
    expect(decide('{"type": "order.created"}', '1', 'order.paid').matches).toBe(false);
  });
});

describe('the part that decided', () => {
  const both = '{"data.amount": {"$gte": 100}, "data.status": {"$in": ["paid", "open"]}}';
  it.each([
    ['{"data.amount": {"$gte": 100}}', '{"amount": 100}', true, '/data.amount/$gte'],
    ['{"data.status": "paid"}', '{"status": "open"}', false, '/data.status'],
    [both, '{"amount": 100, "status": "paid"}', true, ''],
    [both, '{"amount": 100, "status": "x"}', false, '/data.status/$in'],
    [both, '{"amount": 1, "status": "x"}', false, '/data.amount/$gte'],
    ['{"data.amount": {"$gte": 1, "$lt": 9}}', '{"amount": 5}', true, '/data.amount'],
    ['{"$or": [{"data.a": 1}, {"data.b": 1}]}', '{"b": 1}', true, '/$or/1/data.b'],
    ['{"$or": [{"data.a": 1}, {"data.b": 1}]}', '{}', false, '/$or'],
    ['{"$not": {"data.a": 1}}', '{"a": 1}', false, '/$not/data.a'],
    ['{"$not": {"$and": [{"data.a": 1}, {"data.b": 1}]}}', '{"a": 1, "b": 1}', false, '/$not/$and'],
    ['{"data.a~/b": 1}', '{"a~/b": 1}', true, '/data.a~0~1b'],
    ['{"data.*": 1}', '[2]', false, '/data.*'],
    ['{"data.*": 1}', '[2, 1]', true, '/data.*'],
  ])('of %s for %s: %s, %s', (filter, data, expected, decidedBy) => {
    expect(decide(filter, data)).toMatchObject({ matches: expected, decidedBy });
  });
});

describe('any filter and any event', () => {
  const key = fc.constantFrom('a', 'b', 'items', '0', '1', 'a.b', '*', '\\', 'length', '__proto__', 'ü');
  const number = fc.oneof(
    fc.constantFrom('0', '-0', '1', '1.0', '10', '1e1', '100', '0.1', '0.10', '0.1000000000000000055', '1e-7', '1E+2', '-1'),
    fc.constantFrom(
      '9007199254740992',
      '9007199254740993',
      '9007199254740993.0',
      '18446744073709551615',
      '18446744073709551616',
      '1e400',
      '9e399',
    ),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  );
  const string = fc.oneof(
    fc.constantFrom('""', '"a"', '"ab"', '"b"', '"1"', '"\\uffff"', '"\\ud83d\\ude00"', '"😀"'),
    fc.string().map((text) => JSON.stringify(text)),
  );
  const scalar = fc.oneof(number, string, fc.constantFrom('null', 'true', 'false'));
  const spaces = fc.constantFrom('', ' ', '\n');
  const data = fc.letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      scalar,
      fc
        .tuple(spaces, fc.array(tie('value'), { maxLength: 4 }))
        .map(([space, items]) => `[${space}${items.join(`${space},${space}`)}${space}]`),
      fc
        .tuple(spaces, fc.array(fc.tuple(key, tie('value')), { maxLength: 5 }))
        .map(
          ([space, members]) => `{${members.map(([name, value]) => `${space}${JSON.stringify(name)}${space}:${space}${value}`).join(',')}}`,
        ),
    ),
  })).value;

  const escaped = (name: string) => name.replaceAll(/[\\.*]/g, '\\$&');
  const path = fc
    .array(fc.oneof({ weight: 5, arbitrary: key.map(escaped) }, { weight: 1, arbitrary: fc.constant('*') }), { maxLength: 3 })
    .filter((parts) => parts.filter((part) => part === '*').length <= 2)
    .map((parts) => ['data', ...parts].join('.'));
  const list = fc.array(scalar, { minLength: 1, maxLength: 4 }).map((items) => `[${items.join(',')}]`);
  const nonEmpty = string.filter((text) => text !== '""');
  const comparison = fc.oneof(
    fc.tuple(fc.constantFrom('$eq', '$ne'), scalar),
    fc.tuple(fc.constantFrom('$in', '$nin'), list),
    fc.tuple(fc.constantFrom('$gt', '$gte', '$lt', '$lte'), fc.oneof(number, string)),
    fc.tuple(fc.constant('$exists'), fc.constantFrom('true', 'false')),
    fc.tuple(fc.constantFrom('$prefix', '$suffix'), nonEmpty),
    fc.tuple(fc.constant('$contains'), fc.oneof(number, nonEmpty, fc.constantFrom('null', 'true'))),
  );
  const object = (entries: fc.Arbitrary<[string, string]>) =>
    fc
      .uniqueArray(entries, { minLength: 1, maxLength: 3, selector: ([name]) => name })
      .map((members) => `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`);
  const combined = (inner: fc.Arbitrary<string>): fc.Arbitrary<[string, string]> =>
    fc.oneof(
      fc.tuple(
        fc.constantFrom('$and', '$or'),
        fc.array(inner, { minLength: 1, maxLength: 3 }).map((items) => `[${items.join(',')}]`),
      ),
      fc.tuple(fc.constant('$not'), inner),
    );
  const filters = fc.letrec<{ filter: string; condition: string }>((tie) => ({
    condition: fc.oneof({ maxDepth: 2 }, scalar, object(comparison), object(fc.oneof(comparison, combined(tie('condition'))))),
    filter: fc.oneof({ maxDepth: 2 }, object(fc.tuple(path, tie('condition'))), object(combined(tie('filter')))),
  }));
  const filter = filters.filter.filter((text) => parseFilter(JSON.parse(text)).problems.length === 0);

  it('are decided as a plain reading of the language decides them', () => {
    let matched = 0;
    fc.assert(
      fc.property(filter, data, (text, value) => {
        const found = matches(text, value);
        expect(found).toBe(matchesNaively(text, bodyOf(value)));
        matched += Number(found);
      }),
      { numRuns: isLong ? 20_000 : 1_000 },
    );
    expect(matched).toBeGreaterThan(100);
  });

  it('name a part of the filter that exists', () => {
    fc.assert(
      fc.property(filter, data, (text, value) => {
        const { decidedBy } = decide(text, value);
        const parts = decidedBy
          .split('/')
          .slice(1)
          .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
        const part = parts.reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], JSON.parse(text));
        expect(part).not.toBe(undefined);
      }),
      { numRuns: 300 },
    );
  });
});
