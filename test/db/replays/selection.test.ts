// What a replay job selects: by event type, channel, target and status, and events that an endpoint never got.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContentEncryption } from '#db/keys/content-encryption';
import { type Counted, countSelected } from '#db/replays/count-selected';
import { handOver } from '#db/replays/hand-over';
import { readReplay } from '#db/replays/replays';
import type { Selected } from '#db/replays/selection';
import { deliveryId, firstUuidAt, uuidOf } from '#domain/ids';
import type { ReplaySelection } from '#domain/replays/replay';
import { newId } from '#runtime/new-id';
import { testContents } from '../../support/contents.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { jobWorld } from './job-world.ts';

let database: TestDatabase;
let world: ReturnType<typeof jobWorld>;
let contents: ContentEncryption;
beforeAll(async () => {
  database = await createTestDatabase();
  world = jobWorld(database.db);
  contents = testContents(database.db);
});
afterAll(() => database?.drop());

function count(of: { tenantId: string | null; endpointId?: string | null }, more: Partial<Selected> = {}): Promise<Counted> {
  const selected: Selected = {
    ...{ endpointId: null, statuses: ['dead_lettered'], types: [], neverAttempted: false, target: 'frozen', deliveries: null, asOf: null },
    ...{ from: firstUuidAt(Date.now() - 3_600_000), below: firstUuidAt(Date.now() + 1_000) },
    ...of,
    ...more,
  };
  return countSelected(database.db, contents, selected, () => undefined);
}

/** Runs a job to the end of its pages, and returns how many it has replayed. */
async function run(of: { tenantId: string; endpointId?: string }, selection: Partial<ReplaySelection>, most = 1_000): Promise<number> {
  const job = await world.job(of, selection);
  for (;;) {
    const page = await handOver(database.db, contents, job, { aheadMs: 1_000, most });
    if (page?.phase === 'results') break;
    await database.db.query('update replays set ideal_at = now(), last_due_at = null where id = $1', [uuidOf(job)]);
  }
  return (await readReplay(database.db, job))?.done ?? 0;
}

describe('existing deliveries', () => {
  it('are selected by status, event type and window, and counted by endpoint and tenant', async () => {
    const tenantId = await world.tenant();
    const [a, b] = [await world.endpoint(tenantId), await world.endpoint(tenantId)];
    for (const type of ['order.created', 'order.paid', 'order', 'user.created'])
      await world.delivery(tenantId, a, 'dead_lettered', {}, { type });
    await world.delivery(tenantId, b, 'dead_lettered', {}, { type: 'order.created' });
    await world.delivery(tenantId, b, 'succeeded', {}, { type: 'order.created' });
    expect(await count({ tenantId })).toEqual({ matched: 5, endpoints: 2, tenants: 1 });
    expect(await count({ tenantId }, { types: ['order.*'] })).toEqual({ matched: 3, endpoints: 2, tenants: 1 });
    expect(await count({ tenantId }, { types: ['order', 'user.*'] })).toEqual({ matched: 2, endpoints: 1, tenants: 1 });
    expect(await count({ tenantId, endpointId: b }, { statuses: ['dead_lettered', 'succeeded'] })).toMatchObject({ matched: 2 });
    expect(await count({ tenantId, endpointId: b }, { statuses: ['succeeded'] })).toMatchObject({ matched: 1 });
    expect(await count({ tenantId }, { below: firstUuidAt(Date.now() - 1_800_000) })).toEqual({ matched: 0, endpoints: 0, tenants: 0 });
    expect(await count({ tenantId: null })).toMatchObject({ tenants: 1 });
    expect(await run({ tenantId }, { types: ['order.*'] }, 2)).toBe(3);
  });

  it('are replayed as somebody chose them, each once, over several days and pages', async () => {
    const tenantId = await world.tenant();
    const endpointId = await world.endpoint(tenantId);
    const ids: string[] = [];
    for (let n = 0; n < 6; n++) ids.push(await world.delivery(tenantId, endpointId, n === 5 ? 'cancelled' : 'dead_lettered'));
    const deliveries = ids.slice(2);
    expect(await count({ tenantId }, { deliveries })).toEqual({ matched: 3, endpoints: 1, tenants: 1 });
    expect(await count({ tenantId: await world.tenant() }, { deliveries })).toMatchObject({ matched: 0 });
    const twoDays = new Date(Date.now() - 2 * 86_400_000).toISOString();
    expect(await run({ tenantId }, { deliveries, since: twoDays }, 2)).toBe(3);
    expect((await world.rows(...ids)).map(({ status }) => status)).toEqual([
      ...['dead_lettered', 'dead_lettered', 'pending', 'pending', 'pending', 'cancelled'],
    ]);
  });

  it('with target current, only those that their endpoint subscribes to now', async () => {
    const tenantId = await world.tenant();
    const endpointId = await world.endpoint(tenantId, { event_types: ['order.*'], channels: ['eu'] });
    await world.delivery(tenantId, endpointId, 'dead_lettered', {}, { channels: ['eu', 'us'] });
    await world.delivery(tenantId, endpointId, 'dead_lettered', {}, { channels: ['us'] });
    await world.delivery(tenantId, endpointId, 'dead_lettered', {}, { type: 'user.created', channels: ['eu'] });
    expect(await count({ tenantId })).toMatchObject({ matched: 3 });
    expect(await count({ tenantId }, { target: 'current' })).toMatchObject({ matched: 1 });
    expect(await run({ tenantId }, { target: 'current' })).toBe(1);
  });

  it('with target current, only those that match the filter of their endpoint now', async () => {
    const tenantId = await world.tenant();
    const endpointId = await world.endpoint(tenantId, { event_types: ['order.*'], filter: '{"data.n":{"$gte":9007199254740993}}' });
    const other = await world.endpoint(tenantId);
    for (let n = 0; n < 70; n++) {
      const body = `{"data":{"n":900719925474099${n % 2 === 0 ? 2 : 3}}}`;
      await world.delivery(tenantId, endpointId, 'dead_lettered', {}, { body });
    }
    await world.delivery(tenantId, endpointId, 'dead_lettered', {}, { body: '' });
    await world.delivery(tenantId, other, 'dead_lettered', {}, { body: '' });
    expect(await count({ tenantId })).toMatchObject({ matched: 72 });
    expect(await count({ tenantId }, { target: 'current' })).toEqual({ matched: 36, endpoints: 2, tenants: 1 });
    expect(await run({ tenantId }, { target: 'current' }, 20)).toBe(36);
    expect(await run({ tenantId }, { target: 'frozen' }, 100)).toBe(36);
  });
});

describe('events that an endpoint never got', () => {
  const never = { neverAttempted: true, statuses: [], target: 'current' } as const;

  it('become deliveries: it was created later, or its subscription has changed', async () => {
    const tenantId = await world.tenant();
    const before = await world.endpoint(tenantId, { event_types: ['order.*'] });
    const events = [];
    for (const type of ['order.created', 'user.created', 'order.paid']) events.push(await world.event(tenantId, { type }));
    const later = await world.endpoint(tenantId, { created_at: new Date(), event_types: ['order.*', 'user.created'] });
    const selection = { ...never, statuses: [] };
    expect(await count({ tenantId, endpointId: later }, selection)).toEqual({ matched: 3, endpoints: 1, tenants: 1 });
    expect(await count({ tenantId }, { ...selection, types: ['order.*'] })).toEqual({ matched: 4, endpoints: 2, tenants: 1 });
    expect(await run({ tenantId, endpointId: later }, selection, 2)).toBe(3);
    const made = await world.deliveriesOf(later);
    expect(made.map(({ id }) => id.replaceAll('-', ''))).toEqual(events.map((id) => uuidOf(deliveryId(id, later))).toSorted());
    expect(made.map((row) => [row.status, row.round, row.pumped, row.own_workflow])).toEqual(made.map(() => ['pending', 1, true, false]));
    expect(await count({ tenantId, endpointId: later }, selection)).toMatchObject({ matched: 0 });
    await database.db.query(`update endpoints set event_types = '{}' where id = $1`, [uuidOf(before)]);
    expect(await run({ tenantId }, selection, 2)).toBe(3);
  });

  it('become deliveries where the filter matches now', async () => {
    const tenantId = await world.tenant();
    const filtered = await world.endpoint(tenantId, { created_at: new Date(), filter: '{"data.n":{"$lt":3}}' });
    await world.endpoint(tenantId, { created_at: new Date(), event_types: ['other'], filter: '{"data.n":{"$lt":3}}' });
    for (let n = 0; n < 80; n++) await world.event(tenantId, { body: `{"data":{"n":${n % 8}}}` });
    expect(await count({ tenantId }, { ...never, statuses: [] })).toEqual({ matched: 30, endpoints: 1, tenants: 1 });
    expect(await run({ tenantId }, { ...never, statuses: [] }, 7)).toBe(30);
    expect(await world.deliveriesOf(filtered)).toHaveLength(30);
  });

  it('together with dead letters: first these, then those', async () => {
    const tenantId = await world.tenant();
    const [old, later] = [await world.endpoint(tenantId), await world.endpoint(tenantId, { created_at: new Date() })];
    const dead = await world.delivery(tenantId, old);
    const selection = { ...never, statuses: ['dead_lettered'] } satisfies Partial<ReplaySelection>;
    expect(await count({ tenantId }, selection)).toEqual({ matched: 2, endpoints: 2, tenants: 1 });
    expect(await run({ tenantId }, selection)).toBe(2);
    expect((await world.rows(dead))[0]).toMatchObject({ round: 2 });
    expect(await world.deliveriesOf(later)).toMatchObject([{ round: 1 }]);
  });

  it('are left to those that deliver them now, and never sent if they are tests, erased or expired', async () => {
    const tenantId = await world.tenant();
    const ids = [];
    for (let n = 0; n < 7; n++) ids.push(await world.event(tenantId));
    await world.event(tenantId, { only: await world.endpoint(tenantId, { event_types: ['nothing'] }) });
    const endpointId = await world.endpoint(tenantId, { event_types: ['order.*'] });
    const later = await world.endpoint(tenantId, { created_at: new Date(Date.now() + 1), event_types: ['user.created'] });
    const [inOutbox = '', inDispatch = '', done = '', erased = '', expired = '', scheduled = '', usual = ''] = ids.map(uuidOf);
    const sql = (text: string, ...values: unknown[]) => database.db.query(text, values);
    await sql('insert into outbox (event_id, tenant_id) values ($1, $2)', inOutbox, uuidOf(tenantId));
    await sql('insert into dispatches (id, event_ids) values ($1, $2)', uuidOf(newId('dsp')), [inDispatch]);
    await sql('insert into dispatches (id, event_ids, done_at) values ($1, $2, now())', uuidOf(newId('dsp')), [done]);
    await sql('update events set erased_at = now() where id = $1', erased);
    await sql(`update events set expires_at = now() - interval '1 second' where id = $1`, expired);
    await sql(`update events set deliver_at = now() + interval '1 hour' where id = $1`, scheduled);
    expect(await count({ tenantId }, { ...never, statuses: [] })).toMatchObject({ matched: 2 });
    expect(await run({ tenantId }, { ...never, statuses: [] })).toBe(2);
    expect((await world.deliveriesOf(endpointId)).length).toBe(2);
    expect(await count({ tenantId }, { ...never, statuses: [], from: firstUuidAt(Date.now()) })).toMatchObject({ matched: 0 });
    // nobody plans an event for an endpoint that was created later
    await sql(`update endpoints set event_types = '{order.created}' where id = $1`, uuidOf(later));
    expect(await count({ tenantId, endpointId: later }, { ...never, statuses: [] })).toMatchObject({ matched: 4 });
    await sql('delete from outbox');
    expect((await world.rows(deliveryId(`evt_${usual}`, endpointId)))[0]).toMatchObject({ status: 'pending' });
  });

  it('are held for an endpoint with a lane, at the end of its order and in theirs', async () => {
    const tenantId = await world.tenant();
    for (let n = 0; n < 5; n++) await world.event(tenantId);
    const endpointId = await world.endpoint(tenantId, { created_at: new Date(), ordering: 'endpoint' });
    const { rows } = await database.db.query<{ at: number }>(`select nextval('event_position') as at`);
    expect(await run({ tenantId }, { ...never, statuses: [] }, 3)).toBe(5);
    const held = await world.deliveriesOf(endpointId);
    expect(held.map(({ status, position }) => [status, (position ?? 0) - (rows[0]?.at ?? 0)])).toEqual(
      [1, 2, 3, 4, 5].map((n) => ['held', n]),
    );
  });
});
