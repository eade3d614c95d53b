// What addresses, people and receivers write, as the pages read it.
import { describe, expect, it } from 'vitest';
import { indented } from '../../web/src/parts/indent-json.ts';
import { paceIn } from '../../web/src/parts/replay/pace.ts';
import { parseSearch, stringifySearch } from '../../web/src/parts/search.ts';
import { typedNumber } from '../../web/src/parts/typed-number.ts';

describe('the filters of an address', () => {
  it('may be there once or several times', () => {
    expect(parseSearch('?status=held&status=retrying&tenant=acme')).toEqual({ status: ['held', 'retrying'], tenant: 'acme' });
    expect(stringifySearch(parseSearch('?status=held&tenant=a%20b&status=retrying'))).toBe('?status=held&status=retrying&tenant=a+b');
  });

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])('may be called %s', (name) => {
    expect(Object.entries(parseSearch(`?${name}=a&${name}=b`))).toEqual([[name, ['a', 'b']]]);
  });
});

describe('a number', () => {
  it.each([
    ['2,5', 2.5],
    [' 0.5 ', 0.5],
    ['.5', 0.5],
    ['12,000', 12_000],
    ['1,000.5', 1_000.5],
    ['-1', -1],
    ['', null],
    ['1.000,5', null],
    ['0x10', null],
    ['Infinity', null],
    ['2 5', null],
  ])('%j', (text, number) => expect(typedNumber(text)).toBe(number));
});

describe('a pace', () => {
  it.each([
    ['50', 50],
    ['0.5', 0.5],
    ['0,5', 0.5],
    ['1,000', 1_000],
    ['1,00', 1],
    ['', null],
    ['many', null],
    ['0', null],
    ['1,001', null],
    ['1,000,000', null],
  ])('%j', (text, pace) => expect(paceIn(text)).toBe(pace));
});

describe('JSON in lines', () => {
  it('keeps numbers, escapes, order and repeated keys', () => {
    const text = String.raw`{"10":1.50,"2":[1e400,-0,12345678901234567890],"a":"\u0041\" [,]","a":{},"b":[],"c":true}`;
    expect(indented(text)).toBe(String.raw`{
  "10": 1.50,
  "2": [
    1e400,
    -0,
    12345678901234567890
  ],
  "a": "\u0041\" [,]",
  "a": {},
  "b": [],
  "c": true
}`);
    expect(indented(` ${text} `)).toBe(indented(text));
  });

  it('leaves what is no JSON as it is', () => {
    expect(indented('{"a": }')).toBe('{"a": }');
    expect(indented('<html>')).toBe('<html>');
  });

  it('does not blow up what is nested without end', () => {
    const deep = '['.repeat(1_000) + ']'.repeat(1_000);
    expect(indented(deep).length).toBeLessThan(200 * deep.length);
  });
});
