// `posthorn ingest amqp`, on a real RabbitMQ.
import { type ChannelModel, type ConfirmChannel, connect, type Options } from 'amqplib';
import { afterAll, beforeAll, expect } from 'vitest';
import { countEvents, openBrokerStage } from '../support/broker-stage.ts';
import { runCommand } from '../support/command.ts';
import { runIngest } from '../support/ingest.ts';
import { runWithKills } from '../support/kills.ts';
import { isLong } from '../support/long.ts';
import type { TestPosthorn } from '../support/posthorn.ts';
import { type RabbitMq, startRabbitMq } from '../support/rabbitmq.ts';
import { withPosthorn as it } from '../support/shared-posthorn.ts';
import { until } from '../support/until.ts';

let rabbit: RabbitMq;
let connection: ChannelModel;
let channel: ConfirmChannel;
beforeAll(async () => {
  rabbit = await startRabbitMq();
  await open();
});
afterAll(async () => {
  await connection.close();
  await rabbit.close();
});

async function open(): Promise<void> {
  connection = await connect(rabbit.url);
  // the restart of the broker ends it
  connection.on('error', () => undefined);
  channel = await connection.createConfirmChannel();
  channel.on('error', () => undefined);
}

let queues = 0;

async function stage(posthorn: TestPosthorn, onTestFinished: (end: () => Promise<void>) => void) {
  const common = await openBrokerStage(posthorn, onTestFinished);
  const queue = `events-${++queues}`;
  await channel.assertQueue(queue, { durable: true });
  const env = { ...common.env, POSTHORN_INGEST_AMQP_URL: rabbit.url, POSTHORN_INGEST_AMQP_QUEUE: queue };
  return {
    ...common,
    queue,
    env,
    start: (more: Record<string, string> = {}) => {
      const intake = runIngest('amqp', { ...env, ...more });
      onTestFinished(intake.stop);
      return intake;
    },
    send: (body: string, options: Options.Publish) => channel.sendToQueue(queue, Buffer.from(body), { persistent: true, ...options }),
    waiting: async () => (await channel.checkQueue(queue)).messageCount,
    /** Takes all dead letters, when there are so many. */
    deadLetters: async (count: number) => {
      const name = `${queue}.posthorn-dead-letter`;
      // the same as the command makes it
      await until('the dead letters', async () => (await channel.assertQueue(name, { durable: true })).messageCount >= count);
      const taken = [];
      for (let one = await channel.get(name, { noAck: true }); one; one = await channel.get(name, { noAck: true })) taken.push(one);
      return taken;
    },
  };
}

it('takes type, id and other fields from properties and headers, and the body byte for byte', async ({ posthorn, onTestFinished }) => {
  const { start, send, eventCount, receiver, tenant, waiting } = await stage(posthorn, onTestFinished);
  start({ POSTHORN_INGEST_TYPE: 'usual.type', POSTHORN_INGEST_HEADERS: 'id=x-id, channels=x-channels' });
  const bytes = '{"n": 1.0, "big":12345678901234567890}';
  send(bytes, { messageId: 'first', type: 'order.created', contentType: 'application/json' });
  send('"ü"', { headers: { 'x-id': 'second', 'x-channels': 'vip, all', 'posthorn-version': 3, 'posthorn-ordering-key': 'k' } });
  send('1', { messageId: 'urn:uuid:1/2', headers: { 'posthorn-tenant': tenant, 'posthorn-type': 'a.b' } });
  const ids = await eventCount(3);
  expect(ids).toEqual([expect.stringMatching(/^amqp_[\w-]{43}$/), 'first', 'second']);
  await until('the deliveries', () => receiver.requests.length === 3);
  expect(receiver.of('first')[0]?.body.toString()).toMatch(
    /^{"type":"order.created","timestamp":"[^"]+","data":{"n": 1.0, "big":12345678901234567890}}$/,
  );
  expect((await posthorn.get(`/v1/tenants/${tenant}/events/second`)).body).toMatchObject({
    type: 'usual.type',
    channels: ['vip', 'all'],
    version: 3,
    orderingKey: 'k',
  });
  await until('all to be acknowledged', async () => (await waiting()) === 0);
});

it('a repeated message is a duplicate; what Posthorn refuses goes to the dead-letter queue with the reason', async ({
  posthorn,
  onTestFinished,
}) => {
  const { start, send, events, deadLetters, waiting, queue, receiver } = await stage(posthorn, onTestFinished);
  const intake = start();
  const usual = { type: 'order.created' };
  for (const body of ['{"n":1}', '{"n":1}', '{"n":2}']) send(body, { ...usual, messageId: 'again' });
  send('{', { ...usual, messageId: 'no-json' });
  send('1,"type":"x.y"', { ...usual, messageId: 'inject' });
  send('1', { ...usual });
  send('1', { messageId: 'no-type', correlationId: 'c1', headers: { own: 'header' } });
  send('1', { ...usual, messageId: 'nobody', headers: { 'posthorn-tenant': 'nobody-here' } });
  send('1', { ...usual, messageId: 'table', headers: { 'posthorn-subject': { a: 1 } } });
  send('1', { ...usual, messageId: 'test_1' });
  const letters = await deadLetters(7);
  const reasons = Object.fromEntries(
    letters.map(({ properties: { messageId, headers } }) => [messageId ?? '', headers?.['posthorn-reason']]),
  );
  expect(reasons).toEqual({
    again: expect.stringContaining('already used'),
    'no-json': 'The body is not JSON in UTF-8.',
    inject: 'The body is not JSON in UTF-8.',
    '': 'The message has no id: it has neither a message-id nor a header posthorn-id. RabbitMQ may deliver it twice.',
    'no-type': 'The message has no type: it has no header posthorn-type, and POSTHORN_INGEST_TYPE is not set.',
    nobody: 'There is no such tenant.',
    table: 'The header posthorn-subject must be text.',
  });
  const letter = letters.find(({ properties }) => properties.messageId === 'no-type');
  expect(letter?.content.toString()).toBe('1');
  expect(letter?.properties).toMatchObject({ correlationId: 'c1', headers: { own: 'header', 'posthorn-source': `${queue} no-type` } });
  expect(letters.find(({ properties }) => properties.messageId === 'nobody')?.properties.headers?.['posthorn-status']).toBe('404');
  expect((await events()).map((id) => id.slice(0, 5))).toEqual(['again', 'amqp_']);
  await until('the deliveries', () => receiver.requests.length === 2);
  expect(await waiting()).toBe(0);
  expect(intake.logged('ingest.refused')).toHaveLength(7);
});

it('keeps the order of an ordering key while others go on, also through a 503', async ({ posthorn, onTestFinished }) => {
  const { start, send, gate, eventCount } = await stage(posthorn, onTestFinished);
  const busy = new Set<string>();
  const done: string[] = [];
  let refusals = 3;
  gate.before = (body) => {
    const { orderingKey } = JSON.parse(body);
    expect(busy).not.toContain(orderingKey);
    if (refusals-- > 0) return { status: 503 };
    busy.add(orderingKey);
    return null;
  };
  gate.after = (body) => {
    const { id, orderingKey } = JSON.parse(body);
    busy.delete(orderingKey);
    done.push(id);
  };
  for (let n = 10; n < 30; n++)
    send('1', { type: 'a.b', messageId: `k${n % 2}-${n}`, headers: { 'posthorn-ordering-key': `key-${n % 2}` } });
  start();
  await eventCount(20);
  for (const key of ['k0', 'k1']) {
    const own = done.filter((id) => id.startsWith(key));
    expect(own).toEqual(own.toSorted());
  }
});

it('killed between our commit and the acknowledgement, and with the broker restarted, sends no second event', async ({
  posthorn,
  onTestFinished,
}) => {
  const { start, send, gate, env, events, receiver, waiting, eventCount, tenant } = await stage(posthorn, onTestFinished);
  const command = runCommand(['ingest', 'amqp'], env);
  gate.after = async () => {
    command.signal('SIGKILL');
    await command.exit;
  };
  send('1', { type: 'a.b', messageId: 'once' });
  await command.exit;
  expect(await events()).toEqual(['once']);
  gate.after = () => undefined;
  const intake = start();
  await until('the message to come again', () => gate.seen.length === 2);
  await until('it to be acknowledged', () => intake.logged('ingest.accepted').some(({ duplicate }) => duplicate === true));
  expect(await events()).toEqual(['once']);
  await until('its delivery', async () => (await posthorn.deliveriesOf(tenant, 'once')).length === 1);
  // the API is away for one message while the broker restarts
  gate.before = () => ({ status: 503 });
  send('2', { type: 'a.b', messageId: 'later' });
  await until('a wait', () => intake.logged('ingest.waiting').length > 0);
  await rabbit.stop();
  gate.before = () => null;
  await rabbit.start();
  await open();
  expect(await eventCount(2)).toEqual(['later', 'once']);
  await until('it to be acknowledged', async () => (await waiting()) === 0);
  await until('the deliveries', () => receiver.requests.length === 2);
  expect(intake.logged('ingest.reconnecting').length).toBeGreaterThan(0);
});

it('killed at random loses no message and makes no second event', async ({ posthorn, onTestFinished }) => {
  const { send, gate, env, waiting, tenant } = await stage(posthorn, onTestFinished);
  const [count, kills] = isLong ? [1_000, 10] : [200, 1];
  for (let n = 0; n < count; n++) send(String(n), { type: 'quiet.event', messageId: `m-${n}` });
  await channel.waitForConfirms();
  const isDone = async () => (await waiting()) === 0 && (await countEvents(posthorn, tenant)) === count;
  await runWithKills(() => runCommand(['ingest', 'amqp'], env), gate, { kills, requests: count, isDone });
  expect(await countEvents(posthorn, tenant)).toBe(count);
});
