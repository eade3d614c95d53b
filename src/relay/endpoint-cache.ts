// Caches the endpoints of tenants in memory, limited in total, and checks them by version.
// An accepted event says which version it needs. A check every second finds changes made elsewhere.
// Changed tenants are re-read together; only their events wait for that.

import { type EndpointSnapshot, readEndpointsVersions, readTenantEndpoints } from '#db/endpoints/tenant-endpoints';
import { createGroupCommit } from '#db/store/group-commit';
import type { Db } from '#db/store/pool';
import { createSingleFlight } from '#domain/single-flight';
import { type Timings, usualTimings } from '#domain/timings';

const maxEndpoints = 10_000;
const maxInAll = 50_000;
/**
 * One statement reads as many tenants as had this many endpoints in total at their last read. Two statements run at a
 * time.
 */
const maxEndpointsPerRead = 5_000;
const readsAtOnce = 2;

export interface CachedEndpoints<E = EndpointSnapshot> {
  version: number;
  /** By endpoint id. Null: the tenant has too many to plan from memory. */
  endpoints: Map<string, E> | null;
}

export interface EndpointCache<E = EndpointSnapshot> {
  /** The endpoints of a tenant at this version or a later one. Rejects when PostgreSQL is away. */
  get(tenantId: string, version: number): Promise<CachedEndpoints<E>>;
  /** The endpoint as last read. Undefined: it was deleted, or its tenant is not in the cache. */
  current(tenantId: string, endpointId: string): E | undefined;
  /** Reads the versions of all cached tenants and notes which have changed. Rejects when PostgreSQL is away. */
  lookForChanges(): Promise<void>;
  /**
   * Re-reads the endpoints of changed tenants. Rejects when PostgreSQL is away; the next call reads the remaining ones.
   */
  readChanged(): Promise<void>;
  /** True: the cached endpoints of this tenant were checked at most 3 s ago. */
  isFresh(tenantId: string): boolean;
}

type Fresh = Pick<Timings['relay'], 'endpointsFreshForMs'>;

/** Reads the endpoints of these tenants, and returns them in the order of `tenantIds`. */
type Read<E> = (db: Db, tenantIds: string[], limit: number) => Promise<{ version: number; endpoints: E[] | null }[]>;

export function createEndpointCache(db: Db, reads: Db, times?: Fresh): EndpointCache {
  return createCacheOf(db, reads, readTenantEndpoints, times);
}

/**
 * A cache of the endpoints and fields that `read` returns. `read` uses the pool `reads`; versions are read from `db`.
 */
export function createCacheOf<E extends { endpointId: string }>(
  db: Db,
  reads: Db,
  read: Read<E>,
  times: Fresh = usualTimings.relay,
): EndpointCache<E> {
  /** Least recently used first. */
  const known = new Map<string, CachedEndpoints<E>>();
  const loading = createSingleFlight<CachedEndpoints<E>>();
  /** Changed tenants that are not re-read yet, with their latest known version. */
  const outdated = new Map<string, number>();
  const loads = createGroupCommit<string, CachedEndpoints<E>>({
    write: readTogether,
    weigh: (tenantId) => sizeOf(known.get(tenantId)),
    maxWeight: maxEndpointsPerRead,
    concurrency: readsAtOnce,
  });
  let refreshedAt = performance.now();
  let inAll = 0;

  async function readTogether(tenantIds: string[]): Promise<CachedEndpoints<E>[]> {
    const found = await read(reads, tenantIds, maxEndpoints);
    return found.map(({ version, endpoints }) => ({
      version,
      endpoints: endpoints && new Map(endpoints.map((endpoint) => [endpoint.endpointId, endpoint])),
    }));
  }

  /** Reads the committed state. Concurrent calls for the same tenant share one read. */
  async function load(tenantId: string): Promise<CachedEndpoints<E>> {
    return keep(tenantId, await loading.share(tenantId, () => loads.add(tenantId)));
  }

  /**
   * Stores a read. It does not count as a use: a tenant that was cached before keeps its position in the eviction
   * order.
   */
  function keep(tenantId: string, loaded: CachedEndpoints<E>): CachedEndpoints<E> {
    const held = known.get(tenantId);
    // two reads may end in the reverse order
    if (held && held.version >= loaded.version) return held;
    inAll += sizeOf(loaded) - (held ? sizeOf(held) : 0);
    known.set(tenantId, loaded);
    if (loaded.version >= (outdated.get(tenantId) ?? 0)) outdated.delete(tenantId);
    for (const [unused] of known) {
      if (inAll <= maxInAll) break;
      if (unused !== tenantId) forget(unused);
    }
    return loaded;
  }

  async function loadAtLeast(tenantId: string, version: number): Promise<CachedEndpoints<E>> {
    const loaded = await load(tenantId);
    // the shared read may have begun before this version was committed
    return loaded.version >= version ? loaded : load(tenantId);
  }

  function forget(tenantId: string): void {
    inAll -= sizeOf(known.get(tenantId));
    known.delete(tenantId);
    outdated.delete(tenantId);
  }

  function use(tenantId: string, held: CachedEndpoints<E>): CachedEndpoints<E> {
    known.delete(tenantId);
    known.set(tenantId, held);
    return held;
  }

  return {
    async get(tenantId, version) {
      const held = known.get(tenantId);
      return held && held.version >= version ? use(tenantId, held) : loadAtLeast(tenantId, version);
    },
    current: (tenantId, endpointId) => known.get(tenantId)?.endpoints?.get(endpointId),
    isFresh: (tenantId) => performance.now() - refreshedAt < times.endpointsFreshForMs && !outdated.has(tenantId),
    async lookForChanges() {
      const askedAt = performance.now();
      const versions = known.size === 0 ? new Map<string, number>() : await readEndpointsVersions(db, [...known.keys()]);
      for (const [tenantId, version] of versions) {
        const held = known.get(tenantId);
        if (held && held.version < version) outdated.set(tenantId, version);
      }
      refreshedAt = askedAt;
    },
    async readChanged() {
      await Promise.all([...outdated].map(([tenantId, version]) => loadAtLeast(tenantId, version)));
    },
  };
}

/** The weight of a cached tenant: its endpoints, plus one so that a tenant without endpoints counts too. */
function sizeOf(held: CachedEndpoints<unknown> | undefined): number {
  return 1 + (held?.endpoints?.size ?? 0);
}
