// A command whose process crashes, or that comes while something else happens: the row has it, and
// the workflow learns of it. `obeyCommand` alone is what a process leaves that crashes right after it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DeliverState, statusAttribute } from '#contract/workflow-contract';
import { obeyCommand } from '#db/deliveries/commands';
import { readDeliveryRef } from '#db/deliveries/delivery-refs';
import type { Command } from '#domain/deliveries/delivery';
import { Sweep } from '#relay/sweep';
import { until } from '../support/until.ts';
import { holding, mostAtOnce, type Sent, type Stage, setStage } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage('t64');
});
afterAll(() => stage?.close());

const inBackoff = { until: 'retrying', answer: [500, 204] };
const deadLetter = { until: 'dead_lettered', answer: [500, 500, 204], retry: { schedule: ['50ms'] } };

const status = (sent: Sent) => sent.handle.query<DeliverState>('status');
const mark = async (sent: Sent) => (await readDeliveryRef(stage.posthorn.core.db, sent.id))?.unsignalledSince;
const waitsAsDeadLetter = (sent: Sent) => until('its workflow to wait', async () => (await status(sent)).status === 'dead_lettered');

async function crashAfter(sent: Sent, command: Command): Promise<void> {
  expect(await obeyCommand(stage.posthorn.core.db, sent.id, command, 'outside')).toMatchObject({ obeyed: true });
}

/** The sweep of a time when the mark is old enough. The sweep of the worker may be first. */
async function sweepLater(sent: Sent): Promise<void> {
  await stage.sql(sent, `update deliveries set unsignalled_since = unsignalled_since - interval '11 seconds' where id = $1`);
  await new Sweep({ ...stage.posthorn.core, drainHere: () => undefined }).run();
  await until('the mark to be cleared', async () => (await mark(sent)) === null);
}

describe.concurrent('a process that crashes between the row and the signal', () => {
  it.each<[string, Command, string]>([
    ['cancel', { kind: 'cancel' }, 'cancelled'],
    ['retry-now', { kind: 'retry-now' }, 'succeeded'],
  ])('leaves a %s to the sweep, which ends an hour of waiting', async (_name, command, end) => {
    const sent = await stage.send(inBackoff);
    await crashAfter(sent, command);
    expect(await mark(sent)).not.toBeNull();
    await sweepLater(sent);
    expect(await sent.closed()).toBe(end);
    expect((await sent.row()).status).toBe(end);
  });

  it.each<[string, Command, string]>([
    ['cancel', { kind: 'cancel' }, 'cancelled'],
    ['replay', { kind: 'replay', replayId: 'crashed' }, 'succeeded'],
  ])('leaves the %s of a dead letter to the sweep', async (_name, command, end) => {
    const sent = await stage.send(deadLetter);
    await waitsAsDeadLetter(sent);
    await crashAfter(sent, command);
    await sweepLater(sent);
    expect(await sent.closed()).toBe(end);
  });

  it.each([false, true])('leaves a command to the sweep although no workflow is open; terminated: %s', async (terminated) => {
    const sent = await stage.send(terminated ? inBackoff : { until: 'succeeded' });
    await (terminated ? sent.rests() : sent.closed());
    if (terminated) await sent.handle.terminate();
    await crashAfter(sent, terminated ? { kind: 'retry-now' } : { kind: 'replay', replayId: 'crashed' });
    await sweepLater(sent);
    await until('the second request', () => sent.requests().length === 2);
    expect(await sent.closed()).toBe('succeeded');
  });

  it('after the signal: the second signal changes nothing', async () => {
    const sent = await stage.send({ ...inBackoff, answer: [500, 500] });
    await crashAfter(sent, { kind: 'retry-now' });
    const delivery = await readDeliveryRef(stage.posthorn.core.db, sent.id);
    if (delivery) await stage.posthorn.core.starter.look(delivery, 'a test');
    await until('the second attempt', async () => (await sent.row()).attempts === 2);
    await sweepLater(sent);
    await sent.handle.signal('cancel');
    expect(await sent.closed()).toBe('cancelled');
    expect(sent.requests()).toHaveLength(2);
  });
});

describe.concurrent('a retry-now whose process crashes while a request is in flight', () => {
  it.each([1, 2])('survives the record of attempt %i, which is refused', async (number) => {
    const hold = holding();
    const sent = await stage.send({
      until: number === 1 ? 'pending' : 'retrying',
      retry: { schedule: number === 1 ? ['1h'] : ['50ms', '1h'] },
      endpoint: { timeoutMs: 30_000 },
      answer: (request, response, count) => {
        if (count === number) void hold.reply(request, response, count);
        else response.writeHead(count < number ? 500 : 204).end();
      },
    });
    await hold.held();
    await crashAfter(sent, { kind: 'retry-now' });
    hold.release(500);
    // after the first refusal of a round the workflow reads the row anyway; a later one is waited for by Temporal
    if (number === 2) {
      await until('the record', async () => (await sent.row()).attempts === 2);
      await sweepLater(sent);
    }
    expect(await sent.closed()).toBe('succeeded');
    expect(sent.requests()).toHaveLength(number + 1);
    expect(mostAtOnce(sent)).toBe(1);
  });
});

describe.concurrent('a replay', () => {
  it.each<[string, (sent: Sent) => Promise<unknown>]>([
    ['the API', (sent) => sent.command('replay')],
    ['a signal', (sent) => sent.handle.signal('replay')],
  ])('by %s shows as pending in the second round while its request is in flight', async (_name, give) => {
    const hold = holding();
    const sent = await stage.send({ ...deadLetter, endpoint: { timeoutMs: 30_000 } });
    await waitsAsDeadLetter(sent);
    sent.answer(hold.reply);
    await give(sent);
    await hold.held();
    expect(await sent.row()).toMatchObject({ status: 'pending', round: 2, attempts: 0, lastOutcome: null, lastMessage: null });
    expect(await status(sent)).toMatchObject({ status: 'pending', round: 2, attempts: 0, lastOutcome: null });
    expect((await sent.handle.describe()).typedSearchAttributes.get(statusAttribute)).toBe('pending');
    hold.release(204);
    expect(await sent.closed()).toBe('succeeded');
    expect(await status(sent)).toMatchObject({ status: 'succeeded', round: 2, attempts: 1 });
  });

  it('by the API and one by a signal at the same time make one round and one entry', async () => {
    const hold = holding();
    const sent = await stage.send({ ...deadLetter, endpoint: { timeoutMs: 30_000 } });
    await waitsAsDeadLetter(sent);
    sent.answer(hold.reply);
    const { db } = stage.posthorn.database;
    const client = await db.connect();
    await client.query('begin');
    await client.query('select from deliveries where id = $1 for update', [sent.id.slice('dlv_'.length)]);
    const given = Promise.all([sent.command('replay'), sent.handle.signal('replay')]);
    try {
      await until('both to wait for the row', async () => {
        const text = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%as sendable%'`;
        return (await db.query(text)).rows.length === 2;
      });
    } finally {
      await client.query('commit');
      client.release();
    }
    const [answer] = await given;
    expect([202, 409]).toContain(answer.status);
    await hold.held();
    hold.release(204);
    expect(await sent.closed()).toBe('succeeded');
    expect(await sent.row()).toMatchObject({ status: 'succeeded', round: 2, attempts: 1 });
    const { data } = (await stage.posthorn.get('/v1/audit-log?limit=250')).body;
    const entries = data.filter((entry: { action: string; target: { id: string } }) => entry.target.id === sent.id);
    expect(entries).toMatchObject([{ action: 'delivery.replay', actor: { kind: answer.status === 202 ? 'bootstrap' : 'temporal' } }]);
  });
});
