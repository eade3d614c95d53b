// Classifies addresses that are not public unicast: the IANA special-purpose registries, IPv4
// inside IPv6, and cloud metadata services.
// Source: https://www.iana.org/assignments/iana-ipv4-special-registry, …/iana-ipv6-special-registry
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export type Address = ipaddr.IPv4 | ipaddr.IPv6;

const ipv4Ranges = ranges([
  ['0.0.0.0/8', 'an unspecified address'],
  ['10.0.0.0/8', 'a private address'],
  ['100.64.0.0/10', 'a carrier-grade NAT address'],
  ['127.0.0.0/8', 'a loopback address'],
  ['169.254.0.0/16', 'a link-local address'],
  ['172.16.0.0/12', 'a private address'],
  ['192.0.0.0/24', 'a reserved address'],
  ['192.0.2.0/24', 'a documentation address'],
  ['192.31.196.0/24', 'a reserved address'],
  ['192.52.193.0/24', 'a reserved address'],
  ['192.88.99.0/24', 'a 6to4 relay address'],
  ['192.168.0.0/16', 'a private address'],
  ['192.175.48.0/24', 'a reserved address'],
  ['198.18.0.0/15', 'a benchmarking address'],
  ['198.51.100.0/24', 'a documentation address'],
  ['203.0.113.0/24', 'a documentation address'],
  ['224.0.0.0/4', 'a multicast address'],
  ['240.0.0.0/4', 'a reserved address'],
]);

// Addresses outside 2000::/3 that are not listed here are refused as reserved.
const ipv6Ranges = ranges([
  ['::/128', 'an unspecified address'],
  ['::1/128', 'a loopback address'],
  ['::ffff:0:0/96', 'an IPv4-mapped address'],
  ['::ffff:0:0:0/96', 'an IPv4-translated address'],
  ['::/96', 'an IPv4-compatible address'],
  ['64:ff9b:1::/48', 'a local NAT64 address'],
  ['100::/64', 'a discard address'],
  ['2001::/32', 'a Teredo address'],
  ['2001::/23', 'a reserved address'],
  ['2001:db8::/32', 'a documentation address'],
  ['2002::/16', 'a 6to4 address'],
  ['2620:4f:8000::/48', 'a reserved address'],
  ['3ffe::/16', 'a reserved address'],
  ['3fff::/20', 'a documentation address'],
  ['5f00::/16', 'a segment routing address'],
  ['fc00::/7', 'a private address'],
  ['fe80::/10', 'a link-local address'],
  ['fec0::/10', 'a site-local address'],
  ['ff00::/8', 'a multicast address'],
]);
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');
const nat64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');

// AWS, Azure, Google, OpenStack and others; ECS and EKS credentials; Oracle; Alibaba; Azure's wire server (a public
// address).
const metadataServices = new Set(
  [
    '169.254.169.254 169.254.170.2 169.254.170.23 192.0.0.192 100.100.100.200 168.63.129.16',
    'fd00:ec2::254 fd00:ec2::23 fd20:ce::254 fe80::a9fe:a9fe',
  ]
    .join(' ')
    .split(' ')
    .map((address) => ipaddr.parse(address).toString()),
);

/** The address in canonical form; IPv4-mapped IPv6 becomes IPv4. Null: not a plain address (a zone id, a name). */
export function parseAddress(text: string): Address | null {
  const address = parseAsWritten(text);
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

/**
 * Normalises IPv6 with the URL parser first, because ipaddr.js reads the compatible form `::10.0.0.1` as the mapped
 * one.
 */
function parseAsWritten(text: string): Address | null {
  if (isIP(text) === 0 || text.includes('%')) return null;
  return isIP(text) === 4 ? ipaddr.IPv4.parse(text) : ipaddr.IPv6.parse(new URL(`http://[${text}]`).hostname.slice(1, -1));
}

export function isMetadataService(address: Address): boolean {
  const target = address instanceof ipaddr.IPv6 && address.match(nat64) ? lastFourBytes(address) : address;
  return metadataServices.has(target.toString());
}

/**
 * The kind of a refused address, such as "a private address". Null: public unicast. IPv6 that wraps IPv4 is special,
 * except NAT64 of public IPv4.
 */
export function specialKind(text: string): string | null {
  const address = parseAsWritten(text);
  if (!address) return 'not an address';
  if (isMetadataService(parseAddress(text) ?? address)) return 'a cloud metadata address';
  return address instanceof ipaddr.IPv6 ? specialKindOfIPv6(address) : kindIn(ipv4Ranges, address);
}

function specialKindOfIPv6(address: ipaddr.IPv6): string | null {
  // for a mapped address, the kind of the IPv4 address inside is more useful
  if (address.isIPv4MappedAddress()) return kindIn(ipv4Ranges, address.toIPv4Address()) ?? 'an IPv4-mapped address';
  const kind = kindIn(ipv6Ranges, address);
  if (kind) return kind;
  if (address.match(nat64)) return kindIn(ipv4Ranges, lastFourBytes(address));
  if (!address.match(globalUnicast)) return 'a reserved address';
  const [, , , , mark = 0, isatap] = address.parts;
  return (mark & ~0x0300) === 0 && isatap === 0x5efe ? 'an ISATAP address' : null;
}

function lastFourBytes(address: ipaddr.IPv6): ipaddr.IPv4 {
  return new ipaddr.IPv4(address.toByteArray().slice(-4));
}

function ranges(table: [cidr: string, kind: string][]): { cidr: [Address, number]; kind: string }[] {
  return table.map(([cidr, kind]) => ({ cidr: ipaddr.parseCIDR(cidr), kind }));
}

function kindIn(table: ReturnType<typeof ranges>, address: Address): string | null {
  return table.find(({ cidr }) => address.match(cidr))?.kind ?? null;
}
