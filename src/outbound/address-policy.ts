// Whether an address may be used: public unicast over https, and whatever the operator's ranges add to that.
import ipaddr from 'ipaddr.js';
import { type Address, isMetadataService, parseAddress, specialKind } from './special-addresses.ts';

export interface AddressPolicy {
  /** Are there any ranges of the operator's at all? */
  hasRanges: boolean;
  isInRanges(address: string): boolean;
  /** Why not, as the end of a sentence that begins with the address; null: it may be used by this protocol (`http:`, `https:`). */
  objection(address: string, protocol: string): string | null;
}

/** Throws `TypeError` for an entry that is no range. A metadata service is let through only by an entry for that single address. */
export function createAddressPolicy(allowCidrs: readonly string[]): AddressPolicy {
  const ranges = allowCidrs.map(parseRange);

  function isInRanges(text: string): boolean {
    const address = parseAddress(text);
    if (!address) return false;
    const narrowest = isMetadataService(address) ? bitsOf(address) : 0;
    return ranges.some(([net, bits]) => net.kind() === address.kind() && bits >= narrowest && address.match(net, bits));
  }

  return {
    hasRanges: ranges.length > 0,
    isInRanges,
    objection(address, protocol) {
      if (isInRanges(address)) return null;
      const kind = specialKind(address);
      if (kind) return `is ${kind}`;
      return protocol === 'https:' ? null : 'is not in POSTHORN_ALLOW_CIDRS, as plain http needs';
    },
  };
}

function parseRange(entry: string): [Address, number] {
  if (ipaddr.isValidCIDR(entry)) return ipaddr.parseCIDR(entry);
  const address = parseAddress(entry);
  if (!address) throw new TypeError(`${JSON.stringify(entry)} is not an address range such as 10.0.0.0/8`);
  return [address, bitsOf(address)];
}

function bitsOf(address: Address): number {
  return address.kind() === 'ipv4' ? 32 : 128;
}
