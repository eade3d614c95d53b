// Address ranges (CIDRs) of API keys: a key that is used from another address is refused.
import { describe, expect, it } from 'vitest';
import { createOrigins, liesWithin } from '#api/access/client-address';

describe('createOrigins', () => {
  it.each<[string[], string | undefined, boolean]>([
    [[], '203.0.113.7', true],
    [[], undefined, true],
    [['203.0.113.0/24'], '203.0.113.7', true],
    [['203.0.113.0/24'], '203.0.114.7', false],
    [['203.0.113.0/24'], '::ffff:203.0.113.7', true],
    [['203.0.113.0/24'], undefined, false],
    [['203.0.113.0/24'], 'rubbish', false],
    [['203.0.113.0/24'], '2001:db8::1', false],
    [['10.0.0.0/8', '2001:db8::/32'], '2001:db8:1::1', true],
    [['::ffff:203.0.113.0/120'], '203.0.113.7', true],
    [['::ffff:203.0.113.0/120'], '203.0.114.7', false],
    [['0.0.0.0/0'], '198.51.100.1', true],
    [['0.0.0.0/0'], '2001:db8::1', false],
    [['::/0'], '198.51.100.1', false],
  ])('%j: %s is %s', (cidrs, address, expected) => {
    expect(createOrigins(cidrs)(address)).toBe(expected);
  });
});

describe('liesWithin', () => {
  it.each<[string, string[], boolean]>([
    ['203.0.113.0/24', ['203.0.113.0/24'], true],
    ['203.0.113.128/25', ['198.51.100.0/24', '203.0.113.0/24'], true],
    ['203.0.113.0/23', ['203.0.113.0/24'], false],
    ['0.0.0.0/0', ['203.0.113.0/24'], false],
    ['::ffff:203.0.113.0/120', ['203.0.113.0/24'], true],
    ['::ffff:0:0/95', ['203.0.113.0/24'], false],
    ['::/0', ['0.0.0.0/0'], false],
    ['2001:db8:1::/48', ['2001:db8::/32'], true],
    ['2001:db9::/48', ['2001:db8::/32'], false],
  ])('%s in %j is %s', (cidr, ranges, within) => {
    expect(liesWithin(cidr, ranges)).toBe(within);
  });
});
