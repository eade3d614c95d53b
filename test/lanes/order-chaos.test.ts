// Ordering as a property: many keys of many events and one ordered endpoint of 201, with failed, late
// and missing responses and workers that are killed while they drain. In each line the first
// acceptances come in sequence, each event keeps its number, and nothing is lost.
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { isLongChaos, quickWaits } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { acceptedOf, chance, type LaneEndpoint, numbersIn, sequenceOf, upTo } from './lane-stage.ts';
import { useProcesses } from './process-stage.ts';

const at = useProcesses('t43', { POSTHORN_RETRY_SCHEDULE: Array.from({ length: 40 }, () => '200ms').join(',') }, quickWaits);
const [keys, each] = isLongChaos ? [100, 30] : [60, 25];
const strictly = 201;
const kills = 3;
/** Set this to the seed of a failed run to repeat it. */
const seed = Math.random().toString(36).slice(2);

async function makeKeyed(tenant: string): Promise<LaneEndpoint> {
  const endpoint = await at().endpoint(tenant, { ordering: 'key', timeoutMs: 1_000 });
  endpoint.answer(async (request, response, count) => {
    const dice = chance(`${seed} ${numbersIn(request)[0]} ${count}`);
    // nothing fails forever, and too little fails to open the circuit
    if (count <= 5 && dice < 0.003) return;
    const status = count <= 5 && dice < 0.12 ? 500 : 204;
    if (dice > 0.9) await delay(20 * dice);
    response.writeHead(status).end();
  });
  return endpoint;
}

async function makeStrict(tenant: string): Promise<LaneEndpoint> {
  const endpoint = await at().endpoint(tenant, { ordering: 'endpoint' });
  endpoint.answer(async (request, response, count) => {
    await delay(20);
    response.writeHead(count <= 3 && chance(`${seed} ${numbersIn(request)[0]} ${count}`) < 0.1 ? 500 : 204).end();
  });
  return endpoint;
}

/** Kills the worker that drains the lane, at a random moment before it has sent `posted` events. */
async function killDrainer(endpoint: LaneEndpoint, posted: number, kill: number): Promise<void> {
  const before = endpoint.accepted().length;
  const after = before + 1 + Math.floor((chance(`${seed} kill ${kill}`) * (posted - before)) / 2);
  await until(`${after} accepted`, () => endpoint.accepted().length >= after);
  await at().killWorker(await at().drainer(endpoint));
  await at().startWorker();
}

function expectKeyed(endpoint: LaneEndpoint): void {
  const numbers = new Map<number, Set<number>>();
  for (const request of endpoint.requests()) {
    const [n = -1] = numbersIn(request);
    numbers.set(n, (numbers.get(n) ?? new Set()).add(sequenceOf(request)));
  }
  const accepted = acceptedOf(endpoint.requests());
  for (let key = 0; key < keys; key++) {
    const own = upTo(each).map((nth) => nth * keys + key);
    expect(accepted.filter((n) => n % keys === key)).toEqual(own);
    expect(own.map((n) => [...(numbers.get(n) ?? [])])).toEqual(own.map((_, nth) => [nth + 1]));
  }
}

function expectStrict(endpoint: LaneEndpoint): void {
  expect(acceptedOf(endpoint.requests())).toEqual(upTo(strictly));
  for (const request of endpoint.requests()) expect(sequenceOf(request)).toBe((numbersIn(request)[0] ?? 0) + 1);
  // each kill may repeat the request that was in flight
  const repeats = endpoint.requests().filter(({ answered }) => answered?.status === 204).length - strictly;
  expect(repeats).toBeLessThanOrEqual(kills);
}

it(`ordering by key and for the whole endpoint survives failures, timeouts and kills (seed ${seed})`, async () => {
  const tenant = await at().makeTenant();
  const [keyed, strict] = await Promise.all([makeKeyed(tenant), makeStrict(tenant)]);
  // post a part before each kill, so that there is something to send
  for (let kill = 0; kill < kills; kill++) {
    await strict.post(strictly / kills);
    const part = (keys * each) / kills / 4;
    for (let quarter = 0; quarter < 4; quarter++) await keyed.post(part, (n) => ({ orderingKey: `key-${n % keys}` }));
    const [doomed, all] = kill % 2 === 0 ? ([keyed, keys * each] as const) : ([strict, strictly] as const);
    await killDrainer(doomed, (all * (kill + 1)) / kills, kill);
  }
  await Promise.all([keyed.reach('succeeded', keys * each, 240_000), strict.reach('succeeded', strictly, 240_000)]);

  expectKeyed(keyed);
  expectStrict(strict);
  expect([await keyed.statuses(), await strict.statuses()]).toEqual([{ succeeded: keys * each }, { succeeded: strictly }]);
  expect(await keyed.sequence('key-42')).toMatchObject({ lastSent: each, lastAccepted: each, gaps: [] });
});
