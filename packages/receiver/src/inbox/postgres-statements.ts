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

/** A row of a key older than this is not held any more, so that a claim can take it although requests never stop. */
const heldFor = "interval '10 s'";

export function statementsOf({ events: t, turns: k }: { events: string; turns: string }) {
  const held = "receiver = $1 and id = $2 and fence = $3 and state = 'waiting'";
  const keyed = "receiver = $1 and state = 'waiting' and key is not null";
  const inOrder = 'order by key, sequence, position limit 1';
  /**
   * Each key of `wanted` (key, at) has a row that is due when this commits, and that no claim has changed which does not see what
   * this transaction has written: one that is held until the commit, or a new one. It waits for nobody.
   */
  const giveTurn = (wanted: string) => `insert into ${k} (receiver, key, due_at) select $1, key, at from (${wanted}) w
where (select id from ${k} where receiver = $1 and key = w.key and due_at between now() - ${heldFor} and now()
limit 1 for key share skip locked) is null`;
  const accept = (select: string) => `with stored as (insert into ${t} as i (receiver, id, type, raw, key, sequence, replay, meta)
select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::int[], $8::text[])
on conflict (receiver, id) do update set state = 'waiting', raw = excluded.raw, meta = excluded.meta, replay = excluded.replay,
key = excluded.key, sequence = excluded.sequence, received_at = now(), due_at = now(), attempts = 0, error = null
where (i.state = 'dead' or $9 and i.state = 'done') and excluded.replay > i.replay
returning i.id, i.key, i.xmax = 0 as is_new),
added as (${giveTurn(`${select} key, now() as at from stored where key is not null`)})
select id, is_new from stored`;
  return {
    acceptOne: accept('select'),
    acceptMany: accept('select distinct'),
    // Locks the rows of keys whose turn it is, in two strengths. A claim works on a key if it has got every row of it: so one
    // claim at a time does. It may change a row if it has locked it \`for update\`: then nobody holds it.
    // Processes of a version without this table take turns with the exclusive lock of this number. It can go together with \`adopt\`.
    lockTurns: `with looked as materialized (select key from ${k} where receiver = $1 and due_at <= now()
order by due_at limit $2 for no key update skip locked),
due as materialized (select distinct key from looked),
free as materialized (select k.ctid as at from due join ${k} k on k.receiver = $1 and k.key = due.key for update of k skip locked),
locked as materialized (select k.key, k.ctid as at, k.due_at from due join ${k} k on k.receiver = $1 and k.key = due.key
where (select count(*) from free) >= 0 for no key update of k skip locked)
select key, at::text, due_at <= now() as is_due, at in (select at from free) as is_free, (select count(*)::int from looked) as looked,
(select count(*)::int from ${k} k where k.receiver = $1 and k.key = l.key) as of_key, pg_advisory_xact_lock_shared(7061110, hashtext($1))
from locked l`,
    // Of each key ($6), the first event: if no other of the key is in work, and none before it is missing. Otherwise the key has its
    // turn when that may have changed: its row ($7) is moved, or deleted if nothing waits; further rows ($8) are deleted. Rows are joined
    // by their place: this leaves the planner no other way.
    claim: `with free as materialized (select ctid as at from ${t} where receiver = $1 and state = 'waiting' and key is null and due_at <= now()
order by due_at, position limit $2 for update skip locked),
heads as materialized (select l.key, l.at as turn, h.at, coalesce(p.sequence, 0) as last, greatest(h.due_at, w.due_at,
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
moved as (update ${k} k set due_at = n.turn_at from (select h.turn, t.due_at as turn_at from taken t join heads h using (key)
union all select turn, turn_at from heads where turn_at > now()) n where k.ctid = n.turn),
emptied as (delete from ${k} where ctid = any (array(select turn from heads where at is null and turn is not null) || $8::tid[]))
select * from taken`,
    // A process of an earlier version, or one that fills the table itself, makes no rows for keys. It may have changed what is first.
    adopt: `with recursive waiting as ((select key, due_at, 1 as n from ${t} where ${keyed} and ($2::text is null or key > $2) ${inOrder})
union all select e.*, n + 1 from waiting w
cross join lateral (select key, due_at from ${t} where ${keyed} and key > w.key ${inOrder}) e where n < ${adoptsAtOnce}),
adopted as (insert into ${k} (receiver, key, due_at) select $1, key, now() from waiting w where due_at <= now()
and not exists (select from ${k} k where k.receiver = $1 and k.key = w.key and k.due_at <= now()) returning key)
select key, n, exists (select from adopted) as adopted from waiting order by n desc limit 1`,
    extend: `update ${t} i set due_at = now() + ${ms('$4')} from unnest($2::text[], $3::bigint[]) as c (id, fence)
where i.receiver = $1 and i.id = c.id and i.fence = c.fence and i.state = 'waiting' returning i.id`,
    // the key has its turn with the age of what has ended, so that a long queue does not begin at the end each time
    end: `with ended as (update ${t} set state = $4, due_at = now() + ${ms('$5')}, worker = null, error = $6, attempts = attempts - $7,
raw = case when $4 = 'done' then '' else raw end where ${held} returning id, key, received_at as at),
moved as (update ${k} k set due_at = e.at from ended e where k.receiver = $1 and k.key = e.key and k.due_at > now() returning k.key),
added as (${giveTurn('select key, at from ended where key is not null and not exists (select from moved)')})
select id from ended`,
    dead: `select id, type, raw, attempts, error, received_at as "receivedAt" from ${t}
where receiver = $1 and state = 'dead' order by due_at limit $2`,
    settle: `with settled as (update ${t} set state = $3, due_at = now(), attempts = 0, raw = case when $3 = 'done' then '' else raw end
where receiver = $1 and id = $2 and state = 'dead' returning id, key, state),
added as (${giveTurn("select key, now() as at from settled where key is not null and state = 'waiting'")})
select id from settled`,
    gaps: `select key, (before + 1)::float8 as "from", (sequence - 1)::float8 as "to" from (
select key, sequence, lag(sequence, 1, 0::bigint) over (partition by key order by sequence) as before
from ${t} where receiver = $1 and key is not null) s where sequence > before + 1 order by key, 2`,
    purge: `delete from ${t} where ctid = any (array(select ctid from ${t}
where receiver = $1 and state = 'done' and due_at < now() - ${ms('$2')} limit 1000))`,
  };
}
