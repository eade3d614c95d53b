// Temporal is stopped for a while, in each dispatch mode. Events are accepted meanwhile. Batched and adaptive
// processes also make their first attempts, and deliveries that need a workflow get it afterwards.
import { expect, it, type TestContext } from 'vitest';
import { startOwnTemporal } from '../support/own-servers.ts';
import type { PosthornProcess } from '../support/posthorn-process.ts';
import { isLongChaos, quickLeases } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { arrivals, expectAllDelivered, openBatchedStage } from './batched-stage.ts';
import { expectTrueRecords, makeTenant, names, openStage, type Stage, type StageOptions } from './stage.ts';

/** The steps of one mode: until Temporal stops, until it starts, and afterwards. */
interface Steps {
  whileAway(): Promise<void>;
  afterwards(): Promise<void>;
}

const seconds = isLongChaos ? 15 : 6;

async function open({ onTestFinished }: TestContext, opening: Promise<Stage>): Promise<Stage> {
  const stage = await opening;
  onTestFinished(({ task }) => stage.close(task.result?.state === 'fail'));
  return stage;
}

async function individually(stage: Stage): Promise<Steps> {
  const posthorn = await stage.start();
  const tenant = await makeTenant(stage, posthorn);
  const before = stage.send(posthorn, tenant, names('before', 10));
  const accepted: string[] = [];
  await until('the first is there', () => stage.receiver.requests.length > 0);
  return {
    async whileAway() {
      accepted.push(...(await before), ...(await stage.send(posthorn, tenant, names('first', 5))));
      await until('the relay has noticed', () => posthorn.log().includes('relay.start_failed'));
      accepted.push(...(await stage.send(posthorn, tenant, names('while', 35))));
      expect(accepted).toHaveLength(50);
    },
    async afterwards() {
      await stage.settled();
      expect(await stage.query('select id from dispatches where cardinality(event_ids) > 1')).not.toEqual([]);
      expect(stage.notOnce(accepted)).toEqual({});
      await expectTrueRecords(stage);
    },
  };
}

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

/** `perSecond` is above the budget of dispatches in batched mode, and below it in adaptive mode. */
async function firstAttemptsMeanwhile(stage: Stage, perSecond: number, forSeconds: number): Promise<Steps> {
  const isAdaptive = stage.env.POSTHORN_DISPATCH === 'adaptive';
  const posthorn = await stage.start();
  const tenant = await makeTenant(stage, posthorn);
  stage.receiver.answer('/hook', ({ headers }, response, count) => {
    response.writeHead(count === 1 && isRefused(headers['webhook-id']) ? 503 : 204).end();
  });
  const accepted = await stage.send(posthorn, tenant, ['before']);
  const later: string[] = [];
  await stage.settled();
  return {
    async whileAway() {
      // an event that needs its dispatch does not block others
      later.push(...(await stage.send(posthorn, tenant, ['later-1'], { deliverAt: new Date(Date.now() + 5_000).toISOString() })));
      accepted.push(...(await stage.send(posthorn, tenant, ['first-away'])));
      if (isAdaptive) await until('the relay has noticed', () => posthorn.log().includes('relay.start_failed'));
      accepted.push(...(await trickle(stage, posthorn, tenant, names('away', perSecond * forSeconds), perSecond)));
      expect(accepted).toHaveLength(perSecond * forSeconds + 2);
      await until(
        'all first attempts, also of those accepted before the relay had noticed',
        () => arrivals(stage).size === accepted.length,
      );
      // from then on there is no room for workflows, so the relay makes second attempts too
      await until('the relay has noticed', () => posthorn.log().includes('relay.start_failed'));
      accepted.push(...(await stage.send(posthorn, tenant, ['noticed-10'])));
      await until('a retry', () => arrivals(stage).get('/hook noticed-10') === 2);
    },
    async afterwards() {
      accepted.push(...later);
      await stage.settled();
      const refused = accepted.filter(isRefused).map((id) => `/hook ${id}`);
      expect((await expectAllDelivered(stage, accepted)).sort()).toEqual(refused.sort());
      expect((await individual(stage)).filter((id) => id.startsWith('away'))).toEqual([]);
      await until(
        'events leave individually again',
        async () => {
          const [id] = await stage.send(posthorn, tenant, [`back-${accepted.length}1`]);
          if (id === undefined) return false;
          accepted.push(id);
          await stage.settled();
          return !isAdaptive || (await individual(stage)).includes(id);
        },
        120_000,
      );
    },
  };
}

it(`Temporal stopped for a while: individual mode delivers when it is back; batched mode at 50/s for ${seconds} s, and adaptive mode below \
its budget, make first attempts and retries meanwhile; then adaptive mode is individual again`, async (context) => {
  const own = await startOwnTemporal(['batched', 'adaptive']);
  context.onTestFinished(() => own.close());
  const on = (namespace: string): StageOptions => ({ namespace, temporalAddress: own.address, timings: quickLeases });
  const stages = await Promise.all([
    open(context, openStage(on('default'))),
    open(context, openBatchedStage(on('batched'))),
    open(context, openBatchedStage({ ...on('adaptive'), env: { POSTHORN_DISPATCH: 'adaptive' } })),
  ]);
  const others = await Promise.all([firstAttemptsMeanwhile(stages[1], 50, seconds), firstAttemptsMeanwhile(stages[2], 4, 5)]);
  // the last one, so that Temporal stops in the middle of its events
  const modes = [await individually(stages[0]), ...others];
  await own.stop();
  await Promise.all(modes.map(({ whileAway }) => whileAway()));
  await own.start();
  await Promise.all(modes.map(({ afterwards }) => afterwards()));
});
