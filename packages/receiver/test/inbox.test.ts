// What every store of an inbox promises: each event once, under a lease, in its order.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEmptyDatabase } from '../../../test/support/database.ts';
import { until } from '../../../test/support/until.ts';
import { memoryInbox } from '../src/inbox/memory.ts';
import { inboxTableSql, postgresInbox } from '../src/inbox/postgres.ts';
import { type Claimed, type ClaimOptions, createReceiver, type End, type InboxStore, type NewItem } from '../src/index.ts';
import { type OpenStore, stores } from './stores.ts';

const keep = 3_600_000;
const minute = 60_000;

describe.each(Object.entries(stores))('%s', (_name, open) => {
  let store: OpenStore;
  let inbox: InboxStore<never>;
  let receiver: string;
  let count = 0;
  beforeAll(async () => {
    store = await open();
    inbox = store.inbox;
  });
  afterAll(() => store?.close());

  const item = (id: string, more: Partial<NewItem> = {}): NewItem => ({
    ...{ id, type: 'order.created', raw: `{"n":"é${id}"}`, key: null, sequence: null, replay: 0, meta: '{}' },
    ...more,
  });
  const inOrder = (sequence: number, key = 'a', more: Partial<NewItem> = {}) => item(`${key}${sequence}`, { key, sequence, ...more });
  /** A receiver that no other test has. */
  const fresh = () => {
    receiver = `test-${count++}`;
  };
  const accept = (items: NewItem[], { again = false, gapWaitMs = minute } = {}) => inbox.accept(receiver, items, { again, gapWaitMs });
  const claim = (more: Partial<ClaimOptions> = {}) =>
    inbox.claim(receiver, { worker: 'w1', limit: 10, leaseMs: minute, gapWaitMs: minute, ...more });
  const ids = (claims: Claimed[]) => claims.map(({ id }) => id);
  const done = (claimed: Claimed | undefined) => inbox.end(receiver, claimed as Claimed, { state: 'done' }, keep);
  const one = async (more: Partial<ClaimOptions> = {}) => (await claim({ limit: 1, ...more }))[0] as Claimed;

  it('claims the first of every key, and what has none, behind a long queue of one key', async () => {
    fresh();
    const queue = Array.from({ length: 1_200 }, (_, n) => inOrder(n + 1, 'long'));
    for (let from = 0; from < queue.length; from += 300) await accept(queue.slice(from, from + 300));
    const keys = Array.from({ length: 25 }, (_, n) => `k${n + 10}`);
    await accept(keys.flatMap((key) => [inOrder(1, key), inOrder(2, key)]));
    await accept([item('free')]);
    const claimed: Claimed[] = [];
    for (let more = await claim(); more.length > 0; more = await claim()) claimed.push(...more);
    expect(ids(claimed).toSorted()).toEqual(['free', ...keys.map((key) => `${key}1`), 'long1']);
    for (const each of claimed) expect(await done(each)).toBe(true);
    const next = await claim({ limit: 100 });
    expect(ids(next).toSorted()).toEqual([...keys.map((key) => `${key}2`), 'long2']);
    expect(next.every(({ last }) => last === 1)).toBe(true);
  });

  it('takes each event once, also when its request arrives many times at the same moment', async () => {
    fresh();
    const answers = await Promise.all(Array.from({ length: 20 }, () => accept([item('e1'), item('e2')])));
    for (const at of [0, 1]) expect(answers.filter((answer) => answer[at] === 'new')).toHaveLength(1);
    expect(await accept([item('e2'), item('e3')])).toEqual(['duplicate', 'new']);
    const claims = await claim();
    expect(ids(claims).sort()).toEqual(['e1', 'e2', 'e3']);
    expect(claims.find(({ id }) => id === 'e1')).toMatchObject({
      type: 'order.created',
      raw: '{"n":"ée1"}',
      attempts: 1,
      key: null,
      sequence: null,
      meta: '{}',
    });
    for (const claimed of claims) expect(await done(claimed)).toBe(true);
    expect(await accept([item('e1')])).toEqual(['duplicate']);
    expect(await claim()).toEqual([]);
  });

  it('gives an event to one worker, and to the next one when the lease has expired', async () => {
    fresh();
    await accept([item('e1')]);
    const first = await one({ leaseMs: 1 });
    const second = await until('the next claim', () => one({ worker: 'w2' }));
    expect(second).toMatchObject({ id: 'e1', attempts: 2 });
    expect(second.fence).toBeGreaterThan(first.fence);
    expect(await claim({ worker: 'w3' })).toEqual([]);
    expect([...(await inbox.extend(receiver, [first, second], minute))]).toEqual(['e1']);
    expect([...(await inbox.extend(receiver, [first], minute))]).toEqual([]);
    expect([await done(first), await done(second), await done(second)]).toEqual([false, true, false]);
  });

  it('a renewed lease holds', async () => {
    fresh();
    await accept([item('e1')]);
    const held = await one({ leaseMs: 1 });
    await inbox.extend(receiver, [held], minute);
    expect(await claim({ worker: 'w2' })).toEqual([]);
  });

  it('tries again at its time, then keeps a dead letter until somebody decides', async () => {
    fresh();
    await accept([item('e1'), item('e2')]);
    const [e1, e2] = (await claim()).sort((a, b) => (a.id < b.id ? -1 : 1));
    await inbox.end(receiver, e1 as Claimed, { state: 'retry', inMs: minute, error: 'no' }, keep);
    await inbox.end(receiver, e2 as Claimed, { state: 'retry', inMs: 0, error: 'no' }, keep);
    const again = await one();
    expect(again).toMatchObject({ id: 'e2', attempts: 2 });
    await inbox.end(receiver, again, { state: 'dead', error: 'still no' }, keep);
    expect(await inbox.dead(receiver, 10)).toEqual([
      { id: 'e2', type: 'order.created', raw: '{"n":"ée2"}', attempts: 2, error: 'still no', receivedAt: expect.any(Date) },
    ]);
    expect([await accept([item('e2')]), await claim()]).toEqual([['duplicate'], []]);
    expect([await inbox.settle(receiver, 'e1', 'retry', keep), await inbox.settle(receiver, 'e2', 'retry', keep)]).toEqual([false, true]);
    expect(await inbox.dead(receiver, 10)).toEqual([]);
    await inbox.end(receiver, await one(), { state: 'dead', error: 'never' }, keep);
    expect([await inbox.settle(receiver, 'e2', 'discard', keep), await claim()]).toEqual([true, []]);
    expect(await accept([item('e2')])).toEqual(['duplicate']);
  });

  it('a released event is due again, and its attempt does not count', async () => {
    fresh();
    await accept([item('e1'), inOrder(1)]);
    for (const claimed of await claim()) expect(await inbox.end(receiver, claimed, { state: 'released' }, keep)).toBe(true);
    expect((await claim()).map(({ id, attempts }) => `${id} ${attempts}`).toSorted()).toEqual(['a1 1', 'e1 1']);
  });

  it('a retry does not let an event of a lower number pass the gap before it', async () => {
    fresh();
    await accept([inOrder(1), inOrder(5)], { gapWaitMs: 0 });
    await done(await one({ gapWaitMs: 0 }));
    const fifth = await one({ gapWaitMs: 0 });
    await accept([inOrder(3)]);
    expect(await claim()).toEqual([]);
    await inbox.end(receiver, fifth, { state: 'retry', inMs: 0, error: 'no' }, keep);
    expect(await claim()).toEqual([]);
  });

  it('keeps the order of a key, one event of it at a time, and others go on', async () => {
    fresh();
    await accept([inOrder(2), inOrder(1), inOrder(1, 'b'), item('free')]);
    const first = await claim();
    expect(ids(first).sort()).toEqual(['a1', 'b1', 'free']);
    expect(await claim()).toEqual([]);
    const a1 = first.find(({ id }) => id === 'a1') as Claimed;
    // a failure does not let the next one pass
    await inbox.end(receiver, a1, { state: 'retry', inMs: 0, error: 'no' }, keep);
    const retried = await one();
    expect([retried.id, await claim()]).toEqual(['a1', []]);
    await done(retried);
    const next = await one();
    expect(next).toMatchObject({ id: 'a2', sequence: 2, key: 'a', last: 1 });
    // one that comes late waits for the one in work
    await accept([inOrder(3), item('late', { key: 'a', sequence: 1 })]);
    expect(await claim()).toEqual([]);
    await done(next);
    const late = await one();
    expect(late).toMatchObject({ id: 'late', last: 2 });
    expect(await claim()).toEqual([]);
    await done(late);
    expect(ids(await claim())).toEqual(['a3']);
  });

  it('a dead letter lets the order go on', async () => {
    fresh();
    await accept([inOrder(1), inOrder(2)]);
    await inbox.end(receiver, await one(), { state: 'dead', error: 'no' }, keep);
    expect(await one()).toMatchObject({ id: 'a2', last: 1 });
  });

  it('waits for a missing number', async () => {
    fresh();
    await accept([inOrder(1), inOrder(3)]);
    await done(await one());
    expect(await claim()).toEqual([]);
    await accept([inOrder(2)]);
    await done(await one());
    expect(await one()).toMatchObject({ id: 'a3', last: 2 });
  });

  it('goes on when it has waited long enough, and reports the gap until it is filled', async () => {
    fresh();
    const now = { gapWaitMs: 0 };
    await accept([inOrder(5), inOrder(1)], now);
    await done(await one(now));
    const passed = await one(now);
    expect(passed).toMatchObject({ id: 'a5', last: 1 });
    await done(passed);
    expect(await inbox.gaps(receiver)).toEqual([{ key: 'a', from: 2, to: 4 }]);
    await accept([inOrder(3)], now);
    await done(await one(now));
    expect(await inbox.gaps(receiver)).toEqual([
      { key: 'a', from: 2, to: 2 },
      { key: 'a', from: 4, to: 4 },
    ]);
    await accept([inOrder(2), inOrder(4)], now);
    await done(await one(now));
    await done(await one(now));
    expect(await inbox.gaps(receiver)).toEqual([]);
  });

  it('a replay revives a dead letter, once for each round, and what is done only if asked', async () => {
    fresh();
    await accept([item('e1'), item('e2')]);
    const [first, second] = await claim();
    await done(first);
    await inbox.end(receiver, second as Claimed, { state: 'dead', error: 'no' }, keep);
    const replayed = (round: number) => [
      item(first?.id ?? '', { replay: round }),
      item(second?.id ?? '', { replay: round, raw: '{"again":1}' }),
    ];
    expect(await accept(replayed(2))).toEqual(['duplicate', 'revived']);
    expect(await accept(replayed(2))).toEqual(['duplicate', 'duplicate']);
    const revived = await one();
    expect(revived).toMatchObject({ id: second?.id, attempts: 1, raw: '{"again":1}' });
    await inbox.end(receiver, revived, { state: 'dead', error: 'no' }, keep);
    // the same round again, after it became a dead letter again
    expect(await accept(replayed(2))).toEqual(['duplicate', 'duplicate']);
    expect(await accept(replayed(3), { again: true })).toEqual(['revived', 'revived']);
    expect(ids(await claim())).toHaveLength(2);
    expect(await inbox.dead(receiver, 10)).toEqual([]);
  });

  it('receivers in one inbox have nothing in common', async () => {
    fresh();
    const other = `${receiver}-other`;
    await accept([item('e1')]);
    expect(await inbox.claim(other, { worker: 'w', limit: 10, leaseMs: minute, gapWaitMs: 0 })).toEqual([]);
    expect(await inbox.accept(other, [item('e1')], { again: false, gapWaitMs: 0 })).toEqual(['new']);
  });

  it('forgets what was done with long enough ago, and nothing that waits', async () => {
    fresh();
    await accept([item('e1'), item('e2')]);
    await inbox.end(receiver, await one(), { state: 'done' }, 1);
    await until('the end of its time', async () => {
      await inbox.purge(receiver, 1);
      return (await accept([item('e1'), item('e2')])).includes('new');
    });
    expect(ids(await claim()).sort()).toEqual(['e1', 'e2']);
  });
});

it('memory: a long order does not slow down a claim', async () => {
  let reads = 0;
  // a number whose every use counts
  const counted = (value: number) => {
    const read = () => {
      reads++;
      return value;
    };
    return { valueOf: read } as unknown as number;
  };
  const readsOf = async (length: number) => {
    const inbox = memoryInbox();
    const items = Array.from(
      { length },
      (_, n): NewItem => ({
        ...{ id: `e${n}`, type: 'order.created', raw: '{}', key: 'endpoint', sequence: counted(n + 1), replay: 0, meta: '{}' },
      }),
    );
    await inbox.accept('r', items, { again: false, gapWaitMs: minute });
    reads = 0;
    expect((await inbox.claim('r', { worker: 'w', limit: 8, leaseMs: minute, gapWaitMs: minute })).map(({ id }) => id)).toEqual(['e0']);
    return reads;
  };
  expect(await readsOf(8_000)).toBeLessThan(10 * (await readsOf(1_000)));
});

it('memory: forgets what was done longest ago, then dead letters, and says so', async () => {
  const lines: object[] = [];
  const ignore = () => undefined;
  const log = { info: ignore, warn: ignore, error: (fields: object, msg: string) => void lines.push({ msg, ...fields }) };
  const inbox = memoryInbox({ mostItems: 3 });
  createReceiver({ secrets: 'whsec_MDAw', inbox, log, name: 'r' });
  const accept = (id: string) =>
    inbox.accept('r', [{ id, type: 'a.b', raw: '{}', key: null, sequence: null, replay: 0, meta: '{}' }], { again: false, gapWaitMs: 0 });
  for (const id of ['dead', 'late', 'early']) await accept(id);
  const claims = await inbox.claim('r', { worker: 'w', limit: 8, leaseMs: minute, gapWaitMs: 0 });
  const end = async (id: string, end: End) => inbox.end('r', claims.find((claim) => claim.id === id) as Claimed, end, keep);
  await end('dead', { state: 'dead', error: 'no' });
  await end('early', { state: 'done' });
  await end('late', { state: 'done' });
  await accept('x');
  expect([await accept('late'), lines]).toEqual([['duplicate'], []]);
  await accept('y');
  expect([(await inbox.dead('r', 10)).length, lines]).toEqual([1, []]);
  await accept('z');
  expect(lines).toEqual([{ msg: 'webhook.dead_letter_forgotten', receiver: 'r', id: 'dead', type: 'a.b' }]);
  await expect(accept('full')).rejects.toThrow('3 events wait in the inbox');
});

describe('PostgreSQL', () => {
  const options = { worker: 'w', limit: 1, leaseMs: minute, gapWaitMs: minute };
  const item = (id: string, key: string | null = null, sequence: number | null = null): NewItem => ({
    ...{ id, type: 'order.created', raw: '{}', key, sequence, replay: 0, meta: '{}' },
  });
  const many = (length: number, make: (n: number) => NewItem) => Array.from({ length }, (_, n) => make(n + 1));
  let database: Awaited<ReturnType<typeof createEmptyDatabase>>;
  let inbox: ReturnType<typeof postgresInbox>;
  beforeAll(async () => {
    database = await createEmptyDatabase();
    inbox = postgresInbox(database.db);
    await inbox.setup?.();
  });
  afterAll(() => database?.drop());
  const accept = (receiver: string, items: NewItem[]) => inbox.accept(receiver, items, { again: false, gapWaitMs: minute });

  it('a key behind a long queue has its turn, also while events without a key never end', async () => {
    await accept(
      'long',
      many(600, (n) => item(`long${n}`, 'long', n)),
    );
    await inbox.claim('long', options);
    await accept('long', [item('k1', 'k', 1)]);
    const claimed: string[] = [];
    for (let n = 1; n <= 6; n++) {
      await accept('long', [item(`free${2 * n}`), item(`free${2 * n + 1}`)]);
      claimed.push(...(await inbox.claim('long', options)).map(({ id }) => id));
    }
    expect(claimed.slice(0, 3)).toContain('k1');
    expect(claimed.filter((id) => id.startsWith('free')).length).toBe(5);
  });

  it('the one key that is due is found by the first claim, behind many in backoff and a long queue', async () => {
    await accept(
      'many',
      many(600, (n) => item(`long${n}`, 'long', n)),
    );
    await accept(
      'many',
      many(1_200, (n) => item(`a${n}`, `a${n}`, 1)),
    );
    await accept('many', [item('z1', 'z', 1)]);
    // the keys a… are tried again later, and the head of `long` is in work
    await database.db.query(
      "update posthorn_inbox set due_at = now() + interval '1 hour' where receiver = 'many' and id like 'a%' or id = 'long1'",
    );
    expect((await inbox.claim('many', options)).map(({ id }) => id)).toEqual(['z1']);
    const later = "select count(*)::int as keys from posthorn_inbox_turns where receiver = 'many' and due_at > now()";
    expect((await database.db.query(later)).rows).toEqual([{ keys: 1_202 }]);
  });

  it('many claimers at once take one event of a key at a time, in its order, and find all that arrives meanwhile', async () => {
    const items = many(150, (n) => item(`s${n}`, `k${n % 6}`, Math.ceil(n / 6)));
    const requests = Promise.all(
      many(4, (n) => item(`${n}`)).map(async (_, at) => {
        for (let n = at; n < items.length; n += 4) await accept('shared', items.slice(n, n + 1));
      }),
    );
    const seen: [key: string | null, sequence: number | null][] = [];
    const working = new Set<string | null>();
    const twice: unknown[] = [];
    // earlier than keys without a row are looked for again
    const deadline = performance.now() + 25_000;
    const handle = async (own: typeof inbox, claimed: Claimed) => {
      if (working.has(claimed.key)) twice.push(claimed);
      working.add(claimed.key);
      await own.extend('shared', [claimed], minute);
      working.delete(claimed.key);
      const fails = claimed.attempts === 1 && Number(claimed.sequence) % 5 === 0;
      if (!fails) seen.push([claimed.key, claimed.sequence]);
      await own.end('shared', claimed, fails ? { state: 'retry', inMs: 5, error: 'no' } : { state: 'done' }, keep);
    };
    await Promise.all(
      many(4, () => item('')).map(async () => {
        const own = postgresInbox(database.db);
        while (seen.length < items.length && performance.now() < deadline)
          for (const claimed of await own.claim('shared', { ...options, limit: 2 })) await handle(own, claimed);
      }),
    );
    await requests;
    expect([twice, seen.length]).toEqual([[], items.length]);
    for (const key of new Set(seen.map(([of]) => of)))
      expect(seen.filter(([of]) => of === key).map(([, sequence]) => sequence)).toEqual(Array.from({ length: 25 }, (_, n) => n + 1));
  });

  it('a claim is not empty while requests of its key arrive all the time', async () => {
    let count = 40;
    await accept(
      'busy',
      many(count, (n) => item(`b${n}`, 'b', n)),
    );
    let isOver = false;
    const requests = many(8, () => item('')).map(async () => {
      while (!isOver) await accept('busy', [item(`b${++count}`, 'b', count)]);
    });
    const claimed: unknown[] = [];
    for (let n = 1; n <= 40; n++) {
      const [one] = await inbox.claim('busy', options);
      claimed.push(one?.sequence);
      if (one) await inbox.end('busy', one, { state: 'done' }, keep);
    }
    isOver = true;
    await Promise.all(requests);
    expect(claimed).toEqual(Array.from({ length: 40 }, (_, n) => n + 1));
  });

  describe('a claim neither waits for what is written at that moment nor misses it', () => {
    const first = async (receiver: string) => (await inbox.claim(receiver, options))[0];
    /** Claims while `write` is not committed yet, and then again. */
    const claimsBeside = async (receiver: string, write: (uncommitted: typeof inbox) => Promise<unknown>) => {
      const client = await database.db.connect();
      await client.query('begin');
      await write(postgresInbox({ query: client.query.bind(client) } as unknown as typeof database.db));
      const before = (await first(receiver))?.id;
      await client.query('commit');
      client.release();
      return [before, (await first(receiver))?.id];
    };
    const acceptIn = (receiver: string, one: NewItem) => (uncommitted: typeof inbox) =>
      uncommitted.accept(receiver, [one], { again: false, gapWaitMs: minute });

    it('an event of a key of which nothing waits any more', async () => {
      await accept('c1', [item('a1', 'a', 1)]);
      await inbox.end('c1', (await first('c1')) as Claimed, { state: 'done' }, keep);
      // its row is due until a claim has looked at it
      expect(await claimsBeside('c1', acceptIn('c1', item('a2', 'a', 2)))).toEqual([undefined, 'a2']);
    });

    it('a number that was missing', async () => {
      await accept('c2', [item('a1', 'a', 1), item('a3', 'a', 3)]);
      await inbox.end('c2', (await first('c2')) as Claimed, { state: 'done' }, keep);
      expect(await claimsBeside('c2', acceptIn('c2', item('a2', 'a', 2)))).toEqual([undefined, 'a2']);
    });

    it('the end of the event before', async () => {
      await accept('c3', [item('a1', 'a', 1)]);
      const claimed = (await first('c3')) as Claimed;
      await accept('c3', [item('a2', 'a', 2)]);
      expect(await claimsBeside('c3', (of) => of.end('c3', claimed, { state: 'done' }, keep))).toEqual([undefined, 'a2']);
    });

    it('an event that arrives between the two statements of a claim', async () => {
      await accept('c4', [item('a1', 'a', 1)]);
      await inbox.end('c4', (await first('c4')) as Claimed, { state: 'done' }, keep);
      const pool = {
        query: database.db.query.bind(database.db),
        async connect() {
          const client = await database.db.connect();
          const query = async (text: string, values?: unknown[]) => {
            const result = await client.query(text, values);
            if (text.startsWith('with looked')) await accept('c4', [item('a2', 'a', 2)]);
            return result;
          };
          return { query, release: client.release.bind(client) };
        },
      };
      const between = await postgresInbox(pool as unknown as typeof database.db).claim('c4', options);
      // it is later than the beginning of that claim
      expect([between, (await first('c4'))?.id]).toEqual([[], 'a2']);
    });
  });

  it('finds events of a key that a process of an earlier version has stored', async () => {
    await accept('earlier', [item('e1', 'k', 1), item('e2', 'k', 2)]);
    await database.db.query("delete from posthorn_inbox_turns where receiver = 'earlier'");
    expect((await postgresInbox(database.db).claim('earlier', options)).map(({ id }) => id)).toEqual(['e1']);
  });

  it.each([
    ['no statistics', 0],
    ['statistics of a few events that were done', 40],
  ])('a claim reads few pages behind many events, with %s', async (_name, earlier) => {
    const { db, drop } = await createEmptyDatabase();
    const pages: number[] = [];
    const sum = (plan: Record<string, number>) => (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0);
    // explains each statement of a claim in its transaction, and takes back what that has changed
    const pool = {
      query: db.query.bind(db),
      async connect() {
        const client = await db.connect();
        const query = async (text: string, values?: unknown[]) => {
          if (values) {
            await client.query('savepoint s');
            const { rows } = await client.query(`explain (analyze, buffers, format json) ${text}`, values);
            await client.query('rollback to s');
            pages.push(sum(rows[0]['QUERY PLAN'][0].Plan));
          }
          return client.query(text, values);
        };
        return { query, release: client.release.bind(client) };
      },
    };
    const explained = postgresInbox(pool as unknown as typeof db, { table: 'inbox' });
    await explained.setup?.();
    for (const table of ['inbox', 'inbox_turns']) await db.query(`alter table ${table} set (autovacuum_enabled = off)`);
    const store = (items: NewItem[]) => explained.accept('r', items, { again: false, gapWaitMs: minute });
    if (earlier > 0) {
      await store(many(earlier, (n) => (n % 2 ? item(`old${n}`) : item(`old${n}`, `old${n}`, 1))));
      for (const each of await explained.claim('r', { ...options, limit: earlier }))
        await explained.end('r', each, { state: 'done' }, keep);
      await db.query('analyze inbox, inbox_turns');
      pages.length = 0;
    }
    await store(many(10_000, (n) => item(`long${n}`, 'a', n)));
    await store(many(10_000, (n) => item(`k${n}`, `k${n}`, 1)));
    await store(many(10_000, (n) => item(`free${n}`)));
    const claims = [];
    for (let n = 0; n < 3; n++) claims.push((await explained.claim('r', { ...options, limit: 8 })).length);
    expect(claims).toEqual([8, 8, 8]);
    expect(pages.length).toBeGreaterThan(5);
    // the first statement of a process looks at the first event of a thousand keys
    expect(Math.max(...pages)).toBeLessThan(20_000);
    expect(pages.filter((read) => read > 600).length).toBeLessThan(2);
    await drop();
  });
});

it('PostgreSQL: a table of an earlier version has the indexes of a new one after the start', async () => {
  const { db, drop } = await createEmptyDatabase();
  const indexes = async (schema: string) =>
    (await db.query('select indexdef from pg_indexes where schemaname = $1 order by 1', [schema])).rows.map(({ indexdef }) =>
      indexdef.replaceAll(schema, 'schema'),
    );
  await db.query(`create schema old; create schema new; ${inboxTableSql('new.inbox')}`);
  const made = await indexes('new');
  await db.query(`${inboxTableSql('old.inbox')}
    drop table old.old_inbox_turns;
    drop index old.old_inbox_free, old.old_inbox_head, old.old_inbox_work, old.old_inbox_last;
    create index old_inbox_keyed on old.inbox (receiver, due_at, position) where state = 'waiting' and key is not null;
    create index old_inbox_due on old.inbox (receiver, due_at, position) where state = 'waiting';
    create index old_inbox_order on old.inbox (receiver, key, sequence) where key is not null;
    insert into old.inbox (receiver, id, type, raw, key, sequence, replay, meta)
      values ('r', 'e1', 't', '{}', 'k', 1, 0, '{}'), ('r', 'e2', 't', '{}', 'k', 2, 0, '{}')`);
  const own = postgresInbox(db, { table: 'old.inbox', createTable: false });
  await expect(own.setup?.()).rejects.toThrow('the table "old"."old_inbox_turns" is missing: run the SQL of inboxTableSql()');
  const inbox = postgresInbox(db, { table: 'old.inbox' });
  await Promise.all([inbox.setup?.(), inbox.setup?.()]);
  expect(await indexes('old')).toEqual(made);
  expect(made).toHaveLength(8);
  expect((await db.query('select receiver, key from old.old_inbox_turns')).rows).toEqual([{ receiver: 'r', key: 'k' }]);
  // with nothing to make, it waits for no transaction that writes
  const writer = await db.connect();
  await writer.query('begin; lock table old.inbox in row exclusive mode');
  await inbox.setup?.();
  await writer.query('rollback');
  writer.release();
  await drop();
});

it('PostgreSQL: a process that freezes while it claims does not stop the others', async () => {
  const { db, drop } = await createEmptyDatabase();
  let thaw = (): void => undefined;
  const frozen = new Promise<void>((resolve) => {
    thaw = resolve;
  });
  const pool = {
    query: db.query.bind(db),
    async connect() {
      const client = await db.connect();
      const query = async (text: string, values?: unknown[]) => {
        if (text.startsWith('with free')) await frozen;
        return client.query(text, values);
      };
      return { query, release: client.release.bind(client), on: client.on.bind(client), off: client.off.bind(client) };
    },
  };
  const options = { limit: 1, leaseMs: minute, gapWaitMs: minute };
  const [inbox, other] = [postgresInbox(pool as unknown as typeof db), postgresInbox(db)];
  await other.setup?.();
  const item = { id: 'e1', type: 'order.created', raw: '{}', key: 'k', sequence: 1, replay: 0, meta: '{}' };
  await other.accept('r', [item], { again: false, gapWaitMs: minute });
  const claiming = inbox.claim('r', { worker: 'w1', ...options }).then(
    () => 'claimed',
    () => 'lost',
  );
  // pg_locks shows those of all databases, so also of tests that run beside
  const locks = `select from pg_locks where locktype = 'advisory' and classid = 7061110 and granted
    and database = (select oid from pg_database where datname = current_database())`;
  await until('its lock', async () => (await db.query(locks)).rowCount === 1);
  // it holds its key until the server ends its transaction
  const claimed = await until('the other', async () => {
    const claims = await other.claim('r', { worker: 'w2', ...options });
    return claims.length > 0 && claims;
  });
  expect(claimed.map(({ id }) => id)).toEqual(['e1']);
  thaw();
  expect(await claiming).toBe('lost');
  await drop();
});
