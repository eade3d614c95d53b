// All addresses of a host name, asked of the system's name servers once for everybody who waits for the same name.
//
// Not by getaddrinfo: it blocks one of the few threads that Node has for it, so that whoever owns a zone whose servers never answer would hold up
// the connections of every tenant, PostgreSQL's too. The name servers are asked without blocking anything (c-ares): no name waits for its turn, and
// one that nobody answers for is given up after some seconds, by those alone who asked for it. What getaddrinfo does besides is done here: /etc/hosts,
// `localhost`, and the search list of /etc/resolv.conf. Other sources of names (nsswitch.conf: LDAP, mDNS) are not asked.
import { Resolver } from 'node:dns/promises';
import { type Names, readNames } from './system-names.ts';

export interface ResolvedAddress {
  address: string;
  family: number;
}

export type Resolve = (hostname: string) => Promise<ResolvedAddress[]>;

export interface ResolveOptions {
  /** Instead of those of /etc/resolv.conf. */
  servers?: string[];
  hostsFile?: string;
  resolvConf?: string;
  giveUpAfterMs?: number;
}

const readAgainAfterMs = 5_000;
/** c-ares waits twice as long with each try, and less where the server was quick before: late answers to an earlier try count. */
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

  /** A new one when /etc/resolv.conf has changed: c-ares reads it once. */
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

/** Both families at once; one of them that is not answered for costs the other its time, not its addresses. */
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
  // as getaddrinfo calls them: what c-ares says of a name server (ECONNREFUSED) must not be taken for the endpoint's answer
  if (codes.length === 2 && codes.every((code) => notThere.has(code)))
    throw Object.assign(new Error(`${name} has no address`), { code: 'ENOTFOUND' });
  const said = codes.find((code) => !notThere.has(code)) ?? 'ETIMEOUT';
  throw Object.assign(new Error(`the name servers do not answer for ${name} (${said})`), { code: 'EAI_AGAIN' });
}

function within(ms: number, done: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    // if this process stood still, what came meanwhile is to be read first
    const timer = setTimeout(() => setImmediate(resolve), ms);
    void done.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Who waits for the same name waits for the same answer. */
export function sharingFlights(resolve: Resolve): Resolve {
  const flights = new Map<string, Promise<ResolvedAddress[]>>();
  return (hostname) => {
    const inFlight = flights.get(hostname);
    if (inFlight !== undefined) return inFlight;
    const flight = resolve(hostname).finally(() => flights.delete(hostname));
    flights.set(hostname, flight);
    return flight;
  };
}
