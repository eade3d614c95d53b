// What Posthorn and its stores cost while nothing is sent, after a time of traffic.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { figuresOfAll, load } from './lane-neighbour.ts';
import { startMeter } from './meter.ts';
import { makeTenant, settle, warmUp } from './run.ts';
import type { Play, Scenario } from './scenario.ts';

const ratePerSecond = 50;
/** Lanes, circuits and workflows of the traffic have ended by then. */
const quietMs = 10_000;

const idle =
  (trafficSeconds: number, idleSeconds: number): Play =>
  async (stage, scenario, mode) => {
    const name = `bench-${randomBytes(4).toString('hex')}`;
    await makeTenant(stage, name, scenario);
    await warmUp(stage, name, scenario);
    const pieces = await load(stage, [{ tenant: name, prefix: `${name}-run`, count: ratePerSecond * trafficSeconds, ratePerSecond }]);
    const figures = await figuresOfAll(stage, pieces);
    await settle(stage);
    await delay(quietMs);
    const meter = startMeter(stage);
    await delay(idleSeconds * 1_000);
    const cost = meter.stop();
    const perSecond = ['posthorn', 'temporal', 'postgres'].map((group) => (cost.cpuMs[group] ?? Number.NaN) / idleSeconds);
    const sum = perSecond.reduce((all, one) => all + one, 0);
    const remarks = [`idle ${sum.toFixed(1)} CPU-ms a second: ${perSecond.map((one) => one.toFixed(1)).join(' + ')}`];
    return { scenario: scenario.name, mode, ...figures, ...cost, settleMs: quietMs, remarks };
  };

/** Its CPU-ms a delivery mean nothing: the note says what it costs a second. */
export function idleScenario({ quick, minutes }: { quick: boolean; minutes: number }): Scenario {
  const [traffic, rest] = quick ? [20, 20] : [60 * minutes, 60];
  const base = { name: 'idle', roles: ['start'], endpoints: 1, query: '', events: 0, byNameOnly: true } as const;
  return { ...base, extraMs: (traffic + rest) * 1_000, play: idle(traffic, rest) };
}
