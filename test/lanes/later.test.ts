// Times in a lane: nothing before `deliverAt`, nothing after `expiresAt`, and only the latest event
// of a coalesceKey in each window.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uuidOf } from '#domain/ids';
import { quickWaits } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { type LaneEndpoint, type LaneStage, numbersIn, openLaneStage } from './lane-stage.ts';

let stage: LaneStage;
beforeAll(async () => {
  stage = await openLaneStage('t48', {}, { timings: quickWaits });
});
afterAll(() => stage?.close());

/** Moves the due times as if the day had passed. */
async function passTime({ id }: LaneEndpoint, column: 'next_attempt_at' | 'expires_at'): Promise<void> {
  await stage.where.db.query(
    `update deliveries set created_at = created_at - interval '1 day', ${column} = now() where endpoint_id = $1 and ${column} > now() + interval '1 hour'`,
    [uuidOf(id)],
  );
}

const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
const rateLimit = { perSecond: 100, burst: 100 };

describe.concurrent('deliverAt', () => {
  it('is kept by a lane; such a delivery can be cancelled, or sent now', async () => {
    const endpoint = await stage.endpoint({ rateLimit });
    const deliverAt = inMs(3_000);
    const [kept = ''] = await endpoint.post(1, () => ({ deliverAt }));
    const [cancelled = '', hurried = ''] = await endpoint.post(2, () => ({ deliverAt: inMs(86_400_000) }));
    expect((await endpoint.command(cancelled, 'cancel')).status).toBe(202);
    expect((await endpoint.command(hurried, 'retry-now')).status).toBe(202);
    await endpoint.reach('succeeded', 2);
    expect(
      endpoint
        .requests()
        .map((request) => numbersIn(request)[0])
        .sort(),
    ).toEqual([0, 2]);
    const [request] = stage.receiver.of(kept);
    expect(request?.at).toBeGreaterThanOrEqual(Date.parse(deliverAt));
    expect(await endpoint.statuses()).toEqual({ succeeded: 2, cancelled: 1 });
  });

  it('places a delivery in the order when it is due: events that come before that do not wait', async () => {
    const endpoint = await stage.endpoint({ ordering: 'endpoint' });
    const [later = ''] = await endpoint.post(1, () => ({ deliverAt: inMs(86_400_000) }));
    await endpoint.post(3);
    await endpoint.reach('succeeded', 3);
    expect(endpoint.accepted()).toEqual([1, 2, 3]);
    await endpoint.reach('pending', 1);
    await passTime(endpoint, 'next_attempt_at');
    stage.posthorn.worker.relay.sweepSoon();
    await endpoint.reach('succeeded', 4);
    expect(endpoint.accepted()).toEqual([1, 2, 3, 0]);
    expect(stage.receiver.of(later)[0]?.headers['posthorn-sequence']).toBe('4');
  });

  it('more than 30 days ahead is refused', async () => {
    const event = { type: 'any', data: 1, deliverAt: inMs(31 * 86_400_000) };
    expect((await stage.posthorn.post(`/v1/tenants/${stage.tenant}/events`, event)).status).toBe(422);
  });
});

describe.concurrent('expiresAt', () => {
  it('passes while the endpoint is paused: the delivery expires and is never sent', async () => {
    const endpoint = await stage.endpoint();
    await endpoint.act('pause');
    await endpoint.post(5, (n) => (n % 2 === 0 ? { expiresAt: inMs(86_400_000) } : {}));
    await endpoint.reach('held', 5);
    await passTime(endpoint, 'expires_at');
    // the endpoint stays paused: the sweep expires the delivery
    stage.posthorn.worker.relay.sweepSoon();
    await endpoint.reach('expired', 3);
    await endpoint.act('resume');
    await endpoint.reach('succeeded', 2);
    expect(new Set(endpoint.accepted())).toEqual(new Set([1, 3]));
    expect(endpoint.requests()).toHaveLength(2);
  });

  it('passes while a delivery waits for the rate limit', async () => {
    const endpoint = await stage.endpoint({ rateLimit: { perSecond: 0.2, burst: 1 } });
    await endpoint.post(1);
    await endpoint.reach('succeeded', 1);
    const expiresAt = inMs(2_000);
    await endpoint.post(3, () => ({ expiresAt }));
    await until('all of them to be decided', async () => {
      const { succeeded = 0, expired = 0 } = await endpoint.statuses();
      return succeeded + expired === 4;
    });
    const { rows } = await stage.where.db.query(
      'select from attempts a join deliveries d on d.id = a.delivery_id where d.endpoint_id = $1 and a.started_at >= d.expires_at',
      [uuidOf(endpoint.id)],
    );
    expect(rows).toEqual([]);
    expect((await endpoint.statuses()).expired).toBeGreaterThanOrEqual(2);
  });
});

/** Waits until `count` deliveries are held, and then ends their windows. */
async function endWindows(endpoint: LaneEndpoint, held: number): Promise<void> {
  await endpoint.reach('held', held);
  await stage.where.db.query(`update deliveries set next_attempt_at = now() where endpoint_id = $1 and status = 'held'`, [
    uuidOf(endpoint.id),
  ]);
  await stage.posthorn.core.waker.changed(endpoint.id);
}

describe.concurrent('coalesceKey', () => {
  it('sends the latest event of a window and cancels the earlier ones', async () => {
    const endpoint = await stage.endpoint({ coalesceMs: 60_000 });
    await endpoint.post(7, (n) => (n === 6 ? {} : { coalesceKey: n === 2 ? 'other' : 'same' }));
    await endpoint.reach('succeeded', 1);
    await endWindows(endpoint, 6);
    await endpoint.reach('succeeded', 3);
    expect(new Set(endpoint.accepted())).toEqual(new Set([2, 5, 6]));
    expect(await endpoint.statuses()).toEqual({ succeeded: 3, cancelled: 4 });
    // this one has its own window
    await endpoint.post(2, () => ({ coalesceKey: 'same' }));
    await endWindows(endpoint, 2);
    await endpoint.reach('succeeded', 4);
    expect(endpoint.accepted().at(-1)).toBe(8);
    expect(endpoint.requests()).toHaveLength(4);
    expect(await endpoint.statuses()).toEqual({ succeeded: 4, cancelled: 5 });
  });

  it('does not cancel a delivery that has failed before: it is retried, and later events are sent too', async () => {
    const endpoint = await stage.endpoint({ coalesceMs: 200, retry: { schedule: ['2s', '2s'] } });
    endpoint.answer((request, response, count) => void response.writeHead(numbersIn(request)[0] === 0 && count === 1 ? 500 : 204).end());
    await endpoint.post(1, () => ({ coalesceKey: 'same' }));
    await until('the first to be refused', () => endpoint.requests().length === 1);
    await endpoint.post(1, () => ({ coalesceKey: 'same' }));
    await endpoint.reach('succeeded', 2);
    expect(endpoint.requests()).toHaveLength(3);
  });

  it('cannot be combined with ordering, which sends every event', async () => {
    const settings = { url: `${stage.receiver.url}/none`, ordering: 'endpoint', coalesceMs: 500 };
    expect((await stage.posthorn.post(`/v1/tenants/${stage.tenant}/endpoints`, settings)).status).toBe(422);
  });
});
