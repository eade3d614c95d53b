// The batcher: bounds of count, bytes and wait; back-pressure; what becomes of refused events.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../../test/support/until.ts';
import { type EventBatcherOptions, EventsNotAccepted, Posthorn, PosthornProblem, rawJson } from '../src/index.ts';
import { json, problem, type ScriptedServer, startScriptedServer } from './scripted-server.ts';

let server: ScriptedServer;
beforeAll(async () => {
  server = await startScriptedServer();
});
afterAll(() => server.close());

const batcher = (options: EventBatcherOptions = {}) => {
  const call = { retries: 0, ...options.call };
  return new Posthorn({ url: server.url, apiKey: 'k' }).events.batcher('acme', { maxWaitMs: 60_000, ...options, call });
};
const event = (n: number, data: unknown = n) => ({ id: `e${n}`, type: 'order.created', data });
const idsOf = (body: string) => (JSON.parse(body).events as { id: string }[]).map(({ id }) => id).join();
const sent = () => server.requests.map(({ body }) => idsOf(body));
const acceptAll = () =>
  server.answer(({ body }, response) =>
    json(response, 202, { results: JSON.parse(body).events.map(({ id }: { id: string }) => ({ id, duplicate: false })) }),
  );

describe('a batch', () => {
  it('is sent when it has enough events, in their order', async () => {
    acceptAll();
    const events = batcher({ maxEvents: 3 });
    const results = Array.from({ length: 7 }, (_, n) => events.send(event(n)));
    await until('two full batches', () => server.requests.length === 2);
    await events.close();
    expect(sent()).toEqual(['e0,e1,e2', 'e3,e4,e5', 'e6']);
    expect(await Promise.all(results)).toEqual(Array.from({ length: 7 }, (_, n) => ({ id: `e${n}`, duplicate: false })));
  });

  it('is sent when it has enough bytes; a larger event goes alone', async () => {
    acceptAll();
    const events = batcher({ maxBytes: 1_000 });
    for (const [n, bytes] of [400, 400, 400, 2_000, 10].entries()) await events.add(event(n, 'x'.repeat(bytes)));
    await events.flush();
    expect(sent()).toEqual(['e0,e1', 'e2', 'e3', 'e4']);
  });

  it('is sent when its first event has waited long enough', async () => {
    acceptAll();
    expect(await batcher({ maxWaitMs: 5 }).send(event(1))).toEqual({ id: 'e1', duplicate: false });
  });

  it('sends the text of raw JSON byte for byte', async () => {
    acceptAll();
    const events = batcher();
    await events.add({ type: 'a', data: rawJson('{ "amount": 12345678901234567890.10 }') });
    await events.close();
    expect(server.requests[0]?.body).toContain('"data":{ "amount": 12345678901234567890.10 }}');
    expect(() => rawJson('{')).toThrow(SyntaxError);
    await expect(batcher().add({ type: 'a', data: { amount: 12345678901234567890n } })).rejects.toThrow(
      'give the JSON text with rawJson(…)',
    );
    await expect(events.add(event(1))).rejects.toThrow('the batcher is closed');
  });
});

describe('back-pressure', () => {
  it.each<[string, EventBatcherOptions]>([
    ['events', { maxPending: 2 }],
    ['bytes', { maxPendingBytes: 100 }],
  ])('add waits while too many %s are under way, and goes on in order', async (_what, limits) => {
    const held: (() => void)[] = [];
    server.answer(async ({ body }, response) => {
      await new Promise<void>((resolve) => held.push(resolve));
      json(response, 202, { results: JSON.parse(body).events.map(({ id }: { id: string }) => ({ id, duplicate: false })) });
    });
    const events = batcher({ maxEvents: 1, ...limits });
    const added: number[] = [];
    const adding = Promise.all([0, 1, 2, 3].map((n) => events.add(event(n)).then(() => added.push(n))));
    await until('the first request', () => held.length === 1);
    expect(added).toEqual([0, 1]);
    held[0]?.();
    await until('the second request', () => held.length === 2);
    expect(added).toEqual([0, 1, 2]);
    held[1]?.();
    await until('the third request', () => held.length === 3);
    await adding;
    held[2]?.();
    await until('the fourth request', () => held.length === 4);
    held[3]?.();
    await events.close();
    expect(sent()).toEqual(['e0', 'e1', 'e2', 'e3']);
  });
});

it('close also waits for events that wait for room', async () => {
  acceptAll();
  const events = batcher({ maxEvents: 2, maxPending: 2 });
  const added = Promise.all([0, 1, 2, 3, 4].map((n) => events.add(event(n))));
  await events.close();
  expect(sent()).toEqual(['e0,e1', 'e2,e3', 'e4']);
  await added;
});

describe('an event that is refused', () => {
  it('fails alone, with its own errors; the others of its batch are sent again', async () => {
    server.answer(({ body }, response, count) => {
      const { events } = JSON.parse(body) as { events: { id: string }[] };
      if (count === 1) return json(response, 422, problem(422, 'events[1].type is bad', [{ path: 'events[1].type', message: 'is bad' }]));
      json(response, 202, { results: events.map(({ id }) => ({ id, duplicate: false, ...(id === 'e2' && { conflict: true }) })) });
    });
    const events = batcher();
    const results = [0, 1, 2, 3].map((n) => events.send(event(n)));
    const settled = Promise.allSettled(results);
    await events.flush();
    const [first, second, third, fourth] = await settled;
    expect([first, fourth]).toMatchObject([{ value: { id: 'e0' } }, { value: { id: 'e3' } }]);
    expect(second).toMatchObject({ reason: { status: 422, message: 'type is bad', errors: [{ path: 'type', message: 'is bad' }] } });
    expect(third).toMatchObject({ reason: { status: 409, errors: [{ path: 'id' }] } });
    expect(sent()).toEqual(['e0,e1,e2,e3', 'e0,e2,e3']);
  });

  it('a batch that is too large is sent in halves', async () => {
    server.answer(({ body }, response) => {
      const { events } = JSON.parse(body) as { events: { id: string }[] };
      if (events.length > 1 || events[0]?.id === 'e2') return json(response, 413, problem(413, 'too large'));
      json(response, 202, { results: events.map(({ id }) => ({ id, duplicate: false })) });
    });
    const events = batcher();
    const settled = Promise.allSettled([0, 1, 2].map((n) => events.send(event(n))));
    await events.flush();
    expect((await settled).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(sent()).toEqual(['e0,e1,e2', 'e0,e1', 'e0', 'e1', 'e2']);
  });

  it('fails flush if it was added, with the event and the reason, once; or onError is told', async () => {
    server.answer((_request, response) => json(response, 503, problem(503, 'not confirmed')));
    const events = batcher();
    await events.add(event(1));
    const error = await events.flush().then(undefined, (reason) => reason as EventsNotAccepted);
    expect(error).toBeInstanceOf(EventsNotAccepted);
    expect(error).toMatchObject({
      count: 1,
      message: '1 events were not accepted; the first: not confirmed',
      refused: [{ event: { id: 'e1' } }],
    });
    expect(error?.refused[0]?.error).toMatchObject({ status: 503, isUnconfirmed: true });
    await events.flush();

    const told: unknown[] = [];
    const telling = batcher({ onError: (reason, refused) => told.push([reason instanceof PosthornProblem, refused.id]) });
    await telling.add(event(2));
    await telling.close();
    expect(told).toEqual([[true, 'e2']]);
  });

  it('a refusal that names no event of the batch fails the whole batch', async () => {
    server.answer((_request, response) =>
      json(response, 422, problem(422, 'is bad', [{ path: 'events[7].type', message: 'is bad' }, { path: 7 }])),
    );
    const events = batcher();
    const settled = Promise.allSettled([0, 1].map((n) => events.send(event(n))));
    await events.flush();
    expect((await settled).map((one) => one.status === 'rejected' && one.reason.message)).toEqual(['is bad', 'is bad']);
    expect(sent()).toEqual(['e0,e1']);
  });

  it('what is no JSON value is refused before it is in a batch', async () => {
    await expect(batcher().add({ type: 'a', data: undefined })).rejects.toThrow('data must be a JSON value');
    expect(() => batcher({ maxEvents: 0 })).toThrow('maxEvents must be 1 to 1,000');
    expect(() => batcher({ maxBytes: 20_000_000 })).toThrow('maxBytes must be 1 to 10 MiB');
  });
});
