// Records histories of `endpointLane` on a real Temporal with scripted drains, one for each path.
// Run by bench/record-histories.ts.
import { afterAll, beforeAll, inject, it } from 'vitest';
import { keepHistory } from './recorded-history.ts';
import { again, blocked, ended, type LaneStage, type ScriptedLane, setLaneStage, untilStopped } from './scripted-lane.ts';
import { swell } from './swell.ts';
import { until } from './until.ts';

const namespace = 't03';
let stage: LaneStage;
beforeAll(async () => {
  stage = await setLaneStage(namespace);
});
afterAll(() => stage?.close());

const untilIdle = (lane: ScriptedLane, drains: number) =>
  until('the lane to be idle', async () => {
    const known = await lane.handle.query<{ drains: number; state: string }>('lane');
    return known.drains >= drains && known.state !== 'awake' && !(await lane.handle.describe()).raw.pendingWorkflowTask;
  });

/** Records a path of `endpointLane`: `walk` runs it to its end, or to the point at which to record it. */
function path(name: string, walk: () => Promise<ScriptedLane>): void {
  it(`lane-${name}`, async () => keepHistory(`lane-${name}`, { address: inject('temporalAddress'), namespace, ...(await walk()).handle }));
}

path('ended', async () => {
  const lane = stage.lane((call) => (call === 1 ? again : ended));
  await lane.wake();
  await lane.handle.result();
  return lane;
});
path('idle-until-due', async () => {
  const lane = stage.lane((call) => (call === 1 ? { ...ended, held: 1, dueInMs: 200 } : ended));
  await lane.wake();
  await lane.handle.result();
  return lane;
});
path('blocked-and-woken', async () => {
  const lane = stage.lane((call) => [blocked, { ...blocked, dueInMs: 600_000 }][call - 1] ?? ended);
  await lane.wake();
  await untilIdle(lane, 1);
  await lane.wake();
  await untilIdle(lane, 2);
  await lane.wake();
  await lane.handle.result();
  return lane;
});
path('woken-while-it-drains', async () => {
  const lane = stage.lane(async (call) => {
    if (call === 1) await lane.wake();
    return ended;
  });
  await lane.wake();
  await lane.handle.result();
  return lane;
});
path('commands', async () => {
  const lane = stage.lane(() => blocked);
  await lane.wake();
  await untilIdle(lane, 1);
  await lane.handle.signal('pause');
  await lane.handle.signal('skipHead', { orderingKey: 'a-key' });
  await lane.handle.signal('skipHead');
  await lane.handle.signal('resume');
  await until('all commands', () => lane.done.length === 4);
  await untilIdle(lane, 2);
  return lane;
});
path('updates', async () => {
  const lane = stage.lane(() => blocked);
  await lane.wake();
  await untilIdle(lane, 1);
  for (const name of ['pause', 'skipHead', 'resume']) await lane.handle.executeUpdate(name);
  await untilIdle(lane, 2);
  return lane;
});
path('rubbish-signals', async () => {
  const lane = stage.lane(() => blocked);
  await lane.wake();
  for (const signal of ['wake', 'skipHead', 'unheardOf']) for (const said of ['x', 7, [1]]) await lane.handle.signal(signal, said);
  await lane.handle.signal('pause', 'rubbish');
  await until('the pause', () => lane.done.length === 1);
  await untilIdle(lane, 2);
  return lane;
});
path('cancelled-in-web-ui', async () => {
  const lane = stage.lane((_call, stopping) => untilStopped(stopping));
  await lane.wake();
  await until('its drain', () => lane.drains() === 1);
  await lane.handle.signal('pause');
  await lane.handle.cancel();
  await lane.handle.result().catch(() => undefined);
  return lane;
});

it('lane-continued', async () => {
  const lane = stage.lane(() => blocked);
  await lane.wake();
  const { runId } = await lane.handle.describe();
  await swell(lane.handle, 'wake');
  await until('the next run', async () => (await lane.handle.describe()).runId !== runId);
  const at = { address: inject('temporalAddress'), namespace, workflowId: lane.handle.workflowId };
  await keepHistory('lane-continued', { ...at, runId });
  await untilIdle(lane, 6);
  await keepHistory('lane-after-continued', at);
});
