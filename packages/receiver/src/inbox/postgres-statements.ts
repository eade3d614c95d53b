// The statements of an inbox in PostgreSQL. `$1` is the receiver in all of them.
const ms = (parameter: string) => `${parameter}::float8 * interval '1 ms'`;

/**
 * The settings hold until the end of the claim's own transaction. A process that freezes between two statements must not keep
 * its locks: the server rolls back for it. Each part of a claim has one index that gives its order; without sorts, scans and
 * joins of whole tables the planner takes it also where the statistics are old, or there are none. A claim reads its keys after it
 * has locked them, so it needs a new snapshot for each statement.
 */
export const beginClaim = `begin isolation level read committed;
set local idle_in_transaction_session_timeout = '2s';
set local enable_sort = off; set local enable_seqscan = off; set local enable_bitmapscan = off;
set local enable_hashjoin = off; set local enable_mergejoin = off; set local jit = off`;

/** So many keys without a row are looked for at once. */
export const adoptsAtOnce = 1_000;

export function statementsOf({ events: t, keys: k }: { events: string; keys: string }) {
  const held = "receiver = $1 and id = $2 and fence = $3 and state = 'waiting'";
  const keyed = "receiver = $1 and state = 'waiting' and key is not null";
  const inOrder = 'order by key, sequence, position limit 1';
  /** A claim looks at these keys at these times, or before. */
  const lookAt = (rows: string) => `insert into ${k} as k (receiver, key, due_at) ${rows}
on conflict (receiver, key) do update set due_at = excluded.due_at where k.due_at > excluded.due_at`;
  return {
    accept: `with stored as (insert into ${t} as i (receiver, id, type, raw, key, sequence, replay, meta)
select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::int[], $8::text[])
on conflict (receiver, id) do update set state = 'waiting', raw = excluded.raw, meta = excluded.meta, replay = excluded.replay,
key = excluded.key, sequence = excluded.sequence, received_at = now(), due_at = now(), attempts = 0, error = null
where (i.state = 'dead' or $9 and i.state = 'done') and excluded.replay > i.replay
returning i.id, i.key, i.xmax = 0 as is_new),
looks as (${lookAt('select distinct $1::text, key, now() from stored where key is not null order by key')})
select id, is_new from stored`,
    // Locks the keys whose turn it is. Processes of an earlier version take turns with the exclusive lock of this number.
    dueKeys: `select key, at::text, pg_advisory_xact_lock_shared(7061110, hashtext($1)) from (select key, ctid as at from ${k}
where receiver = $1 and due_at <= now() order by due_at limit $2 for update skip locked) d`,
    // Of each key that is locked, the first event: if no other of the key is in work, and none before it is missing. Otherwise
    // the key has its turn when that may have changed. Rows are joined by their place: this leaves the planner no other way.
    claim: `with free as materialized (select ctid as at from ${t} where receiver = $1 and state = 'waiting' and key is null and due_at <= now()
order by due_at, position limit $2 for update skip locked),
heads as materialized (select l.key, l.at as key_at, h.at, coalesce(p.sequence, 0) as last, greatest(h.due_at, w.due_at,
case when h.sequence > coalesce(p.sequence, 0) + 1 then h.received_at + ${ms('$5')} end) as turn_at
from unnest($6::text[], $7::tid[]) l (key, at)
left join lateral (select ctid as at, id, sequence, due_at, received_at from ${t} where ${keyed} and key = l.key ${inOrder}) h on true
left join lateral (select sequence from ${t} where receiver = $1 and key = l.key and state <> 'waiting' and key is not null
order by key desc, sequence desc limit 1) p on true
left join lateral (select due_at from ${t} where ${keyed} and key = l.key and worker is not null and due_at > now() and id <> h.id
order by key limit 1) w on true),
ready as materialized (select i.ctid as at, r.last from (
select at, 0 as last from free union all select at, last from heads where turn_at <= now()) r
join ${t} i on i.ctid = r.at where i.state = 'waiting' and i.due_at <= now()
order by i.due_at, i.position limit $2 for update of i skip locked),
taken as (update ${t} i set fence = fence + 1, attempts = attempts + 1, worker = $3, due_at = now() + ${ms('$4')}
from ready where i.ctid = ready.at
returning id, type, raw, key, sequence::float8 as sequence, meta, attempts, fence::float8 as fence, ready.last::float8 as last,
position::float8 as position, due_at),
moved as (update ${k} k set due_at = n.turn_at from (select h.key_at, t.due_at as turn_at from taken t join heads h using (key)
union all select key_at, turn_at from heads where turn_at > now()) n where k.ctid = n.key_at),
emptied as (delete from ${k} k using heads h where h.at is null and k.ctid = h.key_at)
select * from taken`,
    // A process of an earlier version, or one that fills the table itself, makes no rows for keys.
    adopt: `with recursive waiting as ((select key, 1 as n from ${t} where ${keyed} and ($2::text is null or key > $2) ${inOrder})
union all select e.key, n + 1 from waiting w
cross join lateral (select key from ${t} where ${keyed} and key > w.key ${inOrder}) e where n < ${adoptsAtOnce}),
adopted as (insert into ${k} (receiver, key, due_at) select $1, key, now() from waiting on conflict do nothing returning key)
select key, n, exists (select from adopted) as adopted from waiting order by n desc limit 1`,
    extend: `update ${t} i set due_at = now() + ${ms('$4')} from unnest($2::text[], $3::bigint[]) as c (id, fence)
where i.receiver = $1 and i.id = c.id and i.fence = c.fence and i.state = 'waiting' returning i.id`,
    // the key has its turn with the age of what has ended, so that a long queue does not begin at the end each time
    end: `with ended as (update ${t} set state = $4, due_at = now() + ${ms('$5')}, worker = null, error = $6, attempts = attempts - $7,
raw = case when $4 = 'done' then '' else raw end where ${held} returning id, key, case $4 when 'waiting' then due_at else received_at end as at),
looks as (${lookAt('select $1::text, key, at from ended where key is not null')})
select id from ended`,
    dead: `select id, type, raw, attempts, error, received_at as "receivedAt" from ${t}
where receiver = $1 and state = 'dead' order by due_at limit $2`,
    settle: `with settled as (update ${t} set state = $3, due_at = now(), attempts = 0, raw = case when $3 = 'done' then '' else raw end
where receiver = $1 and id = $2 and state = 'dead' returning id, key, state),
looks as (${lookAt("select $1::text, key, now() from settled where key is not null and state = 'waiting'")})
select id from settled`,
    gaps: `select key, (before + 1)::float8 as "from", (sequence - 1)::float8 as "to" from (
select key, sequence, lag(sequence, 1, 0::bigint) over (partition by key order by sequence) as before
from ${t} where receiver = $1 and key is not null) s where sequence > before + 1 order by key, 2`,
    purge: `delete from ${t} where ctid = any (array(select ctid from ${t}
where receiver = $1 and state = 'done' and due_at < now() - ${ms('$2')} limit 1000))`,
  };
}
