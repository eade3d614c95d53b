// An inbox in the receiver's own PostgreSQL. An event is stored when its transaction has committed. `commit` ends an
// event in the transaction of its work, so both happen or neither.
import { inboxOf } from './open-inbox.ts';
import type { Acceptance, Claimed, End, Inbox } from './store.ts';

/** The part of a client of `pg` that is used. */
export interface PostgresClient {
  // biome-ignore lint/suspicious/noExplicitAny: as in the types of `pg`
  query(text: string, values?: any[]): Promise<{ rows: any[]; rowCount: number | null }>;
}

interface Emitter {
  on?(event: 'error', listener: () => void): unknown;
  off?(event: 'error', listener: () => void): unknown;
}

/** The part of a pool of `pg` that is used. */
export interface PostgresPool<Client extends PostgresClient = PostgresClient> extends PostgresClient {
  connect(): Promise<Client & { release(error?: Error | boolean): void } & Emitter>;
}

export interface PostgresInboxOptions {
  /** `table` or `schema.table`. Default: `posthorn_inbox`. */
  table?: string;
  /** Makes the table at the start. False: you have made it, with the SQL of `inboxTableSql`. Default: true. */
  createTable?: boolean;
}

const usualTable = 'posthorn_inbox';

function nameOf(table: string): string {
  if (!/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)?$/.test(table)) throw new TypeError('table must be a table or schema.table');
  return table.replaceAll(/\w+/g, '"$&"');
}

const indexOf = (table: string) => table.replace('.', '_').slice(-50);

const tableSql = (name: string) => `create table if not exists ${name} (
  receiver text not null,
  id text not null,
  position bigint generated always as identity,
  state text not null default 'waiting',
  type text not null,
  raw text not null,
  key text,
  sequence bigint,
  replay int not null,
  meta text not null,
  received_at timestamptz not null default now(),
  -- the next attempt; while worker is set, the end of its lease; of what is done or dead, since when
  due_at timestamptz not null default now(),
  worker text,
  attempts int not null default 0,
  fence bigint not null default 0,
  error text,
  primary key (receiver, id)
)`;

/** The table and its indexes in the order of their making. Not `isWanted`: an index of an earlier version, to be dropped. */
function parts(table: string): { name: string; isWanted: boolean; sql: string }[] {
  const [on, index] = [nameOf(table), indexOf(table)];
  const nameIn = (which: string) => nameOf(`${table.includes('.') ? `${table.split('.')[0]}.` : ''}${index}${which}`);
  const made = (which: string, columns: string, where: string) => ({
    name: nameIn(which),
    isWanted: true,
    sql: `create index if not exists "${index}${which}" on ${on} (receiver, ${columns}) where ${where}`,
  });
  const dropped = (which: string) => ({ name: nameIn(which), isWanted: false, sql: `drop index if exists ${nameIn(which)}` });
  const waiting = "state = 'waiting' and key is not null";
  return [
    { name: on, isWanted: true, sql: tableSql(on) },
    made('_free', 'due_at, position', "state = 'waiting' and key is null"),
    made('_keyed', 'due_at, position', waiting),
    made('_head', 'key, sequence, position', waiting),
    made('_work', 'key', `${waiting} and worker is not null`),
    made('_last', 'key, sequence', "state <> 'waiting' and key is not null"),
    made('_ended', 'state, due_at', "state <> 'waiting'"),
    dropped('_order'),
    dropped('_due'),
  ];
}

/** The SQL that makes the table, for your migrations, and gives one of an earlier version its new indexes. It does nothing where all is there. */
export const inboxTableSql = (table = usualTable): string =>
  parts(table)
    .map(({ sql }) => `${sql};\n`)
    .join('');

/** A claim looks at so many events with a key that have waited longest. If they are of few keys, it goes from key to key. */
const looksAt = 500;

/** Going from key to key, a claim looks at so many keys. The next claim goes on there. */
const visits = 500;

const ms = (parameter: string) => `${parameter}::float8 * interval '1 ms'`;

function statements(t: string) {
  const held = "receiver = $1 and id = $2 and fence = $3 and state = 'waiting'";
  const due = "receiver = $1 and state = 'waiting' and due_at <= now()";
  const keyed = "receiver = $1 and state = 'waiting' and key is not null";
  const inOrder = 'order by key, sequence, position limit 1';
  // locks those that may be claimed now: no other of the key is in work, and none before it is missing
  const ready = (order: string) => `ready as (select i.id, p.last from heads h join ${t} i on i.receiver = $1 and i.id = h.id
cross join lateral (select coalesce((select max(sequence) from ${t} d
where d.receiver = $1 and d.key = i.key and d.state <> 'waiting' and d.key is not null), 0) as last) p
where i.state = 'waiting' and i.due_at <= now() and (i.key is null or (not exists (
select from ${t} e where e.receiver = $1 and e.key = i.key and e.state = 'waiting' and e.key is not null and e.worker is not null
and e.due_at > now() and e.id <> i.id) and (i.sequence <= p.last + 1 or i.received_at <= now() - ${ms('$5')})))
${order} limit $2 for update of i skip locked)`;
  const take = `update ${t} i set fence = fence + 1, attempts = attempts + 1, worker = $3, due_at = now() + ${ms('$4')}
from ready where i.receiver = $1 and i.id = ready.id
returning i.id, type, raw, key, sequence::float8 as sequence, meta, attempts, fence::float8 as fence, ready.last::float8 as last, position::float8 as position`;
  return {
    accept: `insert into ${t} as i (receiver, id, type, raw, key, sequence, replay, meta)
select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::int[], $8::text[])
on conflict (receiver, id) do update set state = 'waiting', raw = excluded.raw, meta = excluded.meta, replay = excluded.replay,
key = excluded.key, sequence = excluded.sequence, received_at = now(), due_at = now(), attempts = 0, error = null
where (i.state = 'dead' or $9 and i.state = 'done') and excluded.replay > i.replay
returning i.id, i.xmax = 0 as is_new`,
    // the first of each key among those that have waited longest
    claim: `with free as (select id from ${t} where ${due} and key is null order by due_at, position limit $2),
longest as (select id, key from ${t} where ${due} and key is not null order by due_at, position limit ${looksAt}),
heads as (select id from free union all select id from longest l
where id = (select id from ${t} e where ${keyed} and key = l.key ${inOrder})),
${ready('order by due_at, position')} ${take}`,
    // the first of each key, key by key from $6 on: many of one key do not hide the others. `visited` is the last key it looked at
    claimByKey: `with recursive heads as ((select key, id, 1 as n from ${t} where ${keyed} and ($6::text is null or key > $6) ${inOrder})
union all select e.*, h.n + 1 from heads h cross join lateral (select key, id from ${t} where ${keyed} and key > h.key ${inOrder}) e
where h.n < ${visits}),
${ready('order by h.key')}, taken as (${take})
select t.*, v.key as visited, v.n from (select key, n from heads order by n desc limit 1) v left join taken t on true order by t.key`,
    isLong: `select from ${t} where ${due} and key is not null order by due_at, position offset ${looksAt - 1} limit 1`,
    extend: `update ${t} i set due_at = now() + ${ms('$4')} from unnest($2::text[], $3::bigint[]) as c (id, fence)
where i.receiver = $1 and i.id = c.id and i.fence = c.fence and i.state = 'waiting' returning i.id`,
    end: `update ${t} set state = $4, due_at = now() + ${ms('$5')}, worker = null, error = $6,
raw = case when $4 = 'done' then '' else raw end where ${held} returning id`,
    dead: `select id, type, raw, attempts, error, received_at as "receivedAt" from ${t}
where receiver = $1 and state = 'dead' order by due_at limit $2`,
    settle: `update ${t} set state = $3, due_at = now(), attempts = 0, raw = case when $3 = 'done' then '' else raw end
where receiver = $1 and id = $2 and state = 'dead' returning id`,
    gaps: `select key, (before + 1)::float8 as "from", (sequence - 1)::float8 as "to" from (
select key, sequence, lag(sequence, 1, 0::bigint) over (partition by key order by sequence) as before
from ${t} where receiver = $1 and key is not null) s where sequence > before + 1 order by key, 2`,
    purge: `delete from ${t} where ctid = any (array(select ctid from ${t}
where receiver = $1 and state = 'done' and due_at < now() - ${ms('$2')} limit 1000))`,
  };
}

/** A process that freezes between two statements must not keep the lock of all claims: the server rolls back for it. */
const beginClaim = "begin; set local idle_in_transaction_session_timeout = '2s'";

/** The client of a pool has no listener while it is in use, and its event `error` would end the process. The next query fails, too. */
const ignored = () => undefined;

interface Row extends Claimed {
  position: number;
  /** Of a walk from key to key: the last key it has looked at, and how many. Its `id` is null if it has claimed nothing. */
  visited: string;
  n: number;
}

/** The parameters 4 to 6 of `end`. */
const parametersOf = (end: End) =>
  end.state === 'done' ? ['done', 0, null] : end.state === 'retry' ? ['waiting', end.inMs, end.error] : ['dead', 0, end.error];

export function postgresInbox<Client extends PostgresClient>(
  pool: PostgresPool<Client>,
  { table = usualTable, createTable = true }: PostgresInboxOptions = {},
): Inbox<Client> {
  const sql = statements(nameOf(table));
  /** By receiver: after which key the walk from key to key goes on, and whether it comes first in the next claim. */
  const turns = new Map<string, { after: string | null; isFirst: boolean }>();

  async function transaction(work: (client: Client) => Promise<boolean>, begin = 'begin'): Promise<boolean> {
    const client = await pool.connect();
    client.on?.('error', ignored);
    let failed: Error | undefined;
    try {
      await client.query(begin);
      const isKept = await work(client);
      await client.query(isKept ? 'commit' : 'rollback');
      return isKept;
    } catch (error) {
      // a connection that cannot roll back is closed, which does the same
      await client.query('rollback').catch((cause) => {
        failed = cause;
      });
      throw error;
    } finally {
      client.off?.('error', ignored);
      client.release(failed);
    }
  }

  /** Takes what has waited longest, and key by key. Each is first in every other claim, so neither takes all places for ever. */
  async function takeTurns(receiver: string, take: (text: string, ...more: unknown[]) => Promise<Row[]>, isFull: () => boolean) {
    const turn = turns.get(receiver) ?? { after: null, isFirst: true };
    let { after } = turn;
    const walk = async () => {
      const last = (await take(sql.claimByKey, after)).at(-1);
      // it ends at what it has claimed last, or at the last key it may look at, or behind the last key there is
      after = isFull() ? (last?.key ?? after) : last?.n === visits ? last.visited : null;
    };
    if (!turn.isFirst) await take(sql.claim);
    await walk();
    if (turn.after !== null && after === null) await walk();
    if (turn.isFirst) await take(sql.claim);
    turns.set(receiver, { after, isFirst: !turn.isFirst });
  }

  return inboxOf({
    async setup() {
      if (!createTable) return;
      const all = parts(table);
      const names = [all.map(({ name }) => name)];
      const { rows } = await pool.query('select to_regclass(unnest($1::text[])) is not null as is_made', names);
      // One transaction each: the locks of one do not last while the next is made. Processes that start together take turns.
      for (const [at, { sql, isWanted }] of all.entries())
        if (rows[at]?.is_made !== isWanted) await pool.query(`select pg_advisory_xact_lock(7061110); ${sql}`);
    },
    async accept(receiver, items, { again }) {
      // rows in the order of their key: two requests with the same events must not wait for each other
      const sorted = [...items].sort((a, b) => (a.id < b.id ? -1 : 1));
      const column = <K extends keyof (typeof sorted)[number]>(name: K) => sorted.map((item) => item[name]);
      const columns = (['id', 'type', 'raw', 'key', 'sequence', 'replay', 'meta'] as const).map(column);
      const { rows } = await pool.query(sql.accept, [receiver, ...columns, again]);
      const results = new Map(rows.map(({ id, is_new }) => [id, (is_new ? 'new' : 'revived') as Acceptance]));
      return items.map(({ id }) => results.get(id) ?? 'duplicate');
    },
    async claim(receiver, { worker, limit, leaseMs, gapWaitMs }) {
      const claimed: Row[] = [];
      await transaction(async (client) => {
        // claims take turns: each sees what the one before it has in work
        await client.query('select pg_advisory_xact_lock(7061110, hashtext($1))', [receiver]);
        const take = async (text: string, ...more: unknown[]): Promise<Row[]> => {
          if (claimed.length === limit) return [];
          const { rows } = await client.query(text, [receiver, limit - claimed.length, worker, leaseMs, gapWaitMs, ...more]);
          claimed.push(...rows.filter(({ id }) => id !== null));
          return rows;
        };
        if ((await client.query(sql.isLong, [receiver])).rows.length === 0) await take(sql.claim);
        else await takeTurns(receiver, take, () => claimed.length === limit);
        return true;
      }, beginClaim);
      return claimed.sort((a, b) => a.position - b.position);
    },
    async extend(receiver, claims, leaseMs) {
      const { rows } = await pool.query(sql.extend, [receiver, claims.map(({ id }) => id), claims.map(({ fence }) => fence), leaseMs]);
      return new Set(rows.map(({ id }) => id));
    },
    async end(receiver, { id, fence }, end) {
      return (await pool.query(sql.end, [receiver, id, fence, ...parametersOf(end)])).rows.length > 0;
    },
    commit: (receiver, { id, fence }, work) =>
      transaction(async (client) => {
        await work(client);
        return (await client.query(sql.end, [receiver, id, fence, ...parametersOf({ state: 'done' })])).rows.length > 0;
      }),
    dead: async (receiver, limit) => (await pool.query(sql.dead, [receiver, limit])).rows,
    settle: async (receiver, id, what) =>
      (await pool.query(sql.settle, [receiver, id, what === 'retry' ? 'waiting' : 'done'])).rows.length > 0,
    gaps: async (receiver) => (await pool.query(sql.gaps, [receiver])).rows,
    purge: async (receiver, keepMs) => (await pool.query(sql.purge, [receiver, keepMs])).rowCount ?? 0,
  });
}
