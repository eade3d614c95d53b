// The decisions of `posthorn ingest`, without a broker.
import { describe, expect, it } from 'vitest';
import { readIngestConfig } from '#config/ingest';
import { backoffMs, keepRunning } from '#ingest/backoff';
import { workInChains } from '#ingest/chains';
import { eventIdOf, instantOf, type Message, orderingKeyOf, readMessage, Unreadable } from '#ingest/event-message';
import { Poster } from '#ingest/poster';
import { createLogger } from '#runtime/logger';
import { startReceiver } from '../support/receiver.ts';

const mapping = { tenant: 'acme', type: 'a.b', headers: {} };
const message = (more: Partial<Message> = {}): Message => ({ headers: {}, body: Buffer.from('{"n":1.0}'), known: {}, ...more });
const read = (more: Partial<Message>) => {
  const event = readMessage(message(more), mapping);
  if (event instanceof Unreadable) throw event;
  return event;
};

describe('the event of a message', () => {
  it('has the body as its data, byte for byte, and the fields of headers before those of the broker and of the settings', () => {
    expect(read({})).toEqual({ tenant: 'acme', order: null, body: '{"type":"a.b","data":{"n":1.0}}' });
    expect(read({ known: { type: 'k.t', id: 'k' }, headers: { 'posthorn-type': 'h.t', 'posthorn-ordering-key': 'o' } })).toEqual({
      tenant: 'acme',
      order: 'acme\no',
      body: '{"type":"h.t","id":"k","orderingKey":"o","data":{"n":1.0}}',
    });
    expect(read({ headers: { 'posthorn-version': 'x', 'posthorn-channels': 'a, b' } }).body).toContain('"version":"x"');
  });

  it.each([
    ['two values', '1,"type":"x.y"'],
    ['a half one', '{"n":'],
    ['none', ''],
    ['a byte order mark', '\ufeff1'],
  ])('is refused when the body is %s', (_, body) => {
    expect(() => read({ body: Buffer.from(body) })).toThrow('The body is not JSON in UTF-8.');
  });

  it('is refused when the body is not UTF-8, and when the tenant could change the path', () => {
    expect(() => read({ body: Buffer.from([0x22, 0xff, 0x22]) })).toThrow('The body is not JSON in UTF-8.');
    for (const tenant of ['..', 'a/b', '', 'a?b'])
      expect(() => read({ headers: { 'posthorn-tenant': tenant } })).toThrow('not a valid tenant');
  });

  it('is refused when it is larger than the API takes', () => {
    const of = (length: number) => () => read({ body: Buffer.from(`"${'x'.repeat(length)}"`) });
    expect(of(256 * 1024 - 25)).not.toThrow();
    expect(of(256 * 1024)).toThrow('The event is larger than 262144 bytes.');
  });

  it('has an id made of the one of its message', () => {
    expect(eventIdOf('amqp', 'order-1')).toBe('order-1');
    expect(eventIdOf('amqp', 'a:b')).toMatch(/^amqp_[\w-]{43}$/);
    expect(eventIdOf('amqp', 'test_1')).toMatch(/^amqp_/);
    expect(eventIdOf('amqp', 'a:b')).not.toBe(eventIdOf('amqp', 'a:c'));
    expect(orderingKeyOf('ü')).toMatch(/^key_/);
    expect([instantOf(-1), instantOf(0)]).toEqual([undefined, '1970-01-01T00:00:00.000Z']);
  });
});

it('work in chains keeps the order within a key, leaves out what follows a failure, and ends before it rejects', async () => {
  const done: string[] = [];
  const work = async (item: string) => {
    await Promise.resolve();
    done.push(item);
    return item !== 'a2';
  };
  await workInChains(['a1', 'b1', 'a2', 'x', 'a3', 'b2'], (item) => (item === 'x' ? null : (item[0] ?? '')), 3, work);
  expect(done.toSorted()).toEqual(['a1', 'a2', 'b1', 'b2', 'x']);
  const ended: string[] = [];
  const failing = workInChains(
    ['fails', 'goes on'],
    () => null,
    2,
    async (item) => {
      if (item === 'fails') throw new Error('no');
      await Promise.resolve();
      ended.push(item);
      return true;
    },
  );
  await expect(failing).rejects.toThrow('no');
  expect(ended).toEqual(['goes on']);
});

it('waits double from half a second to 30 s, half of it random, and not less than Retry-After', () => {
  expect([1, 2, 3, 7, 99].map((tries) => backoffMs(tries, null, 1))).toEqual([500, 1_000, 2_000, 30_000, 30_000]);
  expect(backoffMs(1, null, 0)).toBe(250);
  expect([backoffMs(1, 7_000, 0), backoffMs(1, 9e9, 0)]).toEqual([7_000, 300_000]);
});

it('work that fails runs again, and the waits begin with the first one after work that did not', async () => {
  const stop = new AbortController();
  const lines: string[] = [];
  let runs = 0;
  const work = async () => {
    if (++runs === 5) stop.abort();
    if (runs !== 2) throw new Error('no');
  };
  await keepRunning(work, stop.signal, createLogger('info', { write: (line) => void lines.push(line) }));
  expect(runs).toBe(5);
  expect(lines.map((line) => JSON.parse(line).tries)).toEqual([1, 1, 2]);
});

describe('an answer', () => {
  it.each([
    [202, '{"id":"a","duplicate":true}', 'application/json', { kind: 'accepted', duplicate: true, warnings: [] }],
    [
      202,
      '{"id":"a","duplicate":false,"warnings":[{"path":"data/n","message":"must be integer"}]}',
      'application/json',
      { kind: 'accepted', duplicate: false, warnings: ['data/n must be integer'] },
    ],
    [
      422,
      '{"detail":"a","errors":[{"path":"a","message":"is missing"},{"path":"b","message":"unknown field"}]}',
      'application/problem+json',
      { kind: 'refused', status: 422, reason: 'a is missing; b unknown field' },
    ],
    [202, 'hello', 'text/plain', { kind: 'wait', tenantOnly: false }],
    [422, '{"detail":"type is missing"}', 'application/problem+json', { kind: 'refused', status: 422, reason: 'type is missing' }],
    [404, '<html>', 'text/html', { kind: 'wait' }],
    [401, '{"detail":"no"}', 'application/problem+json', { kind: 'wait', reason: 'HTTP 401: no', tenantOnly: false }],
    [403, '{}', 'application/problem+json', { kind: 'wait' }],
    [429, '{}', 'application/problem+json', { kind: 'wait', tenantOnly: true, afterMs: 3_000 }],
    [500, '{}', 'application/problem+json', { kind: 'wait' }],
    [503, '{}', 'application/problem+json', { kind: 'wait', tenantOnly: false, afterMs: 3_000 }],
    [302, '', 'text/plain', { kind: 'wait' }],
  ])('with status %i and %s means', async (status, body, type, expected) => {
    const api = await startReceiver();
    api.answer('/v1/tenants/acme/events', (_request, response) => {
      response.writeHead(status, { 'content-type': type, 'retry-after': '3', location: '/other' }).end(body);
    });
    try {
      expect(await new Poster(`${api.url}/`, 'k'.repeat(16)).post(read({}))).toMatchObject(expected);
    } finally {
      await api.close();
    }
  });

  it('that does not come means to wait', async () => {
    expect(await new Poster('http://127.0.0.1:1', 'k'.repeat(16)).post(read({}))).toMatchObject({ kind: 'wait', tenantOnly: false });
  });
});

it('the settings: headers by field, and all errors at once', () => {
  const config = readIngestConfig([], { POSTHORN_API_KEY: 'k'.repeat(16), POSTHORN_INGEST_HEADERS: 'type=ce_type, id=a=b' });
  expect(config.POSTHORN_INGEST_HEADERS).toEqual({ type: 'ce_type', id: 'a=b' });
  const bad = { POSTHORN_INGEST_HEADERS: 'data=x', POSTHORN_INGEST_AMQP_URL: 'http://x', POSTHORN_URL: '' };
  expect(() => readIngestConfig(['POSTHORN_API_KEY', 'POSTHORN_INGEST_AMQP_QUEUE'], bad)).toThrow(
    /^POSTHORN_API_KEY must be set\.\nPOSTHORN_INGEST_AMQP_QUEUE must be set\.\nPOSTHORN_INGEST_HEADERS: .*\nPOSTHORN_INGEST_AMQP_URL: must be amqp/,
  );
});
