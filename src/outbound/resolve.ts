// All addresses of a host name, asked of the system once for everybody who waits for the same name.
import { lookup } from 'node:dns/promises';

export interface ResolvedAddress {
  address: string;
  family: number;
}

export type Resolve = (hostname: string) => Promise<ResolvedAddress[]>;

export const resolveBySystem: Resolve = (hostname) => lookup(hostname, { all: true, order: 'verbatim' });

/** The system's resolver has four threads: a slow name may hold one of them, not as many as it has requests. */
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
