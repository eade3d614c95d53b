// `node bench/actions.ts [--case name …]`: counts the actions that a hosted Temporal would bill, by the counter of the
// Temporal server itself. Prints the table of docs/temporal.md.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { readConfig } from '#config/config';
import { freePort } from '#embedded/free-port';
import { type ActionCase, actionCases, openCaseStage, startCaseReceiver } from './action-cases.ts';
import { environmentOf, startPosthorn } from './posthorn.ts';
import { openStores, type Stores } from './stores.ts';

const quietMs = 6_000;
const say = (line: string) => process.stdout.write(`${line}\n`);

/** By type, since the server started. */
type Actions = Map<string, number>;

async function readActions(metricsPort: number): Promise<Actions> {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  const found: Actions = new Map();
  for (const [, labels = '', value] of text.matchAll(/^action\{([^}]*)\} (\S+)$/gm)) {
    const type = /action_type="([^"]*)"/.exec(labels)?.[1] ?? labels;
    found.set(type, (found.get(type) ?? 0) + Number(value));
  }
  return found;
}

const sum = (actions: Actions) => [...actions.values()].reduce((total, one) => total + one, 0);

/** Resolves with the actions when none was added for a while: dispatches and workflows have ended, lanes rest. */
async function quietActions(metricsPort: number): Promise<Actions> {
  for (let last = await readActions(metricsPort); ; ) {
    await delay(quietMs);
    const now = await readActions(metricsPort);
    if (sum(now) === sum(last)) return now;
    last = now;
  }
}

async function count(one: ActionCase, api: string, receiver: string, metricsPort: number): Promise<void> {
  const stage = await openCaseStage(api, receiver, `bench-${one.mode}-${actionCases.indexOf(one)}`);
  const run = await one.prepare(stage);
  const before = await quietActions(metricsPort);
  await run();
  // the drain of a lane that is awake adds a heartbeat now and then, so the end of its minute is the end of the count
  const after = await (one.name.endsWith('a minute') ? readActions(metricsPort) : quietActions(metricsPort));
  const made = new Map(
    [...after].map(([type, value]) => [type, value - (before.get(type) ?? 0)] as const).filter(([, value]) => value > 0),
  );
  say(`| ${one.name} | ${sum(made)} | ${[...made].map(([type, value]) => `${value} ${type}`).join(', ')} |`);
}

async function countAll(stores: Stores, metricsPort: number, wanted: ActionCase[]): Promise<void> {
  const receiver = await startCaseReceiver();
  say('| case | actions | of |\n| --- | --- | --- |');
  for (const mode of ['individual', 'batched'] as const) {
    const ofMode = wanted.filter((one) => one.mode === mode);
    if (ofMode.length === 0) continue;
    const port = await freePort();
    const posthorn = await startPosthorn(
      'start',
      environmentOf(stores, port, { POSTHORN_DISPATCH: mode }),
      join(stores.folder, `posthorn-${mode}.log`),
    );
    for (const one of ofMode) await count(one, `http://127.0.0.1:${port}`, receiver.url, metricsPort);
    await posthorn.stop();
  }
  receiver.close();
}

const { values } = parseArgs({ options: { case: { type: 'string', multiple: true, default: [] } } });
const wanted = actionCases.filter(({ name }) => values.case.length === 0 || values.case.some((part) => name.includes(part)));
const metricsPort = await freePort();
const stores = await openStores(readConfig({ XDG_CACHE_HOME: process.env.XDG_CACHE_HOME }), metricsPort);
say(`commit ${execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()}`);
await countAll(stores, metricsPort, wanted).finally(() => stores.stop());
