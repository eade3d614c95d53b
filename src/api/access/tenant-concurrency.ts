// Limits the concurrent requests of one tenant in this process, so that a tenant cannot take all
// database connections. Posted events share statements, so their limit is higher; so is that of live streams. Callers that are
// not bound to a tenant are not limited: they are the platform itself.
import type { Caller } from '#domain/access/access';
import { Problem } from '../http/problem.ts';
import type { Route } from '../http/route.ts';

export const mostAtOnce = 8;
export const mostEventPostsAtOnce = 256;
/** They hold no database connection. */
const mostStreamsAtOnce = 32;

export interface TenantConcurrency {
  /**
   * Returns a function to call when the request is done; null: the request is not counted. Throws a 429 at the limit.
   */
  enter(caller: Caller, route: Pick<Route, 'scope' | 'live'>): (() => void) | null;
}

export function createTenantConcurrency(): TenantConcurrency {
  const inFlight = new Map<string, number>();

  return {
    enter({ tenant }, route) {
      if (!tenant) return null;
      const { name, most } = kindOf(route);
      const counter = `${name}/${tenant.id}`;
      const count = inFlight.get(counter) ?? 0;
      if (count >= most) {
        const detail = `Too many concurrent requests: ${count} of this tenant are in progress. The request was not processed. Retry after the time in Retry-After.`;
        throw new Problem(429, detail, { headers: { 'retry-after': '1' } });
      }
      inFlight.set(counter, count + 1);
      return () => {
        const left = (inFlight.get(counter) ?? 1) - 1;
        if (left === 0) inFlight.delete(counter);
        else inFlight.set(counter, left);
      };
    },
  };
}

function kindOf({ scope, live }: Pick<Route, 'scope' | 'live'>): { name: string; most: number } {
  if (live) return { name: 'streams', most: mostStreamsAtOnce };
  return scope === 'events:write' ? { name: 'events', most: mostEventPostsAtOnce } : { name: 'requests', most: mostAtOnce };
}
