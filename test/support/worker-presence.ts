// Vitest stops the servers of a run while its last workers still stop their shared Posthorn, which needs them.
// So such a worker keeps a connection to PostgreSQL until it is done, and the servers wait for that.
import pg from 'pg';
import { until } from './until.ts';

const name = 'a worker with a shared Posthorn';

/** Call the result when this worker needs the servers no more. */
export async function announceWorker(postgresUrl: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: postgresUrl, application_name: name });
  await client.connect();
  return () => client.end();
}

/** Resolves when no worker needs the servers any more. */
export async function workersToEnd(postgresUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: postgresUrl });
  await client.connect();
  try {
    await until('the workers to stop their shared Posthorns', async () => {
      const { rowCount } = await client.query('select from pg_stat_activity where application_name = $1', [name]);
      return rowCount === 0;
    });
  } finally {
    await client.end();
  }
}
