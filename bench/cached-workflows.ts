// `node bench/cached-workflows.ts [--workflows n] [--cache n …]`: measures what open workflows cost.
// Prints memory and CPU time of Posthorn, for each cache size: in a first round workflows are new, in
// a second one a cache smaller than n replays each of them (the worst case).
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Client, Connection } from '@temporalio/client';
import { deliveryWorkflowId, lookSignal, workflowTypes } from '#contract/workflow-contract';
import type { DeliveryRef } from '#db/deliveries/delivery-refs';
import { freePort } from '#embedded/free-port';
import { deliveryStart } from '#temporal/starter';
import { makeDeadLetters } from './dead-letters.ts';
import { inTurns, interrupted } from './in-turns.ts';
import { environmentOf, type PosthornProcess, startPosthorn } from './posthorn.ts';
import { cpuMsOf, forgetPeak, memoryOf } from './process-cost.ts';
import { withStores } from './with-stores.ts';

const roundWithinMs = 20 * 60_000;
const deadLetterWindowMs = 14 * 24 * 3_600_000;
const say = (line: string) => process.stdout.write(`${line}\n`);

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
  await withStores(async ({ stores, db, client, closers }) => {
    let letters: DeliveryRef[] | undefined;
    say(
      '| cache | idle MiB | after round 1 MiB (peak) | after round 2 MiB (peak) | CPU-ms a workflow, round 1 | round 2 |\n| --- | --- | --- | --- | --- | --- |',
    );
    for (const cache of values.cache.map(Number)) {
      const port = await freePort();
      const posthorn = await startPosthorn(
        'start',
        environmentOf(stores, port, { POSTHORN_CACHED_WORKFLOWS: String(cache) }),
        join(stores.folder, `posthorn-${cache}.log`),
      );
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
  });
}

await main();
