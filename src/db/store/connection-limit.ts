// Limits how many connections of a pool one kind of work may hold. If the limits of all kinds add
// up to the size of the pool, each kind always gets its share, whatever the others wait for.
import type pg from 'pg';
import { StoreOverloaded } from './errors.ts';
import type { Db } from './pool.ts';

/** Equals the pool's own timeout for a connection. */
const usualPatienceMs = 10_000;

export interface ConnectionLimit {
  /** Maximum number of connections in use at once. */
  most: number;
  /** Timeout for a connection, in ms. After that the query rejects with StoreOverloaded. */
  patienceMs?: number;
  /** The owner of the current query, who gets at most half of the connections. Null: the query has no owner. */
  whose?(): string | null;
}

/** How much of its limit is in use now, and how many queries wait for a connection. */
export interface LimitUse {
  used: number;
  waiting: number;
  most: number;
}

export type LimitedDb = Db & { use(): LimitUse };

/** Wraps the pool: at most `most` of its connections are in use through the returned Db. */
export function limitConnections(pool: Db, limit: ConnectionLimit): LimitedDb {
  const share = new ConnectionShare(limit);

  async function query(...args: unknown[]): Promise<unknown> {
    const giveBack = await share.take();
    try {
      return await (pool.query as (...args: unknown[]) => Promise<unknown>)(...args);
    } finally {
      giveBack();
    }
  }

  async function connect(): Promise<pg.PoolClient> {
    const giveBack = await share.take();
    try {
      return releasing(await pool.connect(), giveBack);
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  return { query, connect, use: () => share.use() } as LimitedDb;
}

interface Waiting {
  owner: string | null;
  begin(): void;
}

/**
 * The connections that one kind of work may hold. A query takes one at once if one is free and its owner uses less than
 * half of them. Otherwise it waits until one is given back. The oldest waiting query comes first; those whose owner is
 * at the limit are passed over.
 */
class ConnectionShare {
  readonly #most: number;
  readonly #maxPerOwner: number;
  readonly #patienceMs: number;
  readonly #ownerOfQuery: () => string | null;
  readonly #waiting = new Set<Waiting>();
  readonly #usedBy = new Map<string | null, number>();
  #used = 0;

  constructor({ most, patienceMs = usualPatienceMs, whose = () => null }: ConnectionLimit) {
    this.#most = most;
    this.#maxPerOwner = Math.max(1, Math.floor(most / 2));
    this.#patienceMs = patienceMs;
    this.#ownerOfQuery = whose;
  }

  /** Resolves with a function that gives the connection back. */
  take(): Promise<() => void> {
    const owner = this.#ownerOfQuery();
    const giveBack = () => {
      this.#count(owner, -1);
      this.#beginNext();
    };
    if (!this.#mayBegin(owner)) return this.#wait(owner, giveBack);
    this.#count(owner, 1);
    return Promise.resolve(giveBack);
  }

  use(): LimitUse {
    return { used: this.#used, waiting: this.#waiting.size, most: this.#most };
  }

  #mayBegin(owner: string | null): boolean {
    return this.#used < this.#most && (owner === null || (this.#usedBy.get(owner) ?? 0) < this.#maxPerOwner);
  }

  #count(owner: string | null, change: 1 | -1): void {
    this.#used += change;
    const left = (this.#usedBy.get(owner) ?? 0) + change;
    if (left === 0) this.#usedBy.delete(owner);
    else this.#usedBy.set(owner, left);
  }

  #wait(owner: string | null, giveBack: () => void): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const wait: Waiting = {
        owner,
        begin() {
          clearTimeout(timer);
          resolve(giveBack);
        },
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(wait);
        reject(new StoreOverloaded());
      }, this.#patienceMs);
      this.#waiting.add(wait);
    });
  }

  /** Starts the query that has waited longest, of those whose owner is below its limit. */
  #beginNext(): void {
    for (const next of this.#waiting) {
      if (!this.#mayBegin(next.owner)) continue;
      this.#waiting.delete(next);
      this.#count(next.owner, 1);
      next.begin();
      return;
    }
  }
}

/** Calls `released` once, at the client's next release. pg sets a new `release` at each connect. */
function releasing(client: pg.PoolClient, released: () => void): pg.PoolClient {
  const { release } = client;
  let isHeld = true;
  client.release = (broken) => {
    release.call(client, broken);
    if (isHeld) released();
    isHeld = false;
  };
  return client;
}
