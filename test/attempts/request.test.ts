// A request marks test events in every format, and the signature covers the mark.
import { describe, expect, it } from 'vitest';
import { buildRequest, type SignedJob } from '#attempts/request';
import { bodyFormats } from '#domain/events/body-format';
import { standardBody } from '#domain/events/event';
import { signingSecret } from '#outbound/signing-secret';
import { verify } from '#receiver';

const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const body = Buffer.from(standardBody('invoice.paid', '2026-11-29T00:00:00.000Z', '{"amount":1}'));
const nowMs = Date.now();

function requestOf(webhookId: string, more: Partial<SignedJob> = {}) {
  const job: SignedJob = {
    endpointId: 'ep_1',
    tenantId: 'tnt_1',
    deliveryId: 'dlv_1',
    webhookId,
    body,
    target: { url: 'https://example.com/hook', headers: {}, auth: null, tls: null },
    format: 'standard',
    signing: null,
    timeoutMs: 1_000,
    secrets: [signingSecret('sec_1', secret)],
    keyPairs: [],
    ...more,
  };
  return buildRequest(job, 1, nowMs);
}

describe.each(bodyFormats)('%s', (format) => {
  it('a test event is marked by a header and by its signed id, any other event by neither', () => {
    const test = requestOf('test_1', { format });
    expect(test.headers).toMatchObject({ 'webhook-id': 'test_1', 'posthorn-test': 'true' });
    expect(verify(test.body, test.headers, secret, { now: nowMs }).test).toBe(true);
    const renamed = { ...test.headers, 'webhook-id': 'evt_1' };
    expect(() => verify(test.body, renamed, secret, { now: nowMs })).toThrow(/matches/);
    expect(requestOf('evt_1', { format }).headers).not.toHaveProperty('posthorn-test');
  });
});

it('a batch is marked as a test when all its events are tests, and each event has its id', () => {
  const batchOf = (...ids: string[]) => requestOf('bat_1', { batch: ids.map((id) => ({ id, sequence: null, body })) });
  expect(batchOf('test_1', 'test_2').headers).toMatchObject({ 'posthorn-test': 'true' });
  const mixed = batchOf('test_1', 'evt_1');
  expect(mixed.headers).not.toHaveProperty('posthorn-test');
  expect(JSON.parse(Buffer.from(mixed.body).toString()).map(({ id }: { id: string }) => id)).toEqual(['test_1', 'evt_1']);
});

it('a replayed delivery is marked with its round, a batch with the highest one, and a first round not at all', () => {
  const mark = (more: Partial<SignedJob>) => requestOf('evt_1', more).headers['posthorn-replay'];
  const batch = [1, 3, 2].map((round, n) => ({ id: `evt_${n}`, sequence: null, body, round }));
  expect([mark({}), mark({ round: 1 }), mark({ round: 2 }), mark({ round: 1, batch })]).toEqual([undefined, undefined, '2', '3']);
  expect(mark({ round: 1, batch: batch.slice(0, 1) })).toBeUndefined();
});

it('a message signature covers the test header', () => {
  const signing = { schemes: [], messageSignatures: { algorithm: 'hmac-sha256' as const } };
  expect(requestOf('test_1', { signing }).headers['signature-input']).toContain('"posthorn-test"');
  expect(requestOf('evt_1', { signing }).headers['signature-input']).not.toContain('posthorn-test');
});
