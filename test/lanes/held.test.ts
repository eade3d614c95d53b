// Orders for what waits in a lane, and what is decided when two things happen at once: replay of what is held, two replays, deletion, 410 Gone.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { type LaneEndpoint, type LaneStage, openLaneStage } from './lane-stage.ts';

let stage: LaneStage;
beforeAll(async () => {
  stage = await openLaneStage('t52');
});
afterAll(() => stage?.close());

const spent = { schedule: ['50ms'] };

/** A paused endpoint that now would accept, with one dead letter; returns the event's id. */
async function withDeadLetter(): Promise<{ endpoint: LaneEndpoint; dead: string }> {
  const endpoint = await stage.endpoint({ retry: spent });
  endpoint.answer([500]);
  const [dead = ''] = await endpoint.post(1);
  await endpoint.reach('dead_lettered', 1);
  endpoint.answer([204]);
  await endpoint.act('pause');
  return { endpoint, dead };
}

describe.concurrent('what is held', () => {
  it('is not replayed: it is on its way', async () => {
    const endpoint = await stage.endpoint();
    await endpoint.act('pause');
    const [id = ''] = await endpoint.post(1);
    await endpoint.reach('held', 1);
    expect((await endpoint.order(id, 'replay')).status).toBe(409);
    expect(await endpoint.delivery(id)).toMatchObject({ status: 'held', round: 1, workflowId: `lane/${endpoint.id}` });
    await endpoint.act('resume');
    await endpoint.reach('succeeded', 1);
    expect(endpoint.requests()).toHaveLength(1);
  });

  it('may be a dead letter that several replayed at once: it is one round, and closes its workflow', async () => {
    const { endpoint, dead } = await withDeadLetter();
    const { id } = await endpoint.delivery(dead);
    const handle = stage.posthorn.temporal.workflow.getHandle(`delivery/${id}`);
    const answers = await Promise.all(Array.from({ length: 5 }, () => endpoint.order(dead, 'replay')));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409, 409, 409]);
    expect(await endpoint.delivery(dead)).toMatchObject({ status: 'held', round: 2, attempts: 0 });
    expect(await handle.result()).toBe('held');
    expect(endpoint.requests()).toHaveLength(2);
    await endpoint.act('resume');
    await endpoint.reach('succeeded', 1);
    expect(await endpoint.delivery(dead)).toMatchObject({ round: 2, attempts: 1 });
    expect(endpoint.requests()).toHaveLength(3);
  });

  it('is sent at once on retry-now, instead of in an hour', async () => {
    const endpoint = await stage.endpoint({ rateLimit: { perSecond: 100, burst: 10 }, retry: { schedule: ['1h', '1h'] } });
    endpoint.answer([500, 204]);
    const [id = ''] = await endpoint.post(1);
    await until('a refusal to be recorded', async () => (await endpoint.delivery(id)).attempts === 1);
    expect((await endpoint.delivery(id)).status).toBe('held');
    expect((await endpoint.order(id, 'retry-now')).status).toBe(202);
    await endpoint.reach('succeeded', 1);
    expect(await endpoint.delivery(id)).toMatchObject({ round: 1, attempts: 2 });
  });

  it('is refused until it is spent, and then a dead letter with a workflow of its own, that can be replayed', async () => {
    const endpoint = await stage.endpoint({ rateLimit: { perSecond: 100, burst: 10 }, retry: spent });
    endpoint.answer([500, 500, 204]);
    const [id = ''] = await endpoint.post(1);
    await endpoint.reach('dead_lettered', 1);
    const row = await endpoint.delivery(id);
    expect(row).toMatchObject({ attempts: 2, workflowId: `delivery/${row.id}` });
    const handle = stage.posthorn.temporal.workflow.getHandle(`delivery/${row.id}`);
    await until('its workflow', async () => (await handle.describe()).status.name === 'RUNNING');
    expect((await endpoint.order(id, 'replay')).status).toBe(202);
    await endpoint.reach('succeeded', 1);
    expect(await stage.posthorn.attemptsOf(row.id)).toHaveLength(3);
  });
});

describe.concurrent('an endpoint', () => {
  it('that is deleted cancels what is held, retrying and dead, keeps it in its history, and its lane ends', async () => {
    const { endpoint, dead } = await withDeadLetter();
    await endpoint.act('resume');
    await endpoint.change({ retry: { schedule: ['1h'] } });
    endpoint.answer([500]);
    const [retrying = ''] = await endpoint.post(1);
    await until('a refusal to be recorded', async () => (await endpoint.delivery(retrying)).attempts === 1);
    endpoint.answer([204]);
    await endpoint.act('pause');
    const held = await endpoint.post(3);
    await until('three to be held', async () => {
      const rows = await Promise.all(held.map((id) => endpoint.delivery(id)));
      return rows.every(({ status }) => status === 'held');
    });
    const ids = await Promise.all([dead, retrying, ...held].map(async (id) => (await endpoint.delivery(id)).id));
    const came = endpoint.requests().length;
    expect((await stage.posthorn.call('DELETE', `/v1/endpoints/${endpoint.id}`)).status).toBe(204);
    await endpoint.reach('cancelled', 5);
    for (const id of ids) {
      expect((await stage.posthorn.get(`/v1/deliveries/${id}`)).body.status).toBe('cancelled');
      expect((await stage.posthorn.post(`/v1/deliveries/${id}/replay`)).status).toBe(409);
    }
    const handle = stage.posthorn.temporal.workflow.getHandle(`lane/${endpoint.id}`);
    await until('its lane to end', async () => (await handle.describe()).status.name === 'COMPLETED');
    await until('no workflow of it', async () => (await endpoint.openWorkflows()).length === 0);
    expect(endpoint.requests()).toHaveLength(came);
  });

  it('that is gone (410) holds what comes, until it is resumed', async () => {
    const endpoint = await stage.endpoint({ rateLimit: { perSecond: 1_000, burst: 1 } });
    endpoint.answer([410]);
    const [first = ''] = await endpoint.post(1);
    await until('the gate to close', async () => (await endpoint.show()).gate === 'disabled');
    await endpoint.reach('dead_lettered', 1);
    expect(await endpoint.delivery(first)).toMatchObject({ attempts: 1 });
    await endpoint.post(5);
    await endpoint.reach('held', 5);
    expect(await endpoint.waitsFor('disabled')).toMatchObject({ held: 5 });
    expect(endpoint.requests()).toHaveLength(1);
    endpoint.answer([204]);
    await endpoint.act('resume');
    await endpoint.reach('succeeded', 5);
    expect((await endpoint.delivery(first)).status).toBe('dead_lettered');
  });

  it.each([
    ['with a lane', { rateLimit: { perSecond: 1_000, burst: 10 }, maxInFlight: 1 }],
    ['without', {}],
  ])(
    '%s that says 410 in the middle of six replays holds the rest, and what is replayed then, until it is resumed',
    async (_what, settings) => {
      const endpoint = await stage.endpoint({ retry: spent, ...settings });
      endpoint.answer([500]);
      const ids = await endpoint.post(6);
      await endpoint.reach('dead_lettered', 6);
      const before = endpoint.requests().length;
      endpoint.answer((_request, response) => void response.writeHead(endpoint.requests().length === before + 3 ? 410 : 204).end());
      const replay = async (id: string) => expect((await endpoint.order(id, 'replay')).status).toBe(202);
      const hasLane = 'rateLimit' in settings;
      for (const [n, id] of ids.entries()) {
        await replay(id);
        // a lane sends one after the other by itself; here the next is ordered when the one before has its answer
        if (!hasLane && n < 3) await until('its answer', () => endpoint.requests().length === before + n + 1);
        if (!hasLane && n === 2) await until('the gate to close', async () => (await endpoint.show()).gate === 'disabled');
      }
      await endpoint.waitsFor('disabled');
      expect(await endpoint.statuses()).toEqual({ succeeded: 2, dead_lettered: 1, held: 3 });
      expect(endpoint.requests()).toHaveLength(before + 3);
      const gone = (await Promise.all(ids.map((id) => endpoint.delivery(id)))).findIndex(({ status }) => status === 'dead_lettered');
      await replay(ids[gone] ?? '');
      expect(await endpoint.delivery(ids[gone] ?? '')).toMatchObject({ status: 'held', attempts: 0, round: 3 });
      await endpoint.act('resume');
      await endpoint.reach('succeeded', 6);
      expect(endpoint.requests()).toHaveLength(before + 7);
    },
  );
});
