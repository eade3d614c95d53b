// The stream tells when an endpoint was verified, and not what it answered to each request for that.
import type { Endpoint } from '@posthorn/client';

const askedMs = 5_000;

/** How often its page reads an endpoint by itself. */
export function whileAsked(endpoint: Endpoint | undefined): number | false {
  return endpoint?.verification.state === 'pending' && askedMs;
}
