// How many endpoints there may be: each one is another request for every event that it subscribes to.

export const usualMaxEndpoints = 100;

/** A portal link is in a customer's hands: without this limit one event could become a hundred requests at a host that is not theirs. */
export const mostAtHostByLink = 10;

/** `tenant`: of all its endpoints; `host`: of those that send to one host name, webhooks or questions for tokens, whatever the port and path. */
export interface EndpointLimit {
  of: 'tenant' | 'host';
  most: number;
}

export interface EndpointCounts {
  /** The other endpoints of the tenant, and those of them at a host to which this one is new: at the fullest, if there are two. */
  endpoints: number;
  atHost: number;
}

/** The limit that leaves no room for one more; null: there is room. A limit that is null is none. */
export function limitReached(counts: EndpointCounts, most: { endpoints: number | null; atHost: number | null }): EndpointLimit | null {
  if (most.endpoints !== null && counts.endpoints >= most.endpoints) return { of: 'tenant', most: most.endpoints };
  if (most.atHost !== null && counts.atHost >= most.atHost) return { of: 'host', most: most.atHost };
  return null;
}
