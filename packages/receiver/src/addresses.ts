// Source addresses of requests, and the CIDR ranges that may send them.

/** Addresses and CIDR ranges, or a function that gives them. */
export type AllowFrom = string | readonly string[] | (() => Promise<readonly string[]>);

export interface Range {
  bits: number;
  prefix: number;
  value: bigint;
}

/** Returns the address as a number, an IPv4 one in IPv6 (`::ffff:192.0.2.1`) as IPv4. Null: not an address. */
function numberOf(text: string): { bits: number; value: bigint } | null {
  const address = text.replace(/^::ffff:(?=[\d.]+$)/i, '').replace(/%.*$/, '');
  const numbered = (bits: number, base: bigint, parts: string[], prefix = '') => ({
    bits,
    value: parts.reduce((sum, part) => sum * base + BigInt(prefix + part), 0n),
  });
  if (/^((25[0-5]|2[0-4]\d|1?\d?\d)(\.(?!$)|$)){4}$/.test(address)) return numbered(32, 256n, address.split('.'));
  const [left = [], right, more] = address.split('::').map((half) => half.split(':').filter(Boolean));
  const missing = 8 - left.length - (right?.length ?? 0);
  if (more || (right ? missing < 1 : missing !== 0)) return null;
  const groups = [...left, ...Array.from({ length: missing }, () => '0'), ...(right ?? [])];
  return groups.every((group) => /^[\da-f]{1,4}$/i.test(group)) ? numbered(128, 65_536n, groups, '0x') : null;
}

/** Throws TypeError for text that is neither an address nor a CIDR range. */
function rangeOf(text: string): Range {
  const [address = '', prefixText, more] = text.split('/');
  const read = numberOf(address);
  const prefix = prefixText === undefined ? read?.bits : /^\d{1,3}$/.test(prefixText) ? Number(prefixText) : undefined;
  if (read === null || prefix === undefined || prefix > read.bits || more !== undefined)
    throw new TypeError(`allowFrom: ${JSON.stringify(text)} is neither an address nor a CIDR range such as 192.0.2.0/24`);
  return { ...read, prefix };
}

export function isIn(address: string, ranges: readonly Range[]): boolean {
  const read = numberOf(address);
  if (read === null) return false;
  return ranges.some(({ bits, prefix, value }) => bits === read.bits && (value ^ read.value) >> BigInt(bits - prefix) === 0n);
}

/** Gives the ranges of `allowFrom`, which may be read from somewhere. */
export function rangesFrom(allowFrom: AllowFrom): () => Promise<readonly Range[]> {
  if (typeof allowFrom === 'function') return async () => (await allowFrom()).map(rangeOf);
  const ranges = [allowFrom].flat().map(rangeOf);
  return async () => ranges;
}
