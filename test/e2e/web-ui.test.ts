// The buttons of Temporal's Web UI (Cancel, Terminate, Reset) leave the correct status in
// PostgreSQL and no stuck delivery.
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, describe, expect, it } from 'vitest';
import { ensureOperator } from '#temporal/prepare';
import { withPosthorn } from '../support/shared-posthorn.ts';
import { until } from '../support/until.ts';
import { holding, type Sent, type Stage, setStageOn } from './stage.ts';

let stage: Stage;
withPosthorn.beforeAll(async ({ posthorn }) => {
  stage = await setStageOn(posthorn);
});
afterAll(() => stage?.close());

const inBackoff = { until: 'retrying', answer: [500, 204] };
const deadLetter = { until: 'dead_lettered', answer: [500, 204], retry: { initial: '1s', factor: 1, max: '1s', attempts: 1 } };

/**
 * Resets to the end of the first workflow task, like the Web UI: everything after it happens again, including signals.
 */
async function reset(handle: WorkflowHandle): Promise<void> {
  const { runId } = await handle.describe();
  // its first activity runs within the first workflow task, so its row may be ahead of its history
  const first = await until('its first workflow task', async () => {
    const { events } = await handle.fetchHistory();
    return events?.find((event) => event.workflowTaskCompletedEventAttributes)?.eventId;
  });
  await stage.posthorn.temporal.workflowService.resetWorkflowExecution({
    namespace: stage.posthorn.namespace,
    workflowExecution: { workflowId: handle.workflowId, runId },
    reason: 'a test',
    requestId: randomUUID(),
    workflowTaskFinishEventId: first,
  });
}

/** Waits until the new run has done its first steps. */
const settled = (sent: Sent, status: string) =>
  until(`${sent.path} to be ${status} in Temporal`, async () => {
    const { typedSearchAttributes, raw } = await sent.handle.describe();
    if (raw.pendingWorkflowTask) return false;
    const known = await sent.handle.query<{ status: string; lastOutcome: string | null }>('status');
    return known.status === status && known.lastOutcome !== null && typedSearchAttributes !== undefined;
  });

/** Makes the delivery look half a minute overdue. */
async function sweepOver(sent: Sent): Promise<void> {
  await stage.sql(sent, `update deliveries set next_attempt_at = now() - interval '31 seconds' where id = $1`);
  stage.posthorn.worker.relay.sweepSoon();
}

describe.concurrent('Cancel', () => {
  it.each([inBackoff, deadLetter])('of a delivery that is $until cancels it', async (scene) => {
    const sent = await stage.send(scene);
    await sent.handle.cancel();
    expect(await sent.closed()).toBe('cancelled');
    expect(await sent.row()).toMatchObject({ status: 'cancelled', nextAttemptAt: null });
    expect(sent.requests()).toHaveLength(1);
  });

  it('of a delivery that is not due yet cancels it', async () => {
    const sent = await stage.send({ until: 'pending', event: { deliverAt: new Date(Date.now() + 50_000).toISOString() } });
    await sent.started();
    await sent.handle.cancel();
    expect(await sent.closed()).toBe('cancelled');
    expect((await sent.row()).status).toBe('cancelled');
  });

  it('of a delivery that succeeded changes nothing', async () => {
    const sent = await stage.send({ until: 'succeeded' });
    await sent.closed();
    await sent.handle.cancel();
    expect(await sent.workflow()).toBe('COMPLETED');
    expect((await sent.row()).status).toBe('succeeded');
  });
});

describe.concurrent('Terminate', () => {
  it('of a delivery in backoff: the sweep continues it', async () => {
    const sent = await stage.send(inBackoff);
    await sent.rests();
    await sent.handle.terminate();
    expect((await sent.row()).status).toBe('retrying');
    await sweepOver(sent);
    expect(await sent.reach('succeeded')).toMatchObject({ round: 1, attempts: 2 });
    expect(await sent.closed()).toBe('succeeded');
  });

  it('of a delivery in backoff: it can be cancelled, and retried now', async () => {
    const [one, other] = await Promise.all([stage.send(inBackoff), stage.send(inBackoff)]);
    await Promise.all([one.rests(), other.rests()]);
    await Promise.all([one.handle.terminate(), other.handle.terminate()]);
    expect((await one.command('cancel')).status).toBe(202);
    expect((await other.command('retry-now')).status).toBe(202);
    await other.reach('succeeded');
    expect((await one.row()).status).toBe('cancelled');
  });

  it('of a dead letter: it can be replayed', async () => {
    const sent = await stage.send(deadLetter);
    await sent.handle.terminate();
    expect((await sent.row()).status).toBe('dead_lettered');
    expect((await sent.command('replay')).status).toBe(202);
    expect(await sent.reach('succeeded')).toMatchObject({ round: 2, attempts: 1 });
  });

  it.each([
    [204, 'succeeded', 1],
    [500, 'retrying', 2],
  ])('during a request that is answered %i: the row becomes %s, and no two requests overlap', async (answer, status, requests) => {
    const hold = holding();
    const sent = await stage.send({
      until: 'pending',
      answer: (request, response, count) => (count === 1 ? hold.reply(request, response, count) : void response.writeHead(204).end()),
    });
    await hold.held();
    await until('the normal activity', async () => (await sent.handle.describe()).raw.pendingActivities?.length === 1);
    await sent.handle.terminate();
    await sweepOver(sent);
    await until('another workflow', async () => (await sent.workflow()) === 'RUNNING');
    hold.release(answer);
    await sent.reach(status);
    if (status === 'retrying') await sent.command('retry-now');
    expect(await sent.closed()).toBe('succeeded');
    expect(sent.requests()).toHaveLength(requests);
    expect(Math.max(...sent.requests().map(({ atOnce }) => atOnce))).toBe(1);
  });
});

describe.concurrent('Reset', () => {
  it('of a delivery in backoff sends nothing before its time, and commands still work', async () => {
    const sent = await stage.send(inBackoff);
    await reset(sent.handle);
    await until('the new run to wait', async () => (await sent.handle.describe()).raw.pendingActivities?.[0]?.attempt === 2);
    expect(await sent.row()).toMatchObject({ status: 'retrying', attempts: 1 });
    expect((await sent.command('retry-now')).status).toBe(202);
    expect(await sent.closed()).toBe('succeeded');
    expect(sent.requests()).toHaveLength(2);
  });

  it('of a dead letter leaves a dead letter that can be replayed', async () => {
    const sent = await stage.send(deadLetter);
    await settled(sent, 'dead_lettered');
    await reset(sent.handle);
    await settled(sent, 'dead_lettered');
    expect(sent.requests()).toHaveLength(1);
    await sent.handle.signal('replay');
    expect(await sent.closed()).toBe('succeeded');
    expect(sent.requests()).toHaveLength(2);
  });

  it.each(['a signal', 'the API'])('of a delivery that succeeded after a replay by %s sends nothing', async (way) => {
    const sent = await stage.send(deadLetter);
    await (way === 'the API' ? sent.command('replay') : sent.handle.signal('replay'));
    expect(await sent.closed()).toBe('succeeded');
    await reset(sent.handle);
    expect(await sent.closed()).toBe('succeeded');
    expect(await sent.row()).toMatchObject({ status: 'succeeded', round: 2 });
    expect(sent.requests()).toHaveLength(2);
  });

  it('of a cancelled delivery leaves it cancelled', async () => {
    const sent = await stage.send(inBackoff);
    await sent.handle.cancel();
    expect(await sent.closed()).toBe('cancelled');
    await reset(sent.handle);
    expect(await sent.closed()).toBe('cancelled');
    expect(sent.requests()).toHaveLength(1);
  });
});

describe('the operator', () => {
  it('survives Reset without repeating commands, and is started again after Cancel', async () => {
    const operator = stage.posthorn.temporal.workflow.getHandle('posthorn/operator');
    const [sent, answered] = await Promise.all([stage.send(deadLetter), stage.send(deadLetter)]);
    await operator.executeUpdate('replay', { args: [{ deliveryId: answered.id }] });
    await operator.signal('replay', { deliveryId: sent.id });
    await Promise.all([sent.reach('succeeded'), answered.reach('succeeded')]);
    await reset(operator);
    const other = await stage.send(inBackoff);
    await operator.signal('cancel', { deliveryId: other.id });
    await other.reach('cancelled');
    for (const replayed of [sent, answered]) expect(await replayed.row()).toMatchObject({ status: 'succeeded', round: 2 });

    await operator.cancel();
    await until('the operator to end', async () => (await operator.describe()).status.name === 'CANCELLED');
    await ensureOperator(stage.posthorn.core.link, stage.posthorn.core.store, stage.posthorn.core.log);
    const third = await stage.send(inBackoff);
    await operator.signal('retryNow', { deliveryId: third.id });
    await third.reach('succeeded');
  });
});
