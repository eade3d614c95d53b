// The sites that may embed the portal of a link, by the id in its address. The page is open to anybody, so unknown ids share one
// statement at a time.
import { LRUCache } from 'lru-cache';
import { readFrameOrigins } from '#db/access/portal-links';
import type { Db } from '#db/store/pool';
import { createTtlCache } from './ttl-cache.ts';

/** Empty: none may, or there is no such link, or PostgreSQL is away. */
export type FrameOrigins = (linkId: string) => Promise<readonly string[]>;

const most = 10_000;

export function createFrameOrigins(db: Db): FrameOrigins {
  // those of a link never change
  const known = new LRUCache<string, readonly string[]>({ max: most });
  const asked = createTtlCache({ read: (ids) => readFrameOrigins(db, ids), most });
  return async (linkId) => {
    const kept = known.get(linkId);
    if (kept) return kept;
    try {
      const found = await asked.find(linkId);
      if (found) known.set(linkId, found);
      return found ?? [];
    } catch {
      return [];
    }
  };
}
