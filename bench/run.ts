// One run: a scenario in a dispatch mode, on its own stage, with a warm-up and a timeout.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ask, delivered } from './arrivals.ts';
import { crash } from './crash.ts';
import { figuresOf } from './figures.ts';
import { inTurns } from './in-turns.ts';
import { type Stream, typeNamed } from './messages.ts';
import { startMeter } from './meter.ts';
import { fanOutOf, type RunResult, type Scenario, turnsOf } from './scenario.ts';
import { type Mode, openStage, type Stage } from './stage.ts';

/** More deliveries than this would take minutes in individual mode. */
const individualLimit = 300;

const warmUpEvents = 50;
/** The warm-up of a larger fan-out goes to one endpoint of another tenant, or it would take many minutes. */
const warmUpFanOut = 100;
/** A rate below half the workflow budget, for longer than adaptive mode waits before it switches back. */
const warmUpRate = 4;
const noiseLeadMs = 1_000;
const settleWithinMs = 3_000;

export async function run(scenario: Scenario, mode: Mode, stopping: AbortSignal): Promise<RunResult> {
  const stage = await openStage(mode, scenario.roles, scenario.env);
  const stopped = new Promise<never>((_, reject) => {
    if (stopping.aborted) reject(stopping.reason);
    stopping.addEventListener('abort', () => reject(stopping.reason));
  });
  try {
    return await Promise.race([(scenario.play ?? runOn)(stage, scenario, mode), stopped]);
  } finally {
    await stage.close();
  }
}

async function runOn(stage: Stage, scenario: Scenario, mode: Mode): Promise<RunResult> {
  const name = `bench-${randomBytes(4).toString('hex')}`;
  const prepared = await scenario.prepare?.(stage);
  const endpoints = await makeTenants(stage, name, scenario);
  const noisy = scenario.noise && (await makeTenant(stage, `${name}-noise`, { ...scenario, endpoints: 1, query: scenario.noise.query }));
  await warmUpFor(stage, name, scenario);
  await delay(scenario.quietMs ?? 0);

  const stream = measuredStream(name, scenario, mode);
  const noise = scenario.noise && { tenant: `${name}-noise`, prefix: `${name}-noise`, count: scenario.noise.events, atOnce: 32 };
  const { sent, cost, settleMs, crashed } = await measure(
    stage,
    scenario,
    mode,
    noise ? [{ ...stream, startAfterMs: noiseLeadMs }, noise] : [stream],
  );

  const collected = await ask(stage, stream.prefix, 'collected');
  const figures = figuresOf(stream.prefix, fanOutOf(scenario), sent, collected);
  const crashFigures = (await crashed)?.(figures.lastDeliveryAt);
  if (stage.stores.kept) await inTurns([...endpoints, ...(noisy ?? [])], (path) => stage.call('DELETE', path));
  const cutFrom = stream.count < scenario.events ? scenario.events : undefined;
  return {
    scenario: scenario.name,
    mode,
    cutFrom,
    ...figures,
    ...cost,
    settleMs,
    crash: crashFigures,
    remarks: [...(prepared ?? []), ...((await scenario.remarks?.(stage, stream.prefix, collected)) ?? [])],
  };
}

/** Sends the streams, and waits for the deliveries of the first one. */
async function measure(stage: Stage, scenario: Scenario, mode: Mode, streams: [Stream, ...Stream[]]) {
  const [stream] = streams;
  const meter = startMeter(stage);
  const crashed = scenario.kill ? crash(stage, meter, stream) : undefined;
  // awaited only at the end; if the run is aborted before, a rejection must not be unhandled
  crashed?.catch(() => undefined);
  const loaded = stage.load.next('done');
  const tellAt = scenario.kill ? Math.floor(stream.count / 2) : undefined;
  stage.load.give({ origin: stage.origin, apiKey: stage.apiKey, streams, tellAt });
  const [sent] = (await loaded).results;
  if (!sent) throw new Error('the load generator returned no result');
  const accepted = sent.status.filter((status) => status >= 200 && status < 300).length;
  await delivered(stage, stream.prefix, {
    wanted: accepted * fanOutOf(scenario),
    withinMs: scenario.withinMs ?? (mode === 'individual' ? 120_000 : 90_000),
  });
  const settleMs = await settle(stage);
  return { sent, cost: meter.stop(), settleMs, crashed };
}

function measuredStream(name: string, scenario: Scenario, mode: Mode): Stream {
  const { events, ratePerSecond, atOnce, keys, kill } = scenario;
  const count = mode === 'individual' ? Math.min(events, Math.floor(individualLimit / fanOutOf(scenario))) : events;
  return { tenant: name, ...turnsOf(scenario), prefix: `${name}-run`, count, ratePerSecond, atOnce, keys, insist: kill };
}

/** Creates the tenants of a scenario: the one with this id, or those that the stream of its events names. */
async function makeTenants(stage: Stage, id: string, scenario: Scenario): Promise<string[]> {
  if (scenario.tenants === undefined) return makeTenant(stage, id, scenario);
  const paths: string[] = [];
  await inTurns([...Array(scenario.tenants).keys()], async (n) => {
    paths.push(...(await makeTenant(stage, `${id}-${n}`, scenario)));
  });
  return paths;
}

/** Creates a tenant and its endpoints. Returns the API paths of the endpoints. */
export async function makeTenant(stage: Stage, id: string, { endpoints, inTurn, query, retries, endpoint }: Scenario): Promise<string[]> {
  await stage.call('POST', '/v1/tenants', { id, name: id, maxEndpoints: Math.max(100, endpoints) });
  const paths: string[] = [];
  await inTurns([...Array(endpoints).keys()], async (n) => {
    const url = `${stage.receiverUrl}/${n}${query}`;
    const retry = retries && { schedule: retries };
    const eventTypes = inTurn ? [typeNamed(n)] : undefined;
    const made = (await stage.call('POST', `/v1/tenants/${id}/endpoints`, { url, retry, eventTypes, ...endpoint })) as { id: string };
    paths[n] = `/v1/endpoints/${made.id}`;
  });
  return paths;
}

async function warmUpFor(stage: Stage, tenant: string, scenario: Scenario): Promise<void> {
  if (fanOutOf(scenario) <= warmUpFanOut) return warmUp(stage, tenant, scenario);
  const small = { ...scenario, endpoints: 1 };
  await makeTenant(stage, `${tenant}-warm`, small);
  await warmUp(stage, `${tenant}-warm`, small);
}

/**
 * Sends the same events to the same endpoints, to each of them at least once: first all at once, then slowly, so that
 * adaptive mode is back in its idle state.
 */
export async function warmUp(stage: Stage, tenant: string, scenario: Scenario): Promise<void> {
  const fanOut = fanOutOf(scenario);
  const turns = scenario.inTurn ? scenario.endpoints * (scenario.tenants ?? 1) : 0;
  const paces = [
    { atOnce: 32, count: Math.max(turns, Math.ceil(warmUpEvents / fanOut)) },
    { ratePerSecond: warmUpRate, count: warmUpEvents },
  ];
  for (const [index, pace] of paces.entries()) {
    const prefix = `${tenant}-warm${index}`;
    const loaded = stage.load.next('done');
    stage.load.give({ origin: stage.origin, apiKey: stage.apiKey, streams: [{ tenant, ...turnsOf(scenario), prefix, ...pace }] });
    await loaded;
    if (!(await delivered(stage, prefix, { wanted: pace.count * fanOut, withinMs: 120_000 })))
      throw new Error('the warm-up events were not delivered');
  }
  await settle(stage);
}

/** Waits until no event waits for its dispatch, at most 3 s. Returns the milliseconds. */
export async function settle({ db }: Stage): Promise<number> {
  const startedAt = performance.now();
  const waiting = async () => {
    const { rows } = await db.query<{ waiting: boolean }>(
      'select exists (select from outbox) or exists (select from dispatches where done_at is null) as waiting',
    );
    return rows[0]?.waiting;
  };
  while ((await waiting()) && performance.now() - startedAt < settleWithinMs) await delay(100);
  return performance.now() - startedAt;
}
