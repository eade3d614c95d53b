// The promise of order as a property: 100 keys of 30 events each, answers that are refusals, late or none at all, and workers that are killed at any moment.
// Per key the first acceptances come in the order of the sequence, each event has one number for good, and nothing is lost.
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { acceptedOf, chance, numbersIn, sequenceOf, upTo } from './lane-stage.ts';
import { type ProcessStage, useProcesses } from './process-stage.ts';

const at = useProcesses('t43', { POSTHORN_RETRY_SCHEDULE: Array.from({ length: 40 }, () => '200ms').join(',') });
const keys = 100;
const each = 30;
const kills = 4;
/** What a failure is played again with. */
const seed = Math.random().toString(36).slice(2);

/** Kills one of the two workers, starts another, and does it again. */
async function killWorkers({ workers, killWorker, startWorker }: ProcessStage, isOver: () => boolean): Promise<number> {
  let killed = 0;
  for (; killed < kills && !isOver(); killed++) {
    await delay(500 + 4_000 * Math.random());
    const victim = workers[Math.floor(Math.random() * workers.length)];
    if (victim) await killWorker(victim);
    await startWorker();
  }
  return killed;
}

describe('order by key', () => {
  it(`survives refusals, timeouts and kills (seed ${seed})`, { timeout: 300_000 }, async () => {
    const endpoint = await at().endpoint(await at().makeTenant(), { ordering: 'key', timeoutMs: 1_000 });
    endpoint.answer(async (request, response, count) => {
      const dice = chance(`${seed} ${numbersIn(request)[0]} ${count}`);
      // nothing fails for ever, and too little in all for the circuit
      if (count <= 5 && dice < 0.003) return;
      const status = count <= 5 && dice < 0.12 ? 500 : 204;
      if (dice > 0.9) await delay(20 * dice);
      response.writeHead(status).end();
    });
    const keyOf = (n: number) => `key-${n % keys}`;
    let posting = true;
    const killing = killWorkers(at(), () => !posting);
    // awaited at the end only
    killing.catch(() => undefined);
    for (let sent = 0; sent < keys * each; sent += 250) await endpoint.post(250, (n) => ({ orderingKey: keyOf(n) }));
    await endpoint.reach('succeeded', keys * each, 240_000);
    posting = false;
    await killing;

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
    expect(await endpoint.statuses()).toEqual({ succeeded: keys * each });
    expect(await endpoint.sequence('key-42')).toMatchObject({ lastSent: each, lastAccepted: each, gaps: [] });
  });

  it('of one strict endpoint survives the kill of whoever drains, too', { timeout: 240_000 }, async () => {
    const endpoint = await at().endpoint(await at().makeTenant(), { ordering: 'endpoint' });
    endpoint.answer(async (request, response, count) => {
      await delay(20);
      response.writeHead(count <= 3 && chance(`${seed} ${numbersIn(request)[0]} ${count}`) < 0.1 ? 500 : 204).end();
    });
    await endpoint.post(300);
    for (let kill = 0; kill < 3; kill++) {
      const doomed = await at().drainer(endpoint);
      await at().killWorker(doomed);
      await at().startWorker();
    }
    await endpoint.reach('succeeded', 300, 180_000);
    expect(acceptedOf(endpoint.requests())).toEqual(upTo(300));
    for (const request of endpoint.requests()) expect(sequenceOf(request)).toBe((numbersIn(request)[0] ?? 0) + 1);
    // each kill may repeat the one request that was under way
    const repeats = endpoint.requests().filter(({ answered }) => answered?.status === 204).length - 300;
    expect(repeats).toBeLessThanOrEqual(3);
  });
});
