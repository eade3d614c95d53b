// Runs a bench on stores of its own, with clients of both, and with an orderly end when it is interrupted.
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { readConfig } from '#config/config';
import { interrupted } from './in-turns.ts';
import { openStores, type Stores } from './stores.ts';

export interface OpenStores {
  stores: Stores;
  db: pg.Client;
  client: Client;
  /** Called in reverse order at the end, before the stores are closed. */
  closers: (() => unknown)[];
}

export async function withStores(run: (open: OpenStores) => Promise<void>): Promise<void> {
  const stores = await openStores(readConfig());
  const closers: (() => unknown)[] = [stores.stop];
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort(new Error('interrupted')));
  try {
    const db = new pg.Client({ connectionString: stores.databaseUrl });
    await db.connect();
    closers.push(() => db.end());
    const connection = await Connection.connect({ address: stores.temporalAddress });
    closers.push(() => connection.close());
    await run({ stores, db, client: new Client({ connection }), closers });
  } finally {
    for (let close = closers.pop(); close; close = closers.pop()) await close();
  }
}
