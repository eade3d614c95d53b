// Batches: several events in one signed request with its own id. The outcome of the request is that
// of all events.
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quickWaits } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { type LaneEndpoint, type LaneStage, numbersIn, openLaneStage, upTo } from './lane-stage.ts';

let stage: LaneStage;
beforeAll(async () => {
  stage = await openLaneStage('t47', {}, { timings: quickWaits });
});
afterAll(() => stage?.close());

const webhookId = (request: { headers: Record<string, string> }) => request.headers['webhook-id'];
const wholeBatch = { maxEvents: 10, maxWaitMs: 60_000 };

/** Every request is a batch: an array, signed as a whole, with its own id. */
function expectBatches(endpoint: LaneEndpoint, maxEvents: number): void {
  for (const request of endpoint.requests()) {
    expect(webhookId(request)).toMatch(/^bat_[0-9a-f]+$/);
    const body = new Webhook(endpoint.secret).verify(request.body, request.headers) as { id: string; type: string; timestamp: string }[];
    expect(body.length).toBeGreaterThan(0);
    expect(body.length).toBeLessThanOrEqual(maxEvents);
    for (const event of body) {
      expect(Object.keys(event)).toEqual(['id', 'type', 'timestamp', 'data']);
      expect(event.type).toBe(endpoint.type);
    }
  }
}

const idsIn = ({ body }: { body: Buffer }) => (JSON.parse(body.toString()) as { id: string }[]).map(({ id }) => id);

describe.concurrent('a batch', () => {
  it('holds up to maxEvents events, each with its own id, and is signed as a whole', async () => {
    const endpoint = await stage.endpoint({ batch: { maxEvents: 10, maxWaitMs: 1_000 } });
    const ids = await endpoint.post(25);
    await endpoint.reach('succeeded', 25);
    expectBatches(endpoint, 10);
    expect(endpoint.requests().length).toBeLessThan(25);
    expect(endpoint.requests().flatMap(idsIn).sort()).toEqual(ids.toSorted());
    expect(new Set(endpoint.requests().map(webhookId)).size).toBe(endpoint.requests().length);
  });

  it('that is full goes at once, and one that is not full goes after maxWaitMs', async () => {
    const [full, partial] = await Promise.all([
      stage.endpoint({ batch: wholeBatch }),
      stage.endpoint({ batch: { maxEvents: 1_000, maxWaitMs: 500 } }),
    ]);
    await Promise.all([full.post(10), partial.post(3)]);
    // waiting for maxWaitMs would take a minute
    await full.reach('succeeded', 10, 55_000);
    await partial.reach('succeeded', 3);
    expect(full.requests().map((request) => numbersIn(request).length)).toEqual([10]);
    expectBatches(full, 10);
    expectBatches(partial, 1_000);
  });

  it('that fails is retried unchanged, under the same id, even when more events wait by then', async () => {
    const endpoint = await stage.endpoint({ batch: wholeBatch, retry: { schedule: ['1s', '1s'] } });
    endpoint.answer((_request, response) => void response.writeHead(endpoint.requests().length === 1 ? 500 : 204).end());
    const ids = await endpoint.post(10);
    await until('the first batch', () => endpoint.requests().length === 1);
    await endpoint.post(10);
    await endpoint.reach('succeeded', 20);
    const [first] = endpoint.requests();
    const again = endpoint.requests().filter((request) => first && webhookId(request) === webhookId(first));
    expect(again).toHaveLength(2);
    expect(again[1]?.body).toEqual(first?.body);
    expectBatches(endpoint, 10);
    // the outcome is the batch's, and each delivery has its own record
    for (const id of ids) {
      const attempts = await stage.posthorn.attemptsOf((await endpoint.delivery(id)).id);
      expect(attempts.map(({ outcome }) => outcome)).toEqual(['accepted', 'http_status']);
    }
  });

  it('that runs out of retries leaves a dead letter for each event, and a replayed one goes in another batch', async () => {
    const endpoint = await stage.endpoint({ batch: { maxEvents: 5, maxWaitMs: 500 }, retry: { schedule: ['50ms'] } });
    endpoint.answer([500]);
    const ids = await endpoint.post(5);
    await endpoint.reach('dead_lettered', 5);
    const spent = endpoint.requests().length;
    endpoint.answer([204]);
    expect((await endpoint.command(ids[2] ?? '', 'replay')).status).toBe(202);
    await endpoint.reach('succeeded', 1);
    const [replayed] = endpoint.requests().slice(spent);
    expect(replayed && idsIn(replayed)).toEqual([ids[2]]);
    expect(endpoint.requests().slice(0, spent).map(webhookId)).not.toContain(replayed && webhookId(replayed));
  });

  it('leaves out events that were cancelled while it filled', async () => {
    const endpoint = await stage.endpoint({ batch: wholeBatch });
    const [cancelled = ''] = await endpoint.post(3);
    await endpoint.reach('held', 3);
    expect((await endpoint.command(cancelled, 'cancel')).status).toBe(202);
    await endpoint.post(8);
    await endpoint.reach('succeeded', 10);
    expect(endpoint.requests().flatMap(idsIn)).not.toContain(cancelled);
    expect(await endpoint.statuses()).toEqual({ succeeded: 10, cancelled: 1 });
  });
});

describe.concurrent('an ordered endpoint', () => {
  it('gets its batches in order, and the events of each batch in order', async () => {
    const endpoint = await stage.endpoint({
      ordering: 'endpoint',
      batch: { maxEvents: 7, maxWaitMs: 300 },
      retry: { schedule: Array.from({ length: 10 }, () => '50ms') },
    });
    endpoint.answer((request, response, count) => {
      response.writeHead(count === 1 && numbersIn(request).includes(17) ? 500 : 204).end();
    });
    await endpoint.post(30);
    for (let n = 0; n < 10; n++) await endpoint.post(1);
    await endpoint.reach('succeeded', 40);
    expect(endpoint.accepted()).toEqual(upTo(40));
    expect(Math.max(...endpoint.requests().map(({ atOnce }) => atOnce))).toBe(1);
    // each event of a batch carries its own sequence number
    for (const request of endpoint.requests()) {
      const events = JSON.parse(request.body.toString()) as { sequence: number }[];
      expect(events.map(({ sequence }) => sequence)).toEqual(numbersIn(request).map((n) => n + 1));
    }
  });

  it.each([{ ordering: 'key' }, { format: 'xml' }])('cannot have batches with %o', async (more) => {
    const settings = { url: `${stage.receiver.url}/none`, batch: wholeBatch, ...more };
    expect((await stage.posthorn.post(`/v1/tenants/${stage.tenant}/endpoints`, settings)).status).toBe(422);
  });
});
