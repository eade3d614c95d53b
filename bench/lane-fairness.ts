// A tenant posts thousands of events; then each of fifty others posts one. Measures how long the
// fifty take, and how much of the first tenant's backlog is delivered by then.
import { randomBytes } from 'node:crypto';
import { ask, delivered } from './arrivals.ts';
import { figuresOf } from './figures.ts';
import { load } from './lane-neighbour.ts';
import type { Stream } from './messages.ts';
import { startMeter } from './meter.ts';
import { makeTenant, settle, warmUp } from './run.ts';
import type { Play } from './scenario.ts';
import type { Stage } from './stage.ts';

const others = 50;

export const fairness: Play = async (stage, scenario, mode) => {
  const name = `bench-${randomBytes(4).toString('hex')}`;
  await makeTenant(stage, name, scenario);
  const tenants = Array.from({ length: others }, (_, n) => `${name}-other${n}`);
  for (const tenant of tenants) await makeTenant(stage, tenant, { ...scenario, query: '' });
  await warmUp(stage, name, scenario);

  const meter = startMeter(stage);
  const greedy: Stream = { tenant: name, prefix: `${name}-run`, count: scenario.events, atOnce: scenario.atOnce };
  const [piece] = await load(stage, [greedy]);
  if (!piece) throw new Error('the load generator returned no result');
  const modest = tenants.map((tenant): Stream => ({ tenant, prefix: `${tenant}-one`, count: 1, atOnce: 1 }));
  const sentModest = await load(stage, modest);
  const done = await collectAll(stage, modest);
  const { delivered: before } = await ask(stage, greedy.prefix, 'progress');
  const firstSentAt = Math.min(...sentModest.map(({ sent }) => sent.sent[0] ?? Number.NaN));

  await delivered(stage, greedy.prefix, { wanted: scenario.events, withinMs: 8 * 60_000 });
  const settleMs = await settle(stage);
  const cost = meter.stop();
  const figures = figuresOf(greedy.prefix, 1, piece.sent, await ask(stage, greedy.prefix, 'collected'));
  const remarks = [
    `${done.length} of ${others} others delivered, the last ${(Math.max(...done) - firstSentAt).toFixed(0)} ms after the first was posted`,
    `${scenario.events - before} of the first tenant's were still to come`,
  ];
  return { scenario: scenario.name, mode, ...figures, ...cost, settleMs, remarks };
};

/** The arrival times of the single event of each stream, without those that do not arrive within two minutes. */
async function collectAll(stage: Stage, streams: Stream[]): Promise<number[]> {
  const times: number[] = [];
  for (const { prefix } of streams) {
    if (!(await delivered(stage, prefix, { wanted: 1, withinMs: 120_000 }))) continue;
    times.push((await ask(stage, prefix, 'collected')).deliveredAt[0] ?? Number.NaN);
  }
  return times;
}
