// Pages of a replay job: each delivery once, whatever else happens to it and to the workers.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { obeyCommand } from '#db/deliveries/commands';
import { unsignalledDeliveries } from '#db/deliveries/delivery-refs';
import type { ContentEncryption } from '#db/keys/content-encryption';
import { openLanes } from '#db/lanes/lanes';
import { handOver, type Page } from '#db/replays/hand-over';
import { commandReplay, setReplayPace } from '#db/replays/replay-commands';
import { readReplay } from '#db/replays/replays';
import { countResults, endReplay } from '#db/replays/results';
import { deliveryId, uuidOf } from '#domain/ids';
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

const size = { aheadMs: 1_000, most: 1_000 };

/** Pages until all are handed over, as a worker makes them; those that are not due yet are asked for at once. */
async function handOverAll(replayId: string, page = size): Promise<Page[]> {
  const pages: Page[] = [];
  for (;;) {
    const made = await handOver(database.db, contents, replayId, page);
    if (!made) throw new Error('no such job');
    pages.push(made);
    if (made.status !== 'running' || made.phase === 'results') return pages;
    if (made.waitMs > 0)
      await database.db.query(`update replays set ideal_at = now(), last_due_at = null where id = $1`, [uuidOf(replayId)]);
  }
}

describe('a job', () => {
  it('replays what is selected, each once, in pages', async () => {
    const tenantId = await world.tenant();
    const endpointId = await world.endpoint(tenantId);
    const ids: string[] = [];
    for (let n = 0; n < 25; n++) ids.push(await world.delivery(tenantId, endpointId));
    const others = [
      await world.delivery(tenantId, endpointId, 'succeeded'),
      await world.delivery(tenantId, endpointId, 'cancelled'),
      await world.delivery(tenantId, await world.endpoint(tenantId)),
    ];
    const job = await world.job({ tenantId, endpointId });
    const pages = await handOverAll(job, { aheadMs: 1_000, most: 4 });
    expect(pages.length).toBeGreaterThanOrEqual(7);
    const rows = await world.rows(...ids);
    expect(rows.map((row) => [row.status, row.round, row.attempts, row.pumped, row.replay_id])).toEqual(
      ids.map(() => ['pending', 2, 0, true, job]),
    );
    expect((await world.rows(...others)).map(({ round }) => round)).toEqual([1, 1, 1]);
    expect(await readReplay(database.db, job)).toMatchObject({ matched: 25, done: 25, waiting: 25 });
    expect(await handOver(database.db, contents, job, size)).toMatchObject({ phase: 'results', waitMs: 0 });
  });

  it('replays each once with four workers at it, two of which fail in the middle of a page', async () => {
    const tenantId = await world.tenant();
    const endpointId = await world.endpoint(tenantId);
    const ids: string[] = [];
    for (let n = 0; n < 60; n++) ids.push(await world.delivery(tenantId, endpointId));
    const job = await world.job({ endpointId });
    const dying = { query: database.db.query.bind(database.db), connect: () => dyingClient() } as never;
    await Promise.all([
      handOverAll(job, { aheadMs: 1_000, most: 3 }),
      handOverAll(job, { aheadMs: 1_000, most: 5 }),
      ...[1, 2].map(() => expect(handOver(dying, contents, job, size)).rejects.toThrow('killed')),
    ]);
    expect((await world.rows(...ids)).map(({ round }) => round)).toEqual(ids.map(() => 2));
    expect(await readReplay(database.db, job)).toMatchObject({ done: 60 });
  });

  /** A connection that ends right before the commit, as by a SIGKILL. */
  async function dyingClient() {
    const client = await database.db.connect();
    const query = (text: string | object, ...more: unknown[]) => {
      if (text !== 'commit') return (client.query as (...args: unknown[]) => Promise<unknown>)(text, ...more);
      throw new Error('killed');
    };
    return { query, release: () => client.release(true) };
  }

  it('leaves alone what was changed since it was created: replayed by hand, even if it is a dead letter again', async () => {
    const tenantId = await world.tenant();
    const endpointId = await world.endpoint(tenantId);
    const [one = '', two = '', three = ''] = await Promise.all([1, 2, 3].map(() => world.delivery(tenantId, endpointId)));
    const job = await world.job({ endpointId });
    await obeyCommand(database.db, one, { kind: 'replay', replayId: 'by-hand' }, 'outside');
    await database.db.query(`update deliveries set status = 'dead_lettered' where id = $1`, [uuidOf(one)]);
    await obeyCommand(database.db, two, { kind: 'cancel' }, 'outside');
    await database.db.query('update replays set matched = 3 where id = $1', [uuidOf(job)]);
    await handOverAll(job);
    expect((await world.rows(one, two, three)).map(({ status, round }) => `${status} ${round}`)).toEqual([
      'dead_lettered 2',
      'cancelled 1',
      'pending 2',
    ]);
    expect(await readReplay(database.db, job)).toMatchObject({ matched: 3, done: 3, skipped: 2, waiting: 1 });
  });

  it('skips deliveries of deleted endpoints and erased events', async () => {
    const tenantId = await world.tenant();
    const [kept, deleted] = [await world.endpoint(tenantId), await world.endpoint(tenantId)];
    const ids = [await world.delivery(tenantId, kept), await world.delivery(tenantId, deleted), await world.delivery(tenantId, kept)];
    const job = await world.job({ tenantId });
    await database.db.query('update endpoints set deleted_at = now() where id = $1', [uuidOf(deleted)]);
    await database.db.query('update events set erased_at = now() where id = (select event_id from deliveries where id = $1)', [
      uuidOf(ids[2] ?? ''),
    ]);
    await handOverAll(job);
    expect((await world.rows(...ids)).map(({ round }) => round)).toEqual([2, 1, 1]);
  });

  it('holds those of an endpoint with a lane, at the end of its order and in theirs, due at once', async () => {
    const tenantId = await world.tenant();
    const ordered = await world.endpoint(tenantId, { ordering: 'endpoint' });
    const failing = await world.endpoint(tenantId);
    await openLanes(database.db, [failing], 'failing');
    const ids = [];
    for (let n = 0; n < 5; n++) ids.push(await world.delivery(tenantId, ordered, 'dead_lettered', { position: 100 - n }));
    const other = await world.delivery(tenantId, failing);
    const { rows: last } = await database.db.query<{ at: number }>(`select nextval('event_position') as at`);
    const [page] = await handOverAll(await world.job({ tenantId }));
    expect(page?.held.toSorted()).toEqual([ordered, failing].toSorted());
    const rows = await world.rows(...ids);
    expect(rows.map(({ status }) => status)).toEqual(Array(5).fill('held'));
    expect(rows.every(({ next_attempt_at: at }) => at && at <= new Date())).toBe(true);
    // the one with the lowest position was the last
    const places = rows.map(({ position }) => (position ?? 0) - (last[0]?.at ?? 0));
    expect(places).toEqual([1, 2, 3, 4, 5].map((n) => 6 - n + Math.min(...places) - 1));
    expect(Math.min(...places)).toBeGreaterThan(0);
    expect((await world.rows(other))[0]).toMatchObject({ status: 'held', pumped: true });
  });

  it('replays those that block an order in their place, and says so', async () => {
    const tenantId = await world.tenant();
    const endpointId = await world.endpoint(tenantId, { ordering: 'endpoint', on_dead_letter: 'block' });
    const id = await world.delivery(tenantId, endpointId, 'dead_lettered', { position: 7 });
    const [page] = await handOverAll(await world.job({ endpointId }));
    expect(page).toMatchObject({ unblocked: [endpointId] });
    expect((await world.rows(id))[0]).toMatchObject({ status: 'held', position: 7 });
  });

  it('lets the workflows of dead letters be signalled one after the other, and not those that have none', async () => {
    const tenantId = await world.tenant();
    const endpointId = await world.endpoint(tenantId);
    const ids = [];
    for (let n = 0; n < 4; n++) ids.push(await world.delivery(tenantId, endpointId, 'dead_lettered', { pumped: n === 3 }));
    await handOverAll(await world.job({ endpointId }));
    const marks = (await world.rows(...ids)).map((row) => row.unsignalled_since);
    const gaps = marks.slice(1, 3).map((mark, n) => Number(mark) - Number(marks[n]));
    expect(gaps).toEqual([200, 200]);
    expect(marks[3]).toBeNull();
    await database.db.query(`update deliveries set unsignalled_since = unsignalled_since - interval '11 seconds' where id = $1`, [
      uuidOf(ids[0] ?? ''),
    ]);
    expect(await unsignalledDeliveries(database.db, 10)).toMatchObject([{ deliveryId: ids[0], status: 'pending', pumped: true }]);
    await database.db.query('update deliveries set unsignalled_since = null');
  });
});

describe('what is due', () => {
  it('is handed over at the pace, and not while the job is paused', async () => {
    const tenantId = await world.tenant();
    const endpointId = await world.endpoint(tenantId);
    const ids: string[] = [];
    for (let n = 0; n < 8; n++) ids.push(await world.delivery(tenantId, endpointId));
    // one in 50 s: however slow the machine is, no more become due meanwhile
    const job = await world.job({ endpointId }, {}, 0.02);
    const size = { aheadMs: 100_000, most: 1_000 };
    const first = await handOver(database.db, contents, job, size);
    expect((await world.rows(...ids)).filter(({ round }) => round === 2)).toHaveLength(3);
    expect(first?.waitMs).toBeGreaterThan(30_000);
    expect(first?.waitMs).toBeLessThanOrEqual(50_000);
    expect(await handOver(database.db, contents, job, size)).toMatchObject({ status: 'running', held: [] });
    expect(await commandReplay(database.db, job, 'pause', 'outside')).toEqual({ obeyed: true, status: 'paused' });
    await database.db.query(`update replays set ideal_at = now() - interval '1 minute' where id = $1`, [uuidOf(job)]);
    expect(await handOver(database.db, contents, job, size)).toMatchObject({ status: 'paused' });
    expect((await world.rows(...ids)).filter(({ round }) => round === 2)).toHaveLength(3);
    // the pause is not made up for
    await commandReplay(database.db, job, 'resume', 'outside');
    await handOver(database.db, contents, job, size);
    expect((await world.rows(...ids)).filter(({ round }) => round === 2).length).toBeLessThanOrEqual(6);
    await setReplayPace(database.db, job, 1_000);
    await handOverAll(job);
    expect((await world.rows(...ids)).every(({ round }) => round === 2)).toBe(true);
  });
});

describe('commands', () => {
  it.each([
    ['pause', 'running', true, 'paused'],
    ['pause', 'paused', true, 'paused'],
    ['pause', 'done', false, 'done'],
    ['resume', 'paused', true, 'running'],
    ['resume', 'failed', true, 'running'],
    ['resume', 'running', true, 'running'],
    ['resume', 'cancelled', false, 'cancelled'],
    ['cancel', 'counting', true, 'cancelled'],
    ['cancel', 'paused', true, 'cancelled'],
    ['cancel', 'cancelled', true, 'cancelled'],
    ['cancel', 'done', false, 'done'],
  ] as const)('%s of a job that is %s', async (command, was, obeyed, status) => {
    const job = await world.job({ tenantId: await world.tenant() });
    await database.db.query('update replays set status = $2 where id = $1', [uuidOf(job), was]);
    expect(await commandReplay(database.db, job, command, 'outside')).toEqual({ obeyed, status });
  });

  it('leave a job to be counted again that was paused before', async () => {
    const job = await world.job({ tenantId: await world.tenant() });
    await database.db.query(`update replays set status = 'paused', matched = null where id = $1`, [uuidOf(job)]);
    expect(await commandReplay(database.db, job, 'resume', 'workflow')).toEqual({ obeyed: true, status: 'counting' });
  });
});

describe('results', () => {
  it('are counted once, by two workers at once; a refused one in the end; and then the job ends', async () => {
    const tenantId = await world.tenant();
    const endpointId = await world.endpoint(tenantId);
    const ids: string[] = [];
    for (let n = 0; n < 6; n++) ids.push(await world.delivery(tenantId, endpointId));
    const job = await world.job({ endpointId });
    await handOverAll(job);
    const become = (id = '', status = '', attempts = 1) =>
      database.db.query('update deliveries set status = $2, attempts = $3 where id = $1', [uuidOf(id), status, attempts]);
    await Promise.all([
      become(ids[0], 'succeeded'),
      become(ids[1], 'succeeded'),
      become(ids[2], 'dead_lettered'),
      become(ids[3], 'retrying'),
    ]);
    const counts = () => Promise.all([1, 2].map(() => countResults(database.db, job, null, false)));
    expect(await counts()).toEqual([
      { due: 2, next: null },
      { due: 2, next: null },
    ]);
    await counts();
    expect(await readReplay(database.db, job)).toMatchObject({ succeeded: 2, failed: 1, waiting: 3 });
    expect(await endReplay(database.db, job, false)).toBe(false);
    await become(ids[4], 'succeeded');
    await countResults(database.db, job, null, true);
    expect(await readReplay(database.db, job)).toMatchObject({ succeeded: 3, failed: 2, waiting: 1, status: 'running' });
    expect(await endReplay(database.db, job, true)).toBe(true);
    expect(await endReplay(database.db, job, true)).toBe(false);
    expect(await readReplay(database.db, job)).toMatchObject({ status: 'done', succeeded: 3, failed: 2, waiting: 1, done: 6 });
  });
});

it('keeps the shape of what it replays, whatever its target; what is delivered for the first time has that of now', async () => {
  const { db } = database;
  const tenantId = await world.tenant();
  const endpointId = await world.endpoint(tenantId);
  const shapeOf = async (id: string) => (await db.query('select shape_id from deliveries where id = $1', [uuidOf(id)])).rows[0]?.shape_id;
  const [bound, unbound] = [await world.delivery(tenantId, endpointId), await world.delivery(tenantId, endpointId)];
  const [before, now] = [randomUUID(), randomUUID()];
  await db.query('update deliveries set shape_id = $2 where id = $1', [uuidOf(bound), before]);
  await db.query('update endpoints set shape_id = $2 where id = $1', [uuidOf(endpointId), now]);
  const never = await world.event(tenantId);
  await handOverAll(await world.job({ endpointId }, { statuses: ['dead_lettered'], neverAttempted: true, target: 'current' }));
  expect(await Promise.all([shapeOf(bound), shapeOf(unbound), shapeOf(deliveryId(never, endpointId))])).toEqual([before, null, now]);
  expect((await world.rows(bound, unbound)).map(({ round }) => round)).toEqual([2, 2]);
});
