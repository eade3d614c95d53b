import type { LookupAddress, LookupOptions } from 'node:dns';
import { describe, expect, it } from 'vitest';
import { type AddressGuard, createAddressGuard } from '#outbound/address-guard';

const strict = createAddressGuard({ allowCidrs: [] });

describe('checkLiteral', () => {
  it('checks IP addresses and leaves names to lookup', () => {
    expect(() => strict.checkLiteral('https://10.0.0.1')).toThrow(expect.objectContaining({ code: 'POSTHORN_ADDRESS_BLOCKED' }));
    expect(() => strict.checkLiteral('https://[::1]:8443')).toThrow(expect.objectContaining({ code: 'POSTHORN_ADDRESS_BLOCKED' }));
    expect(() => strict.checkLiteral('https://8.8.8.8')).not.toThrow();
    expect(() => strict.checkLiteral('https://localhost')).not.toThrow();
  });
});

describe('lookup', () => {
  const family = (address: string) => (address.includes(':') ? 6 : 4);

  function ask(guard: AddressGuard, origin: string, options: LookupOptions = { all: true }): Promise<string | LookupAddress[]> {
    return new Promise((resolve, reject) => {
      guard.lookup(origin)('api.example.com', options, (error, address) => (error ? reject(error) : resolve(address)));
    });
  }
  function resolvingTo(addresses: string[], allowCidrs: string[] = [], ownOrigin?: string): AddressGuard {
    const found = addresses.map((address) => ({ address, family: family(address) }));
    return createAddressGuard({ allowCidrs, ownOrigin, resolve: async () => found });
  }

  it('returns all resolved addresses if all are public', async () => {
    const guard = resolvingTo(['93.184.216.34', '2606:4700::1']);
    expect(await ask(guard, 'https://api.example.com')).toEqual([
      { address: '93.184.216.34', family: 4 },
      { address: '2606:4700::1', family: 6 },
    ]);
    expect(await ask(guard, 'https://api.example.com', { all: false })).toBe('93.184.216.34');
    expect(await ask(guard, 'https://api.example.com', { all: true, family: 6 })).toEqual([{ address: '2606:4700::1', family: 6 }]);
    expect(await ask(guard, 'https://api.example.com', { family: 'IPv6' })).toBe('2606:4700::1');
  });

  it('drops refused addresses', async () => {
    expect(await ask(resolvingTo(['10.0.0.1', '93.184.216.34', '::1']), 'https://api.example.com')).toEqual([
      { address: '93.184.216.34', family: 4 },
    ]);
  });

  it('fails with the reason if no address is allowed', async () => {
    await expect(ask(resolvingTo(['10.0.0.7', '127.0.0.1']), 'https://api.example.com')).rejects.toMatchObject({
      code: 'POSTHORN_ADDRESS_BLOCKED',
      message: 'api.example.com resolves to 10.0.0.7, which is a private address; add its range to POSTHORN_ALLOW_CIDRS to allow it',
    });
    await expect(ask(resolvingTo(['93.184.216.34'], ['10.0.0.0/8']), 'http://api.example.com')).rejects.toMatchObject({
      code: 'POSTHORN_ADDRESS_BLOCKED',
      message:
        'api.example.com resolves to 93.184.216.34, which is not in POSTHORN_ALLOW_CIDRS, as plain http requires; use https, or add its range there',
    });
    await expect(ask(resolvingTo([]), 'https://api.example.com')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  it('passes on errors of the resolver', async () => {
    const error = Object.assign(new Error('queryA ESERVFAIL'), { code: 'EAI_AGAIN' });
    const guard = createAddressGuard({ allowCidrs: [], resolve: () => Promise.reject(error) });
    await expect(ask(guard, 'https://api.example.com')).rejects.toBe(error);
  });

  it('uses the system resolver by default, and checks its addresses too', async () => {
    await expect(
      new Promise((resolve, reject) => {
        strict.lookup('https://localhost')('localhost', { all: true }, (error, found) => (error ? reject(error) : resolve(found)));
      }),
    ).rejects.toMatchObject({ code: 'POSTHORN_ADDRESS_BLOCKED', message: expect.stringContaining('which is a loopback address') });
  });

  it('allows any address for its own origin', async () => {
    const own = resolvingTo(['127.0.0.1'], [], 'http://posthorn.test:8080');
    expect(await ask(own, 'http://posthorn.test:8080')).toEqual([{ address: '127.0.0.1', family: 4 }]);
    await expect(ask(own, 'http://posthorn.test:8081')).rejects.toMatchObject({ code: 'POSTHORN_ADDRESS_BLOCKED' });
  });

  it('shares one query between concurrent lookups, and queries again afterwards', async () => {
    let asked = 0;
    const resolve = async () => {
      asked++;
      return [{ address: '93.184.216.34', family: 4 }];
    };
    const guard = createAddressGuard({ allowCidrs: [], resolve });
    await Promise.all([ask(guard, 'https://api.example.com'), ask(guard, 'https://api.example.com:8443')]);
    expect(asked).toBe(1);
    await ask(guard, 'https://api.example.com');
    expect(asked).toBe(2);
  });
});
