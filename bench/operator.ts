// `node bench/operator.ts [--orders n] [--open n]`: how fast the operator obeys. Sends `cancel` for n dead letters by
// signals, as fast as Temporal takes them. Prints orders a second, and the events of its longest run.
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { readConfig } from '#config/config';
import { cancelSignal, namesOf, workflowTypes } from '#contract/workflow-contract';
import { freePort } from '#embedded/free-port';
import { deliveryStart } from '#temporal/starter';
import { inTurns, interrupted, makeDeadLetters } from './dead-letters.ts';
import { environmentOf, startPosthorn } from './posthorn.ts';
import { openStores } from './stores.ts';

const withinMs = 20 * 60_000;
const deadLetterWindowMs = 14 * 24 * 3_600_000;
const say = (line: string) => process.stdout.write(`${line}\n`);

/** Polls until so many deliveries are cancelled, and returns how long it took. */
async function untilCancelled(db: pg.Client, count: number, begun: number): Promise<number> {
  for (let done = -1; done < count; await delay(250)) {
    interrupted.signal.throwIfAborted();
    const seconds = (performance.now() - begun) / 1_000;
    if (seconds * 1_000 > withinMs) throw new Error(`only ${done} of ${count} orders were obeyed`);
    const { rows } = await db.query<{ done: number }>(`select count(*)::int as done from deliveries where status = 'cancelled'`);
    done = rows[0]?.done ?? 0;
    if (done >= count) return seconds;
  }
  return 0;
}

/** The events of each run of the operator, the longest first. */
async function histories({ workflow }: Client): Promise<number[]> {
  const lengths: number[] = [];
  for await (const { workflowId, runId } of workflow.list({ query: `WorkflowId = '${namesOf('posthorn').operatorWorkflowId}'` }))
    lengths.push((await workflow.getHandle(workflowId, runId).describe()).historyLength);
  return lengths.sort((one, other) => other - one);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { orders: { type: 'string', default: '8000' }, open: { type: 'string', default: '0' } } });
  const [count, open] = [Number(values.orders), Number(values.open)];
  if (!(count >= 1 && count <= 100_000 && open <= count)) throw new Error('--orders: 1 to 100000, --open: at most as many');
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
    const port = await freePort();
    const posthorn = await startPosthorn('start', environmentOf(stores, port), join(stores.folder, 'posthorn.log'));
    closers.push(posthorn.kill);
    const letters = await makeDeadLetters(db, port, count);
    await inTurns(letters.slice(0, open), (letter) =>
      client.workflow.start(workflowTypes.deliver, { ...deliveryStart(letter, deadLetterWindowMs, 'bench'), taskQueue: 'posthorn' }),
    );
    const operator = client.workflow.getHandle(namesOf('posthorn').operatorWorkflowId);
    const begun = performance.now();
    const all = untilCancelled(db, count, begun);
    await Promise.race([inTurns(letters, ({ deliveryId }) => operator.signal(cancelSignal, { deliveryId })), all]);
    const sent = (performance.now() - begun) / 1_000;
    const seconds = await all;
    await delay(2_000);
    const runs = await histories(client);
    say(`${count} orders (${open} with an open workflow): sent in ${sent.toFixed(1)} s (${(count / sent).toFixed(0)}/s)`);
    say(`obeyed in ${seconds.toFixed(1)} s: ${(count / seconds).toFixed(0)} orders/s`);
    say(`runs of the operator: ${runs.length}, the longest with ${runs[0]} events`);
  } finally {
    for (let close = closers.pop(); close; close = closers.pop()) await close();
  }
}

await main();
