// The operator on a Temporal with small limits: more orders than a run may have events are all
// obeyed once, in runs that stay small, and Updates are answered meanwhile. At rest, its run is an empty one.
import { defineUpdate } from '@temporalio/workflow';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Activities } from '#activities/index';
import { type CommandAnswer, namesOf, type OperatorAction, type OperatorOrder, subjectOf } from '#contract/workflow-contract';
import { newId } from '#runtime/new-id';
import { type OwnTemporal, startOwnTemporal } from '../support/own-servers.ts';
import { type LaneStage, setLaneStage } from '../support/scripted-lane.ts';
import { until } from '../support/until.ts';

/** Temporal terminates a run with so many events. One order after another in its own activity took 7 each. */
const mostEvents = 2_500;
const suggestedAt = 200;
const signals = 1_100;

/** What the activity was given, in its order. */
const obeyed: OperatorOrder[] = [];
let temporal: OwnTemporal;
let stage: LaneStage;
beforeAll(async () => {
  temporal = await startOwnTemporal([], {
    'limit.historyCount.suggestContinueAsNew': `${suggestedAt}`,
    'limit.historyCount.error': `${mostEvents}`,
  });
  const obeyOrders = async ({ orders }: { orders: OperatorOrder[] }): Promise<CommandAnswer[]> => {
    obeyed.push(...orders);
    return orders.map(() => ({ obeyed: true, status: 'cancelled' }));
  };
  stage = await setLaneStage('default', { obeyOrders } as Partial<Activities>, temporal.address);
});
afterAll(async () => {
  await stage?.close();
  await temporal?.close();
});

const operator = () => stage.client.workflow.getHandle(namesOf('posthorn').operatorWorkflowId);
const cancel = (deliveryId: string) =>
  operator().executeUpdate(defineUpdate<CommandAnswer, [unknown]>('cancel'), { args: [{ deliveryId }] });

/** Runs `act` for each item, 50 at once. */
async function forAll<T>(items: T[], act: (item: T) => Promise<unknown>): Promise<void> {
  const rest = items.values();
  await Promise.all(
    Array.from({ length: 50 }, async () => {
      for (const item of rest) await act(item);
    }),
  );
}

interface Run {
  status: string;
  events: number;
}
async function runs(): Promise<Run[]> {
  const found: Run[] = [];
  for await (const { runId } of stage.client.workflow.list({ query: `WorkflowId = '${namesOf('posthorn').operatorWorkflowId}'` })) {
    const { status, historyLength } = await stage.client.workflow.getHandle(namesOf('posthorn').operatorWorkflowId, runId).describe();
    found.push({ status: status.name, events: historyLength });
  }
  return found;
}

it('obeys 1,100 queued signals once each, in small runs, and answers an Update before it has done them', async () => {
  await until('the operator', () => operator().describe());
  await stage.stopWorkers();
  const ids = Array.from({ length: signals }, () => newId('dlv'));
  await forAll(ids, (deliveryId) => operator().signal('cancel', { deliveryId }));
  const asked = newId('dlv');
  const answer = cancel(asked);
  await stage.startWorkers();
  expect(await answer).toEqual({ obeyed: true, status: 'cancelled' });
  await until('all orders', () => obeyed.length >= signals + 1);
  const subjects = obeyed.map(subjectOf);
  expect(subjects.toSorted()).toEqual([...ids, asked].toSorted());
  expect(subjects.filter((id) => id !== asked).toSorted()).toEqual(ids.toSorted());
  expect(subjects.indexOf(asked)).toBeLessThan(signals);

  // one run took all signals; the orders went over to the next ones
  const all = await until('runs that continued', async () => {
    const found = await runs();
    return found.filter(({ status }) => status === 'RUNNING').length === 1 && found.length > 1 && found;
  });
  expect(new Set(all.map(({ status }) => status))).toEqual(new Set(['RUNNING', 'CONTINUED_AS_NEW']));
  for (const { events } of all) expect(events).toBeLessThan(signals + 3 * suggestedAt);
});

it('loses no signal and no Update that arrive while runs end', async () => {
  const [before, runsBefore] = [obeyed.length, (await runs()).length];
  const ids = Array.from({ length: 400 }, () => newId('dlv'));
  const asked = Array.from({ length: 200 }, () => newId('dlv'));
  const answers: CommandAnswer[] = [];
  const askNext = async (rest: IterableIterator<string>) => {
    for (const deliveryId of rest) answers.push(await cancel(deliveryId));
  };
  const rest = asked.values();
  await Promise.all([forAll(ids, (deliveryId) => operator().signal('cancel', { deliveryId })), ...[1, 2, 3, 4].map(() => askNext(rest))]);
  const refused = answers.filter((answer) => !answer.obeyed);
  for (const answer of refused) expect(answer.reason).toContain('send it again');
  const count = ids.length + asked.length - refused.length;
  await until('all orders', () => obeyed.length >= before + count);
  const subjects = obeyed.slice(before).map(subjectOf);
  expect(new Set(subjects).size).toBe(subjects.length);
  expect(subjects).toHaveLength(count);
  for (const id of ids) expect(subjects).toContain(id);
  await until('another run', async () => (await runs()).length > runsBefore);
});

it('rests in a run whose history fits any code, and takes a replay after that for a new one', async () => {
  const deliveryId = newId('dlv');
  const replays = () => obeyed.flatMap((order) => ('command' in order && order.command.kind === 'replay' ? [order.command.replayId] : []));
  const { runId } = await operator().describe();
  await operator().signal('replay', { deliveryId });
  await until('its replay', () => replays().length === 1);
  await until('its rest', async () => (await operator().describe()).runId !== runId);
  const resting = await until('the run in which it rests', async () => {
    const { events } = await operator().fetchHistory();
    return (events ?? []).some(({ workflowTaskCompletedEventAttributes: done }) => done) && events;
  });
  expect(resting.filter(({ activityTaskScheduledEventAttributes: a, timerStartedEventAttributes: t }) => a || t)).toEqual([]);
  expect(await operator().query<OperatorAction[]>('recent')).toContainEqual({
    command: 'replay',
    subject: deliveryId,
    result: 'done, now cancelled',
  });
  // in the run that was empty
  await operator().signal('replay', { deliveryId });
  await until('the second replay', () => replays().length === 2);
  expect(new Set(replays()).size).toBe(2);
});
