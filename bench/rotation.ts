// Rotates secrets and key pairs during deliveries at a steady rate. The receiver verifies every
// request with the keys that a consumer knows at that moment; the table contains the number of
// failures.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { delivered } from './arrivals.ts';
import { figuresOfAll, load } from './lane-neighbour.ts';
import type { Trusted } from './messages.ts';
import { startMeter } from './meter.ts';
import { settle, warmUp } from './run.ts';
import type { Play, Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

const everyMs = 2_000;
const overlapMs = 10_000;

export const rotationScenario = ({ quick }: { quick: boolean }): Scenario => {
  const ratePerSecond = 200;
  return {
    name: 'rotation',
    roles: ['start'],
    endpoints: 1,
    query: '?trusted',
    events: ratePerSecond * (quick ? 10 : 60),
    ratePerSecond,
    byNameOnly: true,
    play: rotation,
  };
};

const rotation: Play = async (stage, scenario, mode) => {
  const name = `bench-${randomBytes(4).toString('hex')}`;
  const { events, ratePerSecond = 200 } = scenario;
  await stage.call('POST', '/v1/tenants', { id: name, name });
  const url = `${stage.receiverUrl}/0${scenario.query}`;
  const made = (await stage.call('POST', `/v1/tenants/${name}/endpoints`, { url, signing: { schemes: ['v1', 'v1a'] } })) as {
    id: string;
    secret: string;
    publicKeys: string[];
  };
  const known: Trusted = { secrets: [made.secret], publicKeys: made.publicKeys };
  stage.receiver.give({ kind: 'trust', trusted: known });
  await warmUp(stage, name, scenario);

  const meter = startMeter(stage);
  const ending = new AbortController();
  const rotating = rotate(stage, { tenant: name, endpoint: made.id }, known, ending.signal);
  const [sent] = await load(stage, [{ tenant: name, prefix: name, count: events, ratePerSecond }]);
  if (!sent) throw new Error('the load generator returned no result');
  await delivered(stage, sent.prefix, { wanted: events, withinMs: 90_000 });
  ending.abort();
  const { rotations, slowestMs } = await rotating;
  const settleMs = await settle(stage);
  const cost = meter.stop();
  const answered = stage.receiver.next('unverified');
  stage.receiver.give({ kind: 'unverified' });
  const { checked, bySecret, byKey } = await answered;
  const remarks = [
    `${rotations} rotations; of ${checked} requests ${bySecret} did not verify by a secret, ${byKey} not by a public key`,
    `informed of a rotation ${Math.round(slowestMs + everyMs)} ms after it was asked for at the latest, with an overlap of ${overlapMs} ms`,
  ];
  return { scenario: scenario.name, mode, ...(await figuresOfAll(stage, [sent])), ...cost, settleMs, remarks };
};

/**
 * Moves the times of keys by SQL. The API allows no overlap below a minute, at most five published keys, and at most
 * twenty new keys an hour, which is too slow for this bench.
 */
async function shorten({ db }: Stage): Promise<void> {
  await db.query(
    `update signing_keys set published_at = published_at - interval '1 hour', alone_from = least(alone_from, now() + $1), published_until = case when signs_until > now() then now() + $1 when signs_until is not null then least(published_until, now()) end,
       signs_until = case when signs_until > now() then now() + $1 else signs_until end`,
    [`${2 * everyMs} ms`],
  );
}

/**
 * Rotates a secret and a key pair in each turn. The consumer gets them 2 s after the response, which must be within the
 * overlap.
 */
async function rotate(
  stage: Stage,
  { tenant, endpoint }: { tenant: string; endpoint: string },
  known: Trusted,
  ended: AbortSignal,
): Promise<{ rotations: number; slowestMs: number }> {
  let rotations = 0;
  let slowestMs = 0;
  while (!ended.aborted) {
    const askedAt = performance.now();
    const { secret } = (await stage.call('POST', `/v1/endpoints/${endpoint}/rotate-secret`, { overlap: `${overlapMs}ms` })) as {
      secret: string;
    };
    const { publicKey } = (await stage.call('POST', `/v1/tenants/${tenant}/signing-keys/rotate`, {
      publishFor: `${everyMs}ms`,
      overlap: '1m',
    })) as {
      publicKey: string;
    };
    await shorten(stage);
    rotations += 2;
    slowestMs = Math.max(slowestMs, performance.now() - askedAt);
    await delay(everyMs, undefined, { signal: ended }).catch(() => undefined);
    // it adds the new ones and keeps the last two, like a consumer that is notified of them
    known = { secrets: [...known.secrets, secret].slice(-2), publicKeys: [...known.publicKeys, publicKey].slice(-2) };
    stage.receiver.give({ kind: 'trust', trusted: known });
    await delay(1.5 * everyMs, undefined, { signal: ended }).catch(() => undefined);
  }
  return { rotations, slowestMs };
}
