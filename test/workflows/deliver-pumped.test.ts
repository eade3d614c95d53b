// The workflow of a delivery whose next attempt relays make: it sends nothing, obeys the commands that wait, and closes.
import { WithStartWorkflowOperation } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statusAttribute } from '#contract/workflow-contract';
import { readDeliveryRef } from '#db/deliveries/delivery-refs';
import { uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { deliveryStart } from '#temporal/starter';
import { type Sent, type Stage, setStage } from '../e2e/stage.ts';
import { until } from '../support/until.ts';

const onlyOne = { initial: '1s', factor: 1, max: '1s', attempts: 1 };
const relayId = newId('rly');
let stage: Stage;
beforeAll(async () => {
  stage = await setStage('t58');
  // a relay that lives, and never attempts what it has leased
  await stage.posthorn.database.db.query(`insert into relays (id, process, seen) values ($1, 'another', now() + interval '1 hour')`, [
    uuidOf(relayId),
  ]);
});
afterAll(() => stage?.close());

const passToRelays = (sent: Sent) =>
  stage.sql(sent, 'update deliveries set pumped = true, leased_by = $2 where id = $1', [uuidOf(relayId)]);

/** A delivery after its first refusal. Its workflow was terminated, and another relay makes its next attempt. */
async function pumped(): Promise<Sent> {
  const sent = await stage.send({ until: 'retrying', answer: [500, 204] });
  await sent.started();
  await sent.handle.terminate();
  await passToRelays(sent);
  return sent;
}

async function startOf(sent: Sent) {
  const ref = await readDeliveryRef(stage.posthorn.database.db, sent.id);
  if (!ref) throw new Error('no such delivery');
  return { ...deliveryStart(ref, 60_000, 'a test'), taskQueue: 'posthorn', workflowTaskTimeout: 10_000 };
}

const activities = async (sent: Sent) =>
  ((await sent.handle.fetchHistory()).events ?? []).flatMap(({ activityTaskScheduledEventAttributes: at }) => at?.activityType?.name ?? []);

const row = async (sent: Sent) =>
  (
    await stage.posthorn.database.db.query(
      `select status, attempts, pumped, hurried, unsignalled_since is not null as marked, next_attempt_at <= now() as due
       from deliveries where id = $1`,
      [sent.id.slice('dlv_'.length)],
    )
  ).rows[0];

async function expectClosed(sent: Sent, status: string): Promise<void> {
  expect(await sent.closed()).toBe(status);
  const { typedSearchAttributes } = await sent.handle.describe();
  expect(typedSearchAttributes.get(statusAttribute)).toBe(status === 'retrying' ? undefined : status);
  expect(sent.requests()).toHaveLength(1);
}

describe.concurrent('the workflow of a delivery that relays attempt', () => {
  it('sends nothing and closes after one activity, also when the delivery is due', async () => {
    const sent = await pumped();
    await stage.sql(sent, 'update deliveries set next_attempt_at = now() where id = $1');
    await stage.posthorn.temporal.workflow.start('deliver', await startOf(sent));
    await expectClosed(sent, 'retrying');
    expect(await activities(sent)).toEqual(['attemptDelivery']);
    expect(await row(sent)).toMatchObject({ status: 'retrying', attempts: 1, pumped: true });
  });

  it('closes when it waits for the next attempt and a look says so', async () => {
    const sent = await stage.send({ until: 'retrying', answer: [500, 204] });
    await sent.started();
    await passToRelays(sent);
    await sent.handle.signal('look');
    await expectClosed(sent, 'retrying');
  });

  it('obeys a cancel that started it', async () => {
    const sent = await pumped();
    await stage.posthorn.temporal.workflow.signalWithStart('deliver', { ...(await startOf(sent)), signal: 'cancel', signalArgs: [] });
    await expectClosed(sent, 'cancelled');
    expect(await row(sent)).toMatchObject({ status: 'cancelled' });
  });

  it('obeys a retryNow that started it: the delivery is due, for the relays', async () => {
    const sent = await pumped();
    await stage.posthorn.temporal.workflow.signalWithStart('deliver', { ...(await startOf(sent)), signal: 'retryNow', signalArgs: [] });
    await expectClosed(sent, 'retrying');
    expect(await row(sent)).toMatchObject({ status: 'retrying', attempts: 1, pumped: true, hurried: true, due: true });
  });

  it('answers an Update before it closes', async () => {
    const sent = await pumped();
    const { workflow } = stage.posthorn.temporal;
    const startWorkflowOperation = new WithStartWorkflowOperation('deliver', {
      ...(await startOf(sent)),
      workflowIdConflictPolicy: 'USE_EXISTING',
    });
    expect(await workflow.executeUpdateWithStart('retryNow', { startWorkflowOperation })).toMatchObject({
      obeyed: true,
      status: 'retrying',
    });
    await expectClosed(sent, 'retrying');
  });

  it('goes on when a look is signalled while it closes, and the row is its own again', async () => {
    const sent = await pumped();
    await stage.posthorn.temporal.workflow.start('deliver', await startOf(sent));
    await stage.sql(sent, 'update deliveries set pumped = false, next_attempt_at = now() where id = $1');
    await stage.posthorn.temporal.workflow.signalWithStart('deliver', { ...(await startOf(sent)), signal: 'look', signalArgs: [] });
    await until('the delivery', async () => (await row(sent)).status === 'succeeded');
    expect(await sent.closed()).toBe('succeeded');
  });

  it('stays open as a dead letter, and a replay is its own', async () => {
    const sent = await stage.send({ until: 'dead_lettered', answer: [500, 204], retry: onlyOne });
    await sent.started();
    await passToRelays(sent);
    await sent.handle.signal('look');
    await until('the look', async () => (await activities(sent)).includes('readDelivery'));
    expect(await sent.workflow()).toBe('RUNNING');
    await sent.command('replay');
    await sent.reach('succeeded');
    expect(await row(sent)).toMatchObject({ status: 'succeeded', pumped: false, marked: false });
  });
});
