// From requests to the events of handlers: all formats, batches, tests, routes, retries.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createReceiver, fetchReceiver, type ReceiverOptions, Unrecoverable, type WebhookEvent } from '#receiver';
import { memoryInbox } from '#receiver/inbox/memory';
import { untilAborted } from '#runtime/aborted';
import { secret, signedRequest } from './signed.ts';

function receiverWith(options: Partial<ReceiverOptions> = {}) {
  const lines: Record<string, unknown>[] = [];
  const write = (fields: object, msg: string) => void lines.push({ msg, ...fields });
  const receiver = createReceiver({
    secrets: secret,
    inbox: memoryInbox(),
    log: { info: write, warn: write, error: write },
    retryMs: [0, 0],
    ...options,
  });
  const handler = fetchReceiver(receiver);
  const post = async (request: ReturnType<typeof signedRequest>) => (await handler(new Request('http://localhost/', request))).json();
  return { receiver, lines, post };
}

async function eventsOf(...requests: ReturnType<typeof signedRequest>[]): Promise<WebhookEvent[]> {
  const events: WebhookEvent[] = [];
  const { receiver, post } = receiverWith({ tests: true });
  receiver.on('*', (event) => void events.push(event as WebhookEvent));
  for (const request of requests) await post(request);
  await receiver.drain();
  return events;
}

describe('an event', () => {
  it.each([
    [
      'standard',
      '{"type":"a.b","timestamp":"2026-01-01T00:00:00Z","data":{"n":1}}',
      {},
      { type: 'a.b', timestamp: '2026-01-01T00:00:00Z', data: { n: 1 } },
    ],
    ['raw', '{"n":1}', {}, { type: '', timestamp: null, data: { n: 1 } }],
    ['raw, not an object', 'null', {}, { type: '', data: null }],
    [
      'cloudevents',
      '{"specversion":"1.0","id":"e","type":"a.b","time":"2026-01-01T00:00:00Z","data":[1]}',
      { 'content-type': 'application/cloudevents+json; charset=utf-8' },
      { type: 'a.b', timestamp: '2026-01-01T00:00:00Z', data: [1] },
    ],
    [
      'cloudevents-binary',
      '{"n":1}',
      { 'ce-type': 'a.%C3%A9', 'ce-time': '2026-01-01T00:00:00Z' },
      { type: 'a.é', timestamp: '2026-01-01T00:00:00Z', data: { n: 1 } },
    ],
    [
      'form',
      'id=e&type=a.b&timestamp=t&data[n]=1',
      { 'content-type': 'application/x-www-form-urlencoded' },
      { type: 'a.b', data: undefined },
    ],
    [
      'xml',
      '<?xml version="1.0"?><event id="e" type="a.b" timestamp="t"/>',
      { 'content-type': 'application/xml; charset=utf-8' },
      { type: 'a.b', data: undefined },
    ],
  ])('of the format %s has its type and data', async (_format, body, headers, expected) => {
    const [event] = await eventsOf(signedRequest({ body }, headers));
    expect(event).toMatchObject({
      id: 'evt_1',
      raw: body,
      test: false,
      replay: 0,
      batch: null,
      delivery: 'dlv_1',
      sequence: null,
      ...expected,
    });
  });

  it('knows its order, its replay, and whether it is a test', async () => {
    const headers = { 'posthorn-sequence': '7', 'posthorn-replay': '2' };
    const [event, test] = await eventsOf(
      signedRequest({}, { ...headers, 'posthorn-sequence': '1' }),
      signedRequest({ id: 'test_1' }, headers),
    );
    expect(event).toMatchObject({ sequence: 1, key: 'endpoint', replay: 2 });
    // tests have no place in an order
    expect(test).toMatchObject({ test: true, sequence: null, key: null });
  });
});

describe('a batch', () => {
  const batch = (elements: string[], id = 'bat_1') =>
    signedRequest({ id, body: `[${elements.join(',')}]` }, { 'posthorn-batch': String(elements.length), 'posthorn-endpoint': 'ep_1' });
  const element = (id: string, data: string) => `{"id":"${id}","type":"a.b","timestamp":"t","data":${data}}`;

  it('is its elements, each once, also when one comes again in another batch', async () => {
    const events = await eventsOf(
      batch([element('e1', '1'), element('e2', '{"a":[1,"],{"]}'), element('e1', '1')]),
      batch([element('e2', '{}'), element('e3', '12345678901234567890')], 'bat_2'),
    );
    expect(events.map(({ id, data, batch: of }) => [id, data, of])).toEqual([
      ['e1', 1, 'bat_1'],
      ['e2', { a: [1, '],{'] }, 'bat_1'],
      ['e3', Number('12345678901234567890'), 'bat_2'],
    ]);
    expect(events[2]?.raw).toContain('12345678901234567890');
  });

  it('keeps the bytes of each element', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.json({ depthSize: 'small' }), { minLength: 1, maxLength: 5 }), async (values) => {
        const elements = values.map((value, n) => element(`e${n}`, value));
        const events = await eventsOf(batch(elements.map((one) => ` ${one}\n`)));
        expect(events.map(({ raw }) => raw)).toEqual(elements);
      }),
      { numRuns: 100 },
    );
  });

  it('is refused as a whole if an element has no id', async () => {
    const { post } = receiverWith();
    expect(await post(batch([element('e1', '1'), '{"type":"a.b"}']))).toMatchObject({ error: 'malformed_body' });
    expect(await post(batch([element('e1', '1')]))).toMatchObject({ accepted: 1 });
  });
});

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

describe('the work', () => {
  interface Events {
    'order.created': { total: number };
    'order.paid': { by: string };
  }

  it('goes to the handler of the type, of its longest prefix, or of all', async () => {
    const seen: string[] = [];
    const receiver = createReceiver<Events>({ secrets: secret, inbox: memoryInbox(), log: silent })
      .on('order.created', ({ type, data }) => void seen.push(`${type} ${data.total.toFixed(2)}`))
      .on('order.*', ({ type }) => void seen.push(`order.* ${type}`))
      .on('order.item.*', ({ type }) => void seen.push(`order.item.* ${type}`));
    const handler = fetchReceiver(receiver);
    for (const type of ['order.created', 'order.paid', 'order.item.added', 'order', 'user.created'])
      await handler(new Request('http://localhost/', signedRequest({ id: type.replaceAll('.', '-'), type, data: { total: 1 } })));
    expect(await receiver.drain()).toBe(5);
    expect(seen.sort()).toEqual(['order.* order.paid', 'order.created 1.00', 'order.item.* order.item.added']);
  });

  it('is tried again, becomes a dead letter with its error, and can be tried again by hand', async () => {
    let isBroken = true;
    const dead: string[] = [];
    const { receiver, lines, post } = receiverWith({ onDead: ({ id }, error) => void dead.push(`${id} ${error}`) });
    receiver.on('*', () => {
      if (isBroken) throw new Error('no database');
    });
    await post(signedRequest());
    expect(await receiver.drain()).toBe(3);
    expect(dead).toEqual(['evt_1 Error: no database']);
    expect(await receiver.deadLetters.list()).toMatchObject([{ id: 'evt_1', type: 'order.created', attempts: 3, error: 'no database' }]);
    expect(lines.filter(({ msg }) => /failed|dead/.test(String(msg))).map(({ msg, attempt }) => [msg, attempt])).toEqual([
      ['webhook.failed', 1],
      ['webhook.failed', 2],
      ['webhook.dead', 3],
    ]);
    isBroken = false;
    expect([await receiver.deadLetters.retry('evt_1'), await receiver.drain()]).toEqual([true, 1]);
    expect([await receiver.deadLetters.list(), lines.at(-1)?.msg]).toEqual([[], 'webhook.done']);
  });

  it('becomes a dead letter if processes die in it as often as it may be tried', async () => {
    const inbox = memoryInbox();
    const { receiver, post } = receiverWith({ inbox });
    receiver.on('*', () => expect.unreachable('it would kill this process, too'));
    await post(signedRequest());
    for (const worker of ['w1', 'w2', 'w3']) await inbox.claim('default', { worker, limit: 1, leaseMs: 0, gapWaitMs: 0 });
    expect(await receiver.drain()).toBe(1);
    expect(await receiver.deadLetters.list()).toMatchObject([{ attempts: 4, error: 'the process died while it handled this event' }]);
  });

  it('is not tried again after Unrecoverable; a replay by Posthorn revives it', async () => {
    let isBroken = true;
    const { receiver, post } = receiverWith();
    receiver.on('*', () => {
      if (isBroken) throw new Unrecoverable('no such customer');
    });
    await post(signedRequest());
    expect(await receiver.drain()).toBe(1);
    isBroken = false;
    expect(await post(signedRequest())).toMatchObject({ duplicates: 1 });
    expect(await post(signedRequest({}, { 'posthorn-replay': '2' }))).toMatchObject({ revived: 1 });
    expect(await receiver.drain()).toBe(1);
    // it is done now, so another replay is a duplicate, unless the receiver wants it
    expect(await post(signedRequest({}, { 'posthorn-replay': '3' }))).toMatchObject({ duplicates: 1 });
  });

  it('runs a replay of what is done if it is told to, once for each round', async () => {
    const rounds: number[] = [];
    const { receiver, post } = receiverWith({ replays: 'run' });
    receiver.on('*', ({ replay }) => void rounds.push(replay));
    for (const headers of [{}, { 'posthorn-replay': '2' }, { 'posthorn-replay': '2' }, {}, { 'posthorn-replay': '3' }]) {
      await post(signedRequest({}, headers as Record<string, string>));
      await receiver.drain();
    }
    expect(rounds).toEqual([0, 2, 3]);
  });

  it('leaves out tests and types without a handler, and says so', async () => {
    const { receiver, lines, post } = receiverWith();
    receiver.on('order.*', () => {
      throw new Error('must not run');
    });
    await post(signedRequest({ id: 'test_1' }));
    await post(signedRequest({ id: 'evt_2', type: 'other' }));
    await receiver.drain();
    expect(lines.filter(({ msg }) => msg === 'webhook.ignored').map(({ id, reason }) => [id, reason])).toEqual([
      ['test_1', 'test'],
      ['evt_2', 'no_route'],
    ]);
  });

  it('gives up on a handler that takes too long, and tries again', async () => {
    const signals: boolean[] = [];
    const { receiver, lines, post } = receiverWith({ handlerTimeoutMs: 20 });
    receiver.on('*', async (_event, { attempt, signal }) => {
      if (attempt > 1) return;
      await untilAborted(signal);
      signals.push(signal.aborted);
    });
    await post(signedRequest());
    expect(await receiver.drain()).toBe(2);
    expect([signals, lines.find(({ msg }) => msg === 'webhook.failed')?.error]).toEqual([[true], 'the handler took too long']);
  });

  it('reports a gap in the order of a key, and goes on', async () => {
    const gaps: object[] = [];
    const seen: string[] = [];
    const key = ({ data }: WebhookEvent) => (data as { order: string }).order;
    const { receiver, lines, post } = receiverWith({ order: { key, gapWaitMs: 0, onGap: (gap) => void gaps.push(gap) } });
    receiver.on('*', ({ key: of, sequence }) => void seen.push(`${of} ${sequence}`));
    for (const [order, sequence] of [
      ['a', 2],
      ['a', 1],
      ['b', 1],
      ['a', 5],
    ] as const)
      await post(signedRequest({ id: `${order}${sequence}`, data: { order } }, { 'posthorn-sequence': String(sequence) }));
    await receiver.drain();
    expect(seen.filter((one) => one.startsWith('a'))).toEqual(['a 1', 'a 2', 'a 5']);
    expect(gaps).toEqual([{ key: 'a', from: 3, to: 4, first: false, event: 'a5' }]);
    expect(lines.filter(({ msg }) => msg === 'webhook.gap')).toHaveLength(1);
    expect(await receiver.gaps()).toEqual([{ key: 'a', from: 3, to: 4 }]);
  });

  it('transaction says which inbox it needs', async () => {
    const { receiver, lines, post } = receiverWith({ retryMs: [] });
    receiver.on('*', (_event, { transaction }) => transaction(async () => undefined));
    await post(signedRequest());
    await receiver.drain();
    expect(lines.at(-1)).toMatchObject({ msg: 'webhook.dead', error: expect.stringContaining('postgresInbox(pool)') });
  });

  it('start handles at once what arrives, and stop waits for it', async () => {
    const { receiver, post } = receiverWith();
    let finish: (() => void) | undefined;
    const began = new Promise<void>((resolve) =>
      receiver.on('*', () => {
        resolve();
        return new Promise<void>((end) => {
          finish = end;
        });
      }),
    );
    await receiver.start();
    await post(signedRequest());
    await began;
    let isStopped = false;
    const stopped = receiver.stop({ timeoutMs: 60_000 }).then(() => {
      isStopped = true;
    });
    await post(signedRequest({ id: 'evt_2' }));
    expect(isStopped).toBe(false);
    finish?.();
    await stopped;
    // what came meanwhile waits for the next start
    expect(await post(signedRequest({ id: 'evt_2' }))).toMatchObject({ duplicates: 1 });
  });
});
