// First attempts in batched mode while Temporal is away: they are made meanwhile, and deliveries
// that need a workflow get it afterwards.
import { describe, expect, it, type TestContext } from 'vitest';
import { type OwnTemporal, startOwnTemporal } from '../support/own-servers.ts';
import type { PosthornProcess } from '../support/posthorn-process.ts';
import { isLongChaos, quickLeases } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { arrivals, expectAllDelivered, openBatchedStage } from './batched-stage.ts';
import { makeTenant, names, type Stage } from './stage.ts';

const seconds = isLongChaos ? 15 : 6;

/** The receiver refuses the first request of every tenth event. */
const isRefused = (id: string | undefined) => Number(id?.split('-').at(-1)) % 10 === 0;

/** Posts an event for each id, `perSecond` a second. Resolves to the accepted ids. */
async function trickle(stage: Stage, to: PosthornProcess, tenant: string, ids: string[], perSecond: number): Promise<string[]> {
  const sent: Promise<string[]>[] = [];
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const next = ids[sent.length];
      if (next !== undefined) sent.push(stage.send(to, tenant, [next]));
      else {
        clearInterval(timer);
        resolve();
      }
    }, 1_000 / perSecond);
  });
  return (await Promise.all(sent)).flat();
}

/**
 * The events that were dispatched individually: their delivery has or had a workflow although its first attempt was
 * accepted.
 */
const individual = async (stage: Stage) =>
  (
    await stage.query<{ id: string }>(
      'select e.external_id as id from deliveries d join events e on e.id = d.event_id where d.own_workflow and d.attempts = 1 order by 1',
    )
  ).map(({ id }) => id);

/** A stage with its own Temporal. */
async function openOwn({ onTestFinished }: TestContext, env: Record<string, string> = {}): Promise<{ stage: Stage; own: OwnTemporal }> {
  const own = await startOwnTemporal();
  onTestFinished(() => own.close());
  const stage = await openBatchedStage({ namespace: 'default', temporalAddress: own.address, env, timings: quickLeases });
  onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
  return { stage, own };
}

async function runWithoutTemporal({ stage, own }: { stage: Stage; own: OwnTemporal }, perSecond: number, seconds: number): Promise<void> {
  const posthorn = await stage.start();
  const tenant = await makeTenant(stage, posthorn);
  stage.receiver.answer('/hook', ({ headers }, response, count) => {
    response.writeHead(count === 1 && isRefused(headers['webhook-id']) ? 503 : 204).end();
  });
  const accepted = await stage.send(posthorn, tenant, ['before']);
  await stage.settled();
  await own.stop();
  // an event that needs its dispatch does not block others
  const later = await stage.send(posthorn, tenant, ['later-1'], { deliverAt: new Date(Date.now() + 5_000).toISOString() });
  accepted.push(...(await stage.send(posthorn, tenant, ['first-away'])));
  if (stage.env.POSTHORN_DISPATCH === 'adaptive') await until('the relay has noticed', () => posthorn.log().includes('relay.start_failed'));
  accepted.push(...(await trickle(stage, posthorn, tenant, names('away', perSecond * seconds), perSecond)));
  expect(accepted).toHaveLength(perSecond * seconds + 2);
  await until('all first attempts, also of those accepted before the relay had noticed', () => arrivals(stage).size === accepted.length);
  // no refused delivery has its second attempt yet, because that needs a workflow
  expect([...arrivals(stage).values()].filter((count) => count > 1)).toEqual([]);
  accepted.push(...later);
  await own.start();
  await stage.settled();
  const repeated = await expectAllDelivered(stage, accepted);
  expect(repeated.sort()).toEqual(
    accepted
      .filter(isRefused)
      .map((id) => `/hook ${id}`)
      .sort(),
  );
  expect((await individual(stage)).filter((id) => id.startsWith('away'))).toEqual([]);
  const back = await until(
    'events leave individually again',
    async () => {
      const [id] = await stage.send(posthorn, tenant, [`back-${accepted.length}1`]);
      if (id === undefined) return false;
      accepted.push(id);
      await stage.settled();
      return stage.env.POSTHORN_DISPATCH === 'batched' || (await individual(stage)).includes(id);
    },
    120_000,
  );
  expect(back).toBe(true);
}

describe.concurrent('Temporal away', () => {
  it(`for ${seconds} s at 50/s in batched mode: first attempts are made, retries follow when it is back`, async (context) => {
    await runWithoutTemporal(await openOwn(context), 50, seconds);
  });

  it('below the budget in adaptive mode: batched meanwhile, individual again afterwards', async (context) => {
    await runWithoutTemporal(await openOwn(context, { POSTHORN_DISPATCH: 'adaptive' }), 4, 5);
  });
});
