// Commands for held deliveries, and the results of two things at once: a replay of a held delivery,
// two replays, a deletion, 410 Gone.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quickWaits } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { type LaneEndpoint, type LaneStage, openLaneStage } from './lane-stage.ts';

let stage: LaneStage;
beforeAll(async () => {
  stage = await openLaneStage('t52', { POSTHORN_WORKFLOWS_PER_SECOND: '1000' }, { timings: quickWaits });
});
afterAll(() => stage?.close());

const spent = { schedule: ['50ms'] };

/** A paused endpoint that would accept now, with one dead letter, whose workflow is open. Returns the event's id. */
async function withDeadLetter(): Promise<{ endpoint: LaneEndpoint; dead: string }> {
  const endpoint = await stage.endpoint({ retry: spent });
  endpoint.answer([500]);
  const [dead = ''] = await endpoint.post(1);
  await endpoint.reach('dead_lettered', 1);
  const { id } = await endpoint.delivery(dead);
  // the sweep starts it where Temporal did not answer in time
  const handle = stage.posthorn.temporal.workflow.getHandle(`delivery/${id}`);
  await until('its workflow', async () => (await handle.describe()).status.name === 'RUNNING');
  endpoint.answer([204]);
  await endpoint.act('pause');
  return { endpoint, dead };
}

describe.concurrent('a held delivery', () => {
  it('cannot be replayed, because it will be sent anyway', async () => {
    const endpoint = await stage.endpoint();
    await endpoint.act('pause');
    const [id = ''] = await endpoint.post(1);
    await endpoint.reach('held', 1);
    expect((await endpoint.command(id, 'replay')).status).toBe(409);
    expect(await endpoint.delivery(id)).toMatchObject({ status: 'held', round: 1, workflowId: `lane/${endpoint.id}` });
    await endpoint.act('resume');
    await endpoint.reach('succeeded', 1);
    expect(endpoint.requests()).toHaveLength(1);
  });

  it('is in one new round after several replays at once of a dead letter, whose workflow closes', async () => {
    const { endpoint, dead } = await withDeadLetter();
    const { id } = await endpoint.delivery(dead);
    const handle = stage.posthorn.temporal.workflow.getHandle(`delivery/${id}`);
    const answers = await Promise.all(Array.from({ length: 5 }, () => endpoint.command(dead, 'replay')));
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
    expect((await endpoint.command(id, 'retry-now')).status).toBe(202);
    await endpoint.reach('succeeded', 1);
    expect(await endpoint.delivery(id)).toMatchObject({ round: 1, attempts: 2 });
  });

  it('becomes a dead letter with a workflow when its retries are used up, and can be replayed', async () => {
    const endpoint = await stage.endpoint({ rateLimit: { perSecond: 100, burst: 10 }, retry: spent });
    endpoint.answer([500, 500, 204]);
    const [id = ''] = await endpoint.post(1);
    await endpoint.reach('dead_lettered', 1);
    const row = await endpoint.delivery(id);
    expect(row).toMatchObject({ attempts: 2, workflowId: `delivery/${row.id}` });
    const handle = stage.posthorn.temporal.workflow.getHandle(`delivery/${row.id}`);
    await until('its workflow', async () => (await handle.describe()).status.name === 'RUNNING');
    expect((await endpoint.command(id, 'replay')).status).toBe(202);
    await endpoint.reach('succeeded', 1);
    expect(await stage.posthorn.attemptsOf(row.id)).toHaveLength(3);
  });
});

describe.concurrent('an endpoint', () => {
  it('that is deleted cancels its held, retrying and dead-lettered deliveries, keeps them in the history, and its lane ends', async () => {
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
    await until('no workflow of it', async () => (await endpoint.openWorkflows()).length === 0);
    expect(endpoint.requests()).toHaveLength(came);
  });

  it('that answers 410 Gone holds new deliveries until it is resumed', async () => {
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
    ['without a lane', {}],
  ])('%s that answers 410 during six replays holds the rest and later replays until it is resumed', async (_what, settings) => {
    const endpoint = await stage.endpoint({ retry: spent, ...settings });
    endpoint.answer([500]);
    const ids = await endpoint.post(6);
    await endpoint.reach('dead_lettered', 6);
    const before = endpoint.requests().length;
    endpoint.answer((_request, response) => void response.writeHead(endpoint.requests().length === before + 3 ? 410 : 204).end());
    const replay = async (id: string) => expect((await endpoint.command(id, 'replay')).status).toBe(202);
    const hasLane = 'rateLimit' in settings;
    for (const [n, id] of ids.entries()) {
      await replay(id);
      // a lane sends one at a time; without a lane the test waits for each response before the next replay
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
  });
});
