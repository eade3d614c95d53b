// Tenants' endpoints in memory, bounded in all, checked by version: an event's acceptance says which version it needs, and once a second the versions of
// all tenants in use are asked for, so that a change made elsewhere counts within a second.
//
// What if the endpoints of many tenants change at once? They are read together, and only what is sent for these tenants waits for that.

import { type EndpointSnapshot, readEndpointsVersions, readTenantEndpoints } from '#db/endpoints/tenant-endpoints';
import { createGroupCommit } from '#db/store/group-commit';
import type { Db } from '#db/store/pool';

const freshForMs = 3_000;
const maxEndpoints = 10_000;
const maxInAll = 50_000;
/** One statement reads tenants that had so many endpoints when they were read before; two run at a time. */
const mostAtOnce = 5_000;
const readsAtOnce = 2;

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
  /** Asks for the versions of all tenants in memory, and notes which have changed. Rejects when the store is away. */
  lookForChanges(): Promise<void>;
  /** Reads the endpoints of tenants that have changed. Rejects when the store is away: what it did not read is read by the next call. */
  readChanged(): Promise<void>;
  /** What is known here of this tenant is at most 3 s old. */
  isFresh(tenantId: string): boolean;
}

/** Of each of these tenants, in their order. */
type Read<E> = (db: Db, tenantIds: string[], limit: number) => Promise<{ version: number; endpoints: E[] | null }[]>;

export function createEndpointCache(db: Db, reads: Db): EndpointCache {
  return createCacheOf(db, reads, readTenantEndpoints);
}

/** Of as much of each endpoint, and of such endpoints, as `read` reads, from `reads`; versions are asked of `db`. */
export function createCacheOf<E extends { endpointId: string }>(db: Db, reads: Db, read: Read<E>): EndpointCache<E> {
  /** The one used longest ago first. */
  const known = new Map<string, CachedEndpoints<E>>();
  const loading = new Map<string, Promise<CachedEndpoints<E>>>();
  /** Tenants known to have changed and not read again yet, with the version that they are known to have. */
  const outdated = new Map<string, number>();
  const loads = createGroupCommit<string, CachedEndpoints<E>>({
    write: readTogether,
    weigh: (tenantId) => sizeOf(known.get(tenantId)),
    maxWeight: mostAtOnce,
    lanes: readsAtOnce,
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

  /** Reads what is committed by now; whoever asks while that waits gets the same. */
  async function load(tenantId: string): Promise<CachedEndpoints<E>> {
    const begun = loading.get(tenantId) ?? loads.add(tenantId).finally(() => loading.delete(tenantId));
    loading.set(tenantId, begun);
    return keep(tenantId, await begun);
  }

  /** A tenant that was known keeps its place: only its use makes it a recent one. */
  function keep(tenantId: string, loaded: CachedEndpoints<E>): CachedEndpoints<E> {
    const held = known.get(tenantId);
    // two reads may end in the other order
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
    // a read that had begun before this version was committed
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
    isFresh: (tenantId) => performance.now() - refreshedAt < freshForMs && !outdated.has(tenantId),
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

/** A tenant without endpoints weighs something too. */
function sizeOf(held: CachedEndpoints<unknown> | undefined): number {
  return 1 + (held?.endpoints?.size ?? 0);
}
