// The connection to PostgreSQL, and what its errors mean.
import pg from 'pg';
import { retryTransaction } from './retry-transaction.ts';

// counts and versions are bigint in SQL and stay far below 2^53
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

export type Db = Pick<pg.Pool, 'query' | 'connect'>;

export interface PoolOptions {
  url: string;
  max: number;
  onError(error: Error): void;
}

/**
 * Opens lazily; `end()` closes it. A query waits at most 10 s for a connection and 30 s for its answer, which PostgreSQL itself keeps to: nothing runs on there for
 * whoever has left. Nor does a process that was stopped in a transaction hold its locks for longer.
 */
export function createPool({ url, max, onError }: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    application_name: 'posthorn',
    connectionTimeoutMillis: 10_000,
    statement_timeout: 30_000,
    idle_in_transaction_session_timeout: 30_000,
    // for a server that is gone: one that is there answers first
    query_timeout: 31_000,
    idleTimeoutMillis: 60_000,
  });
  pool.on('error', onError);
  // a client that is in use when its server goes has no other listener, and without one the process would end; its query fails all the same
  pool.on('connect', (client) => client.on('error', onError));
  return retryingLostRaces(pool);
}

/** Every statement outside a transaction runs again when it lost a race. */
function retryingLostRaces(pool: pg.Pool): pg.Pool {
  const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>;
  pool.query = ((...args: unknown[]) => retryTransaction(() => query(...args))) as typeof pool.query;
  return pool;
}

/** Runs `work` in one transaction on one connection; again when it lost a race, so it must have no effect but through the client. */
export function inTransaction<T>(db: Db, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  return retryTransaction(() => transact(db, work));
}

async function transact<T>(db: Db, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await db.connect();
  let broken: Error | undefined;
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}
