// Raw signals of the `temporal` command, as an operator types them: to a delivery's own workflow,
// and to the operator workflow, which reaches every delivery.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { findTemporalBinary } from '#embedded/temporal-binary';
import { newId } from '#runtime/new-id';
import { until } from '../support/until.ts';
import { type Sent, type Stage, setStage } from './stage.ts';

const namespace = 't05';
const run = promisify(execFile);
let stage: Stage;
let binary: string;
beforeAll(async () => {
  [stage, binary] = await Promise.all([setStage(namespace, { LOG_LEVEL: 'error' }), findTemporalBinary()]);
});
afterAll(() => stage?.close());

const dead = { until: 'dead_lettered', answer: [500, 204], retry: { initial: '1s', factor: 1, max: '1s', attempts: 1 } };
const inBackoff = { until: 'retrying', answer: [500, 204] };

/** Temporal has done nothing when it refuses with one of these: said again, as docs/troubleshooting.md advises. */
const saidAgain = /Workflow is busy|workflow is closing/;

async function temporal(args: string[]): Promise<string> {
  const command = ['workflow', ...args, '--address', inject('temporalAddress'), '--namespace', namespace];
  const said = await until(`temporal workflow ${args[0]}`, () =>
    run(binary, command).catch((error: Error) => (saidAgain.test(error.message) ? undefined : error)),
  );
  if (said instanceof Error) throw said;
  return said.stdout;
}

const signal = (workflowId: string, name: string, ...more: string[]) =>
  temporal(['signal', '--workflow-id', workflowId, '--name', name, ...more]);
const signalDelivery = ({ id }: Sent, name: string, ...more: string[]) => signal(`delivery/${id}`, name, ...more);
const signalOperator = (name: string, input: object) => signal('posthorn/operator', name, '--input', JSON.stringify(input));

/** The operator's result of its last command for this delivery or endpoint. */
const resultOf = (command: string, subject: string) =>
  until(`the operator to have done ${command} ${subject}`, async () => {
    const answer = await temporal(['query', '--workflow-id', 'posthorn/operator', '--type', 'recent', '--output', 'json']);
    const recent = JSON.parse(answer).queryResult[0] as { command: string; subject: string; result: string }[];
    return recent.find((action) => action.subject === subject && action.command === command)?.result;
  });

describe.concurrent("on a delivery's own workflow", () => {
  it('replay delivers a dead letter', async () => {
    const sent = await stage.send(dead);
    await signalDelivery(sent, 'replay');
    expect(await sent.closed()).toBe('succeeded');
    expect(await sent.row()).toMatchObject({ status: 'succeeded', round: 2, attempts: 1 });
  });

  it('replay acts once for each replayId', async () => {
    const sent = await stage.send({ ...dead, answer: [500, 500, 204] });
    const input = ['--input', '{"replayId":"ticket 7","reason":"fixed"}'];
    await signalDelivery(sent, 'replay', ...input);
    await until(
      'the second round to be spent',
      async () => (await sent.row()).round === 2 && (await sent.row()).status === 'dead_lettered',
    );
    await signalDelivery(sent, 'replay', ...input);
    await signalDelivery(sent, 'replay', '--input', '"rubbish"');
    expect(await sent.closed()).toBe('succeeded');
    expect(await sent.row()).toMatchObject({ round: 3 });
  });

  it('cancel ends an hour of waiting, even with an unreadable input', async () => {
    const sent = await stage.send(inBackoff);
    await signalDelivery(sent, 'cancel', '--input', 'x', '--input-meta', 'encoding=binary/martian');
    expect(await sent.closed()).toBe('cancelled');
    expect((await sent.row()).status).toBe('cancelled');
  });

  it('retryNow ends an hour of waiting', async () => {
    const sent = await stage.send(inBackoff);
    await signalDelivery(sent, 'retryNow');
    expect(await sent.closed()).toBe('succeeded');
    expect(await sent.row()).toMatchObject({ status: 'succeeded', attempts: 2 });
  });
});

describe.concurrent('on the operator', () => {
  it('replay reaches a dead letter', async () => {
    const sent = await stage.send(dead);
    await signalOperator('replay', { deliveryId: sent.id });
    expect(await sent.closed()).toBe('succeeded');
    expect(await resultOf('replay', sent.id)).toMatch(/^done/);
  });

  it('replay reaches a delivery whose workflow is closed, once for a replayId', async () => {
    const sent = await stage.send({ until: 'succeeded' });
    await sent.closed();
    await signalOperator('replay', { deliveryId: sent.id, replayId: 'r1' });
    await until('the replay', () => sent.requests().length === 2);
    await sent.reach('succeeded');
    await signalOperator('replay', { deliveryId: sent.id, replayId: 'r1' });
    await signalOperator('cancel', { deliveryId: sent.id });
    expect(await resultOf('cancel', sent.id)).toBe('not possible while succeeded');
    expect(await sent.row()).toMatchObject({ status: 'succeeded', round: 2 });
    expect(sent.requests()).toHaveLength(2);
  });

  it('replay reaches a dead letter whose workflow was terminated', async () => {
    const sent = await stage.send(dead);
    await temporal(['terminate', '--workflow-id', `delivery/${sent.id}`, '--reason', 'a test']);
    await signalOperator('replay', { deliveryId: sent.id });
    expect(await sent.reach('succeeded')).toMatchObject({ round: 2 });
  });

  it('cancel and retryNow end an hour of waiting', async () => {
    const [one, other] = await Promise.all([stage.send(inBackoff), stage.send(inBackoff)]);
    await signalOperator('cancel', { deliveryId: one.id });
    await signalOperator('retryNow', { deliveryId: other.id });
    expect(await one.closed()).toBe('cancelled');
    expect(await other.closed()).toBe('succeeded');
    await signalOperator('replay', { deliveryId: one.id });
    expect(await resultOf('replay', one.id)).toBe('not possible while cancelled');
    expect((await one.row()).status).toBe('cancelled');
  });

  it('pause holds the deliveries of an endpoint, and resume sends them', async () => {
    const sent = await stage.send({ until: 'succeeded' });
    await signalOperator('pause', { endpointId: sent.endpoint.id });
    expect(await resultOf('pause', sent.endpoint.id)).toBe('paused');
    const [held, cancelled] = await Promise.all([sent.again('held'), sent.again('held')]);
    await signalOperator('cancel', { deliveryId: cancelled.id });
    await cancelled.reach('cancelled');
    await signalOperator('resume', { endpointId: sent.endpoint.id });
    await held.reach('succeeded');
    expect(await resultOf('resume', sent.endpoint.id)).toBe('resumed');
    expect(cancelled.requests()).toEqual([]);
  });

  it('reports an unknown delivery or endpoint', async () => {
    const [delivery, endpoint] = [newId('dlv'), newId('ep')];
    for (const deliveryId of [delivery, 'dlv_', "'; drop table deliveries"]) await signalOperator('replay', { deliveryId });
    for (const endpointId of [endpoint, '%']) await signalOperator('pause', { endpointId });
    for (const subject of [delivery, 'dlv_', "'; drop table deliveries"])
      expect(await resultOf('replay', subject)).toBe('no such delivery');
    for (const subject of [endpoint, '%']) expect(await resultOf('pause', subject)).toBe('no such endpoint');
  });
});
