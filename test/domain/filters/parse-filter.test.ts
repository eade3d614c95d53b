// What is refused of a filter, where, and in which words; and that a stored filter is the one that was given.
import { describe, expect, it } from 'vitest';
import { parseExactly } from '#domain/filters/exact-json';
import { filterText } from '#domain/filters/filter';
import { limits, parseFilter } from '#domain/filters/parse-filter';

const problemsOf = (filter: unknown) => parseFilter(filter).problems.map(({ path, message }) => [path.join('|'), message]);

describe('a filter is refused', () => {
  it.each<[unknown, string, RegExp]>([
    [[], '', /must be an object, such as/],
    ['x', '', /must be an object/],
    [{}, '', /at least one condition/],
    [{ amount: 1 }, 'amount', /unknown field: a path is `type`, `data`, or begins with `data\.`/],
    [{ timestamp: 1 }, 'timestamp', /unknown field/],
    [{ 'type.x': 1 }, 'type.x', /must not lead into `type`/],
    [{ 'data.': 1 }, 'data.', /has an empty part/],
    [{ 'data..x': 1 }, 'data..x', /a dot within a key is written \\\./],
    [{ 'data.\\x': 1 }, 'data.\\x', /not followed by a dot, a star/],
    [{ 'data.x\\': 1 }, 'data.x\\', /not followed by/],
    [{ [`data.${'x'.repeat(260)}`]: 1 }, `data.${'x'.repeat(260)}`, /at most 256 characters/],
    [{ [`data${'.x'.repeat(16)}`]: 1 }, `data${'.x'.repeat(16)}`, /at most 16 parts/],
    [{ 'data.*.*.*': 1 }, 'data.*.*.*', /at most 2 parts \*/],
    [{ 'data.x': {} }, 'data.x', /at least one condition/],
    [{ 'data.x': [1] }, 'data.x', /must be a text, a number, true, false, null, or an object with one of \$eq/],
    [{ 'data.x': { $bigger: 1 } }, 'data.x|$bigger', /unknown operator: must be one of \$eq/],
    [{ 'data.x': { gte: 1 } }, 'data.x|gte', /unknown operator/],
    [{ 'data.x': { $gte: null } }, 'data.x|$gte', /must be a number or a text/],
    [{ 'data.x': { $eq: { a: 1 } } }, 'data.x|$eq', /compare the parts of a list or an object by their paths/],
    [{ 'data.x': { $in: 'a' } }, 'data.x|$in', /must be a list of 1 to 100/],
    [{ 'data.x': { $in: [] } }, 'data.x|$in', /must be a list of 1 to 100/],
    [{ 'data.x': { $nin: [[1]] } }, 'data.x|$nin', /must be a list of 1 to 100/],
    [{ 'data.x': { $in: Array.from({ length: limits.values + 1 }, () => 1) } }, 'data.x|$in', /1 to 100/],
    [{ 'data.x': { $exists: 'yes' } }, 'data.x|$exists', /must be true or false/],
    [{ 'data.x': { $prefix: '' } }, 'data.x|$prefix', /a text that is not empty/],
    [{ 'data.x': { $suffix: 1 } }, 'data.x|$suffix', /a text that is not empty/],
    [{ 'data.x': { $contains: ['a'] } }, 'data.x|$contains', /a text of 1 to 200 characters, a number/],
    [{ 'data.x': { $contains: 'y'.repeat(limits.searched + 1) } }, 'data.x|$contains', /1 to 200 characters/],
    [{ $gte: 1 }, '$gte', /must stand below a path/],
    [{ $and: {} }, '$and', /a list of at least one condition/],
    [{ $or: [] }, '$or', /a list of at least one condition/],
    [{ $or: [{ 'data.x': 1 }, 5] }, '$or|1', /must be an object/],
    [{ $not: { 'data.x': { $not: { $gt: true } } } }, '$not|data.x|$not|$gt', /must be a number or a text/],
    [{ 'data.x': 'y'.repeat(limits.characters) }, '', /at most 4096 characters/],
  ])('%j at %s', (filter, path, message) => {
    const [[at, says] = []] = problemsOf(filter);
    expect(at).toBe(path);
    expect(says).toMatch(message);
  });

  it('with all of its problems', () => {
    expect(problemsOf({ 'data.x': { $gt: null, $in: [] }, other: 1 }).map(([path]) => path)).toEqual(['data.x|$gt', 'data.x|$in', 'other']);
  });

  it('beyond its limits', () => {
    const nested = (levels: number): object => (levels === 0 ? { 'data.x': 1 } : { $not: nested(levels - 1) });
    expect(problemsOf(nested(limits.depth - 1))).toEqual([]);
    expect(problemsOf(nested(300))[0]?.[1]).toMatch(/deeper than 10 levels/);
    const many = (conditions: number) => ({ $or: Array.from({ length: conditions }, () => ({ 'data.x': 1 })) });
    expect(problemsOf(many(limits.conditions))).toEqual([]);
    expect(problemsOf(many(limits.conditions + 1))[0]?.[1]).toMatch(/at most 50 conditions; it has 51/);
    const starred = { $or: Array.from({ length: limits.paths + 1 }, (_, n) => ({ [`data.x${n}.*`]: 1 })) };
    expect(problemsOf(starred)[0]?.[1]).toMatch(/at most 5 paths with \*/);
  });
});

describe('a stored filter', () => {
  it.each([
    '{"data.id":9007199254740993}',
    '{"data.x":{"$gte":0.10000000000000000000055}}',
    '{"data.x":{"$in":[1e400,-12345678901234567890,"a",null]}}',
    '{"data.x":1.5,"$or":[{"type":"a"},{"data.y":{"$exists":true}}]}',
  ])('is what was given: %s', (text) => {
    expect(filterText(text)).toBe(text);
    expect(filterText(text.replaceAll(/[:,[\]{}]/g, ' $& '))).toBe(text);
    expect(JSON.stringify(parseExactly(text))).toBe(text);
  });
});
