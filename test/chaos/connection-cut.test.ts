// The connection to PostgreSQL breaks in the middle of each kind of statement, as in a failover: before the server has run it, or
// after, so that its answer is lost. Nothing is lost or sent twice, and no process needs a restart.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrationsFolder } from '#config/package';
import { isStoreAway } from '#db/store/errors';
import { migrate } from '#db/store/migrate';
import { makePartitions } from '#db/store/partitions';
import { createPool } from '#db/store/pool';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/database.ts';
import { isLong } from '../support/long.ts';
import { type Moment, type PostgresProxy, startPostgresProxy } from '../support/postgres-proxy.ts';
import { startPosthorn, type TestPosthorn } from '../support/posthorn.ts';
import { patientLeases } from '../support/quick-timings.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';

const moments: Moment[] = ['before it ran', 'after it ran'];
const nth = isLong ? [1, 2, 4, 7] : [1];
/** More than the budget of workflows has room for. */
const burst = isLong ? 40 : 20;
const refusing = 20;
const each = <T>(kinds: T[]) => kinds.flatMap((kind) => moments.map((moment) => ({ kind, moment })));

describe('a connection that breaks while a statement', () => {
  let database: TestDatabase;
  let proxy: PostgresProxy;
  let posthorn: TestPosthorn;
  let receiver: Receiver;
  let tenant: string;
  let sent = 0;

  beforeAll(async () => {
    database = await createTestDatabase();
    [proxy, receiver] = await Promise.all([startPostgresProxy(database.url), startReceiver()]);
    // no room for workflows: retries are made by the pump, lanes are drained by the relay
    const env = { DATABASE_URL: proxy.url, POSTHORN_DISPATCH: 'batched', POSTHORN_WORKFLOWS_PER_SECOND: '1', LOG_LEVEL: 'silent' };
    posthorn = await startPosthorn({ namespace: 't116', env, timings: patientLeases });
    receiver.answer('/refuses-once', [500, 204]);
    tenant = await posthorn.makeTenant();
    await posthorn.makeEndpoint(tenant, `${receiver.url}/accepts`, { eventTypes: ['plain'] });
    // many, so that no circuit opens
    for (let n = 0; n < refusing; n++)
      await posthorn.makeEndpoint(tenant, `${receiver.url}/refuses-once`, { eventTypes: [`retried.${n}`] });
    await posthorn.makeEndpoint(tenant, `${receiver.url}/paced`, { eventTypes: ['paced'], rateLimit: { perSecond: 50, burst: 1 } });
  });
  afterAll(async () => {
    await posthorn?.stop();
    await proxy?.close();
    await receiver?.close();
    await database?.drop();
  });

  /** Posts an event until it is accepted, as a producer does: with the same id. */
  async function post(type: string): Promise<string> {
    const id = `event-${sent++}`;
    const typed = type === 'retried' ? `retried.${sent % refusing}` : type;
    await until('it to be accepted', async () => {
      const { status } = await posthorn.post(`/v1/tenants/${tenant}/events`, { type: typed, data: { id }, id });
      expect([202, 503]).toContain(status);
      return status === 202;
    });
    return id;
  }

  const expected: Record<string, number> = { plain: 1, retried: 2, paced: 1 };

  async function expectAllOnce(what: string, type: string, ids: string[]) {
    await until(what, async () => {
      const { rows } = await database.db.query(
        `select e.external_id, d.status from events e left join deliveries d on d.event_id = e.id where e.external_id = any($1)`,
        [ids],
      );
      return rows.length === ids.length && rows.every(({ status }) => status === 'succeeded');
    });
    expect([what, ids.filter((id) => receiver.of(id).length !== expected[type])]).toEqual([what, []]);
  }

  const kinds = [
    { what: 'accepts events', statement: /insert into events\b/, type: 'plain' },
    { what: 'records a first attempt', statement: /insert into attempts\b/, type: 'plain' },
    { what: 'dispatches', statement: /insert into dispatches\b/, type: 'retried' },
    { what: 'leases what the pump attempts', statement: /update deliveries d set leased_by = \$2/, type: 'retried' },
    { what: 'records a retry', statement: /insert into attempts\b/, type: 'retried' },
    { what: 'parks a delivery in its lane', statement: /insert into lanes\b|insert into deliveries\b/, type: 'paced' },
    { what: 'takes a lane', statement: /update lanes\b/, type: 'paced' },
    { what: 'reads a page of a lane', statement: /status = 'held'/, type: 'paced' },
    { what: 'renews the lease of a relay', statement: /update relays r set seen/, type: 'plain' },
  ];

  async function breakDuring({ what, statement, type }: (typeof kinds)[number], moment: Moment): Promise<void> {
    const cut = proxy.cut(statement, moment, nth);
    const ids = await Promise.all(Array.from({ length: burst }, () => post(type)));
    // some statements come by themselves, others with the next event
    await until(`the breaks while it ${what}, ${moment}`, async () => {
      if (cut.times() < nth.length) ids.push(await post(type));
      return cut.times() === nth.length;
    });
    cut.end();
    await expectAllOnce(`all deliveries after a break while it ${what}, ${moment}`, type, ids);
  }

  it('accepts, records, dispatches, pumps, drains a lane or renews a lease loses nothing and repeats nothing', async () => {
    for (const group of isLong ? kinds.map((kind) => [kind]) : [kinds])
      await Promise.all(group.flatMap((kind) => moments.map((moment) => breakDuring(kind, moment))));
  });

  it.each(moments)('lists, %s: 503 with Retry-After, and 200 the next time', async (moment) => {
    const paths = [`/v1/deliveries?tenant=${tenant}`, `/v1/tenants/${tenant}/events`, '/v1/tenants', `/v1/tenants/${tenant}/endpoints`];
    for (const path of paths) {
      // a chore may run such a statement at the same time, and be cut in place of the request
      await until(`${path} to be cut`, async () => {
        const cut = proxy.cut(/\bfrom (deliveries|events|tenants|endpoints)\b/, moment);
        const { status, headers, body } = await posthorn.get(path);
        cut.end();
        if (status !== 503) return false;
        expect([path, cut.times(), body.status]).toEqual([path, 1, 503]);
        expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
        return true;
      });
      expect((await posthorn.get(path)).status).toBe(200);
    }
  });
});

describe.concurrent('a connection that breaks while a migration runs', () => {
  const statements: [what: string, statement: RegExp][] = [
    ['waits for its lock', /pg_advisory_lock/],
    ['creates tables', /create table lanes\b/],
    ['writes down what it has done', /insert into migrations/],
    ['commits', /^commit$/],
    ['creates a partition', /select make_partition/],
  ];

  it.each(each(statements))('$kind.0, $moment: the next one completes it', async ({ kind: [, statement], moment }) => {
    const database = await createEmptyDatabase();
    const proxy = await startPostgresProxy(database.url);
    const db = createPool({ url: proxy.url, max: 2, onError: () => undefined });
    try {
      const run = async () => {
        await migrate(db, migrationsFolder);
        await makePartitions(db, 1);
      };
      const cut = proxy.cut(statement, moment);
      await expect(run()).rejects.toSatisfy(isStoreAway);
      expect(cut.times()).toBe(1);
      cut.end();
      await run();
      const { rows } = await database.db.query('select count(*)::int as missing from missing_partitions(1)');
      expect([await migrate(db, migrationsFolder), rows[0].missing]).toEqual([[], 0]);
    } finally {
      await db.end();
      await proxy.close();
      await database.drop();
    }
  });
});
