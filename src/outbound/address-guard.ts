// The address guard decides which URLs and addresses requests may go to. It checks the URL when an
// endpoint is created or changed, and every resolved address again before connecting. Only checked
// addresses are connected to, so DNS rebinding between check and connect has no effect.
import type { LookupFunction } from 'node:net';
import { faultText } from '#domain/faults/fault';
import { type AddressPolicy, createAddressPolicy } from './address-policy.ts';
import { notExact } from './exact-url.ts';
import { type Resolve, type ResolvedAddress, resolveBySystem, sharingFlights } from './resolve.ts';
import { parseAddress } from './special-addresses.ts';

type UrlVerdict = { ok: true; url: URL } | { ok: false; reason: string };

export interface AddressGuard {
  /** Checks a URL without resolving its host name. `reason` is shown to the API caller who sent the URL. */
  checkUrl(url: string): UrlVerdict;
  /** Whether a request of this protocol (`http:`, `https:`) may go to this resolved address. */
  allows(address: string, protocol: string): boolean;
  /**
   * Throws `AddressBlocked` when the origin's host is a refused IP address. Needed because Node calls `lookup` for
   * names only.
   */
  checkLiteral(origin: string): void;
  /**
   * The DNS lookup for connections to this origin. It returns allowed addresses only, or fails with `AddressBlocked`.
   */
  lookup(origin: string): LookupFunction;
}

interface AddressGuardOptions {
  /** Private ranges that endpoints may use; plain http is allowed there too. */
  allowCidrs: readonly string[];
  /** This server's own origin. Paths under `/sandbox/` are always allowed there, all other paths never. */
  ownOrigin?: string | undefined;
  /** Resolves a name to all its addresses. Default: the system's name servers. */
  resolve?: Resolve;
}

/** Recognised by its `code`, like every connection error. Its message is shown to operators. */
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
      // checked last: for a disguised private address, the address itself is the more useful reason
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

/**
 * Accepts only text that is a valid URL as it stands. Refuses text that a URL parser would repair, such as spaces and
 * backslashes.
 */
function parseUrl(text: string): UrlVerdict {
  if (!/^https?:\/\/[^/]/i.test(text) || /[\s\\]|\p{Cc}/u.test(text) || !URL.canParse(text)) {
    return { ok: false, reason: faultText('url_form') };
  }
  if (/^[^/]*\/\/[^/?#]*@/.test(text)) return { ok: false, reason: faultText('url_credentials') };
  if (text.includes('#')) return { ok: false, reason: faultText('url_fragment') };
  const url = new URL(text);
  return url.port === '0' ? { ok: false, reason: faultText('url_port') } : { ok: true, url };
}

function objectionToHost(url: URL, policy: AddressPolicy): string | null {
  const host = bareHost(url);
  if (parseAddress(host)) return objectionToLiteral(host, url.protocol, policy);
  if (host.startsWith('.') || host.endsWith('.') || host.includes('..')) return faultText('url_label');
  const thisMachineAllowed = policy.isInRanges('127.0.0.1') || policy.isInRanges('::1');
  if (/(^|\.)localhost$/.test(host) && !thisMachineAllowed) return faultText('url_this_machine', { host });
  return url.protocol === 'http:' && !policy.hasRanges ? faultText('url_not_https') : null;
}

function objectionToLiteral(host: string, protocol: string, policy: AddressPolicy): string | null {
  const objection = parseAddress(host) && policy.objection(host, protocol);
  return objection === null ? null : `${host} ${objection}`;
}

/** Refuses percent signs, so that no later decoding can turn the checked path into another one. */
function objectionToOwnPath(path: string): string | null {
  return path.startsWith('/sandbox/') && !path.includes('%') ? null : faultText('url_own');
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
