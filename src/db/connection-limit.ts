// Limits how many connections of a pool one kind of work may hold. Where the limits of all kinds add up to the size of the pool, each kind always gets its own,
// whatever the others wait for.
import type pg from 'pg';
import { StoreOverloaded } from './errors.ts';
import type { Db } from './pool.ts';

/** As long as the pool itself lets a query wait for a connection. */
const usualPatienceMs = 10_000;

/** The pool, of which `most` connections at once are used through what is returned. A query that waits longer for one rejects with StoreOverloaded. */
export function limitConnections(pool: Db, most: number, patienceMs = usualPatienceMs): Db {
  const waiting = new Set<() => void>();
  let used = 0;

  function take(): Promise<void> {
    if (used < most) {
      used++;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const begin = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        waiting.delete(begin);
        reject(new StoreOverloaded());
      }, patienceMs);
      waiting.add(begin);
    });
  }

  /** The query that has waited longest gets the connection. */
  function giveBack(): void {
    const [next] = waiting;
    if (!next) used--;
    else {
      waiting.delete(next);
      next();
    }
  }

  async function query(...args: unknown[]): Promise<unknown> {
    await take();
    try {
      return await (pool.query as (...args: unknown[]) => Promise<unknown>)(...args);
    } finally {
      giveBack();
    }
  }

  async function connect(): Promise<pg.PoolClient> {
    await take();
    try {
      return releasing(await pool.connect(), giveBack);
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  return { query, connect } as Db;
}

/** The client, whose next release is told once. pg gives it another `release` at each connect. */
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
