// An endpoint that is down for all of a long load, beside another tenant at 20/s, and then comes back: what the neighbour notices, what is open in Temporal
// for it meanwhile, and how fast and in what order all that waited arrives.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { figuresOf, type Times } from './figures.ts';
import { orderTold } from './lane-order.ts';
import { type Collected, now, type Stream } from './messages.ts';
import { startMeter } from './meter.ts';
import { ask, delivered, makeTenant, type Play, settle, warmUp } from './run.ts';
import type { Stage } from './stage.ts';

const outageRate = 300;
const neighbourRate = 20;
const aloneSeconds = 30;
const leadMs = 1_000;
const recoversWithinMs = 14 * 60_000;

export const outage: Play = async (stage, scenario, mode) => {
  const name = `bench-${randomBytes(4).toString('hex')}`;
  const [tenant, neighbour] = [`${name}-down`, `${name}-other`];
  const paths = await makeTenant(stage, tenant, scenario);
  const plain = { ...scenario, query: '', endpoint: {} };
  await makeTenant(stage, neighbour, plain);
  await warmUp(stage, neighbour, plain);
  const alone = await neighbourTimes(stage, { tenant: neighbour, prefix: `${name}-alone`, count: aloneSeconds * neighbourRate });

  stage.receiver.give({ kind: 'down', down: true });
  const meter = startMeter(stage);
  const watch = await watchWorkflows(stage, paths[0] ?? '');
  const down: Stream = { tenant, prefix: `${name}-down`, count: scenario.events, ratePerSecond: outageRate, keys: scenario.keys };
  const seconds = scenario.events / outageRate;
  const beside: Stream = {
    tenant: neighbour,
    prefix: `${name}-beside`,
    count: Math.floor((seconds - leadMs / 1_000) * neighbourRate),
    ratePerSecond: neighbourRate,
    startAfterMs: leadMs,
  };
  const loaded = stage.load.next('done');
  stage.load.give({ origin: stage.origin, apiKey: stage.apiKey, streams: [beside, down] });
  const [sent, sentDown] = (await loaded).results;
  if (!sent || !sentDown) throw new Error('the load generator told nothing');
  await delivered(stage, beside.prefix, { wanted: beside.count, withinMs: 30_000 });
  const most = watch.most();

  stage.receiver.give({ kind: 'down', down: false });
  const upAt = now();
  const accepted = sentDown.status.filter((status) => status >= 200 && status < 300).length;
  await delivered(stage, down.prefix, { wanted: accepted, withinMs: recoversWithinMs });
  await watch.stop();
  const settleMs = await settle(stage);
  const cost = meter.stop();
  const collected = await ask(stage, down.prefix, 'collected');
  const figures = figuresOf(beside.prefix, 1, sent, await ask(stage, beside.prefix, 'collected'));
  const waited = figuresOf(down.prefix, 1, sentDown, collected);
  const told = [
    `alone p50 ${alone.p50.toFixed(2)}, p99 ${alone.p99.toFixed(2)} ms`,
    `down for ${waited.events} events, accept p99 ${waited.accept.p99.toFixed(1)} ms, at most ${most} workflows open for it`,
    recovery(collected, upAt),
    `of them lost ${waited.lost}, repeated ${waited.duplicates}`,
    ...(scenario.keys ? await orderTold(stage, down.prefix, collected) : []),
    `Posthorn MiB ${cost.memory
      .map(([, mib]) => mib.toFixed(0))
      .filter((_, index) => index % 15 === 0)
      .join(' ')}`,
  ];
  return { scenario: scenario.name, mode, ...figures, ...cost, settleMs, told };
};

async function neighbourTimes(stage: Stage, stream: Stream): Promise<Times> {
  const loaded = stage.load.next('done');
  stage.load.give({ origin: stage.origin, apiKey: stage.apiKey, streams: [{ ...stream, ratePerSecond: neighbourRate }] });
  const [sent] = (await loaded).results;
  if (!sent) throw new Error('the load generator told nothing');
  await delivered(stage, stream.prefix, { wanted: stream.count, withinMs: 30_000 });
  return figuresOf(stream.prefix, 1, sent, await ask(stage, stream.prefix, 'collected')).endToEnd;
}

/** When the first one was accepted after the endpoint was back, and the rate of the middle eight tenths: the ramp is before them. */
function recovery({ deliveredAt }: Collected, upAt: number): string {
  const times = deliveredAt.filter((at) => !Number.isNaN(at)).sort();
  const at = (share: number) => times[Math.floor((times.length - 1) * share)] ?? Number.NaN;
  const perSecond = (0.8 * times.length * 1_000) / (at(0.9) - at(0.1));
  const seconds = (ms: number) => (ms / 1_000).toFixed(1);
  return `first again ${seconds(at(0) - upAt)} s after it was back, the last ${seconds(at(1) - at(0))} s later, ${perSecond.toFixed(0)}/s between`;
}

/** Counts what is open in Temporal for an endpoint, each second. */
async function watchWorkflows(stage: Stage, path: string) {
  const connection = await Connection.connect({ address: stage.stores.temporalAddress });
  const client = new Client({ connection });
  const query = `PosthornEndpoint = '${path.slice(path.lastIndexOf('/') + 1)}' and ExecutionStatus = 'Running'`;
  const counts: number[] = [];
  let stopped = false;
  const watching = (async () => {
    for (; !stopped; await delay(1_000)) {
      const counted = await client.workflow.count(query).catch(() => null);
      if (counted) counts.push(counted.count);
    }
  })();
  return {
    most: () => Math.max(0, ...counts),
    async stop() {
      stopped = true;
      await watching;
      await connection.close();
    },
  };
}
