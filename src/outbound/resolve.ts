// Resolves a host name to all its addresses, with the system's name servers.
// Concurrent lookups of one name share one query. A name whose servers never answer times out after
// some seconds and delays no other lookup.
import { Resolver } from 'node:dns/promises';
import { createSingleFlight } from '#domain/single-flight';
import { type Names, readNames } from './system-names.ts';

// getaddrinfo is not used: it blocks one of Node's few pool threads. The owner of a zone whose servers never answer
// could delay the connections of every tenant, and of PostgreSQL. c-ares queries the name servers without blocking.
// The rest of getaddrinfo's work is done here: /etc/hosts, `localhost`, and the search list of /etc/resolv.conf.
// Other sources of names (nsswitch.conf: LDAP, mDNS) are not used.

export interface ResolvedAddress {
  address: string;
  family: number;
}

export type Resolve = (hostname: string) => Promise<ResolvedAddress[]>;

export interface ResolveOptions {
  /** Name servers to use instead of those in /etc/resolv.conf. */
  servers?: string[];
  hostsFile?: string;
  resolvConf?: string;
  giveUpAfterMs?: number;
}

const readAgainAfterMs = 5_000;
/** c-ares doubles the timeout with each try, and shortens it for fast servers. Late answers to an earlier try count. */
const patience = { timeout: 1_000, tries: 4 };
const notThere = new Set(['ENOTFOUND', 'ENODATA']);

export function createResolve(options: ResolveOptions = {}): Resolve {
  const { servers, hostsFile = '/etc/hosts', resolvConf = '/etc/resolv.conf', giveUpAfterMs = 5_000 } = options;
  let known: { until: number; names: Promise<Names> } | null = null;
  let resolver: { of: string; it: Resolver } | null = null;

  function namesNow(): Promise<Names> {
    if (!known || performance.now() > known.until)
      known = { until: performance.now() + readAgainAfterMs, names: readNames(hostsFile, resolvConf) };
    return known.names;
  }

  /** Creates a new resolver when /etc/resolv.conf has changed, because c-ares reads the file only once. */
  function resolverOf({ servers: of }: Names): Resolver {
    if (resolver?.of === of) return resolver.it;
    const it = new Resolver(patience);
    if (servers) it.setServers(servers);
    resolver = { of, it };
    return it;
  }

  return async (hostname) => {
    const name = hostname.toLowerCase();
    const names = await namesNow();
    const ours = names.hosts.get(name) ?? (/(^|\.)localhost$/.test(name) ? thisMachine : undefined);
    if (ours) return ours;
    let failure: unknown;
    for (const candidate of names.candidates(name)) {
      try {
        return await ask(resolverOf(names), candidate, giveUpAfterMs);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOTFOUND') throw error;
        failure ??= error;
      }
    }
    throw failure;
  };
}

const thisMachine: ResolvedAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

export const resolveBySystem: Resolve = createResolve();

/**
 * Queries IPv4 and IPv6 in parallel. If one of them gets no answer, the result is late but still has the other's
 * addresses.
 */
async function ask(resolver: Resolver, name: string, giveUpAfterMs: number): Promise<ResolvedAddress[]> {
  const found: ResolvedAddress[] = [];
  const codes: string[] = [];
  const note = (family: number, asked: Promise<string[]>) =>
    asked.then(
      (addresses) => void found.push(...addresses.map((address) => ({ address, family }))),
      (error: NodeJS.ErrnoException) => void codes.push(error.code ?? error.message),
    );
  await within(giveUpAfterMs, Promise.all([note(4, resolver.resolve4(name)), note(6, resolver.resolve6(name))]));
  if (found.length > 0) return found.sort((one, other) => one.family - other.family);
  // uses getaddrinfo's codes, because c-ares' ECONNREFUSED is about a name server, not about the endpoint
  if (codes.length === 2 && codes.every((code) => notThere.has(code)))
    throw Object.assign(new Error(`${name} has no address`), { code: 'ENOTFOUND' });
  const code = codes.find((code) => !notThere.has(code)) ?? 'ETIMEOUT';
  throw Object.assign(new Error(`the name servers do not answer for ${name} (${code})`), { code: 'EAI_AGAIN' });
}

function within(ms: number, done: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    // after a stall of this process, the event loop reads what has arrived before the timeout counts
    const timer = setTimeout(() => setImmediate(resolve), ms);
    void done.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Shares one query between concurrent lookups of the same name. */
export function sharingFlights(resolve: Resolve): Resolve {
  const flights = createSingleFlight<ResolvedAddress[]>();
  return (hostname) => flights.share(hostname, () => resolve(hostname));
}
