// `node bench/cached-workflows.ts [--workflows n] [--cache n …]`: measures what open workflows cost.
// Prints memory and CPU time of Posthorn, for each cache size: in a first round workflows are new, in
// a second one a cache smaller than n replays each of them (the worst case).
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { readConfig } from '#config/config';
import { deliveryWorkflowId, lookSignal, workflowTypes } from '#contract/workflow-contract';
import type { DeliveryRef } from '#db/deliveries/delivery-refs';
import { deliveryId, uuidOf } from '#domain/ids';
import { freePort } from '#embedded/free-port';
import { newId } from '#runtime/new-id';
import { deliveryStart } from '#temporal/starter';
import { type PosthornProcess, startPosthorn } from './posthorn.ts';
import { cpuMsOf, forgetPeak, memoryOf } from './process-cost.ts';
import { openStores, type Stores } from './stores.ts';

const signalsAtOnce = 32;
const roundWithinMs = 20 * 60_000;
const deadLetterWindowMs = 14 * 24 * 3_600_000;
const apiKey = 'bench-key-0123456789abcdef';
const interrupted = new AbortController();
const say = (line: string) => process.stdout.write(`${line}\n`);

function environment({ databaseUrl, temporalAddress }: Stores, port: number, cache: number): Record<string, string> {
  return {
    ...(process.env as Record<string, string>),
    HOST: '127.0.0.1',
    PORT: String(port),
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: temporalAddress,
    POSTHORN_API_KEY: apiKey,
    POSTHORN_MASTER_KEY: Buffer.alloc(32, 'posthorn bench').toString('base64'),
    POSTHORN_ALLOW_CIDRS: '127.0.0.0/8',
    POSTHORN_CACHED_WORKFLOWS: String(cache),
    LOG_LEVEL: 'warn',
  };
}

async function call(port: number, path: string, body: object): Promise<{ id: string }> {
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as { id: string };
}

/** Inserts dead letters of one endpoint as rows. How they came about does not affect the memory of their workflows. */
async function makeDeadLetters(db: pg.Client, port: number, count: number): Promise<DeliveryRef[]> {
  const tenant = 'bench';
  await call(port, '/v1/tenants', { id: tenant, name: tenant });
  const { id: endpointId } = await call(port, `/v1/tenants/${tenant}/endpoints`, { url: 'http://127.0.0.1:9/hook' });
  const events = Array.from({ length: count }, () => newId('evt'));
  await db.query(
    `with made as (
      insert into events (id, tenant_id, external_id, type, channels, body, body_timestamp, accepted_at, position)
      select e.id, t.id, e.id::text, 'order.created', '{}', '{}', 't', now(), nextval('event_position')
      from tenants t, unnest($1::uuid[]) as e (id) where t.external_id = $2 returning id, tenant_id
    )
    insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, attempts, last_outcome, own_workflow)
    select d.id, d.event_id, $4, m.tenant_id, 'order.created', 'dead_lettered', 9, 'http_status', true
    from unnest($3::uuid[], $1::uuid[]) as d (id, event_id) join made m on m.id = d.event_id`,
    [events.map(uuidOf), tenant, events.map((id) => uuidOf(deliveryId(id, endpointId))), uuidOf(endpointId)],
  );
  return events.map((id) => ({
    deliveryId: deliveryId(id, endpointId),
    status: 'dead_lettered',
    round: 1,
    tenant,
    endpointId,
    endpointHost: '127.0.0.1',
    eventType: 'order.created',
  }));
}

async function inTurns<T>(items: readonly T[], act: (item: T) => Promise<unknown>): Promise<void> {
  const rest = items.values();
  const one = async () => {
    for (const item of rest) {
      interrupted.signal.throwIfAborted();
      await act(item);
    }
  };
  // all have ended before anything that they use is closed
  const ended = await Promise.allSettled(Array.from({ length: signalsAtOnce }, one));
  for (const each of ended) if (each.status === 'rejected') throw each.reason;
}

/** Makes every workflow read its row, starts missing ones, and resolves when all of them wait again. */
async function wakeAll(client: Client, letters: readonly DeliveryRef[]): Promise<void> {
  await inTurns(letters, (letter) =>
    client.workflow.signalWithStart(workflowTypes.deliver, {
      ...deliveryStart(letter, deadLetterWindowMs, 'bench'),
      taskQueue: 'posthorn',
      signal: lookSignal,
      signalArgs: [undefined],
    }),
  );
  const deadline = Date.now() + roundWithinMs;
  await inTurns(letters, async (letter) => {
    while (await isBusy(client, deliveryWorkflowId(letter.deliveryId))) {
      interrupted.signal.throwIfAborted();
      if (Date.now() > deadline) throw new Error('the workflows did not become idle');
      await delay(500);
    }
  });
}

async function isBusy({ connection, options: { namespace } }: Client, workflowId: string): Promise<boolean> {
  const described = await (connection as Connection).workflowService.describeWorkflowExecution({ namespace, execution: { workflowId } });
  if (described.workflowExecutionInfo?.status !== 1) throw new Error(`${workflowId} is not open`);
  return described.pendingWorkflowTask != null || described.pendingActivities.length > 0;
}

interface Round {
  rss: number;
  peak: number;
  cpuMs: number;
}

async function measured({ pid }: PosthornProcess, work: () => Promise<void>): Promise<Round> {
  forgetPeak(pid);
  const before = cpuMsOf([pid]);
  await work();
  const { rss, peak } = memoryOf(pid);
  return { rss, peak, cpuMs: cpuMsOf([pid]) - before };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      workflows: { type: 'string', default: '1000' },
      cache: { type: 'string', multiple: true, default: ['1000', '500', '250', '100'] },
    },
  });
  const count = Number(values.workflows);
  if (!(count >= 1 && count <= 10_000)) throw new Error('--workflows: 1 to 10000');
  const stores = await openStores(readConfig());
  const closers: (() => unknown)[] = [stores.stop];
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort(new Error('interrupted')));
  try {
    const db = new pg.Client({ connectionString: stores.databaseUrl });
    await db.connect();
    closers.push(() => db.end());
    const connection = await Connection.connect({ address: stores.temporalAddress });
    closers.push(() => connection.close());
    const client = new Client({ connection });
    let letters: DeliveryRef[] | undefined;
    say(
      '| cache | idle MiB | after round 1 MiB (peak) | after round 2 MiB (peak) | CPU-ms a workflow, round 1 | round 2 |\n| --- | --- | --- | --- | --- | --- |',
    );
    for (const cache of values.cache.map(Number)) {
      const port = await freePort();
      const posthorn = await startPosthorn('start', environment(stores, port, cache), join(stores.folder, `posthorn-${cache}.log`));
      closers.push(posthorn.kill);
      letters ??= await makeDeadLetters(db, port, count);
      const wake = () => wakeAll(client, letters ?? []);
      const { rss: idle } = memoryOf(posthorn.pid);
      const rounds = [await measured(posthorn, wake), await measured(posthorn, wake)];
      const memory = rounds.map(({ rss, peak }) => `${rss.toFixed(0)} (${peak.toFixed(0)})`);
      const cpu = rounds.map(({ cpuMs }) => (cpuMs / count).toFixed(1));
      say(`| ${[cache, idle.toFixed(0), ...memory, ...cpu].join(' | ')} |`);
      await posthorn.kill();
    }
  } finally {
    for (let close = closers.pop(); close; close = closers.pop()) await close();
  }
}

await main();
