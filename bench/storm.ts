// Many endpoints fail at once and then recover, while another tenant sends 5 events a second. Measures how long that tenant
// waits, and how soon everything arrives afterwards.
import { randomBytes } from 'node:crypto';
import { ask, delivered } from './arrivals.ts';
import { figuresOfAll, load, type Piece } from './lane-neighbour.ts';
import { now, type Stream } from './messages.ts';
import { startMeter } from './meter.ts';
import { makeTenant, settle, warmUp } from './run.ts';
import type { Play, Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

const neighbourRate = 5;
const pieceSeconds = 5;
const recoversWithinMs = 5 * 60_000;
const tenantsAtOnce = 16;

interface Storm {
  tenants: number;
  /** Of each tenant, to each of its endpoints. */
  events: number;
  downSeconds: number;
}

const storm =
  ({ tenants, events, downSeconds }: Storm): Play =>
  async (stage, scenario, mode) => {
    const name = `bench-${randomBytes(4).toString('hex')}`;
    const neighbour = `${name}-other`;
    const plain: Scenario = { ...scenario, query: '', endpoints: 1, retries: undefined };
    const names = Array.from({ length: tenants }, (_, n) => `${name}-${n}`);
    for (let from = 0; from < tenants; from += tenantsAtOnce)
      await Promise.all(
        names
          .slice(from, from + tenantsAtOnce)
          .map((tenant) => makeTenant(stage, tenant, { ...scenario, query: `?mayFail&tenant=${tenant}` })),
      );
    await makeTenant(stage, neighbour, plain);
    await warmUp(stage, neighbour, plain);

    stage.receiver.give({ kind: 'down', down: true });
    const meter = startMeter(stage);
    const begunAt = now();
    const storming = names.map((tenant) => ({ tenant, prefix: `${name}-storm`, count: events, atOnce: events }));
    const during = await steadyWhile(stage, neighbour, `${name}-during`, () => now() - begunAt < downSeconds * 1_000, storming);
    stage.receiver.give({ kind: 'down', down: false });
    const upAt = now();
    const late = await lateness(stage);
    const wanted = tenants * events * scenario.endpoints;
    const { requests, delivered: early } = await ask(stage, `${name}-storm`, 'progress');
    const arriving = { isOver: false };
    const arrived = delivered(stage, `${name}-storm`, { wanted, withinMs: recoversWithinMs }).finally(() => {
      arriving.isOver = true;
    });
    const after = await steadyWhile(stage, neighbour, `${name}-after`, () => !arriving.isOver);
    await arrived;
    const settleMs = await settle(stage);
    const cost = meter.stop();
    const collected = await ask(stage, `${name}-storm`, 'collected');
    const times = collected.deliveredAt.filter((at) => !Number.isNaN(at)).sort();
    const seconds = (at: number | undefined) => (((at ?? Number.NaN) - upAt) / 1_000).toFixed(1);
    const remarks = [
      await told(stage, 'during', during),
      await told(stage, 'after', after),
      `${requests} requests while down for ${((upAt - begunAt) / 1_000).toFixed(0)} s, ${early} delivered`,
      `retries by relays late by ${late}`,
      `${times.length} of ${wanted} delivered, half ${seconds(times[Math.floor(times.length / 2)])} s and all ${seconds(times.at(-1))} s after it was back`,
      `${collected.duplicates} repeated`,
    ];
    return { scenario: scenario.name, mode, ...(await figuresOfAll(stage, [...during, ...after])), ...cost, settleMs, remarks };
  };

async function told(stage: Stage, period: string, pieces: Piece[]): Promise<string> {
  const { p50, p99, max } = (await figuresOfAll(stage, pieces)).endToEnd;
  return `neighbour ${period} p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)}, worst ${max.toFixed(0)} ms`;
}

/** Of all retries by relays so far: how many were at most so many seconds late. */
async function lateness({ origin }: Stage): Promise<string> {
  const page = await (await fetch(`${origin}/metrics`, { signal: AbortSignal.timeout(30_000) })).text();
  const buckets = [...page.matchAll(/^posthorn_pump_lateness_seconds_bucket\{le="([^"]+)"\} (\d+)$/gm)];
  const all = buckets.at(-1)?.[2];
  return buckets
    .filter(([, , count], index) => index === 0 || (count !== buckets[index - 1]?.[2] && count !== '0'))
    .map(([, le, count]) => `${le} s at most: ${count} of ${all}`)
    .join(', ');
}

/** Sends piece after piece. `beside`: sent together with the first one. */
async function steadyWhile(stage: Stage, tenant: string, prefix: string, goesOn: () => boolean, beside: Stream[] = []): Promise<Piece[]> {
  const pieces: Piece[] = [];
  do {
    const stream = { tenant, prefix: `${prefix}${pieces.length}`, count: pieceSeconds * neighbourRate, ratePerSecond: neighbourRate };
    const [piece] = await load(stage, [stream, ...(pieces.length === 0 ? beside : [])]);
    if (piece) pieces.push(piece);
  } while (goesOn());
  return pieces;
}

/** `storm-one`: one tenant with a thousand endpoints. `storm-300`: with 300. `storm-many`: five hundred tenants. */
export function stormScenarios({ quick }: { quick: boolean }): Scenario[] {
  const size = (full: number) => (quick ? Math.ceil(full / 10) : full);
  const base = { roles: ['start'], query: '?mayFail', events: 0, byNameOnly: true } as const;
  const extraMs = 10 * 60_000;
  return [
    {
      ...base,
      name: 'storm-one',
      endpoints: size(1_000),
      retries: Array.from({ length: 50 }, () => '1s'),
      extraMs,
      play: storm({ tenants: 1, events: 2, downSeconds: 30 }),
    },
    {
      ...base,
      name: 'storm-300',
      endpoints: size(300),
      retries: Array.from({ length: 50 }, () => '1s'),
      extraMs,
      // before their circuits open, 300 retries a second are due
      play: storm({ tenants: 1, events: 1, downSeconds: 15 }),
    },
    { ...base, name: 'storm-many', endpoints: 10, extraMs, play: storm({ tenants: size(500), events: 4, downSeconds: 30 }) },
  ];
}
