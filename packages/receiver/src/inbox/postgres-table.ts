// The SQL that makes the two tables of an inbox in PostgreSQL and their indexes, and brings those of an earlier version up to date.
export const usualTable = 'posthorn_inbox';

const quoted = (name: string) => name.replaceAll(/\w+/g, '"$&"');

/** The names of an inbox's parts, in its schema and ready for SQL. PostgreSQL would cut off what is longer than 63 characters. */
function namesOf(table: string) {
  if (!/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)?$/.test(table)) throw new TypeError('table must be a table or schema.table');
  const schema = table.includes('.') ? `${table.split('.')[0]}.` : '';
  const short = table.replace('.', '_').slice(-50);
  return {
    events: quoted(table),
    turns: quoted(`${schema}${short}_turns`),
    index: (which: string) => `"${short}${which}"`,
    indexInSchema: (which: string) => quoted(`${schema}${short}${which}`),
  };
}

/** The names of the two tables, ready for SQL. */
export function tablesOf(table: string): { events: string; turns: string } {
  const { events, turns } = namesOf(table);
  return { events, turns };
}

const eventsSql = (name: string) => `create table if not exists ${name} (
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

/** The keys of the events that wait are added, for an inbox of an earlier version. */
const turnsSql = (name: string, events: string) => `create table if not exists ${name} (
  receiver text not null,
  key text not null,
  id bigint generated always as identity,
  -- when a claim looks at the key. The earliest row of a key is never later than its first event may be claimed
  due_at timestamptz not null,
  primary key (receiver, key, id)
);
insert into ${name} (receiver, key, due_at) select receiver, key, min(due_at) from ${events} e
where state = 'waiting' and key is not null and not exists (select from ${name} k where k.receiver = e.receiver and k.key = e.key)
group by receiver, key`;

/** The tables and indexes in the order of their making. Not `isWanted`: an index of an earlier version, to be dropped. */
export function partsOf(table: string): { name: string; isWanted: boolean; sql: string }[] {
  const { events, turns, index, indexInSchema } = namesOf(table);
  const made = (which: string, columns: string, where: string) => ({
    name: indexInSchema(which),
    isWanted: true,
    sql: `create index if not exists ${index(which)} on ${events} (receiver, ${columns}) where ${where}`,
  });
  const dropped = (which: string) => ({
    name: indexInSchema(which),
    isWanted: false,
    sql: `drop index if exists ${indexInSchema(which)}`,
  });
  const waiting = "state = 'waiting' and key is not null";
  return [
    { name: events, isWanted: true, sql: eventsSql(events) },
    made('_free', 'due_at, position', "state = 'waiting' and key is null"),
    made('_head', 'key, sequence, position', waiting),
    made('_work', 'key', `${waiting} and worker is not null`),
    made('_last', 'key, sequence', "state <> 'waiting' and key is not null"),
    made('_ended', 'state, due_at', "state <> 'waiting'"),
    { name: turns, isWanted: true, sql: turnsSql(turns, events) },
    {
      name: indexInSchema('_turns_due'),
      isWanted: true,
      sql: `create index if not exists ${index('_turns_due')} on ${turns} (receiver, due_at)`,
    },
    dropped('_keyed'),
    dropped('_order'),
    dropped('_due'),
  ];
}

/** The SQL that makes the tables, for your migrations, and brings those of an earlier version up to date. */
export const inboxTableSql = (table = usualTable): string =>
  partsOf(table)
    .map(({ sql }) => `${sql};\n`)
    .join('');
