// Tenants' endpoints in memory, bounded in all, checked by version: an event's acceptance says which version it needs, and once a second the versions of
// all tenants in use are asked for, so that a change made elsewhere counts within a second.
import type { Db } from '../db/pool.ts';
import { type EndpointSnapshot, readEndpointsVersions, readTenantEndpoints } from '../db/tenant-endpoints.ts';

const freshForMs = 3_000;
const maxEndpoints = 10_000;
const maxInAll = 50_000;

export interface CachedEndpoints<E = EndpointSnapshot> {
  version: number;
  /** By endpoint id; null: too many to plan from memory. */
  endpoints: Map<string, E> | null;
}

export interface EndpointCache<E = EndpointSnapshot> {
  /** What a tenant's endpoints were at this version or later. Rejects when the store is away. */
  get(tenantId: string, version: number): Promise<CachedEndpoints<E>>;
  /** The endpoint as last known; undefined: it is gone, or its tenant is not in memory. */
  current(tenantId: string, endpointId: string): E | undefined;
  /** Forgets the tenants whose endpoints have changed. */
  refresh(): Promise<void>;
  /** What is known here is at most 3 s old. */
  isFresh(): boolean;
}

type Read<E> = (db: Db, tenantId: string, limit: number) => Promise<{ version: number; endpoints: E[] | null }>;

export function createEndpointCache(db: Db): EndpointCache {
  return createCacheOf(db, readTenantEndpoints);
}

/** Of as much of each endpoint, and of such endpoints, as `read` reads. */
export function createCacheOf<E extends { endpointId: string }>(db: Db, read: Read<E>): EndpointCache<E> {
  const known = new Map<string, CachedEndpoints<E>>();
  const loading = new Map<string, Promise<CachedEndpoints<E>>>();
  let refreshedAt = performance.now();
  let inAll = 0;

  async function load(tenantId: string): Promise<CachedEndpoints<E>> {
    const { version, endpoints } = await read(db, tenantId, maxEndpoints);
    const loaded = { version, endpoints: endpoints && new Map(endpoints.map((endpoint) => [endpoint.endpointId, endpoint])) };
    forget(tenantId);
    known.set(tenantId, loaded);
    inAll += sizeOf(loaded);
    for (const [oldest] of known) {
      if (inAll <= maxInAll || oldest === tenantId) break;
      forget(oldest);
    }
    return loaded;
  }

  function forget(tenantId: string): void {
    const gone = known.get(tenantId);
    if (gone) inAll -= sizeOf(gone);
    known.delete(tenantId);
  }

  return {
    async get(tenantId, version) {
      const held = known.get(tenantId);
      if (held && held.version >= version) return held;
      const begun = loading.get(tenantId) ?? load(tenantId).finally(() => loading.delete(tenantId));
      loading.set(tenantId, begun);
      const loaded = await begun;
      // a load that had begun before this version was committed
      return loaded.version >= version ? loaded : load(tenantId);
    },
    current: (tenantId, endpointId) => known.get(tenantId)?.endpoints?.get(endpointId),
    isFresh: () => performance.now() - refreshedAt < freshForMs,
    async refresh() {
      const askedAt = performance.now();
      if (known.size === 0) {
        refreshedAt = askedAt;
        return;
      }
      const versions = await readEndpointsVersions(db, [...known.keys()]);
      // a copy: loading puts a tenant to the end again, and its version may be newer by then than the one asked for
      for (const [tenantId, { version }] of [...known]) {
        if ((versions.get(tenantId) ?? 0) > version) await load(tenantId);
      }
      refreshedAt = askedAt;
    },
  };
}

/** A tenant without endpoints weighs something too. */
function sizeOf({ endpoints }: CachedEndpoints<unknown>): number {
  return 1 + (endpoints?.size ?? 0);
}
