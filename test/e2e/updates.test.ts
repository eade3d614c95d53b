// Commands as Updates, which answer: to the operator, to a delivery and to a lane, as a client and
// with the `temporal` command. Malformed input is rejected.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { defineUpdate } from '@temporalio/workflow';
import { afterAll, describe, expect, inject, it } from 'vitest';
import type { CommandAnswer } from '#contract/workflow-contract';
import { findTemporalBinary } from '#embedded/temporal-binary';
import { newId } from '#runtime/new-id';
import { withPosthorn } from '../support/shared-posthorn.ts';
import { until } from '../support/until.ts';
import { commandArrived, holding, type Sent, type Stage, setStageOn } from './stage.ts';

let stage: Stage;
withPosthorn.beforeAll(async ({ posthorn }) => {
  stage = await setStageOn(posthorn);
});
afterAll(() => stage?.close());

const dead = { until: 'dead_lettered', answer: [500, 204], retry: { initial: '1s', factor: 1, max: '1s', attempts: 1 } };
const inBackoff = { until: 'retrying', answer: [500, 204] };

const update = (workflowId: string, name: string, said?: unknown) =>
  stage.posthorn.temporal.workflow.getHandle(workflowId).executeUpdate(defineUpdate<CommandAnswer, [unknown]>(name), { args: [said] });
const tell = (name: string, said?: unknown) => update('posthorn/operator', name, said);
const tellDelivery = ({ id }: Sent, name: string, said?: unknown) => update(`delivery/${id}`, name, said);

describe.concurrent('the operator answers', () => {
  it('with the status of a delivery that it cancelled, retried or replayed', async () => {
    const [one, other, third] = await Promise.all([stage.send(inBackoff), stage.send(inBackoff), stage.send(dead)]);
    expect(await tell('cancel', { deliveryId: one.id })).toEqual({ obeyed: true, status: 'cancelled' });
    expect(await tell('retryNow', { deliveryId: other.id, reason: 'it is back' })).toEqual({ obeyed: true, status: 'retrying' });
    expect(await tell('replay', { deliveryId: third.id })).toEqual({ obeyed: true, status: 'pending' });
    expect(await one.closed()).toBe('cancelled');
    for (const sent of [other, third]) expect(await sent.closed()).toBe('succeeded');
  });

  it('why it did not obey', async () => {
    const sent = await stage.send({ until: 'succeeded' });
    await sent.closed();
    expect(await tell('cancel', { deliveryId: sent.id })).toEqual({
      obeyed: false,
      status: 'succeeded',
      reason: 'not possible while succeeded',
    });
    expect(await tell('replay', { deliveryId: newId('dlv') })).toEqual({ obeyed: false, reason: 'no such delivery' });
    expect(await tell('pause', { endpointId: newId('ep') })).toEqual({ obeyed: false, reason: 'no such endpoint' });
    expect(await tell('skipHead', { endpointId: sent.endpoint.id })).toEqual({ obeyed: false, reason: 'no dead letter blocks it' });
  });

  it('after it paused, resumed, or skipped the dead letter that blocks', async () => {
    const sent = await stage.send({
      ...dead,
      endpoint: { ordering: 'endpoint', onDeadLetter: 'block' },
    });
    const { endpoint } = sent;
    expect(await tell('skipHead', { endpointId: endpoint.id })).toEqual({ obeyed: true, status: 'skipped', deliveryId: sent.id });
    expect(await tell('skipHead', { endpointId: endpoint.id })).toMatchObject({ obeyed: false });
    expect(await tell('pause', { endpointId: endpoint.id })).toEqual({ obeyed: true, status: 'paused' });
    sent.answer([204]);
    const held = await sent.again('held');
    expect(await tell('retryNow', { deliveryId: held.id })).toEqual({
      obeyed: false,
      status: 'held',
      reason: 'The endpoint is paused. Resume it first.',
    });
    expect(await tell('resume', { endpointId: endpoint.id })).toEqual({ obeyed: true, status: 'resumed' });
    await held.reach('succeeded');
  });

  it('to the temporal command, and replays once for an update id', async () => {
    const sent = await stage.send(dead);
    const binary = await findTemporalBinary();
    const input = JSON.stringify({ deliveryId: sent.id });
    const at = ['--address', inject('temporalAddress'), '--namespace', stage.posthorn.namespace];
    const execute = async (...more: string[]) => {
      const args = ['workflow', 'update', 'execute', '--workflow-id', 'posthorn/operator', '--name', 'replay', '--input', input, ...more];
      return JSON.parse((await promisify(execFile)(binary, [...args, '--output', 'json', ...at])).stdout).result;
    };
    expect(await execute('--update-id', `ticket 7 of ${sent.id}`)).toEqual({ obeyed: true, status: 'pending' });
    expect(await sent.closed()).toBe('succeeded');
    expect(await execute('--update-id', `ticket 7 of ${sent.id}`)).toEqual({ obeyed: true, status: 'pending' });
    expect(await sent.row()).toMatchObject({ round: 2 });
  });
});

describe.concurrent('a delivery answers', () => {
  it('in backoff and as a dead letter', async () => {
    const [one, other, third] = await Promise.all([stage.send(inBackoff), stage.send(inBackoff), stage.send(dead)]);
    expect(await tellDelivery(one, 'replay')).toEqual({ obeyed: false, status: 'retrying', reason: 'not possible while retrying' });
    expect(await tellDelivery(one, 'cancel')).toEqual({ obeyed: true, status: 'cancelled' });
    expect(await tellDelivery(other, 'retryNow')).toEqual({ obeyed: true, status: 'retrying' });
    await until('its workflow to wait', async () => (await third.handle.query<{ status: string }>('status')).status === 'dead_lettered');
    expect(await tellDelivery(third, 'replay', { replayId: 'r1', reason: 'it is back' })).toEqual({ obeyed: true, status: 'pending' });
    expect(await one.closed()).toBe('cancelled');
    for (const sent of [other, third]) expect(await sent.closed()).toBe('succeeded');
  });

  it('when the request in flight is accepted before the cancel', async () => {
    const hold = holding();
    const sent = await stage.send({ until: 'pending', answer: hold.reply });
    await hold.held();
    const answer = tellDelivery(sent, 'cancel');
    await commandArrived(sent);
    hold.release(204);
    expect(await answer).toEqual({ obeyed: false, status: 'succeeded', reason: 'not possible while succeeded' });
    expect(await sent.closed()).toBe('succeeded');
  });

  it('that its replay is held, and closes', async () => {
    const sent = await stage.send(dead);
    await until('its workflow to wait', async () => (await sent.handle.query<{ status: string }>('status')).status === 'dead_lettered');
    await tell('pause', { endpointId: sent.endpoint.id });
    expect(await tellDelivery(sent, 'replay')).toEqual({ obeyed: true, status: 'held' });
    expect(await sent.closed()).toBe('held');
    const lane = `lane/${sent.endpoint.id}`;
    await until('its lane', () => stage.posthorn.temporal.workflow.getHandle(lane).describe());
    expect(await update(lane, 'skipHead', { orderingKey: 'a-key' })).toEqual({ obeyed: false, reason: 'no dead letter blocks it' });
    expect(await update(lane, 'resume')).toEqual({ obeyed: true, status: 'resumed' });
    await sent.reach('succeeded');
  });
});

describe.concurrent('malformed input is rejected', () => {
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a string', 'rubbish'],
    ['an array', [{ deliveryId: 'dlv_1' }]],
    ['an empty object', {}],
    ['an id of another kind', { deliveryId: newId('ep') }],
    ['an id that is too short', { deliveryId: 'dlv_1' }],
    ['a number', { deliveryId: 7 }],
    ['a field that is not known', { deliveryId: newId('dlv'), deliveryID: 'x' }],
    ['a replayId that is not a text', { deliveryId: newId('dlv'), replayId: { a: 1 } }],
  ])('by the operator: %s', async (_name, said) => {
    await expect(tell('replay', said)).rejects.toMatchObject({ cause: { type: 'InvalidInput' } });
  });

  it('by the operator: an endpoint that is none, and an ordering key that is none', async () => {
    for (const name of ['pause', 'resume', 'skipHead'])
      await expect(tell(name, { endpointId: '../..' })).rejects.toMatchObject({
        cause: { message: expect.stringContaining('endpointId') },
      });
    await expect(tell('skipHead', { endpointId: newId('ep'), orderingKey: 7 })).rejects.toMatchObject({ cause: { type: 'InvalidInput' } });
  });

  it('by a delivery, which stays as it is', async () => {
    const sent = await stage.send(inBackoff);
    for (const said of ['rubbish', 7, [], { deliveryId: sent.id }, { replayId: '' }, { replayId: '\u0000' }])
      await expect(tellDelivery(sent, 'replay', said)).rejects.toMatchObject({ cause: { type: 'InvalidInput' } });
    expect(await tellDelivery(sent, 'cancel', { reason: 'enough' })).toEqual({ obeyed: true, status: 'cancelled' });
  });
});
