// The feed of the live stream: nothing is missed or kept without bound, and nothing is done while nobody reads.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { appendAudit, bySystem } from '#db/audit/audit';
import type { Db } from '#db/store/pool';
import { bootstrapCaller, type Caller } from '#domain/access/access';
import { uuidOf } from '#domain/ids';
import { createLogger } from '#runtime/logger';
import { newId } from '#runtime/new-id';
import { Feed, mostAtOnce } from '#stream/feed';
import { type ReaderLimits, StreamReader, usualLimits } from '#stream/reader';
import { allChanges } from '#stream/sources';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';

let database: TestDatabase;
let db: Db;
const tenantId = newId('tnt');
beforeAll(async () => {
  database = await createTestDatabase();
  db = database.db;
  await db.query('insert into tenants (id, external_id, name) values ($1, $2, $2)', [uuidOf(tenantId), 'acme']);
});
afterAll(() => database?.drop());

const all = { kinds: ['delivery'] as const, tenantId: null, endpointId: null };

function newFeed(limits: Partial<ReaderLimits> = {}, of = db, checkEveryMs = 5_000): Feed {
  return new Feed({
    db: of,
    sources: allChanges(of),
    replays: allChanges(of),
    log: createLogger('silent'),
    pollMs: 10,
    checkEveryMs,
    limits: { ...usualLimits, ...limits },
  });
}

/** What a reader gets, as one text that grows. */
function readAll(feed: Feed, reader: StreamReader) {
  const got = { text: '', ended: false };
  const read = async () => {
    for await (const piece of reader.pieces()) got.text += piece;
    got.ended = true;
    feed.leave(reader);
  };
  void read();
  return got;
}

const insert = `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status) values ($1, $1, $1, $2, 'a.b', 'pending')`;

async function store(at: Pick<Db, 'query'> = db, of = tenantId): Promise<string> {
  const id = newId('dlv');
  await at.query(insert, [uuidOf(id), uuidOf(of)]);
  return id;
}

/** A transaction, which is gone after the test in any case. */
async function begin() {
  const client = await db.connect();
  onTestFinished(() => client.release(true));
  await client.query('begin');
  return client;
}

const times = (text: string, id: string) => text.split(`"id":"${id}"`).length - 1;

describe('a feed', () => {
  it('goes on after too many changes while a transaction is open, and tells its readers at the beginning and the end', async () => {
    const feed = newFeed();
    const { reader } = await feed.join(bootstrapCaller, all);
    const got = readAll(feed, reader);
    const resets = () => got.text.split('event: reset').length - 1;
    const client = await begin();
    const late = await store(client);
    const ids = Array.from({ length: mostAtOnce + 1 }, () => uuidOf(newId('dlv')));
    await db.query(
      insert
        .replace('values ($1, $1, $1, $2,', 'select id, id, id, $2::uuid,')
        .replace("'pending')", "'pending' from unnest($1::uuid[]) i (id)"),
      [ids, uuidOf(tenantId)],
    );
    await until('the reset', () => resets() > 0);
    for (let n = 0; n < 3; n++) {
      const live = await store();
      await until('a change of now', () => times(got.text, live) > 0);
    }
    expect(resets()).toBe(1);
    await client.query('commit');
    await until('the reset at the end', () => resets() > 1);
    const last = await store();
    await until('the last change', () => times(got.text, last) > 0);
    expect([resets(), times(got.text, last), times(got.text, late)]).toEqual([2, 1, 0]);
    feed.stop();
  });

  it('passes on a change that is committed late, once, and changes that began later before it', async () => {
    const feed = newFeed();
    const { reader } = await feed.join(bootstrapCaller, all);
    const got = readAll(feed, reader);
    const client = await begin();
    const late = await store(client);
    const others: string[] = [];
    for (let n = 0; n < 5; n++) {
      const other = await store();
      others.push(other);
      await until('another change', () => times(got.text, other) > 0);
    }
    expect(times(got.text, late)).toBe(0);
    await client.query('commit');
    await until('the late change', () => times(got.text, late) > 0);
    const last = await store();
    await until('the last change', () => times(got.text, last) > 0);
    for (const id of [late, ...others, last]) expect(times(got.text, id)).toBe(1);
    feed.stop();
    await until('the end', () => got.ended);
    expect(got.text).toContain('"reason":"stopping"');
  });

  it('asks nothing of PostgreSQL while nobody reads, and goes on with the next reader', async () => {
    let queries = 0;
    const counting = {
      query(...args: unknown[]) {
        queries++;
        return (db.query as (...args: unknown[]) => unknown)(...args);
      },
      connect() {
        queries++;
        return db.connect();
      },
    } as Db;
    const feed = newFeed({}, counting);
    expect(queries).toBe(0);
    for (let round = 0; round < 2; round++) {
      const { reader } = await feed.join(bootstrapCaller, all);
      const got = readAll(feed, reader);
      const id = await store();
      await until('the change', () => times(got.text, id) === 1);
      reader.end('too_slow');
      await until('the end', () => got.ended && feed.readers === 0);
      let before = -1;
      await until('silence', () => {
        const isSilent = queries === before;
        before = queries;
        return isSilent;
      });
    }
  });

  it('gives a reader that joins a running feed what changes from then on', async () => {
    const feed = newFeed();
    const first = await feed.join(bootstrapCaller, all);
    const gotFirst = readAll(feed, first.reader);
    const before = await store();
    await until('the change', () => times(gotFirst.text, before) === 1);
    const second = await feed.join(bootstrapCaller, { ...all, tenantId });
    const gotSecond = readAll(feed, second.reader);
    const after = await store();
    await until('the next change', () => times(gotFirst.text, after) === 1 && times(gotSecond.text, after) === 1);
    expect(times(gotSecond.text, before)).toBe(0);
    feed.stop();
  });
});

describe('the keys of readers', () => {
  async function newKey(): Promise<Caller> {
    const id = newId('key');
    const columns = `insert into api_keys (id, hash, prefix, name, scopes, created_by) values ($1, $2, 'a', 'a', '{}', 'test')`;
    await db.query(columns, [uuidOf(id), Buffer.from(id)]);
    return { ...bootstrapCaller, kind: 'api_key', id };
  }

  it('are checked again, and the stream of one that came meanwhile goes on', async () => {
    const feed = newFeed({}, db, 0);
    const [first, second] = [await newKey(), await newKey()];
    const early = readAll(feed, (await feed.join(first, all)).reader);
    const client = await begin();
    await client.query('lock table api_keys in access exclusive mode');
    const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%api_keys%'`;
    await until('a check', async () => ((await db.query(waiting)).rowCount ?? 0) > 0);
    const late = readAll(feed, (await feed.join(second, all)).reader);
    await client.query('commit');
    const id = await store();
    for (const got of [early, late]) await until('a change after the check', () => got.ended || times(got.text, id) > 0);
    expect([early.ended, late.ended]).toEqual([false, false]);
    await db.query('update api_keys set revoked_at = now() where id = $1', [uuidOf(second.id ?? '')]);
    await until('the end of the revoked one', () => late.ended);
    expect(late.text).toContain('not_valid');
    expect(early.ended).toBe(false);
    feed.stop();
  });
});

describe('a reader that does not keep up', () => {
  it('is dropped with the reason; what waits for it is bounded; the others go on', async () => {
    const feed = newFeed({ mostWaiting: 5_000, partingMs: 20 });
    // what other tests have just stored would be too much at once
    const own = newId('tnt');
    await db.query('insert into tenants (id, external_id, name) values ($1, $2, $2)', [uuidOf(own), 'own']);
    const slow = await feed.join(bootstrapCaller, { ...all, tenantId: own });
    const quick = await feed.join(bootstrapCaller, { ...all, tenantId: own });
    const got = readAll(feed, quick.reader);
    for (let n = 0; n < 20; n++) {
      const id = await store(db, own);
      await until('the change', () => times(got.text, id) === 1);
    }
    await until('the connection to be cut', () => slow.reader.cut.aborted);
    const left: string[] = [];
    for await (const piece of slow.reader.pieces()) left.push(piece);
    expect(left).toHaveLength(1);
    expect(left[0]).toMatch(/^event: end\ndata: .*"reason":"too_slow"/);
    expect(quick.reader.cut.aborted).toBe(false);
    feed.stop();
  });

  it('is not one that gets more at once than may wait for it', async () => {
    const reader = new StreamReader(bootstrapCaller, all, () => 0, { ...usualLimits, mostWaiting: 10 });
    const pieces = reader.pieces();
    for (const text of ['at once, '.repeat(9), 'and again '.repeat(9)]) {
      reader.push(text);
      expect((await pieces.next()).value).toBe(text);
    }
    reader.push('more than may wait');
    reader.push('and more');
    expect((await pieces.next()).value).toContain('too_slow');
    expect((await pieces.next()).done).toBe(true);
  });
});

describe('a reader to whom nothing happens', () => {
  it('gets comments with the position, so that it can resume from there', async () => {
    const reader = new StreamReader(bootstrapCaller, all, () => 1_760_000_000_000_000, { ...usualLimits, heartbeatMs: 5 });
    const pieces = reader.pieces();
    expect((await pieces.next()).value).toBe(`: nothing new\nid: p${(1_760_000_000_000_000).toString(36)}\n\n`);
    reader.end('stopping');
    expect((await pieces.next()).value).toContain('stopping');
    expect((await pieces.next()).done).toBe(true);
  });
});

describe('alerts', () => {
  const kinds = ['alert'] as const;
  const ofKind = (text: string, kind: string) => text.split(`"kind":"${kind}"`).length - 1;
  const open = (kind: string, forOwner: boolean, tenant: string | null = tenantId) =>
    db.query(`insert into alerts (id, tenant_id, kind, for_owner) values (gen_random_uuid(), $1, $2, $3)`, [
      tenant && uuidOf(tenant),
      kind,
      forOwner,
    ]);

  it('come when they open and close, to those who may see them', async () => {
    const feed = newFeed();
    const operator = readAll(feed, (await feed.join(bootstrapCaller, { ...all, kinds })).reader);
    const owner: Caller = { ...bootstrapCaller, kind: 'api_key', tenant: { id: tenantId, key: 'acme' } };
    const owned = readAll(feed, (await feed.join(owner, { ...all, kinds, tenantId })).reader);
    const reading: Caller = { ...bootstrapCaller, kind: 'api_key', scopes: ['endpoints:read', 'deliveries:read'] };
    const read = readAll(feed, (await feed.join(reading, { ...all, kinds })).reader);
    await open('deliveries.quarantined', false);
    await open('temporal.unreachable', false, null);
    await open('endpoint.failing', true);
    for (const got of [operator, owned, read]) await until('the alert of the owner', () => ofKind(got.text, 'endpoint.failing') === 1);
    for (const kind of ['deliveries.quarantined', 'temporal.unreachable'])
      expect([operator, owned, read].map((got) => ofKind(got.text, kind))).toEqual([1, 0, 0]);
    await db.query(`update alerts set state = 'closed', closed_at = now() where kind = 'endpoint.failing'`);
    await until('the end of the alert', () => owned.text.includes('"state":"closed"'));
    feed.stop();
  });
});

describe('endpoints', () => {
  it('come again when an earlier change is committed after a later one', async () => {
    const id = newId('ep');
    await db.query(`insert into endpoints (id, tenant_id, sealed, host) values ($1, $2, '', 'a')`, [uuidOf(id), uuidOf(tenantId)]);
    const feed = newFeed();
    const { reader } = await feed.join(bootstrapCaller, { ...all, kinds: ['endpoint', 'delivery'] });
    const got = readAll(feed, reader);
    const late = await begin();
    await late.query(`update endpoints set gate = 'held', gate_reason = 'paused' where id = $1`, [uuidOf(id)]);
    // an order that does not lock the row
    await appendAudit(db, bySystem('endpoint.change'), { target: { kind: 'endpoint', id }, before: null, after: null });
    await until('the later change', () => times(got.text, id) === 1);
    expect(got.text).toContain('"status":"ok"');
    await late.query('commit');
    await until('the earlier change', () => got.text.includes('"status":"paused"'));
    feed.stop();
  });
});
