// The failure counts that all processes share: none is lost, acceptances keep no endpoint suspect,
// and old rows are deleted.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { countOutcomes, readWatched, type SeenOf } from '#db/endpoints/endpoint-health';
import { deleteOldHealth } from '#db/store/upkeep';
import { uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

const minuteMs = 60_000;
const hourMs = 3_600_000;
const refused = (times: number, targetVersion = 1): SeenOf => ({ targetVersion, seen: [{ type: 'order.created', sign: 'failed', times }] });
const accepted: SeenOf = { targetVersion: 1, seen: [{ type: 'order.created', sign: 'accepted', times: 1 }] };
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

const age = (endpointId: string, interval: string) =>
  database.db.query('update endpoint_health set updated_at = now() - $2::interval where endpoint_id = $1', [uuidOf(endpointId), interval]);
const suspected = async (endpointId: string, withinMs: number) =>
  (await readWatched(database.db, withinMs)).suspects.get(endpointId)?.suspectedMs;

it('loses no count when many processes report at once, with endpoints in any order', async () => {
  const ids = Array.from({ length: 5 }, () => newId('ep'));
  const seen = new Map(ids.map((id) => [id, refused(2)]));
  const backwards = new Map([...seen].reverse());
  const counting = Array.from({ length: 20 }, (_, n) => countOutcomes(database.db, n % 2 ? seen : backwards, Date.now()));
  const answers = await Promise.all(counting);
  for (const id of ids) {
    const inRow = answers.map((counted) => counted.get(id)?.failures.inRow ?? 0).sort((a, b) => a - b);
    expect(inRow).toEqual(Array.from({ length: 20 }, (_, n) => 2 * (n + 1)));
  }
});

it('suspects a refusing endpoint for long, until it accepts; then for a minute from its last refusal, however often it accepts', async () => {
  const id = newId('ep');
  const row = async () =>
    (await database.db.query('select failing_since, updated_at from endpoint_health where endpoint_id = $1', [uuidOf(id)])).rows[0];
  await countOutcomes(database.db, new Map([[id, refused(3)]]), Date.now());
  expect((await row())?.failing_since).toBeInstanceOf(Date);
  await age(id, '50 seconds');
  expect(await suspected(id, minuteMs)).toBeGreaterThan(hourMs - 2 * minuteMs);
  const before = await row();
  const counted = await countOutcomes(database.db, new Map([[id, accepted]]), Date.now());
  expect(counted.get(id)?.suspectedMs).toBeLessThanOrEqual(10_000);
  expect(await row()).toEqual({ failing_since: null, updated_at: before?.updated_at });
  await age(id, '61 seconds');
  expect(await suspected(id, minuteMs)).toBeUndefined();
  expect(await suspected(id, hourMs)).toBeLessThan(0);
});

it('has no row for an endpoint that has refused nothing', async () => {
  const id = newId('ep');
  expect(await countOutcomes(database.db, new Map([[id, accepted]]), Date.now())).toEqual(new Map());
});

it('deletes counts an hour old, and those of an endpoint that accepted nothing since a day later', async () => {
  const [old, recent, failing, failed] = [newId('ep'), newId('ep'), newId('ep'), newId('ep')];
  const all = [old, recent, failing, failed];
  await countOutcomes(database.db, new Map(all.map((id) => [id, refused(1)])), Date.now());
  await countOutcomes(database.db, new Map([old, recent].map((id) => [id, accepted])), Date.now());
  await age(old, '61 minutes');
  await age(recent, '59 minutes');
  await age(failing, '24 hours');
  await age(failed, '26 hours');
  expect(await deleteOldHealth(database.db, 24 * hourMs)).toBe(2);
  expect(await deleteOldHealth(database.db, 24 * hourMs)).toBe(0);
  expect(await suspected(recent, hourMs)).toBeDefined();
  expect(await suspected(failing, 48 * hourMs)).toBeGreaterThan(24 * hourMs);
});

it('counts outcomes only for the target version they belong to, and ignores late ones of an older version', async () => {
  const id = newId('ep');
  const inRow = async (of: SeenOf) => (await countOutcomes(database.db, new Map([[id, of]]), Date.now())).get(id)?.failures.inRow;
  expect(await inRow(refused(19))).toBe(19);
  expect(await inRow(refused(1, 2))).toBe(1);
  // late outcomes of the first version
  expect(await inRow(refused(30))).toBeUndefined();
  expect(await inRow(refused(1, 2))).toBe(2);
});
