import { describe, expect, it } from 'vitest';
import { createAddressGuard } from '#outbound/address-guard';
import { specialKind } from '#outbound/special-addresses';
import { publicIPv4, publicIPv6, specialIPv4, specialIPv6 } from './addresses.ts';

const strict = createAddressGuard({ allowCidrs: [] });

describe('addresses', () => {
  it.each([...specialIPv4, ...specialIPv6])('%s is refused', (address) => {
    expect(specialKind(address)).not.toBeNull();
    expect(strict.allows(address, 'https:')).toBe(false);
    expect(strict.allows(address, 'http:')).toBe(false);
  });

  it.each([...publicIPv4, ...publicIPv6])('%s is public: allowed over https only', (address) => {
    expect(specialKind(address)).toBeNull();
    expect(strict.allows(address, 'https:')).toBe(true);
    expect(strict.allows(address, 'http:')).toBe(false);
  });

  it.each(['', 'localhost', '1.2.3', '08.8.8.8', '0x8.8.8.8', '8.8.8.8 ', '2606:4700::1%eth0', 'fe80::1%1', '[::1]'])(
    '%j is not an address',
    (text) => {
      expect(strict.allows(text, 'https:')).toBe(false);
    },
  );

  it('in the allowed ranges may be used, over plain http too', () => {
    const guard = createAddressGuard({ allowCidrs: ['10.1.0.0/16', 'fd12::/16', '192.168.7.7', '93.184.216.0/24'] });
    for (const inside of ['10.1.0.0', '10.1.255.255', '::ffff:10.1.2.3', 'fd12::1', '192.168.7.7', '93.184.216.34']) {
      expect(guard.allows(inside, 'https:'), inside).toBe(true);
      expect(guard.allows(inside, 'http:'), inside).toBe(true);
    }
    for (const outside of ['10.2.0.0', 'fd13::1', '192.168.7.8', '127.0.0.1', '64:ff9b::10.1.2.3', '::10.1.2.3', '2002:a01:203::']) {
      expect(guard.allows(outside, 'https:'), outside).toBe(false);
    }
  });

  it('of metadata services are allowed only by an entry for that single address', () => {
    const wide = createAddressGuard({ allowCidrs: ['0.0.0.0/0', '::/0', '169.254.0.0/16', '64:ff9b::/96'] });
    const named = createAddressGuard({ allowCidrs: ['169.254.169.254/32', 'fd00:ec2::254'] });
    for (const address of [
      '169.254.169.254',
      '::ffff:169.254.169.254',
      '64:ff9b::a9fe:a9fe',
      '100.100.100.200',
      '168.63.129.16',
      'fd00:ec2::254',
    ]) {
      expect(wide.allows(address, 'https:'), address).toBe(false);
    }
    expect(wide.allows('169.254.1.1', 'http:')).toBe(true);
    expect(named.allows('169.254.169.254', 'http:')).toBe(true);
    expect(named.allows('fd00:ec2::254', 'http:')).toBe(true);
  });

  it.each(['', '10.0.0.0/33', 'private', '10.0.0.0/', 'fd00::/129'])('%j is not a range: creating the policy throws', (entry) => {
    expect(() => createAddressGuard({ allowCidrs: [entry] })).toThrow(TypeError);
  });
});
