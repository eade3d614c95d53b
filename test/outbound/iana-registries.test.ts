// Every row of the IANA special-purpose registries (IPv4 and IPv6, as of 2025): the first, the
// middle and the last address of each block.
// https://www.iana.org/assignments/iana-ipv4-special-registry, https://www.iana.org/assignments/iana-ipv6-special-registry
import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { createAddressGuard } from '#outbound/address-guard';
import { specialKind } from '#outbound/special-addresses';

const ipv4 = `
  0.0.0.0/8            This network
  0.0.0.0/32           This host on this network
  10.0.0.0/8           Private-Use
  100.64.0.0/10        Shared Address Space
  127.0.0.0/8          Loopback
  169.254.0.0/16       Link Local
  172.16.0.0/12        Private-Use
  192.0.0.0/24         IETF Protocol Assignments
  192.0.0.0/29         IPv4 Service Continuity Prefix
  192.0.0.8/32         IPv4 dummy address
  192.0.0.9/32         Port Control Protocol Anycast
  192.0.0.10/32        Traversal Using Relays around NAT Anycast
  192.0.0.170/32       NAT64/DNS64 Discovery
  192.0.0.171/32       NAT64/DNS64 Discovery
  192.0.2.0/24         Documentation (TEST-NET-1)
  192.31.196.0/24      AS112-v4
  192.52.193.0/24      AMT
  192.88.99.0/24       Deprecated (6to4 Relay Anycast)
  192.88.99.2/32       6a44-relay anycast address
  192.168.0.0/16       Private-Use
  192.175.48.0/24      Direct Delegation AS112 Service
  198.18.0.0/15        Benchmarking
  198.51.100.0/24      Documentation (TEST-NET-2)
  203.0.113.0/24       Documentation (TEST-NET-3)
  240.0.0.0/4          Reserved
  255.255.255.255/32   Limited Broadcast
  224.0.0.0/4          Multicast (of the registry of address space)`;

const ipv6 = `
  ::1/128              Loopback Address
  ::/128               Unspecified Address
  ::ffff:0:0/96        IPv4-mapped Address
  64:ff9b:1::/48       IPv4-IPv6 Translation, local
  100::/64             Discard-Only Address Block
  100:0:0:1::/64       Dummy IPv6 Prefix
  2001::/23            IETF Protocol Assignments
  2001::/32            TEREDO
  2001:1::1/128        Port Control Protocol Anycast
  2001:1::2/128        Traversal Using Relays around NAT Anycast
  2001:1::3/128        DNS-SD Service Registration Protocol Anycast
  2001:2::/48          Benchmarking
  2001:3::/32          AMT
  2001:4:112::/48      AS112-v6
  2001:10::/28         Deprecated (previously ORCHID)
  2001:20::/28         ORCHIDv2
  2001:30::/28         Drone Remote ID Protocol Entity Tags Prefix
  2001:db8::/32        Documentation
  2002::/16            6to4
  2620:4f:8000::/48    Direct Delegation AS112 Service
  3fff::/20            Documentation
  5f00::/16            Segment Routing (SRv6) SIDs
  fc00::/7             Unique-Local
  fe80::/10            Link-Local Unicast
  fec0::/10            Site-Local (deprecated, of the registry of address space)
  ff00::/8             Multicast (of the registry of address space)`;

const rows = [...ipv4.trim().split('\n'), ...ipv6.trim().split('\n')].map((line): [cidr: string, name: string] => {
  const [cidr = '', ...name] = line.trim().split(/\s+/);
  return [cidr, name.join(' ')];
});

/** The first, the middle and the last address of a block, and the addresses before and after it. */
function addressesOf(cidr: string): { inside: string[]; beside: string[] } {
  const [net, bits] = ipaddr.parseCIDR(cidr);
  const first = BigInt(`0x${Buffer.from(net.toByteArray()).toString('hex')}`);
  const width = net.kind() === 'ipv4' ? 32 : 128;
  const size = 1n << BigInt(width - bits);
  const textOf = (address: bigint) =>
    ipaddr.fromByteArray([...Buffer.from(address.toString(16).padStart(width / 4, '0'), 'hex')]).toString();
  return {
    inside: [first, first + size / 2n, first + size - 1n].map(textOf),
    beside: [first - 1n, first + size].filter((address) => address >= 0n && address < 1n << BigInt(width)).map(textOf),
  };
}

const strict = createAddressGuard({ allowCidrs: [] });
const urlOf = (address: string) => `https://${address.includes(':') ? `[${address}]` : address}/`;

describe('a special-purpose block', () => {
  it.each(rows)('%s (%s) is refused from its first to its last address', (cidr) => {
    for (const address of addressesOf(cidr).inside) {
      expect(specialKind(address), address).not.toBeNull();
      expect(strict.allows(address, 'https:'), address).toBe(false);
      expect(strict.checkUrl(urlOf(address)).ok, address).toBe(false);
      expect(() => strict.checkLiteral(new URL(urlOf(address)).origin), address).toThrow(
        expect.objectContaining({ code: 'POSTHORN_ADDRESS_BLOCKED' }),
      );
    }
  });

  // IPv4-mapped addresses count as their IPv4 address, and are allowed by IPv4 ranges.
  it.each(rows.filter(([cidr]) => !cidr.startsWith('::ffff:')))(
    '%s (%s) is allowed by POSTHORN_ALLOW_CIDRS from its first to its last address',
    (cidr) => {
      const guard = createAddressGuard({ allowCidrs: [cidr] });
      const { inside, beside } = addressesOf(cidr);
      for (const address of inside) expect(guard.allows(address, 'http:'), address).toBe(true);
      for (const address of beside) expect(guard.allows(address, 'http:'), address).toBe(false);
    },
  );

  // the last four bytes of a NAT64 address are the IPv4 address that it reaches
  it('64:ff9b::/96 (IPv4-IPv6 Translation) is refused or allowed like the IPv4 address inside', () => {
    for (const [cidr] of rows.filter(([cidr]) => !cidr.includes(':')))
      for (const address of addressesOf(cidr).inside) expect(specialKind(`64:ff9b::${address}`), address).not.toBeNull();
    expect(specialKind('64:ff9b::8.8.8.8')).toBeNull();
  });
});
