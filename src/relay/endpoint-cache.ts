// Caches the endpoints of tenants in memory, limited in total, and checks them by version.
// An accepted event says which version it needs. A check every second finds changes made elsewhere.
// Changed tenants are re-read together; only their events wait for that.

import { type EndpointSnapshot, readEndpointsVersions, readTenantEndpoints } from '#db/endpoints/tenant-endpoints';
import { createGroupCommit, type GroupCommit } from '#db/store/group-commit';
import type { Db } from '#db/store/pool';
import type { Subscription } from '#domain/events/subscription';
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
  /** An endpoint has a filter, so that the content of events has to be read. */
  hasFilters: boolean;
}

type Fresh = Pick<Timings['relay'], 'endpointsFreshForMs'>;

/** Reads the endpoints of these tenants, and returns them in the order of `tenantIds`. */
type Read<E> = (db: Db, tenantIds: string[], limit: number) => Promise<{ version: number; endpoints: E[] | null }[]>;

export function createEndpointCache(db: Db, reads: Db, times?: Fresh): EndpointCache {
  return new EndpointCache(db, reads, readTenantEndpoints, times);
}

/** A cache of the endpoints of tenants, with the fields that `read` returns. */
export class EndpointCache<E extends { endpointId: string } & Pick<Subscription, 'filter'> = EndpointSnapshot> {
  readonly #db: Db;
  readonly #reads: Db;
  readonly #read: Read<E>;
  readonly #times: Fresh;
  /** Least recently used first. Not an LRUCache: there a re-read would count as a use. */
  readonly #known = new Map<string, CachedEndpoints<E>>();
  readonly #loading = createSingleFlight<CachedEndpoints<E>>();
  readonly #loads: GroupCommit<string, CachedEndpoints<E>>;
  /** Changed tenants that are not re-read yet, with their latest known version. */
  readonly #outdated = new Map<string, number>();
  #refreshedAt = performance.now();
  /** An event has asked since then. */
  #used = false;
  /** The weight of all cached tenants. */
  #inAll = 0;

  /** `read` uses the pool `reads`; versions are read from `db`. */
  constructor(db: Db, reads: Db, read: Read<E>, times: Fresh = usualTimings.relay) {
    this.#db = db;
    this.#reads = reads;
    this.#read = read;
    this.#times = times;
    this.#loads = createGroupCommit({
      write: (tenantIds) => this.#readTogether(tenantIds),
      weigh: (tenantId) => weightOf(this.#known.get(tenantId)),
      maxWeight: maxEndpointsPerRead,
      concurrency: readsAtOnce,
    });
  }

  /** The endpoints of a tenant at this version or a later one. Rejects when PostgreSQL is away. */
  async get(tenantId: string, version: number): Promise<CachedEndpoints<E>> {
    const held = this.#known.get(tenantId);
    return held && held.version >= version ? this.#use(tenantId, held) : this.#loadAtLeast(tenantId, version);
  }

  /** The endpoint as last read. Undefined: it was deleted, or its tenant is not in the cache. */
  current(tenantId: string, endpointId: string): E | undefined {
    return this.#known.get(tenantId)?.endpoints?.get(endpointId);
  }

  /** True: the cached endpoints of this tenant were checked at most 3 s ago. */
  isFresh(tenantId: string): boolean {
    this.#used = true;
    return performance.now() - this.#refreshedAt < this.#times.endpointsFreshForMs && !this.#outdated.has(tenantId);
  }

  /** True: it is time to look for changes. Asked each second; while no event comes, looks are half as frequent. */
  isDue(): boolean {
    return this.#used || performance.now() - this.#refreshedAt >= this.#times.endpointsFreshForMs / 2;
  }

  /** Reads the versions of all cached tenants and notes which have changed. Rejects when PostgreSQL is away. */
  async lookForChanges(): Promise<void> {
    const askedAt = performance.now();
    this.#used = false;
    const tenantIds = [...this.#known.keys()];
    const versions = tenantIds.length === 0 ? new Map<string, number>() : await readEndpointsVersions(this.#db, tenantIds);
    for (const [tenantId, version] of versions) {
      const held = this.#known.get(tenantId);
      if (held && held.version < version) this.#outdated.set(tenantId, version);
    }
    this.#refreshedAt = askedAt;
  }

  /**
   * Re-reads the endpoints of changed tenants. Rejects when PostgreSQL is away; the next call reads the remaining ones.
   */
  async readChanged(): Promise<void> {
    await Promise.all([...this.#outdated].map(([tenantId, version]) => this.#loadAtLeast(tenantId, version)));
  }

  async #loadAtLeast(tenantId: string, version: number): Promise<CachedEndpoints<E>> {
    const loaded = await this.#load(tenantId);
    // the shared read may have begun before this version was committed
    return loaded.version >= version ? loaded : this.#load(tenantId);
  }

  /** Reads the committed state. Concurrent calls for the same tenant share one read. */
  async #load(tenantId: string): Promise<CachedEndpoints<E>> {
    return this.#keep(tenantId, await this.#loading.share(tenantId, () => this.#loads.add(tenantId)));
  }

  async #readTogether(tenantIds: string[]): Promise<CachedEndpoints<E>[]> {
    const found = await this.#read(this.#reads, tenantIds, maxEndpoints);
    return found.map(({ version, endpoints }) => ({
      version,
      endpoints: endpoints && new Map(endpoints.map((endpoint) => [endpoint.endpointId, endpoint])),
      hasFilters: endpoints?.some(({ filter }) => filter !== null) ?? false,
    }));
  }

  /**
   * Stores a read. It does not count as a use: a tenant that was cached before keeps its position in the eviction
   * order.
   */
  #keep(tenantId: string, loaded: CachedEndpoints<E>): CachedEndpoints<E> {
    const held = this.#known.get(tenantId);
    // two reads may end in the reverse order
    if (held && held.version >= loaded.version) return held;
    this.#inAll += weightOf(loaded) - (held ? weightOf(held) : 0);
    this.#known.set(tenantId, loaded);
    if (loaded.version >= (this.#outdated.get(tenantId) ?? 0)) this.#outdated.delete(tenantId);
    for (const [unused] of this.#known) {
      if (this.#inAll <= maxInAll) break;
      if (unused !== tenantId) this.#forget(unused);
    }
    return loaded;
  }

  #use(tenantId: string, held: CachedEndpoints<E>): CachedEndpoints<E> {
    this.#known.delete(tenantId);
    this.#known.set(tenantId, held);
    return held;
  }

  #forget(tenantId: string): void {
    this.#inAll -= weightOf(this.#known.get(tenantId));
    this.#known.delete(tenantId);
    this.#outdated.delete(tenantId);
  }
}

/** The weight of a cached tenant: its endpoints, plus one so that a tenant without endpoints counts too. */
function weightOf(held: CachedEndpoints<unknown> | undefined): number {
  return 1 + (held?.endpoints?.size ?? 0);
}
