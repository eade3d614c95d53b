// `posthorn ingest kafka`, on a real broker.
import { Admin, Consumer, type Message, Producer, stringSerializers } from '@platformatic/kafka';
import { afterAll, beforeAll, expect } from 'vitest';
import { countEvents, openBrokerStage } from '../support/broker-stage.ts';
import { runCommand } from '../support/command.ts';
import { runIngest } from '../support/ingest.ts';
import { type Kafka, startKafka } from '../support/kafka.ts';
import { runWithKills } from '../support/kills.ts';
import { isLong } from '../support/long.ts';
import type { TestPosthorn } from '../support/posthorn.ts';
import { withPosthorn as it } from '../support/shared-posthorn.ts';
import { until } from '../support/until.ts';

let kafka: Kafka;
let admin: Admin;
let producer: Producer<string, string, string, string>;
beforeAll(async () => {
  kafka = await startKafka();
  const connection = { clientId: 'test', bootstrapBrokers: [kafka.broker], retries: 20 };
  admin = new Admin(connection);
  producer = new Producer({ ...connection, serializers: stringSerializers });
});
afterAll(async () => {
  await producer.close();
  await admin.close();
  await kafka.close();
});

let topics = 0;

async function stage(posthorn: TestPosthorn, onTestFinished: (end: () => Promise<void>) => void) {
  const common = await openBrokerStage(posthorn, onTestFinished);
  const topic = `events.${++topics}`;
  const made = await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 });
  const topicId = made[0]?.id ?? '';
  const env = {
    ...common.env,
    POSTHORN_INGEST_KAFKA_BROKERS: kafka.broker,
    POSTHORN_INGEST_KAFKA_TOPICS: topic,
    POSTHORN_INGEST_KAFKA_GROUP: topic,
    POSTHORN_INGEST_TYPE: 'usual.type',
  };
  return {
    ...common,
    topic,
    env,
    /** The id of the event of a message without an id of its own. */
    idAt: (offset: number) => `kafka_${topicId}_0_${offset}`,
    start: (more: Record<string, string> = {}) => {
      const intake = runIngest('kafka', { ...env, ...more });
      onTestFinished(intake.stop);
      return intake;
    },
    send: (...messages: { key?: string; value?: string; headers?: Record<string, string> }[]) =>
      producer.send({ messages: messages.map((message) => ({ topic, ...message })) }),
    committed: async () => {
      const [group] = await admin.listConsumerGroupOffsets({ groups: [topic] });
      return Number(group?.topics[0]?.partitions[0]?.committedOffset ?? -1);
    },
    deadLetters: (count: number) => readAll(`${topic}.posthorn-dead-letter`, count),
  };
}

async function readAll(topic: string, count: number): Promise<Message[]> {
  const consumer = new Consumer({ clientId: 'test', groupId: `of-${topic}`, bootstrapBrokers: [kafka.broker] });
  const read: Message[] = [];
  try {
    for await (const message of await consumer.consume({ topics: [topic], mode: 'earliest' })) {
      read.push(message);
      if (read.length === count) break;
    }
  } finally {
    await consumer.close(true);
  }
  return read;
}

const headersOf = ({ headers }: Message) => Object.fromEntries([...headers].map(([name, value]) => [name.toString(), value.toString()]));

it('takes the fields from headers, the order from the key, and the value byte for byte', async ({ posthorn, onTestFinished }) => {
  const { start, send, eventCount, receiver, tenant, committed, idAt } = await stage(posthorn, onTestFinished);
  start({ POSTHORN_INGEST_HEADERS: 'type=ce_type' });
  await send(
    { key: 'order-1', value: '{"n": 1.0, "big":12345678901234567890}', headers: { ce_type: 'order.created', 'posthorn-id': 'first' } },
    { key: 'a key with spaces', value: '2', headers: { 'posthorn-channels': 'vip', 'posthorn-tenant': tenant } },
    { value: '3' },
  );
  expect(await eventCount(3)).toEqual(['first', idAt(1), idAt(2)]);
  await until('the deliveries', () => receiver.requests.length === 3);
  expect(receiver.of('first')[0]?.body.toString()).toMatch(
    /^{"type":"order.created","timestamp":"[^"]+","data":{"n": 1.0, "big":12345678901234567890}}$/,
  );
  expect((await posthorn.get(`/v1/tenants/${tenant}/events/first`)).body).toMatchObject({ orderingKey: 'order-1' });
  expect((await posthorn.get(`/v1/tenants/${tenant}/events/${idAt(1)}`)).body).toMatchObject({
    type: 'usual.type',
    channels: ['vip'],
    orderingKey: expect.stringMatching(/^key_[\w-]{43}$/),
  });
  await until('the commit', async () => (await committed()) === 3);
});

it('the same id is the same event, from a header or from the key; what is refused goes to the dead-letter topic with the reason', async ({
  posthorn,
  onTestFinished,
}) => {
  const { start, send, eventCount, deadLetters, committed, receiver, topic } = await stage(posthorn, onTestFinished);
  start({ POSTHORN_INGEST_KAFKA_KEY: 'id' });
  await send(
    { key: 'k1', value: '1' },
    { key: 'k1', value: '1' },
    { key: 'ignored', value: '2', headers: { 'posthorn-id': 'h1' } },
    { value: '2', headers: { 'posthorn-id': 'h1', 'posthorn-occurred-at': '2026-01-01T00:00:00Z' } },
    { key: 'k1', value: '9', headers: { own: 'header' } },
    { key: 'no-json', value: '{' },
    { key: 'tombstone' },
    { key: 'type', value: '1', headers: { 'posthorn-type': 'not a type' } },
    { key: 'last', value: '1' },
  );
  const letters = await deadLetters(5);
  expect(letters.map((letter) => [headersOf(letter)['posthorn-source'], headersOf(letter)['posthorn-reason']]).sort()).toEqual([
    [`${topic}/0/3`, expect.stringContaining('already used')],
    [`${topic}/0/4`, expect.stringContaining('already used')],
    [`${topic}/0/5`, 'The body is not JSON in UTF-8.'],
    [`${topic}/0/6`, 'The message has no value.'],
    [`${topic}/0/7`, expect.stringMatching(/^type /)],
  ]);
  const letter = letters.find((one) => one.value?.toString() === '9');
  expect(letter?.key.toString()).toBe('k1');
  expect(letter && headersOf(letter)).toMatchObject({ own: 'header', 'posthorn-status': '409' });
  expect(await eventCount(3)).toEqual(['h1', 'k1', 'last']);
  await until('the deliveries', () => receiver.requests.length === 3);
  await until('the commit', async () => (await committed()) === 9);
});

it('killed between our commit and the commit of the offset, with the API away and the broker restarted, sends no second event', async ({
  posthorn,
  onTestFinished,
}) => {
  const { start, send, gate, env, events, eventCount, receiver, committed, idAt, tenant } = await stage(posthorn, onTestFinished);
  const command = runCommand(['ingest', 'kafka'], env);
  gate.after = async () => {
    command.signal('SIGKILL');
    await command.exit;
  };
  await send({ key: 'k', value: '1' });
  await command.exit;
  expect(await events()).toEqual([idAt(0)]);
  expect(await committed()).toBe(-1);
  gate.after = () => undefined;
  const intake = start();
  await until('the duplicate', () => intake.logged('ingest.accepted').some(({ duplicate }) => duplicate === true));
  await until('the commit', async () => (await committed()) === 1);
  expect(await events()).toEqual([idAt(0)]);
  expect(await posthorn.deliveriesOf(tenant, idAt(0))).toHaveLength(1);
  // of one key: in order, one after the other
  const busy = new Set<string>();
  let refusals = 2;
  const done: number[] = [];
  gate.before = (body) => {
    expect([...busy]).toEqual([]);
    if (refusals-- > 0) return { status: 503 };
    busy.add(body);
    return null;
  };
  gate.after = (body) => {
    busy.delete(body);
    done.push(JSON.parse(body).data);
  };
  await send(...[2, 3, 4, 5].map((n) => ({ key: 'k', value: String(n) })));
  await until('a wait', () => intake.logged('ingest.waiting').length > 0);
  await kafka.stop();
  await kafka.start();
  await eventCount(5);
  await send({ key: 'k', value: '6' });
  expect(await eventCount(6)).toHaveLength(6);
  await until('the commit', async () => (await committed()) === 6);
  await until('the deliveries', () => receiver.requests.length === 6);
  expect(done.filter((n, index) => done.indexOf(n) === index)).toEqual([2, 3, 4, 5, 6]);
});

it('killed at random loses no message and makes no second event', async ({ posthorn, onTestFinished }) => {
  const { send, gate, env, committed, tenant } = await stage(posthorn, onTestFinished);
  const [count, kills] = isLong ? [1_000, 10] : [200, 1];
  await send(...Array.from({ length: count }, (_, n) => ({ key: `k-${n % 50}`, value: String(n) })));
  const isDone = async () => (await committed()) === count;
  const quiet = { ...env, POSTHORN_INGEST_TYPE: 'quiet.event' };
  await runWithKills(() => runCommand(['ingest', 'kafka'], quiet), gate, { kills, requests: count, isDone });
  expect(await countEvents(posthorn, tenant)).toBe(count);
});
