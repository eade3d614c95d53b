// The rate limit of a key over two API processes that share a database.
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRateCounter } from '#db/access/api-rates';
import { deleteOldApiRates } from '#db/store/upkeep';
import type { ApiAnswer } from '../../support/api.ts';
import { until } from '../../support/until.ts';
import { type ApiServer, startApi } from '../api-server.ts';

let one: ApiServer;
let two: ApiServer;

beforeAll(async () => {
  const masterKey = randomBytes(32).toString('base64');
  one = await startApi({ masterKey, access: { perSecond: 7 } });
  two = await startApi({ masterKey, access: { perSecond: 7 }, databaseUrl: one.db.options.connectionString ?? '' });
});
afterAll(async () => {
  await two.close();
  await one.close();
});

async function make(rateLimit?: object): Promise<{ id: string; key: string }> {
  const { status, body } = await one.post('/v1/api-keys', { name: 'x', scopes: ['deliveries:read'], rateLimit });
  expect([status, body]).toEqual([201, expect.anything()]);
  return body;
}

/** Concurrent calls that alternate between the two processes. */
const call = (key: string, calls: number) =>
  Promise.all(Array.from({ length: calls }, (_, n) => (n % 2 ? one : two).call('GET', '/v1/unknown', undefined, { key })));
const admitted = (answers: ApiAnswer[]) => answers.filter(({ status }) => status !== 429).length;

describe('the rate limit of a key', () => {
  it('holds over two processes: calls above it get 429 with Retry-After', async () => {
    const { key } = await make({ perSecond: 5, burst: 150 });
    const answers = [...(await call(key, 160)), ...(await call(key, 160))];
    // each process gets more calls than the quota, so no share is left over; each allows one more call without a share
    expect(admitted(answers)).toBeGreaterThanOrEqual(150);
    expect(admitted(answers)).toBeLessThanOrEqual(152);
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.body).toMatchObject({ status: 429, title: 'Too Many Requests' });
    const after = Number(refused?.headers.get('retry-after'));
    expect([after >= 1, after <= 30]).toEqual([true, true]);
    expect(refused?.headers.get('ratelimit')).toBe(`"key";r=0;t=${after}`);
    expect(refused?.headers.get('ratelimit-policy')).toBe('"key";q=150;w=30');
    const { headers, status } = answers[0] ?? expect.fail('no answer');
    expect([status, headers.get('ratelimit-policy')]).toEqual([404, '"key";q=150;w=30']);
    expect(headers.get('ratelimit')).toMatch(/^"key";r=\d+;t=\d+$/);
  });

  it('starts again with the next window', async () => {
    const { key } = await make({ perSecond: 1, burst: 2 });
    expect(admitted(await call(key, 60))).toBeLessThan(60);
    await until('the next window', async () => admitted(await call(key, 1)) === 1);
  });

  it('defaults to POSTHORN_API_RATE, for links too; the bootstrap key has none', async () => {
    const policy = async (key?: string) => (await one.call('GET', '/v1/deliveries', undefined, { key })).headers.get('ratelimit-policy');
    expect(await policy((await make()).key)).toBe('"key";q=7;w=1');
    await one.makeTenant('acme');
    expect(await policy((await one.post('/v1/portal-links', { tenant: 'acme' })).body.token)).toBe('"key";q=7;w=1');
    expect(await policy()).toBeNull();
  });

  it('costs few statements: one per share, and none for a quiet key', async () => {
    const quiet = await make({ perSecond: 100, burst: 3_000 });
    await call(quiet.key, 40);
    const rows = async () => (await one.db.query('select key, points from api_rates where key = $1', [quiet.id])).rows;
    expect(await rows()).toEqual([]);
    await call(quiet.key, 100);
    await until('shares to be drawn', async () => (await rows()).length === 1);
  });
});

describe('the count in PostgreSQL', () => {
  it('is shared by all processes until its window ends', async () => {
    const counters = [one, two].map(({ db, deps }) => createRateCounter(db, deps.log));
    const counts = await Promise.all(Array.from({ length: 40 }, (_, n) => counters[n % 2]?.add('counted', 5, 20)));
    expect(counts.map((count) => count?.counted).toSorted((a = 0, b = 0) => a - b)).toEqual(
      Array.from({ length: 40 }, (_, n) => 5 * (n + 1)),
    );
    for (const count of counts) expect([count && count.msLeft > 0, count && count.msLeft <= 20_000]).toEqual([true, true]);
    await one.db.query(`update api_rates set expire = expire - 3600000 - 20000 where key = 'counted'`);
    expect(await counters[0]?.add('counted', 1, 20)).toMatchObject({ counted: 1 });
    await one.db.query(`update api_rates set expire = expire - 3600000 - 20000 where key = 'counted'`);
    expect(await deleteOldApiRates(one.db)).toBe(1);
  });

  it('is kept by each process separately while PostgreSQL is unavailable', async () => {
    const db = new pg.Pool({ connectionString: 'postgres://127.0.0.1:1/none' });
    const alone = createRateCounter(db, one.deps.log);
    expect([await alone.add('key', 5, 10), await alone.add('key', 5, 10)]).toMatchObject([{ counted: 5 }, { counted: 10 }]);
    await db.end();
  });
});
