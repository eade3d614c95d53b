// A tenant with thousands of deliveries to an endpoint that takes ten seconds for each request, and
// beside it another tenant at 20/s, which is measured.
import { randomBytes } from 'node:crypto';
import { ask, delivered } from './arrivals.ts';
import { figuresOfAll, load, neighbourRate } from './lane-neighbour.ts';
import { startMeter } from './meter.ts';
import { makeTenant, settle, warmUp } from './run.ts';
import type { Play, Scenario } from './scenario.ts';

const leadMs = 1_000;

/** `events`: of the neighbour. `noise`: the events of the slow endpoint. */
export const noisy: Play = async (stage, scenario, mode) => {
  const name = `bench-${randomBytes(4).toString('hex')}`;
  const { events, noise = { events: 0, query: '' } } = scenario;
  const slow: Scenario = { ...scenario, query: noise.query };
  await makeTenant(stage, `${name}-slow`, slow);
  await makeTenant(stage, `${name}-other`, scenario);
  await warmUp(stage, `${name}-other`, scenario);

  const meter = startMeter(stage);
  const stream = { tenant: `${name}-other`, prefix: `${name}-other`, count: events, ratePerSecond: neighbourRate, startAfterMs: leadMs };
  const [beside] = await load(stage, [stream, { tenant: `${name}-slow`, prefix: `${name}-slow`, count: noise.events, atOnce: 32 }]);
  if (!beside) throw new Error('the load generator returned no result');
  await delivered(stage, beside.prefix, { wanted: events, withinMs: 90_000 });
  const { delivered: served, open } = await ask(stage, `${name}-slow`, 'progress');
  const settleMs = await settle(stage);
  const cost = meter.stop();
  const figures = await figuresOfAll(stage, [beside]);
  const { p50, p99, max } = figures.endToEnd;
  const remarks = [
    `beside it for ${events / neighbourRate} s p50 ${p50.toFixed(2)}, p99 ${p99.toFixed(2)}, worst ${max.toFixed(0)} ms`,
    `the slow endpoint had ${served} of ${noise.events} by then, and ${open} in flight`,
  ];
  return { scenario: scenario.name, mode, ...figures, ...cost, settleMs, remarks };
};
