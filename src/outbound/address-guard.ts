// Where requests may go: checked when an endpoint is made or changed, and again on the addresses each connection is about to use.
// Nothing but checked addresses reaches connect, so a name that resolves differently a moment later changes nothing.
import type { LookupFunction } from 'node:net';
import { type AddressPolicy, createAddressPolicy } from './address-policy.ts';
import { notExact } from './exact-url.ts';
import { type Resolve, type ResolvedAddress, resolveBySystem, sharingFlights } from './resolve.ts';
import { parseAddress } from './special-addresses.ts';

type UrlVerdict = { ok: true; url: URL } | { ok: false; reason: string };

export interface AddressGuard {
  /** What can be said without resolving a name. The reason is meant for the one who gave the URL. */
  checkUrl(url: string): UrlVerdict;
  /** May a request of this protocol (`http:`, `https:`) go to this resolved address? */
  allows(address: string, protocol: string): boolean;
  /** Throws `AddressBlocked` when the origin's host is an address that may not be used: connecting asks `lookup` about names only. */
  checkLiteral(origin: string): void;
  /** Resolves for connections to this origin and hands over checked addresses only, or fails with `AddressBlocked`. */
  lookup(origin: string): LookupFunction;
}

interface AddressGuardOptions {
  /** Ranges that endpoints may use although they are private, and plain http there. */
  allowCidrs: readonly string[];
  /** This server's own origin: of it `/sandbox/` is always allowed, and nothing else ever. */
  ownOrigin?: string | undefined;
  /** All addresses of a name; the system's resolver by default. */
  resolve?: Resolve;
}

/** Known by its code, as every error of connecting is. The message is what an operator wants to read. */
class AddressBlocked extends Error {
  override readonly name = 'AddressBlocked';
  readonly code = 'POSTHORN_ADDRESS_BLOCKED';
}

export function createAddressGuard({ allowCidrs, ownOrigin, resolve = resolveBySystem }: AddressGuardOptions): AddressGuard {
  const policy = createAddressPolicy(allowCidrs);
  const resolveOnce = sharingFlights(resolve);
  const own = ownOrigin === undefined ? null : new URL(ownOrigin).origin;

  return {
    checkUrl(text) {
      const parsed = parseUrl(text);
      if (!parsed.ok) return parsed;
      const isOwn = parsed.url.origin === own;
      const objection = isOwn ? objectionToOwnPath(parsed.url.pathname) : objectionToHost(parsed.url, policy);
      // told last: of a disguised address it is told what it is
      const reason = objection ?? notExact(text, parsed.url);
      return reason === null ? parsed : { ok: false, reason };
    },

    allows: (address, protocol) => policy.objection(address, protocol) === null,

    checkLiteral(origin) {
      const url = new URL(origin);
      const reason = origin === own ? null : objectionToLiteral(bareHost(url), url.protocol, policy);
      if (reason !== null) throw new AddressBlocked(reason);
    },

    lookup(origin) {
      const { protocol } = new URL(origin);
      const objection = (address: string) => (origin === own ? null : policy.objection(address, protocol));
      return (hostname, options, callback) => {
        resolveOnce(hostname)
          .then((found) => onlyAllowed(hostname, ofFamily(found, options.family), objection))
          .then(
            (checked) => (options.all ? callback(null, checked) : callback(null, checked[0].address, checked[0].family)),
            (error: NodeJS.ErrnoException) => callback(error, []),
          );
      };
    },
  };
}

/** A text that is a plain URL as it stands; what a parser would repair (blanks, backslashes, dots, quotes) is refused. */
function parseUrl(text: string): UrlVerdict {
  if (!/^https?:\/\/[^/]/i.test(text) || /[\s\\]|\p{Cc}/u.test(text) || !URL.canParse(text)) {
    return { ok: false, reason: 'must be an absolute http or https URL' };
  }
  if (/^[^/]*\/\/[^/?#]*@/.test(text)) return { ok: false, reason: 'must not carry credentials' };
  if (text.includes('#')) return { ok: false, reason: 'must not have a fragment' };
  const url = new URL(text);
  return url.port === '0' ? { ok: false, reason: 'must not use port 0' } : { ok: true, url };
}

function objectionToHost(url: URL, policy: AddressPolicy): string | null {
  const host = bareHost(url);
  if (parseAddress(host)) return objectionToLiteral(host, url.protocol, policy);
  if (host.startsWith('.') || host.endsWith('.') || host.includes('..')) return 'the host must not have an empty label or end with a dot';
  const thisMachineAllowed = policy.isInRanges('127.0.0.1') || policy.isInRanges('::1');
  if (/(^|\.)localhost$/.test(host) && !thisMachineAllowed) return `${host} is this machine`;
  return url.protocol === 'http:' && !policy.hasRanges ? 'must be https: plain http is only for addresses in POSTHORN_ALLOW_CIDRS' : null;
}

function objectionToLiteral(host: string, protocol: string, policy: AddressPolicy): string | null {
  const objection = parseAddress(host) && policy.objection(host, protocol);
  return objection === null ? null : `${host} ${objection}`;
}

/** No percent sign: nothing behind this server may read the path differently from how it was checked here. */
function objectionToOwnPath(path: string): string | null {
  return path.startsWith('/sandbox/') && !path.includes('%') ? null : 'of this server itself only /sandbox/ may be used';
}

function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function ofFamily(found: ResolvedAddress[], family: unknown): ResolvedAddress[] {
  const wanted = Number(String(family ?? 0).replace('IPv', ''));
  return wanted === 4 || wanted === 6 ? found.filter((each) => each.family === wanted) : found;
}

function onlyAllowed(
  hostname: string,
  found: ResolvedAddress[],
  objection: (address: string) => string | null,
): [ResolvedAddress, ...ResolvedAddress[]] {
  const [first, ...others] = found.filter(({ address }) => objection(address) === null);
  if (first) return [first, ...others];
  const refused = found[0]?.address;
  if (refused === undefined) throw Object.assign(new Error(`${hostname} has no address`), { code: 'ENOTFOUND' });
  throw new AddressBlocked(`${hostname} resolves to ${refused}, which ${objection(refused)}`);
}
