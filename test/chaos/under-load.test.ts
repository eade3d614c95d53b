// Under steady load with one of ten endpoints failing, one part after the other is killed, cut off, slowed down or filled up.
// The receiver's ledger decides: nothing is lost, and only attempts in flight repeat.
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { isLongChaos } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { type Fault, faults } from './faults.ts';
import { endpointCount, type Installation, openInstallation } from './installation.ts';
import { type Disturbance, judge } from './ledger.ts';
import { shuffled } from './shuffled.ts';

const inShort = ['SIGKILL of worker 1', 'immediate stop of PostgreSQL', 'workers-postgres blackhole', 'a full disk under PostgreSQL'];
const { perSecond, lastsMs, quietMs } = isLongChaos
  ? { perSecond: 100, lastsMs: 8_000, quietMs: 20_000 }
  : { perSecond: 50, lastsMs: 1_500, quietMs: 500 };

/** `CHAOS_FAULT`: only faults with this in their names. */
const wanted = faults.filter(({ name }) => name.includes(process.env.CHAOS_FAULT ?? ''));

it('loses nothing, and repeats only attempts in flight', async ({ onTestFinished }) => {
  const on = await openInstallation();
  onTestFinished(({ task }) => on.close(task.result?.state === 'fail'));
  const seed = process.env.CHAOS_SEED ?? String(Date.now());
  const chosen = isLongChaos ? shuffled(wanted, Number(seed)) : wanted.filter(({ name }) => inShort.includes(name));
  process.stdout.write(`CHAOS_SEED=${seed}: ${chosen.map(({ name }) => name).join('; ')}\n`);
  const producer = startProducer(on);
  const disturbances = await disturb(on, chosen);
  const accepted = await producer.stop();
  expect(accepted.length).toBeGreaterThan(chosen.length);
  const verdict = () => judge(accepted, on.stage.receiver.requests, disturbances);
  await until(
    'all accepted events to arrive',
    () => {
      const { lost } = verdict();
      if (lost.length > 0) throw new Error(`${lost.length} of ${accepted.length} are missing: ${lost.slice(0, 5).join(', ')}`);
      return true;
    },
    240_000,
    1_000,
  );
  await on.stage.settled();
  const { lost, wrongDuplicates, duplicates } = verdict();
  process.stdout.write(`${accepted.length} events accepted, ${duplicates} requests repeated\n`);
  expect({ lost, wrongDuplicates }).toEqual({ lost: [], wrongDuplicates: [] });
}, 2_400_000);

async function disturb(on: Installation, chosen: readonly Fault[]): Promise<Disturbance[]> {
  const disturbances: Disturbance[] = [];
  for (const [n, { name, run }] of chosen.entries()) {
    await delay(quietMs);
    if (n + 1 > chosen.length / 2) on.heal();
    const from = performance.now();
    await run(on, lastsMs);
    disturbances.push({ what: name, from, until: performance.now() });
  }
  await delay(quietMs);
  return disturbances;
}

/** Posts events steadily. What is not confirmed is repeated with the same id, as the API asks for. */
function startProducer(on: Installation): { stop(): Promise<string[]> } {
  const accepted: string[] = [];
  const posts = new Set<Promise<void>>();
  let sent = 0;
  const post = async (id: string, type: string) => {
    await until(
      `${id} to be accepted`,
      async () => {
        const answer = await on.process('api').post(`/v1/tenants/${on.tenant}/events`, { id, type, data: { id } });
        return answer.status === 202;
      },
      240_000,
      1_000,
    );
    accepted.push(id);
  };
  const timer = setInterval(() => {
    const n = sent++;
    const posting = post(`event-${n}`, `type${n % endpointCount}.sent`).finally(() => posts.delete(posting));
    posts.add(posting);
  }, 1_000 / perSecond);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(posts);
      return accepted;
    },
  };
}
