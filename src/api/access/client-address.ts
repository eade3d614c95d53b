// Checks a client address against the CIDR ranges that a key allows, and tells clients apart by their address.
import ipaddr from 'ipaddr.js';

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

/**
 * Tests whether an address is in one of the ranges; no ranges: any address. IPv4-mapped IPv6 (::ffff:1.2.3.4) counts as
 * IPv4.
 */
export function createOrigins(cidrs: readonly string[]): (address: string | undefined) => boolean {
  const ranges = cidrs.map(rangeOf);
  return (address) => {
    if (ranges.length === 0) return true;
    if (address === undefined || !ipaddr.isValid(address)) return false;
    const from = ipaddr.process(address);
    return ranges.some(([net, bits]) => net.kind() === from.kind() && from.match(net, bits));
  };
}

/** Whether one of `ranges` contains the whole range `cidr`. */
export function liesWithin(cidr: string, ranges: readonly string[]): boolean {
  const [net, bits] = rangeOf(cidr);
  return ranges.map(rangeOf).some(([of, ofBits]) => of.kind() === net.kind() && bits >= ofBits && net.match(of, ofBits));
}

/** What stands for one client in a limit: its address, of IPv6 the /64 network, in which one host may use any address. */
export function clientOf(address: string | null): string {
  if (address === null || !ipaddr.isValid(address)) return '';
  const from = ipaddr.process(address);
  return from instanceof ipaddr.IPv6 ? from.parts.slice(0, 4).join(':') : from.toString();
}

function rangeOf(cidr: string): Range {
  const [net, bits] = ipaddr.parseCIDR(cidr);
  return net instanceof ipaddr.IPv6 && net.isIPv4MappedAddress() && bits >= 96 ? [net.toIPv4Address(), bits - 96] : [net, bits];
}
