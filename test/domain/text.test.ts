import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { inPath, isKeepable, metadata, text } from '#domain/text';

describe('stored text', () => {
  it.each([
    ['plain', true],
    ['', true],
    ['emoji 👩‍🚀 and ümlaut', true],
    ['a\0b', false],
    ['half \ud800 of a pair', false],
    ['\udc00', false],
  ])('%j: accepted %s', (value, keepable) => {
    expect(isKeepable(value)).toBe(keepable);
    expect(text(100).safeParse(value).success).toBe(keepable);
  });

  it('is accepted exactly when it survives UTF-8 (well-formed, no half surrogate pair)', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.integer({ min: 1, max: 0xffff }).map((code) => String.fromCharCode(code)) }), (value) => {
        expect(isKeepable(value)).toBe(Buffer.from(value).toString() === value);
      }),
    );
  });

  it('has a maximum length', () => {
    expect(text(3).safeParse('abc').success).toBe(true);
    expect(text(3).safeParse('abcd').success).toBe(false);
  });

  it('is checked in the keys and values of metadata', () => {
    expect(metadata.safeParse({ a: 'b' }).success).toBe(true);
    expect(metadata.safeParse({ 'a\0': 'b' }).success).toBe(false);
    expect(metadata.safeParse({ a: 'b\0' }).success).toBe(false);
    expect(metadata.safeParse({ a: 1 }).success).toBe(false);
    expect(metadata.safeParse(Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, 'v']))).success).toBe(false);
  });
});

it.each([
  ['.', false],
  ['..', false],
  ['...', true],
  ['.a', true],
  ['a..', true],
  ['..\n', true],
])('%j can be a segment of a path: %s', (name, fits) => {
  expect(inPath(z.string()).safeParse(name).success).toBe(fits);
});
