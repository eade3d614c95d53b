import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { elementTexts, memberTexts } from '../../src/domain/json-slices.ts';

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

  it('of elements likewise', () => {
    fc.assert(
      fc.property(fc.array(json, { maxLength: 6 }), (items) => {
        const text = `[${items.join(',')}]`;
        JSON.parse(text);
        expect(elementTexts(text)).toEqual(items.map((item) => item.replaceAll(/^[ \t\n\r]+|[ \t\n\r]+$/g, '')));
      }),
    );
  });

  it.each([
    ['keys said twice', '{"a":1,"b":2,"a":3,"\\u0061":4}', ['a', 'a']],
    ['keys of the language itself', '{"__proto__":1,"constructor":2,"__proto__":3}', ['__proto__']],
    ['nothing', ' { } ', []],
  ])('name %s', (_, text, repeated) => {
    expect(memberTexts(text).repeated).toEqual(repeated);
  });

  it('do not round numbers', () => {
    expect(memberTexts('{"data":{"n":12345678901234567890.10, "m":1e400}}').members.get('data')).toBe(
      '{"n":12345678901234567890.10, "m":1e400}',
    );
  });

  it('come out of any depth and any length', () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    expect(memberTexts(`{"data":${deep},"b":1}`).members.get('data')).toBe(deep);
    const long = JSON.stringify('\\"'.repeat(200_000));
    expect(memberTexts(`{"data":${long},"b":1}`).members.get('data')).toBe(long);
    expect(elementTexts(`[${'1,'.repeat(99_999)}1]`)).toHaveLength(100_000);
  });
});
