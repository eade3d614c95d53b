// Event ids from the producer: the same event again, later, concurrently or in a batch, makes no
// second delivery. The same id of another tenant is another event.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { longLeases } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';
import { type Stage, setStage } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  // adaptive mode as in production, because the tests post a thousand events at once
  stage = await setStage('t12', { POSTHORN_DISPATCH: 'adaptive' }, { timings: longLeases });
});
afterAll(() => stage?.close());

const post = (tenant: string, event: object) => stage.posthorn.post(`/v1/tenants/${tenant}/events`, event);

async function endpointFor(tenant: string, path: string): Promise<void> {
  await stage.posthorn.makeEndpoint(tenant, stage.receiver.url + path, { eventTypes: [`${path.slice(1)}.sent`] });
}

/** Expects this number of requests with this id at the path, after every accepted event was handled. */
async function received(path: string, count: number): Promise<string[]> {
  const at = () => stage.receiver.requests.filter((request) => request.path === path).map(({ headers }) => headers['webhook-id'] ?? '');
  await until(`${count} requests to ${path}`, () => at().length >= count);
  await until('nothing to be left', async () => {
    const { rows } = await stage.posthorn.database.db.query(`
      select from outbox union all select from dispatches where done_at is null
      union all select from deliveries where status in ('pending', 'retrying')`);
    return rows.length === 0;
  });
  return at();
}

describe('an id', () => {
  it('sent again is a duplicate, and the event is delivered once', async () => {
    await endpointFor(stage.tenant, '/again');
    const event = { id: 'again-1', type: 'again.sent', data: { a: 1 } };
    expect((await post(stage.tenant, event)).body).toEqual({ id: 'again-1', duplicate: false });
    expect((await post(stage.tenant, event)).body).toEqual({ id: 'again-1', duplicate: true });
    expect((await post(stage.tenant, { ...event, data: { a: 2 } })).status).toBe(409);
    expect(await received('/again', 1)).toEqual(['again-1']);
  });

  it('sent by many at once is accepted once, and delivered once', async () => {
    await endpointFor(stage.tenant, '/at-once');
    const event = { id: 'once-1', type: 'at-once.sent', data: {} };
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(stage.tenant, event)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 202));
    expect(answers.filter(({ body }) => !body.duplicate)).toHaveLength(1);
    expect(await received('/at-once', 1)).toEqual(['once-1']);
  });

  it('sent by many at once with different content becomes one of the events', async () => {
    await endpointFor(stage.tenant, '/differ');
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => post(stage.tenant, { id: 'differ-1', type: 'differ.sent', data: { n } })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([202, ...Array.from({ length: 9 }, () => 409)]);
    const winner = answers.findIndex(({ status }) => status === 202);
    expect(await received('/differ', 1)).toEqual(['differ-1']);
    expect(stage.receiver.of('differ-1')[0]?.body.toString()).toContain(`"data":{"n":${winner}}`);
  });

  it('used by two tenants makes two events', async () => {
    const other = await stage.posthorn.makeTenant();
    await Promise.all([endpointFor(stage.tenant, '/tenants'), endpointFor(other, '/tenants')]);
    const answers = await Promise.all(
      [stage.tenant, other].map((tenant) => post(tenant, { id: 'shared', type: 'tenants.sent', data: { tenant } })),
    );
    expect(answers.map(({ body }) => body)).toEqual(Array.from({ length: 2 }, () => ({ id: 'shared', duplicate: false })));
    expect(await received('/tenants', 2)).toEqual(['shared', 'shared']);
    const bodies = stage.receiver.of('shared').map(({ body }) => JSON.parse(body.toString()).data.tenant);
    expect(bodies.sort()).toEqual([stage.tenant, other].sort());
  });
});

describe('a batch', () => {
  it('of a thousand is accepted in one request, with results in order, and subscribed events are delivered once', async () => {
    await endpointFor(stage.tenant, '/batch');
    await post(stage.tenant, { id: 'batch-3', type: 'batch.sent', data: 3 });
    await post(stage.tenant, { id: 'batch-4', type: 'batch.sent', data: 'another' });
    // an event without a subscriber gets a dispatch and no delivery
    const events = Array.from({ length: 1_000 }, (_, n) => ({
      id: `batch-${n}`,
      type: n % 50 < 5 ? 'batch.sent' : 'batch.unwanted',
      data: n,
    }));
    events[7] = { id: 'batch-2', type: 'batch.sent', data: 2 };
    const { status, body } = await stage.posthorn.post(`/v1/tenants/${stage.tenant}/events/batch`, { events });
    expect(status).toBe(202);
    expect(body.results.map(({ id }: { id: string }) => id)).toEqual(events.map(({ id }) => id));
    expect(body.results[2]).toEqual({ id: 'batch-2', duplicate: false });
    expect(body.results[3]).toEqual({ id: 'batch-3', duplicate: true });
    expect(body.results[4]).toMatchObject({ id: 'batch-4', conflict: true });
    expect(body.results[7]).toEqual({ id: 'batch-2', duplicate: true });
    const ids = await received('/batch', 100);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.sort()).toEqual(
      events
        .filter((event, n) => event.type === 'batch.sent' && n !== 7)
        .map(({ id }) => id)
        .sort(),
    );
  });
});
