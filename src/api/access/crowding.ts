// How many requests of one tenant may be under way in this process at once. Each may hold a connection to PostgreSQL, of which there are few: without this a
// consumer's key could take them all. Events that are posted share their statements, so many more of them may.
//
// Only callers that are bound to a tenant are counted: whoever has a key for all tenants is the platform.
import type { Caller } from '#domain/access';
import { Problem } from '../http/problem.ts';
import type { Route } from '../http/route.ts';

export const mostAtOnce = 8;
export const mostEventPostsAtOnce = 256;

export interface Crowding {
  /** To be called when the request is done; null: it is not counted. Throws a 429 where as many as may be are under way. */
  enter(caller: Caller, route: Pick<Route, 'scope'>): (() => void) | null;
}

export function createCrowding(): Crowding {
  const underWay = new Map<string, number>();

  return {
    enter({ tenant }, { scope }) {
      if (!tenant) return null;
      const posts = scope === 'events:write';
      const whose = posts ? `events/${tenant.id}` : tenant.id;
      const count = underWay.get(whose) ?? 0;
      if (count >= (posts ? mostEventPostsAtOnce : mostAtOnce)) {
        const detail = `${count} requests of this tenant are under way already. Nothing of this one was done: repeat it after Retry-After.`;
        throw new Problem(429, detail, { headers: { 'retry-after': '1' } });
      }
      underWay.set(whose, count + 1);
      return () => {
        const left = (underWay.get(whose) ?? 1) - 1;
        if (left === 0) underWay.delete(whose);
        else underWay.set(whose, left);
      };
    },
  };
}
