import { describe, expect, it } from 'vitest';
import { failureOf } from '#outbound/failure';

const coded = (code: string) => Object.assign(new Error('x'), { code });

describe('failureOf', () => {
  it('classifies an error by its code', () => {
    expect(failureOf(coded('ECONNREFUSED'))).toEqual({ refusal: 'connect', code: 'ECONNREFUSED' });
    expect(failureOf(coded('EMFILE'))).toBeNull();
    expect(failureOf(new Error('read ECONNRESET'))).toBeNull();
    expect(failureOf(Object.assign(new Error('x'), { code: 104 }))).toBeNull();
  });

  it('blames the endpoint if one of several failed addresses does', () => {
    const all = (...codes: string[]) => Object.assign(new AggregateError(codes.map(coded)), { code: codes[0] });
    expect(failureOf(all('EADDRNOTAVAIL', 'ECONNREFUSED'))).toEqual({ refusal: 'connect', code: 'ECONNREFUSED' });
    expect(failureOf(all('ETIMEDOUT', 'ECONNREFUSED'))).toEqual({ refusal: 'timeout', code: 'ETIMEDOUT' });
    expect(failureOf(all('EMFILE', 'EMFILE'))).toBeNull();
  });
});
