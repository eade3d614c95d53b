// The connection pool for PostgreSQL, and transactions.
import pg from 'pg';
import { retryTransaction } from './retry-transaction.ts';

// counts and versions are bigint in SQL and stay far below 2^53
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

export type Db = Pick<pg.Pool, 'query' | 'connect'>;

export interface PoolOptions {
  url: string;
  max: number;
  onError(error: Error): void;
  /** Timeout for a connection and for an answer. Default: 10 s, and 30 s. */
  withinMs?: number;
}

/**
 * Connects lazily; `end()` closes the pool. A query waits at most 10 s for a connection and 30 s for its answer.
 * PostgreSQL itself applies the 30 s, so that nothing keeps running there for a client that has given up. A process
 * that is suspended within a transaction keeps its locks no longer than 30 s either.
 */
export function createPool({ url, max, onError, withinMs }: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    application_name: 'posthorn',
    connectionTimeoutMillis: withinMs ?? 10_000,
    statement_timeout: withinMs ?? 30_000,
    idle_in_transaction_session_timeout: 30_000,
    // for a server that is gone; one that is running answers first
    query_timeout: (withinMs ?? 30_000) + 1_000,
    idleTimeoutMillis: 60_000,
  });
  pool.on('error', onError);
  // without this listener, a client in use whose server goes away would end the process; its query fails anyway
  pool.on('connect', (client) => client.on('error', onError));
  return retryingLostRaces(pool);
}

/** Statements outside a transaction run again after a lost race. */
function retryingLostRaces(pool: pg.Pool): pg.Pool {
  const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>;
  pool.query = ((...args: unknown[]) => retryTransaction(() => query(...args))) as typeof pool.query;
  return pool;
}

/**
 * Runs `work` in one transaction on one connection. It may run again after a lost race: use no effects outside the
 * client.
 */
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
