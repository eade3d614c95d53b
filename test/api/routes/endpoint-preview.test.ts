// What a change of an endpoint would do, told before it is made; and the queues of an ordered endpoint.
import { describe, expect, it } from 'vitest';
import { uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { apiOfFile } from '../api-of-file.ts';
import { setStatus } from '../deliveries-at-hand.ts';
import { held, leave } from '../lanes-at-hand.ts';

const { api, tenant } = await apiOfFile();
const url = 'http://127.0.0.1:9/hook';

const make = async (settings: object = {}) => (await api.makeEndpoint(tenant, url, settings)).id;
const preview = (id: string, change: object) => api.post(`/v1/endpoints/${id}/preview`, change);

describe('the preview of a change', () => {
  it('names the effects, and stores nothing', async () => {
    const id = await make();
    const first = await held(api, tenant, id);
    await held(api, tenant, id);
    const before = (await api.get(`/v1/endpoints/${id}`)).body;
    const { status, body } = await preview(id, {
      rateLimit: { perSecond: 0.5 },
      description: '',
      timeoutMs: 15_000,
      url: 'https://other.example.com/',
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ problems: [], sample: null, unfinished: 2, unfinishedIsMore: false });
    expect(body.effects.map(({ path }: { path: string }) => path)).toEqual(['url', 'rateLimit']);
    expect(body.effects[1].effect).toContain('The 2 held deliveries need at least 4 s.');
    expect((await api.get(`/v1/endpoints/${id}`)).body).toEqual(before);
    expect((await api.get('/v1/audit-log?limit=1')).body.data[0].action).not.toMatch(/preview|change/);
    await setStatus(api, first, 'dead_lettered');
    expect((await preview(id, {})).body).toMatchObject({ effects: [], unfinished: 2 });
  });

  it('says how many of the latest events the endpoint would get, by type, channel and content', async () => {
    const own = await api.makeTenant();
    const { id } = await api.makeEndpoint(own, url, { eventTypes: ['order.*'] });
    for (const amount of [1, 5, 10]) await api.postEvent(own, { type: 'order.created', data: { amount }, channels: ['eu'] });
    await api.postEvent(own, { type: 'invoice.paid', data: {} });
    const sampled = async (change: object) => (await preview(id, change)).body.sample;
    expect(await sampled({ eventTypes: [] })).toEqual({ events: 4, since: expect.any(String), before: 3, after: 4 });
    expect(await sampled({ filter: { 'data.amount': { $gte: 5 } } })).toMatchObject({ before: 3, after: 2 });
    expect(await sampled({ eventTypes: [], channels: ['eu'] })).toMatchObject({ before: 3, after: 3 });
    expect(await sampled({ eventTypes: ['nothing'] })).toMatchObject({ before: 3, after: 0 });
  });

  it('names settings that contradict each other, and credentials of another origin', async () => {
    const id = await make({ ordering: 'key', headers: { 'x-token': 'abc' } });
    const { body } = await preview(id, { batch: { maxEvents: 2, maxWaitMs: 1 }, url: 'https://elsewhere.example.com/' });
    expect(body.problems).toEqual([
      { path: 'batch', message: expect.stringContaining('ordering key') },
      { path: 'headers', message: expect.stringContaining('another origin') },
    ]);
    expect(JSON.stringify(body)).not.toContain('abc');
  });

  it('refuses what the change itself would refuse by its form', async () => {
    const id = await make();
    expect((await preview(id, { timeoutMs: 1 })).body.errors).toEqual([expect.objectContaining({ path: 'timeoutMs' })]);
    expect((await preview(id, { filter: { type: { $near: 1 } } })).status).toBe(422);
    expect((await preview(id, { unknown: 1 })).status).toBe(422);
    expect((await preview(newId('ep'), {})).status).toBe(404);
  });
});

describe('the queues of an ordered endpoint', () => {
  const queues = (id: string, query = '') => api.get(`/v1/endpoints/${id}/queues${query}`);

  it('are one with ordering `endpoint`, with its head', async () => {
    const id = await make({ ordering: 'endpoint' });
    expect((await queues(id)).body).toEqual({
      data: [{ orderingKey: null, held: 0, heldIsMore: false, head: null, blockedBy: null }],
      nextAfter: null,
    });
    const [first] = [await held(api, tenant, id), await held(api, tenant, id)];
    await leave(api, first, 'sequence = 4, attempts = 2');
    expect((await queues(id)).body.data).toEqual([
      {
        orderingKey: null,
        held: 2,
        heldIsMore: false,
        head: { delivery: first, status: 'held', attempts: 2, sequence: 4, nextAttemptAt: expect.any(String) },
        blockedBy: null,
      },
    ]);
  });

  it('are one for each ordering key with something in it, with what blocks it', async () => {
    const id = await make({ ordering: 'key', onDeadLetter: 'block' });
    const inOrder = (orderingKey?: string) => held(api, tenant, id, orderingKey === undefined ? {} : { orderingKey });
    const dead = await inOrder('b');
    const next = await inOrder('b');
    const alone = await inOrder('a');
    const last = await inOrder('c');
    await inOrder();
    await setStatus(api, dead, 'dead_lettered');
    await setStatus(api, last, 'dead_lettered');
    const { data, nextAfter } = (await queues(id)).body;
    expect(
      data.map((one: { orderingKey: string; held: number; head: { delivery: string } | null; blockedBy: string | null }) => [
        one.orderingKey,
        one.held,
        one.head?.delivery ?? null,
        one.blockedBy,
      ]),
    ).toEqual([
      ['a', 1, alone, null],
      ['b', 1, next, dead],
      ['c', 0, null, last],
    ]);
    expect(nextAfter).toBeNull();
    expect((await queues(id, '?after=b')).body.data).toMatchObject([{ orderingKey: 'c' }]);
    await api.db.query(`update endpoints set on_dead_letter = 'skip' where id = $1`, [uuidOf(id)]);
    expect((await queues(id)).body.data).toMatchObject([{ orderingKey: 'a' }, { orderingKey: 'b', blockedBy: null }]);
  });

  it('are 409 where nothing is ordered, and 404 of an unknown endpoint', async () => {
    expect((await queues(await make())).status).toBe(409);
    expect((await queues(newId('ep'))).status).toBe(404);
  });
});
