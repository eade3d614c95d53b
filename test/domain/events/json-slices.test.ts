import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { elementTexts, isDeeperThan, memberFaults, memberTexts } from '#domain/events/json-slices';

const spaces = fc.stringMatching(/^[ \t\n\r]{0,3}$/);

/** JSON texts of any shape, with spaces anywhere. */
const json: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc
    .oneof(
      { maxDepth: 4 },
      fc.json({ maxDepth: 0 }),
      fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
      fc.constantFrom('1.0', '-0', '1e400', '12345678901234567890.10', '"\\\\"', '"\\\\\\""', '"]}"', '"\\u0000"', '"\\ud800"'),
      fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
      fc
        .array(fc.tuple(spaces, fc.string({ unit: 'binary' }), spaces, tie('value')), { maxLength: 4 })
        .map((pairs) => `{${pairs.map(([before, key, after, value]) => `${before}${JSON.stringify(key)}${after}:${value}`).join(',')}}`),
    )
    .chain((text) => fc.tuple(spaces, spaces).map(([before, after]) => `${before}${text}${after}`)),
})).value;

describe('member texts', () => {
  it('are the texts of the members, as JSON.parse reads them', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.string({ unit: 'binary' }), json), { selector: ([key]) => key, maxLength: 6 }),
        spaces,
        (pairs, space) => {
          const text = `${space}{${pairs.map(([key, value]) => `${space}${JSON.stringify(key)}${space}:${value}`).join(',')}${pairs.length === 0 ? space : ''}}`;
          JSON.parse(text);
          const { members, repeated } = memberTexts(text);
          expect(repeated).toEqual([]);
          expect([...members]).toEqual(pairs.map(([key, value]) => [key, value.replaceAll(/^[ \t\n\r]+|[ \t\n\r]+$/g, '')]));
        },
      ),
    );
  });

  it('of array elements are cut out in the same way', () => {
    fc.assert(
      fc.property(fc.array(json, { maxLength: 6 }), (items) => {
        const text = `[${items.join(',')}]`;
        JSON.parse(text);
        expect(elementTexts(text)).toEqual(items.map((item) => item.replaceAll(/^[ \t\n\r]+|[ \t\n\r]+$/g, '')));
      }),
    );
  });

  it.each([
    ['duplicate keys', '{"a":1,"b":2,"a":3,"\\u0061":4}', ['a', 'a']],
    ['special keys of JavaScript', '{"__proto__":1,"constructor":2,"__proto__":3}', ['__proto__']],
    ['nothing', ' { } ', []],
  ])('report %s', (_, text, repeated) => {
    expect(memberTexts(text).repeated).toEqual(repeated);
  });

  it('do not round numbers', () => {
    expect(memberTexts('{"data":{"n":12345678901234567890.10, "m":1e400}}').members.get('data')).toBe(
      '{"n":12345678901234567890.10, "m":1e400}',
    );
  });

  it('are found at any depth and any length', () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    expect(memberTexts(`{"data":${deep},"b":1}`).members.get('data')).toBe(deep);
    const long = JSON.stringify('\\"'.repeat(200_000));
    expect(memberTexts(`{"data":${long},"b":1}`).members.get('data')).toBe(long);
    expect(elementTexts(`[${'1,'.repeat(99_999)}1]`)).toHaveLength(100_000);
  });
});

describe('a text nested too deep', () => {
  const brackets = (levels: number, open = '[', close = ']') => open.repeat(levels) + close.repeat(levels);

  it.each([
    ['arrays at the limit', brackets(100), false],
    ['arrays beyond it', brackets(101), true],
    ['objects at the limit', brackets(100, '{"a":', '}').replace(':}', ':1}'), false],
    ['objects beyond it', brackets(101, '{"a":', '}').replace(':}', ':1}'), true],
    ['brackets in strings', `["${'['.repeat(500)}","\\"${'{'.repeat(500)}"]`, false],
    ['one after another', `[${'[],'.repeat(500)}[]]`, false],
    ['no JSON, but deep', '['.repeat(201), true],
    ['no JSON: closed before it is open', `${']'.repeat(500)}[`, false],
    ['no JSON, and too short to be deep', '['.repeat(200), false],
    ['no JSON: a string without an end', `["${'['.repeat(500)}`, false],
    ['no JSON: a string that ends in a backslash', `["${'['.repeat(500)}\\"`, false],
  ])('%s', (_, text, expected) => {
    expect(isDeeperThan(100, text)).toBe(expected);
  });

  it('is recognized exactly when its brackets outside strings nest deeper than the limit', () => {
    const depthOf = (text: string) => {
      let depth = 0;
      const depths = [...text.replaceAll(/"(?:\\.|[^"\\])*"/gs, '')].map((char) => {
        if ('[{'.includes(char)) depth++;
        if (']}'.includes(char)) depth--;
        return depth;
      });
      return Math.max(0, ...depths);
    };
    fc.assert(
      fc.property(json, fc.nat(5), (text, limit) => {
        const spaced = `${text}${' '.repeat(10)}`;
        expect(isDeeperThan(limit, spaced)).toBe(depthOf(text) > limit);
      }),
    );
  });
});

describe('members that JSON parsers read differently', () => {
  const faults = (text: string) => memberFaults(memberTexts(text).members, ['data']).map(({ path }) => path);

  it.each([
    ['{"metadata":{"a":1,"b":2,"a":3}}', ['metadata.a']],
    ['{"metadata":{"a":1,"\\u0061":3}}', ['metadata.a']],
    ['{"retry":{"schedule":[{"x":1,"x":2}]}}', ['retry.schedule[0].x']],
    ['{"a":[[{"b":{"c":{"d":1,"d":1}}}]]}', ['a[0][0].b.c.d']],
    ['{"headers":{"__proto__":"x"}}', ['headers.__proto__']],
    ['{"headers":{"\\u005f_proto__":{"a":1}}}', ['headers.__proto__']],
    ['{"__proto__":{"a":1,"a":2}}', ['__proto__']],
    ['{"a":{"constructor":1,"prototype":{"x":1}}}', []],
    ['{"data":{"a":1,"a":2,"__proto__":{}},"metadata":{"data":{"b":1,"b":2}}}', ['metadata.data.b']],
    [' { "a" : { } , "b" : [ ] } ', []],
  ])('in %s: %j', (text, expected) => {
    expect(faults(text)).toEqual(expected);
  });
});
