// Runs a statement over all partitions by a plan that is made once for each connection: planning months of partitions takes
// longer than running it.
import type { PoolClient, QueryResult, QueryResultRow } from 'pg';

/**
 * In a transaction. The plan uses indexes, whatever the parameters are, so they must select few rows by an index. Compiling
 * would cost more than it saves.
 */
export async function queryPlannedOnce<Row extends QueryResultRow>(
  client: PoolClient,
  query: { name: string; text: string; values?: unknown[] },
): Promise<QueryResult<Row>> {
  await client.query('set local plan_cache_mode = force_generic_plan; set local enable_seqscan = off; set local jit = off');
  return client.query<Row>(query);
}
