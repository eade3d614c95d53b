// The lane workflow on a real Temporal, with scripted drains: it drains whenever there may be
// something to send, and ends when nothing is held.
import { defineUpdate } from '@temporalio/workflow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CommandAnswer, endpointAttribute, type LaneKnown, statusAttribute } from '#contract/workflow-contract';
import type { LaneReport } from '#domain/lanes/lane';
import { again, blocked, ended, held, type LaneStage, type ScriptedLane, setLaneStage, untilStopped } from '../support/scripted-lane.ts';
import { swell } from '../support/swell.ts';
import { until } from '../support/until.ts';

let stage: LaneStage;
beforeAll(async () => {
  stage = await setLaneStage('t24');
});
afterAll(() => stage?.close());

const known = (lane: ScriptedLane) => lane.handle.query<LaneKnown>('lane');
const toDrain = (lane: ScriptedLane, times: number) => until(`drain ${times}`, () => lane.drains() >= times);

/** Waits until the lane has made this many drains and is idle or blocked. */
async function toRest(lane: ScriptedLane, times: number): Promise<LaneKnown> {
  return until('the lane to rest', async () => {
    const now = await known(lane);
    return now.drains >= times && now.state !== 'awake' && now;
  });
}

/** What the Web UI shows: `state`, and then where the lane sends to. */
const details = ({ endpointId }: ScriptedLane, state: string) => `${state}\n\nTenant a-tenant, endpoint ${endpointId} at example.com.`;
const detailsOf = async ({ handle }: ScriptedLane) =>
  (await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata')).currentDetails;

async function status(lane: ScriptedLane): Promise<string> {
  return (await lane.handle.describe()).status.name;
}

describe.concurrent('a lane', () => {
  it('ends when nothing is held, and is not listed as held any more', async () => {
    const lane = stage.lane(() => ended);
    await lane.wake();
    expect(await lane.handle.result()).toEqual(ended);
    expect(lane.drains()).toBeGreaterThanOrEqual(1);
    const { typedSearchAttributes } = await lane.handle.describe();
    expect(typedSearchAttributes.get(statusAttribute)).toBeUndefined();
    expect(typedSearchAttributes.get(endpointAttribute)).toBe(lane.endpointId);
  });

  it('drains again at once while the drain reports awake', async () => {
    const lane = stage.lane((call) => (call < 4 ? again : ended));
    await lane.wake();
    await lane.handle.result();
    expect(lane.drains()).toBeGreaterThanOrEqual(4);
  });

  it('waits while it is blocked, shows why, and drains after a wake signal', async () => {
    const lane = stage.lane((call) => (call < 3 ? blocked : ended));
    await lane.wake();
    // the signal that started the workflow is read before the first drain
    expect(await toRest(lane, 1)).toEqual({ state: 'blocked', wait: 'circuit_open', held: 1_234, sent: 0, dueAt: null, drains: 1 });
    expect(await detailsOf(lane)).toBe(details(lane, 'blocked: circuit_open, 1,234 held'));
    expect((await lane.handle.describe()).typedSearchAttributes.get(statusAttribute)).toBe('held');
    await lane.wake();
    await toRest(lane, 2);
    await lane.handle.signal('wake', 'rubbish');
    await lane.handle.result();
    expect(lane.drains()).toBe(3);
  });

  it('drains without a signal when it is due, idle or blocked', async () => {
    const due = (state: LaneReport['state']): LaneReport => ({ ...blocked, state, dueInMs: 100.5 });
    const lane = stage.lane((call) => [due('idle'), due('blocked'), { ...due('blocked'), dueInMs: -1 }][call - 1] ?? ended);
    await lane.wake();
    await lane.handle.result();
    expect(lane.drains()).toBe(4);
  });

  it('drains again after a wake signal during a drain', async () => {
    const first = held<LaneReport>();
    const lane = stage.lane((call) => (call === 1 ? first.promise : ended));
    await lane.wake();
    await toDrain(lane, 1);
    await lane.wake();
    first.release(ended);
    await lane.handle.result();
    expect(lane.drains()).toBe(2);
  });

  it('retries a drain when the database fails', async () => {
    const lane = stage.lane((call) => (call < 3 ? Promise.reject(new Error('the store is away')) : ended));
    await lane.wake();
    await lane.handle.result();
    expect(lane.drains()).toBe(3);
  });

  it('continues as new when its history is long, and keeps its state', async () => {
    const lane = stage.lane(() => ({ ...blocked, sent: 3 }));
    await lane.wake();
    await toRest(lane, 1);
    const { runId } = await lane.handle.describe();
    await swell(lane.handle, 'wake');
    await until('the next run', async () => (await lane.handle.describe()).runId !== runId);
    const { drains, sent } = await toRest(lane, 6);
    expect(sent).toBe(3 * drains);
    const { typedSearchAttributes, memo } = await lane.handle.describe();
    expect(typedSearchAttributes.get(statusAttribute)).toBe('held');
    expect(memo).toEqual({ host: 'example.com' });
    expect(await detailsOf(lane)).toBe(details(lane, 'blocked: circuit_open, 1,234 held'));
    const continued = await stage.client.workflow.getHandle(lane.handle.workflowId, runId).describe();
    expect(continued.status.name).toBe('CONTINUED_AS_NEW');
    expect(continued.typedSearchAttributes.get(statusAttribute)).toBeUndefined();
    await lane.wake();
    await toRest(lane, drains + 1);
  });
});

describe.concurrent('a wake signal is never lost', () => {
  it('when 200 arrive while drains end at once', async () => {
    const lane = stage.lane(() => ended);
    await Promise.all(Array.from({ length: 200 }, () => lane.wake()));
    const before = lane.drains();
    await lane.wake();
    await toDrain(lane, before + 1);
    await lane.handle.result();
  });

  it.for([1, 2, 3, 4])('when one arrives around the end of the workflow, again and again (%i)', async () => {
    const lane = stage.lane(() => ended);
    for (let round = 0; round < 40; round++) {
      const before = lane.drains();
      await lane.wake();
      await toDrain(lane, before + 1);
    }
    await lane.handle.result();
  });
});

describe.concurrent('commands to a lane', () => {
  it('run during a drain, in their order, and it drains again', async () => {
    const first = held<LaneReport>();
    const lane = stage.lane((call) => (call === 1 ? first.promise : blocked));
    await lane.wake();
    await toDrain(lane, 1);
    await lane.handle.signal('pause');
    await lane.handle.signal('resume', null);
    await lane.handle.signal('skipHead');
    await lane.handle.signal('skipHead', { orderingKey: 'customer-7' });
    await until('all commands', () => lane.done.length === 4);
    expect(lane.drains()).toBe(1);
    expect(lane.done).toEqual(['pause', 'resume', 'skipHead null', 'skipHead customer-7']);
    first.release(blocked);
    await toRest(lane, 2);
  });

  it.each([
    ['a string', 'rubbish'],
    ['a number', 7],
    ['an array', []],
    ['a key of another type', { orderingKey: 7 }],
    ['an empty key', { orderingKey: '' }],
    ['a key that is too long', { orderingKey: 'x'.repeat(9_000) }],
  ])('are ignored if they are invalid: skipHead with %s', async (_name, said) => {
    const lane = stage.lane(() => blocked);
    await lane.wake();
    await lane.handle.signal('skipHead', said);
    await lane.handle.signal('unknownSignal', said);
    await lane.handle.signal('pause', said);
    await until('the pause', () => lane.done.length > 0);
    await toRest(lane, 2);
    expect(lane.done).toEqual(['pause']);
    const { events } = await lane.handle.fetchHistory();
    expect(events?.filter((event) => event.workflowTaskFailedEventAttributes)).toEqual([]);
  });

  it('are answered as Updates, in the order of all commands', async () => {
    const lane = stage.lane(() => blocked);
    await lane.wake();
    const update = (name: string, said?: unknown) =>
      lane.handle.executeUpdate(defineUpdate<CommandAnswer, [unknown]>(name), { args: [said] });
    await lane.handle.signal('skipHead');
    expect(await update('pause')).toEqual({ obeyed: true, status: 'paused' });
    expect(await update('resume', { reason: 'it is back' })).toEqual({ obeyed: true, status: 'resumed' });
    expect(await update('skipHead', { orderingKey: 'customer-7' })).toEqual({ obeyed: true, status: 'skipped' });
    for (const said of ['rubbish', [], { orderingKey: 7 }, { endpointId: lane.endpointId }])
      await expect(update('skipHead', said)).rejects.toMatchObject({ cause: { type: 'InvalidInput' } });
    await lane.handle.cancel();
    expect(lane.done).toEqual(['skipHead null', 'pause', 'resume', 'skipHead customer-7']);
  });

  it('run before the workflow ends', async () => {
    const lane = stage.lane(() => ended);
    await stage.client.workflow.signalWithStart('endpointLane', {
      workflowId: `lane/${lane.endpointId}`,
      taskQueue: 'posthorn',
      args: [{ endpointId: lane.endpointId }],
      signal: 'pause',
    });
    await lane.handle.result();
    expect(lane.done).toEqual(['pause']);
    expect(lane.drains()).toBeGreaterThanOrEqual(1);
  });
});

describe.concurrent('cancelling a lane', () => {
  it('lets the drain end in order, and the next wake signal starts the lane again', async () => {
    const lane = stage.lane((call, stopping) => (call === 1 ? untilStopped(stopping) : ended));
    await lane.wake();
    await toDrain(lane, 1);
    await lane.handle.cancel();
    await expect(lane.handle.result()).rejects.toThrow(/cancelled/i);
    expect(await status(lane)).toBe('CANCELLED');
    expect(lane.drains()).toBe(1);
    await lane.wake();
    await lane.handle.result();
    expect(lane.drains()).toBe(2);
  });

  it('ends a lane that waits', async () => {
    const lane = stage.lane(() => blocked);
    await lane.wake();
    await toRest(lane, 1);
    await lane.handle.cancel();
    await expect(lane.handle.result()).rejects.toThrow(/cancelled/i);
    expect(await status(lane)).toBe('CANCELLED');
  });

  it('counts as a cancellation even if the drain fails with an internal error', async () => {
    const lane = stage.lane(async (_call, stopping) => {
      await untilStopped(stopping);
      throw new Error('the store is away');
    });
    await lane.wake();
    await toDrain(lane, 1);
    await lane.handle.cancel();
    await expect(lane.handle.result()).rejects.toThrow(/cancelled/i);
    expect(await status(lane)).toBe('CANCELLED');
  });
});
