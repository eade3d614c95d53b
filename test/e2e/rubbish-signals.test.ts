// Signals typed by hand can contain anything. No signal of any workflow with any argument fails or
// blocks the workflow, and the next valid signal is carried out. Handlers exist before a workflow
// waits.
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deliveryStart } from '#temporal/starter';
import { until } from '../support/until.ts';
import { holding, type Sent, type Stage, setStage } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage('t04', { LOG_LEVEL: 'error' });
});
afterAll(() => stage?.close());

/** Lists of arguments. The first one is empty. */
const rubbish: [string, unknown[]][] = [
  ['none', []],
  ['null', [null]],
  ['a string', ['rubbish']],
  ['a number', [-0.5]],
  ['a boolean', [true]],
  ['an array', [[1, [2]]]],
  ['an empty object', [{}]],
  ['fields of other types', [{ deliveryId: 7, endpointId: ['x'], replayId: { a: 1 }, reason: 9 }]],
  ['fields of the right type and no sense', [{ deliveryId: 'dlv_nope', endpointId: '../..', replayId: '\u0000', reason: '\ud800' }]],
  ['a field that is too long', [{ deliveryId: 'd'.repeat(9_000), endpointId: 'e'.repeat(9_000), replayId: 'r'.repeat(9_000) }]],
  ['a prototype', [JSON.parse('{"__proto__":{"deliveryId":"x"},"constructor":null}')]],
  ['a huge string', ['x'.repeat(200_000)]],
  ['more than one', [{}, 'and', 'more']],
];

async function sendAll(handle: WorkflowHandle, signals: string[]): Promise<void> {
  for (const [, args] of rubbish) await Promise.all(signals.map((signal) => handle.signal(signal, ...args)));
}

/** Expects that the workflow runs, that no workflow task failed or waits, and that every signal was read. */
async function expectSound(handle: WorkflowHandle): Promise<void> {
  await until('the signals to be read', async () => !(await handle.describe()).raw.pendingWorkflowTask);
  expect((await handle.describe()).status.name).toBe('RUNNING');
  const { events } = await handle.fetchHistory();
  expect(events?.filter((event) => event.workflowTaskFailedEventAttributes || event.workflowTaskTimedOutEventAttributes)).toEqual([]);
}

const status = (sent: Sent) => sent.handle.query<{ status: string }>('status');

describe.concurrent('a delivery', () => {
  it('in backoff accepts retryNow and replay with invalid input, and is cancelled by a cancel', async () => {
    const sent = await stage.send({ until: 'retrying', answer: [500], retry: { schedule: Array.from({ length: 50 }, () => '1h') } });
    await sendAll(sent.handle, ['retryNow', 'replay']);
    await expectSound(sent.handle);
    expect((await status(sent)).status).toBe('retrying');
    expect((await sent.row()).status).toBe('retrying');
    await sent.handle.signal('cancel', { reason: 5 });
    expect(await sent.closed()).toBe('cancelled');
  });

  it.concurrent.each(rubbish)('in backoff is cancelled by a cancel signal with %s', async (_name, args) => {
    const sent = await stage.send({ until: 'retrying', answer: [500] });
    await sent.handle.signal('cancel', ...args);
    expect(await sent.closed()).toBe('cancelled');
    expect((await sent.row()).status).toBe('cancelled');
  });

  it.concurrent.each(rubbish)('that is a dead letter is replayed by a replay signal with %s', async (_name, args) => {
    const sent = await stage.send({
      until: 'dead_lettered',
      answer: [500, 204],
      retry: { initial: '1s', factor: 1, max: '1s', attempts: 1 },
    });
    await sent.handle.signal('retryNow', ...args);
    await sent.handle.signal('replay', ...args);
    expect(await sent.closed()).toBe('succeeded');
    expect(await sent.row()).toMatchObject({ status: 'succeeded', round: 2 });
  });

  it.concurrent.each([
    ['broken JSON', { encoding: 'json/plain' }, '{"a":'],
    ['an unknown encoding', { encoding: 'binary/martian' }, 'x'],
    ['no encoding', {}, 'x'],
  ])('accepts unreadable arguments: %s', async (_name, metadata, data) => {
    const sent = await stage.send({ until: 'retrying', answer: [500] });
    const encoded = Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key, Buffer.from(value)]));
    for (const signalName of ['replay', 'retryNow']) {
      await stage.posthorn.temporal.workflowService.signalWorkflowExecution({
        namespace: stage.posthorn.namespace,
        workflowExecution: { workflowId: `delivery/${sent.id}` },
        signalName,
        input: { payloads: [{ metadata: encoded, data: Buffer.from(data) }] },
      });
    }
    await expectSound(sent.handle);
    await sent.handle.signal('cancel');
    expect(await sent.closed()).toBe('cancelled');
  });

  it('ignores unknown signals and queries', async () => {
    const sent = await stage.send({ until: 'retrying', answer: [500] });
    await sent.handle.signal('explode', { now: true });
    await expect(sent.handle.query('nonsense')).rejects.toThrow(/nonsense/);
    await expectSound(sent.handle);
    await sent.handle.signal('cancel');
    expect(await sent.closed()).toBe('cancelled');
  });

  it('answers its query while its first attempt is in flight', async () => {
    const hold = holding();
    const sent = await stage.send({ until: 'pending', answer: hold.reply });
    await hold.held();
    expect(await status(sent)).toEqual({ status: 'pending', round: 1, attempts: 0, nextAttemptAt: null, lastOutcome: null });
    hold.release(204);
    expect(await sent.closed()).toBe('succeeded');
    expect(await status(sent)).toMatchObject({ status: 'succeeded', attempts: 1, lastOutcome: 'accepted' });
  });

  it.concurrent.each([
    ['cancel', 'cancelled'],
    ['retryNow', 'succeeded'],
    ['replay', 'succeeded'],
  ])('receives a %s that comes before its first step', async (signal, end) => {
    const sent = await stage.send({
      until: 'dead_lettered',
      answer: [500, 204],
      retry: { initial: '1s', factor: 1, max: '1s', attempts: 1 },
    });
    await sent.handle.terminate();
    if (signal === 'retryNow')
      await stage.sql(sent, `update deliveries set status = 'retrying', next_attempt_at = now() + interval '1 hour' where id = $1`);
    const ref = {
      deliveryId: sent.id,
      status: 'retrying',
      round: 1,
      tenant: stage.tenant,
      endpointId: sent.endpoint.id,
      endpointHost: '',
      eventType: sent.type,
    };
    const handle = await stage.posthorn.temporal.workflow.signalWithStart('deliver', {
      ...deliveryStart({ ...ref, status: 'retrying' }, 60_000, 'a test'),
      taskQueue: 'posthorn',
      signal,
      signalArgs: [],
    });
    expect(await handle.result()).toBe(end);
    expect((await sent.row()).status).toBe(end);
  });
});

describe('the operator', () => {
  it('accepts every signal with invalid input, and carries out the next valid one', async () => {
    const operator = stage.posthorn.temporal.workflow.getHandle('posthorn/operator');
    const sent = await stage.send({ until: 'retrying', answer: [500] });
    await sendAll(operator, ['replay', 'cancel', 'retryNow', 'pause', 'resume', 'skipHead', 'unheardOf']);
    await expectSound(operator);
    await operator.signal('cancel', { deliveryId: sent.id });
    expect(await sent.closed()).toBe('cancelled');
    const recent = await until('what was done', async () => {
      const actions = await operator.query<{ command: string; subject: string; result: string }[]>('recent');
      return actions[0]?.subject === sent.id && actions;
    });
    expect(recent[0]).toEqual({ command: 'cancel', subject: sent.id, result: 'done, now cancelled' });
    expect(new Set(recent.slice(1).map(({ subject, result }) => `${subject}: ${result}`))).toEqual(
      new Set(['dlv_nope: no such delivery', '../..: no such endpoint']),
    );
  });
});
