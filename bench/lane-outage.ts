// An endpoint is down during a long load and then recovers; another tenant runs at 20/s. Measures
// the effect on that tenant, the open workflows, and how fast and in what order the backlog
// arrives.
import { randomBytes } from 'node:crypto';
import { ask, delivered } from './arrivals.ts';
import { type Figures, figuresOf } from './figures.ts';
import { figuresOfAll, load, neighbourRate, type Piece, sendUntil } from './lane-neighbour.ts';
import { orderRemarks } from './lane-order.ts';
import { watchWorkflows } from './lane-workflows.ts';
import { type Collected, now, type Stream } from './messages.ts';
import { type Cost, startMeter } from './meter.ts';
import { makeTenant, settle, warmUp } from './run.ts';
import type { Play, Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

const outageRate = 300;
const aloneSeconds = 30;
const leadMs = 1_000;
const recoversWithinMs = 14 * 60_000;

export const outage: Play = async (stage, scenario, mode) => {
  const name = `bench-${randomBytes(4).toString('hex')}`;
  const [tenant, neighbour] = [`${name}-down`, `${name}-other`];
  const [path = ''] = await makeTenant(stage, tenant, scenario);
  const plain = { ...scenario, query: '', endpoint: {} };
  await makeTenant(stage, neighbour, plain);
  await warmUp(stage, neighbour, plain);
  const alone = await load(stage, [steady(neighbour, `${name}-alone`, aloneSeconds)]);

  stage.receiver.give({ kind: 'down', down: true });
  const meter = startMeter(stage);
  const watch = await watchWorkflows(stage, path);
  const { beside, down } = await whileDown(stage, scenario, name);
  const most = watch.most();

  stage.receiver.give({ kind: 'down', down: false });
  const upAt = now();
  const accepted = down.sent.status.filter((status) => status >= 200 && status < 300).length;
  const arriving = delivered(stage, down.prefix, { wanted: accepted, withinMs: recoversWithinMs });
  const after = await sendUntil(stage, neighbour, `${name}-after`, arriving);
  const settleMs = await settle(stage);
  const cost = meter.stop();
  const longest = await watch.longestHistory();
  await watch.stop();

  const collected = await ask(stage, down.prefix, 'collected');
  const waited = figuresOf(down.prefix, 1, down.sent, collected);
  const figures = await figuresOfAll(stage, [beside, ...after]);
  const remarks = [
    ...(await periodsTold(stage, { alone, 'during the outage': [beside], 'during the recovery': after })),
    `down for ${waited.events} events, accept p99 ${waited.accept.p99.toFixed(1)} ms, at most ${most} workflows open for it`,
    `the longest history of its lane ${longest} events`,
    recovery(collected, upAt),
    `of them lost ${waited.lost}, repeated ${waited.duplicates}`,
    ...(scenario.keys ? await orderRemarks(stage, down.prefix, collected) : []),
    memoryTold(cost),
  ];
  return { scenario: scenario.name, mode, ...figures, ...cost, settleMs, remarks };
};

function steady(tenant: string, prefix: string, seconds: number): Stream {
  return { tenant, prefix, count: Math.floor(seconds * neighbourRate), ratePerSecond: neighbourRate };
}

/** Loads both tenants while the endpoint is down. */
async function whileDown(stage: Stage, { events, keys }: Scenario, name: string): Promise<{ beside: Piece; down: Piece }> {
  const seconds = events / outageRate;
  const [beside, down] = await load(stage, [
    { ...steady(`${name}-other`, `${name}-beside`, seconds - leadMs / 1_000), startAfterMs: leadMs },
    { tenant: `${name}-down`, prefix: `${name}-down`, count: events, ratePerSecond: outageRate, keys },
  ]);
  if (!beside || !down) throw new Error('the load generator returned no result');
  return { beside, down };
}

async function periodsTold(stage: Stage, periods: Record<string, Piece[]>): Promise<string[]> {
  const remarks: string[] = [];
  const words = ({ endToEnd: { p50, p99, max } }: Figures) => `p50 ${p50.toFixed(2)}, p99 ${p99.toFixed(2)}, worst ${max.toFixed(0)} ms`;
  for (const [period, pieces] of Object.entries(periods)) remarks.push(`neighbour ${period} ${words(await figuresOfAll(stage, pieces))}`);
  return remarks;
}

/** The time of the first acceptance after the recovery, and the rate of the middle 80 %, which leaves out the ramp. */
function recovery({ deliveredAt }: Collected, upAt: number): string {
  const times = deliveredAt.filter((at) => !Number.isNaN(at)).sort();
  const at = (share: number) => times[Math.floor((times.length - 1) * share)] ?? Number.NaN;
  const perSecond = (0.8 * times.length * 1_000) / (at(0.9) - at(0.1));
  const seconds = (ms: number) => (ms / 1_000).toFixed(1);
  return `first again ${seconds(at(0) - upAt)} s after it was back, the last ${seconds(at(1) - at(0))} s later, ${perSecond.toFixed(0)}/s between`;
}

/** The maximum of the first five and of the last five samples, 2 s apart, and of all. */
function memoryTold({ memory, peakMiB }: Cost): string {
  const most = (samples: Cost['memory']) => Math.max(...samples.map(([, posthorn]) => posthorn)).toFixed(0);
  return `Posthorn MiB at the start ${most(memory.slice(0, 5))}, at the end ${most(memory.slice(-5))}, at most ${peakMiB.posthorn.toFixed(0)}`;
}
