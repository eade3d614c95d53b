// `node bench/operator.ts [--orders n] [--open n]`: how fast the operator obeys. Sends `cancel` for n dead letters by
// signals, as fast as Temporal takes them. Prints orders a second, and the events of its longest run.
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Client } from '@temporalio/client';
import type pg from 'pg';
import { cancelSignal, namesOf, workflowTypes } from '#contract/workflow-contract';
import { freePort } from '#embedded/free-port';
import { deliveryStart } from '#temporal/starter';
import { makeDeadLetters } from './dead-letters.ts';
import { inTurns, interrupted } from './in-turns.ts';
import { environmentOf, startPosthorn } from './posthorn.ts';
import { withStores } from './with-stores.ts';

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
  await withStores(async ({ stores, db, client, closers }) => {
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
  });
}

await main();
