// Decides whether an address may be used: public unicast over https, and the operator's allowed
// ranges (`POSTHORN_ALLOW_CIDRS`) over http or https.
import ipaddr from 'ipaddr.js';
import { type Address, isMetadataService, parseAddress, specialKind } from './special-addresses.ts';

export interface AddressPolicy {
  /** Whether the operator allowed any ranges. */
  hasRanges: boolean;
  isInRanges(address: string): boolean;
  /**
   * Why the address is refused for this protocol (`http:`, `https:`), as the end of a sentence that begins with the
   * address. Null: it is allowed.
   * @example
   * objection('10.0.0.7', 'https:') // 'is a private address; add its range to POSTHORN_ALLOW_CIDRS to allow it'
   */
  objection(address: string, protocol: string): string | null;
}

/**
 * Throws `TypeError` for an entry that is not a CIDR range or an address. Only an entry for a single address allows a
 * cloud metadata service.
 */
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
      if (kind) return `is ${kind}${howToAllow(address)}`;
      return protocol === 'https:' ? null : 'is not in POSTHORN_ALLOW_CIDRS, as plain http requires; use https, or add its range there';
    },
  };
}

function howToAllow(text: string): string {
  const address = parseAddress(text);
  if (!address) return '';
  return isMetadataService(address)
    ? '; only an entry for this single address in POSTHORN_ALLOW_CIDRS allows it'
    : '; add its range to POSTHORN_ALLOW_CIDRS to allow it';
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
