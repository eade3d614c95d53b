// The stage of a chaos test: its own database, a receiver, real Posthorn processes, and the checks
// that decide whether no event was lost or repeated.
import { Client, Connection } from '@temporalio/client';
import type pg from 'pg';
import { expect, inject } from 'vitest';
import { createPool } from '#db/store/pool';
import type { Timings } from '#domain/timings';
import { createTestDatabase } from '../support/database.ts';
import { testEnv } from '../support/posthorn.ts';
import { createProcessGroup, type PosthornProcess, type ProcessOptions } from '../support/posthorn-process.ts';
import { longRequestMs } from '../support/quick-timings.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';

export interface Stage {
  db: pg.Pool;
  receiver: Receiver;
  env: Record<string, string>;
  temporal: Client;
  start(options?: Partial<ProcessOptions>): Promise<PosthornProcess>;
  /** Posts events with these ids concurrently. Returns the ids answered with 202. */
  send(to: PosthornProcess, tenant: string, ids: string[], more?: object): Promise<string[]>;
  /** Resolves when no work is left in PostgreSQL or Temporal, so that no further request can arrive. */
  settled(withinMs?: number): Promise<void>;
  /** The number of requests of each event, without the events that arrived exactly once. */
  notOnce(ids: string[]): Record<string, number>;
  query<T extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<T[]>;
  /** Cleans up, and keeps the logs of the processes if the test has failed. Call it in Vitest's onTestFinished. */
  close(failed: boolean): Promise<void>;
}

export interface StageOptions {
  namespace: string;
  /** Default: the shared Temporal server. */
  temporalAddress?: string;
  databaseUrl?: string;
  env?: Record<string, string>;
  /** Of all processes. Default: the usual ones. */
  timings?: Timings;
}

export async function openStage({
  namespace,
  temporalAddress = inject('temporalAddress'),
  databaseUrl,
  env: more = {},
  timings,
}: StageOptions): Promise<Stage> {
  const own = databaseUrl === undefined ? undefined : createPool({ url: databaseUrl, max: 5, onError: () => undefined });
  const database = own ? { url: databaseUrl ?? '', db: own, drop: () => own.end() } : await createTestDatabase();
  const [receiver, connection] = await Promise.all([startReceiver(), Connection.connect({ address: temporalAddress })]);
  const env = { ...testEnv(database, namespace), TEMPORAL_ADDRESS: temporalAddress, DATABASE_POOL: '16', ...more };
  const group = createProcessGroup();
  const temporal = new Client({ connection, namespace });
  const { db } = database;

  /** Lists the unfinished work; empty if there is none. Reads Temporal only if PostgreSQL has none. */
  async function unfinished(): Promise<string[]> {
    const { rows } = await db.query<{ what: string }>(
      `select 'outbox ' || event_id as what from outbox
       union all select 'dispatch ' || id from dispatches where done_at is null
       union all select 'delivery ' || id || ' ' || status from deliveries where status in ('pending', 'retrying')`,
    );
    if (rows.length > 0) return rows.map(({ what }) => what);
    const open: string[] = [];
    for await (const { workflowId, type, searchAttributes } of temporal.workflow.list({ query: "ExecutionStatus = 'Running'" })) {
      const waits = type === 'operator' || String(searchAttributes.PosthornStatus) === 'dead_lettered';
      if (!waits) open.push(workflowId);
    }
    return open;
  }

  return {
    db,
    receiver,
    env,
    temporal,
    start: (options = {}) => group.start({ timings, ...options, env: { ...env, ...options.env } }),
    async send(to, tenant, ids, event = {}) {
      const answers = await Promise.allSettled(
        ids.map((id) => to.post(`/v1/tenants/${tenant}/events`, { type: 'order.created', data: { id }, id, ...event })),
      );
      return ids.filter((_, index) => {
        const answer = answers[index];
        return answer?.status === 'fulfilled' && answer.value.status === 202;
      });
    },
    settled: (withinMs = 240_000) =>
      until(
        'all work to be finished',
        async () => {
          const left = await unfinished();
          if (left.length > 0) throw new Error(`${left.length} left: ${left.slice(0, 5).join(', ')}`);
          return true;
        },
        withinMs,
      ).then(() => undefined),
    notOnce: (ids) => Object.fromEntries(ids.map((id) => [id, receiver.of(id).length] as const).filter(([, count]) => count !== 1)),
    query: async (text, values) => (await db.query(text, values)).rows,
    async close(failed) {
      const logs = await group.end(failed);
      if (logs) process.stderr.write(`the processes' logs are in ${logs}\n`);
      await Promise.all([receiver.close(), connection.close(), database.drop()]);
    },
  };
}

/** Creates a tenant with one endpoint at the receiver's `/hook`. */
export async function makeTenant(stage: Stage, by: PosthornProcess, more: object = {}): Promise<string> {
  const tenant = await by.makeTenant();
  await by.makeEndpoint(tenant, `${stage.receiver.url}/hook`, more);
  return tenant;
}

/** The requests of all endpoints may take longer than the API allows. Call it before the first event. */
export async function allowLongRequests(stage: Stage): Promise<void> {
  await stage.query('update endpoints set timeout_ms = $1', [longRequestMs]);
}

export const names = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}-${index + 1}`);

/** Expects every delivery to be `succeeded` and to have as many recorded attempts as it counts in its round. */
export async function expectTrueRecords(stage: Stage): Promise<void> {
  const wrong = await stage.query(
    `select d.status, d.round, d.attempts, count(a.id) as recorded from deliveries d left join attempts a
       on a.delivery_id = d.id and a.round = d.round
     group by d.id, d.status, d.round, d.attempts having d.status <> 'succeeded' or count(a.id) <> d.attempts`,
  );
  expect(wrong).toEqual([]);
}
