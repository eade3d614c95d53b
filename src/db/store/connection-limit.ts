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

interface Waiting {
  who: string | null;
  begin(): void;
}

/** Wraps the pool: at most `most` of its connections are in use through the returned Db. */
export function limitConnections(pool: Db, { most, patienceMs = usualPatienceMs, whose = () => null }: ConnectionLimit): Db {
  const maxPerOwner = Math.max(1, Math.floor(most / 2));
  const waiting = new Set<Waiting>();
  const usedBy = new Map<string | null, number>();
  let used = 0;

  const mayBegin = (who: string | null) => used < most && (who === null || (usedBy.get(who) ?? 0) < maxPerOwner);

  function count(who: string | null, change: 1 | -1): void {
    used += change;
    const left = (usedBy.get(who) ?? 0) + change;
    if (left === 0) usedBy.delete(who);
    else usedBy.set(who, left);
  }

  /** Resolves with a function that gives the connection back. */
  function take(): Promise<() => void> {
    const who = whose();
    const giveBack = () => {
      count(who, -1);
      beginNext();
    };
    if (mayBegin(who)) {
      count(who, 1);
      return Promise.resolve(giveBack);
    }
    return new Promise((resolve, reject) => {
      const wait: Waiting = {
        who,
        begin() {
          clearTimeout(timer);
          resolve(giveBack);
        },
      };
      const timer = setTimeout(() => {
        waiting.delete(wait);
        reject(new StoreOverloaded());
      }, patienceMs);
      waiting.add(wait);
    });
  }

  /** Starts the query that has waited longest, of those whose owner is below its limit. */
  function beginNext(): void {
    for (const next of waiting) {
      if (!mayBegin(next.who)) continue;
      waiting.delete(next);
      count(next.who, 1);
      next.begin();
      return;
    }
  }

  async function query(...args: unknown[]): Promise<unknown> {
    const giveBack = await take();
    try {
      return await (pool.query as (...args: unknown[]) => Promise<unknown>)(...args);
    } finally {
      giveBack();
    }
  }

  async function connect(): Promise<pg.PoolClient> {
    const giveBack = await take();
    try {
      return releasing(await pool.connect(), giveBack);
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  return { query, connect } as Db;
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
