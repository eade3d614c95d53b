// Ordered endpoints: one delivery at a time despite failures, and the order after a delivery is
// given up.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quickWaits } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { chance, type LaneEndpoint, type LaneStage, numbersIn, openLaneStage, sequenceOf, upTo } from './lane-stage.ts';

let stage: LaneStage;
beforeAll(async () => {
  stage = await openLaneStage('t42', {}, { timings: quickWaits });
});
afterAll(() => stage?.close());

const manyRetries = { schedule: Array.from({ length: 20 }, () => '50ms') };

/** Fails these numbers on every attempt. */
const refuses = (endpoint: LaneEndpoint, ...numbers: number[]) =>
  endpoint.answer((request, response) => void response.writeHead(numbersIn(request).some((n) => numbers.includes(n)) ? 500 : 204).end());

describe.concurrent('strict order', () => {
  it('is the order of acceptance, numbered from 1 without gaps; a failed delivery keeps its number', async () => {
    const endpoint = await stage.endpoint({ ordering: 'endpoint', retry: manyRetries });
    endpoint.answer((request, response, count) => {
      const [n = 0] = numbersIn(request);
      response.writeHead(n % 7 === 3 && count <= 2 ? 500 : 204).end();
    });
    await endpoint.post(20);
    for (let n = 0; n < 20; n++) await endpoint.post(1);
    await endpoint.reach('succeeded', 40);
    expect(endpoint.accepted()).toEqual(upTo(40));
    for (const request of endpoint.requests()) expect(sequenceOf(request)).toBe((numbersIn(request)[0] ?? 0) + 1);
    expect(endpoint.requests()).toHaveLength(40 + 2 * 6);
    expect(Math.max(...endpoint.requests().map(({ atOnce }) => atOnce))).toBe(1);
    expect(await endpoint.sequence()).toMatchObject({ lastSent: 40, lastAccepted: 40, gaps: [] });
  });

  it('goes on after a skipped dead letter and shows the gap; the dead letter keeps an open workflow', async () => {
    const endpoint = await stage.endpoint({ ordering: 'endpoint', onDeadLetter: 'skip', retry: { schedule: ['50ms'] } });
    refuses(endpoint, 3);
    const ids = await endpoint.post(10);
    await endpoint.reach('succeeded', 9);
    expect(endpoint.accepted()).toEqual(upTo(10).filter((n) => n !== 3));
    expect(await endpoint.sequence()).toMatchObject({ lastSent: 10, lastAccepted: 10, gaps: [4] });
    const dead = await endpoint.delivery(ids[3] ?? '');
    expect(dead).toMatchObject({ status: 'dead_lettered', attempts: 2, workflowId: `delivery/${dead.id}` });
    const handle = stage.posthorn.temporal.workflow.getHandle(`delivery/${dead.id}`);
    await until('its workflow', async () => (await handle.query<{ status: string }>('status')).status === 'dead_lettered');
    expect((await handle.describe()).status.name).toBe('RUNNING');

    endpoint.answer([204]);
    expect((await endpoint.command(ids[3] ?? '', 'replay')).status).toBe(202);
    await endpoint.reach('succeeded', 10);
    expect(endpoint.accepted().at(-1)).toBe(3);
    expect(['held', 'succeeded']).toContain(await handle.result());
  });

  it.each([
    ['skipped', upTo(10).filter((n) => n !== 3)],
    ['replayed', upTo(10)],
    ['cancelled', upTo(10).filter((n) => n !== 3)],
  ] as const)('waits for a blocking dead letter until that is %s', async (end, accepted) => {
    const endpoint = await stage.endpoint({ ordering: 'endpoint', onDeadLetter: 'block', retry: { schedule: ['50ms'] } });
    refuses(endpoint, 3);
    const ids = await endpoint.post(10);
    await endpoint.waitsFor('blocked_by_dead_letter');
    expect(await endpoint.statuses()).toEqual({ succeeded: 3, dead_lettered: 1, held: 6 });
    endpoint.answer([204]);
    const answer =
      end === 'skipped' ? await endpoint.act('skip-head') : await endpoint.command(ids[3] ?? '', end === 'replayed' ? 'replay' : 'cancel');
    expect(answer.status).toBe(202);
    await endpoint.reach('succeeded', accepted.length);
    expect(endpoint.accepted()).toEqual(accepted);
    expect((await endpoint.act('skip-head')).status).toBe(409);
    if (end === 'skipped') expect((await endpoint.delivery(ids[3] ?? '')).status).toBe('dead_lettered');
  });

  it('is kept when a delivery in the middle is cancelled or expires', async () => {
    const endpoint = await stage.endpoint({ ordering: 'endpoint', retry: manyRetries });
    await endpoint.act('pause');
    const ids = await endpoint.post(6, (n) => (n === 4 ? { expiresAt: new Date(Date.now() + 600_000).toISOString() } : {}));
    await endpoint.reach('held', 6);
    expect((await endpoint.command(ids[2] ?? '', 'cancel')).status).toBe(202);
    const { id } = await endpoint.delivery(ids[4] ?? '');
    await stage.where.db.query(`update deliveries set expires_at = now() - interval '1 second' where id = $1`, [id.slice('dlv_'.length)]);
    await endpoint.act('resume');
    await endpoint.reach('succeeded', 4);
    expect(endpoint.accepted()).toEqual([0, 1, 3, 5]);
    // numbers are assigned when a delivery is sent: these two never were
    expect(endpoint.requests().map(sequenceOf)).toEqual([1, 2, 3, 4]);
    await endpoint.reach('expired', 1);
  });
});

describe.concurrent('order by key', () => {
  it('is strict within each key, and no key waits for another', async () => {
    const endpoint = await stage.endpoint({ ordering: 'key', retry: manyRetries, timeoutMs: 1_000 });
    const keyOf = (n: number) => `key-${n % 10}`;
    endpoint.answer((request, response, count) => {
      const [n = 0] = numbersIn(request);
      // one gets no response and times out
      if (n === 57 && count === 1) return;
      response.writeHead(count <= 2 && chance(`${n} ${count}`) < 0.15 ? 500 : 204).end();
    });
    await endpoint.post(200, (n) => ({ orderingKey: keyOf(n) }));
    await endpoint.reach('succeeded', 200);
    for (let key = 0; key < 10; key++) {
      const own = upTo(200).filter((n) => n % 10 === key);
      expect(endpoint.accepted().filter((n) => n % 10 === key)).toEqual(own);
      for (const request of endpoint.requests()) {
        const [n = 0] = numbersIn(request);
        if (n % 10 === key) expect(sequenceOf(request)).toBe(own.indexOf(n) + 1);
      }
      expect(await endpoint.sequence(`key-${key}`)).toMatchObject({ lastSent: 20, lastAccepted: 20, gaps: [] });
    }
  });

  it('blocks only the key of a dead letter, until that is skipped', async () => {
    const endpoint = await stage.endpoint({ ordering: 'key', onDeadLetter: 'block', retry: { schedule: ['50ms'] } });
    refuses(endpoint, 2);
    await endpoint.post(10, (n) => ({ orderingKey: n % 2 === 0 ? 'even' : 'odd' }));
    await until('the odd numbers and the first', () => endpoint.accepted().length === 6);
    await endpoint.reach('dead_lettered', 1);
    expect(endpoint.accepted().toSorted((a, b) => a - b)).toEqual([0, 1, 3, 5, 7, 9]);
    expect((await endpoint.act('skip-head', { orderingKey: 'odd' })).status).toBe(409);
    expect((await endpoint.act('skip-head', { orderingKey: 'even' })).status).toBe(202);
    await endpoint.reach('succeeded', 9);
    expect(endpoint.accepted().filter((n) => n % 2 === 0)).toEqual([0, 4, 6, 8]);
  });
});
