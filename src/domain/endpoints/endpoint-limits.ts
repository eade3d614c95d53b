// Limits on the number of endpoints. Every endpoint adds one request for each event it subscribes
// to.

export const usualMaxEndpoints = 100;

/**
 * Consumers hold portal links. Without this limit they could turn one event into a hundred requests to a host they do
 * not own.
 */
export const mostAtHostByLink = 10;

/**
 * `tenant` limits all endpoints of a tenant. `host` limits those with one host name, for webhooks or OAuth tokens, on
 * any port and path.
 */
export interface EndpointLimit {
  of: 'tenant' | 'host';
  most: number;
}

export interface EndpointCounts {
  /** Other endpoints of the tenant. */
  endpoints: number;
  /** Those of them at a host that is new to this endpoint; if two hosts are new, at the one with more endpoints. */
  atHost: number;
}

/** The limit that one more endpoint would exceed; null: no limit. In `most`, null means unlimited. */
export function limitReached(counts: EndpointCounts, most: { endpoints: number | null; atHost: number | null }): EndpointLimit | null {
  if (most.endpoints !== null && counts.endpoints >= most.endpoints) return { of: 'tenant', most: most.endpoints };
  if (most.atHost !== null && counts.atHost >= most.atHost) return { of: 'host', most: most.atHost };
  return null;
}
