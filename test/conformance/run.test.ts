// The conformance run: a correct receiver passes, and nine wrong ones each fail their own case and
// no other.
import { describe, expect, it } from 'vitest';
import { type ConformanceWish, runConformance } from '#conformance/run';
import type { ConformanceTarget } from '#conformance/target';
import { type CaseName, caseNames } from '#domain/conformance/conformance';
import { compileShape } from '#domain/shaping/shape';
import { ShapingError } from '#domain/shaping/shaping-error';
import { signingSecret } from '#outbound/signing-secret';
import { createReceiver, expressReceiver } from '#receiver';
import { memoryInbox } from '#receiver/inbox/memory';
import { patienceMs, startSender } from '../outbound/sender.ts';
import { knownType, secret, slowAnswerMs, startHttp, startTestReceiver } from './receivers.ts';

const event = { type: knownType, dataText: '{"orderId":"1001","amount":12345678901234567890}' };

function targetAt(url: string, more: Partial<ConformanceTarget> = {}): ConformanceTarget {
  return {
    endpointId: null,
    tenantId: '',
    target: { url, headers: {}, auth: null, tls: null },
    format: 'standard',
    signing: null,
    timeoutMs: patienceMs,
    secrets: [signingSecret('sec_1', secret)],
    keyPairs: [],
    isBatched: false,
    mostAtOnce: 10,
    ...more,
  };
}

const run = (url: string, wish: Partial<ConformanceWish> = {}, more: Partial<ConformanceTarget> = {}, withinMs?: number) =>
  runConformance(startSender(), targetAt(url, more), { event, maxAnswerMs: patienceMs, ...wish }, withinMs);

const verdictsOf = (report: Awaited<ReturnType<typeof run>>) =>
  Object.fromEntries(report.cases.map(({ case: name, verdict }) => [name, verdict]));
const all = (verdict: string) => Object.fromEntries(caseNames.map((name) => [name, verdict]));

describe('a correct receiver', () => {
  it('passes every case', async () => {
    const receiver = await startTestReceiver();
    const report = await run(receiver.url);
    expect(report).toMatchObject({ passed: true, score: 100, endpoint: null, eventType: knownType, control: { verdict: 'passed' } });
    expect(verdictsOf(report)).toEqual(all('passed'));
    expect(report.cases.find((one) => one.case === 'duplicate')?.reason).toContain('cannot be seen from outside');
    expect(report.cases.find((one) => one.case === 'slow')?.judgedBy).toEqual(['status', 'time']);
    // every request is marked as a test, and the data is the given text
    for (const { headers, body } of receiver.requests) {
      expect(headers).toMatchObject({ 'posthorn-test': 'true', 'webhook-id': expect.stringMatching(/^test_/) });
      expect(headers['posthorn-sequence']).toBeUndefined();
      expect(body.length).toBeLessThanOrEqual(256 * 1024);
    }
    expect(receiver.requests.some(({ body }) => body.length === 256 * 1024)).toBe(true);
  });

  it('that says what it did with each request is judged by that, too', async () => {
    const judged = async (receipts: 'true' | 'false') => {
      const { cases } = await run((await startTestReceiver(undefined, receipts)).url, { cases: ['duplicate', 'replay'] });
      return cases.map(({ case: name, verdict, judgedBy }) => `${name} ${verdict} by ${judgedBy.join(' and ')}`);
    };
    expect(await judged('true')).toEqual(['duplicate passed by status and receipt', 'replay passed by status']);
    expect(await judged('false')).toEqual(['duplicate failed by status and receipt', 'replay passed by status']);
  });
});

it('@posthorn/receiver passes every case, and tells which requests are duplicates', async () => {
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const receiver = await createReceiver({ secrets: [secret], inbox: memoryInbox(), log }).start();
  const report = await run(await startHttp((request, response) => void expressReceiver(receiver)(request, response)));
  await receiver.stop();
  expect(verdictsOf(report)).toEqual(all('passed'));
  expect(report.cases.find((one) => one.case === 'duplicate')?.judgedBy).toEqual(['status', 'receipt']);
});

describe('a receiver with one flaw', () => {
  it.each(caseNames)('%s fails that case only', async (flaw: CaseName) => {
    const receiver = await startTestReceiver(flaw);
    const isSlow = flaw === 'slow';
    const report = await run(receiver.url, isSlow ? { maxAnswerMs: 5 * slowAnswerMs } : {});
    expect(verdictsOf(report)).toEqual({ ...all('passed'), [flaw]: 'failed' });
    expect(report).toMatchObject({ passed: false, score: 89, control: { verdict: 'passed' } });
    const failed = report.cases.find((one) => one.case === flaw);
    expect(failed?.reason).toMatch(isSlow ? /10 events at once: an answer took \d+ ms/ : /answered \d+|accepted with 204/);
    expect(failed?.advice).toMatch(/\.$/);
  });
});

describe('a receiver that cannot be judged', () => {
  it('is not judged when it refuses a correct request', async () => {
    const { url } = await startTestReceiver();
    const report = await run(url, {}, { secrets: [signingSecret('sec_1', `whsec_${Buffer.alloc(32, 8).toString('base64')}`)] });
    expect(report).toMatchObject({ passed: false, score: 0, control: { verdict: 'failed', reason: 'a correct request: answered 401' } });
    expect(verdictsOf(report)).toEqual(all('not_judged'));
  });

  it('ends in time when it does not answer', async () => {
    const url = await startHttp(() => undefined);
    const report = await run(url, {}, {}, 200);
    expect(report).toMatchObject({ passed: false, score: 0, control: { verdict: 'not_judged' } });
    expect(report.control.requests[0]).toMatchObject({ outcome: 'not_sent', message: 'the time of the run was over' });
  });

  it('gets no request at a private address', async () => {
    const report = await run('http://10.0.0.1/hook');
    expect(report.control.requests).toMatchObject([{ outcome: 'address_blocked', status: null }]);
  });

  it('names the cases that its signature scheme or body format does not allow', async () => {
    const custom = { header: 'x-sig', algorithm: 'sha256', encoding: 'hex', signed: '{body}', secretAs: 'text' } as const;
    const url = await startHttp((request, response) => void request.resume().on('end', () => response.writeHead(200).end()));
    const report = await run(url, {}, { signing: { schemes: [], custom }, format: 'raw' });
    expect(verdictsOf(report)).toMatchObject({ stale_time: 'not_judged', rotation: 'not_judged', unknown_type: 'not_judged' });
    expect(verdictsOf(report)).toMatchObject({ bad_signature: 'failed', large: 'passed' });
    expect(verdictsOf(await run(url, {}, { format: 'xml' }))).toMatchObject({ large: 'not_judged' });
  });
});

it('sends no more at once than the endpoint allows', async () => {
  let [inFlight, most] = [0, 0];
  const url = await startHttp((request, response) => {
    inFlight++;
    most = Math.max(most, inFlight);
    request.resume().on('end', () => {
      inFlight--;
      response.writeHead(200).end();
    });
  });
  await run(url, {}, { mostAtOnce: 1 });
  expect(most).toBe(1);
});

it('sends batches to an endpoint that gets batches', async () => {
  const bodies: string[] = [];
  const url = await startHttp(async (request, response) => {
    bodies.push(`${request.headers['posthorn-batch']} ${request.headers['posthorn-test']} ${Buffer.concat(await request.toArray())}`);
    response.writeHead(200).end();
  });
  const { control } = await run(url, { cases: ['replay'] }, { isBatched: true });
  expect(control.verdict).toBe('passed');
  const element = { id: control.requests[0]?.webhookId, type: knownType, timestamp: expect.any(String), data: expect.anything() };
  expect(bodies[0]).toMatch(/^1 true \[/);
  expect(JSON.parse(bodies[0]?.slice('1 true '.length) ?? '')).toEqual([element]);
});

it('changes bodies as the endpoint does', async () => {
  const shapeBody = compileShape({ layout: 1, template: { text: 'Order {{data.orderId}}' } });
  const bodies: string[] = [];
  const url = await startHttp(async (request, response) => {
    bodies.push(Buffer.concat(await request.toArray()).toString());
    response.writeHead(200).end();
  });
  const report = await run(url, { cases: ['bad_signature', 'large', 'unknown_type', 'replay'] }, { shape: { shapeBody, isWhole: true } });
  const verdicts = { bad_signature: 'failed', large: 'not_judged', unknown_type: 'not_judged', replay: 'passed' };
  expect(verdictsOf(report)).toEqual(verdicts);
  expect(new Set(bodies)).toEqual(new Set(['{"text":"Order 1001"}', '{"text":"Order 1001"} ']));
});

it('says when the data do not fit the transform', async () => {
  const { url } = await startTestReceiver();
  const shapeBody = () => {
    throw new ShapingError('data.total is missing');
  };
  const { control } = await run(url, {}, { shape: { shapeBody, isWhole: true } });
  expect(control).toMatchObject({ verdict: 'not_judged', reason: expect.stringContaining('data.total is missing') });
});
