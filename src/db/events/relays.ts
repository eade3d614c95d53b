// Relays renew their lease here. It expires after 5 s: then another process deletes the relay's row
// and releases its outbox rows (`releaseDeadRelays`; design, decision 4).
import type { DispatchMode } from '#domain/events/dispatch-mode';
import { idOf, uuidOf } from '#domain/ids';
import { usualTimings } from '#domain/timings';
import type { ProcessPlace } from '#runtime/process-facts';
import type { Db } from '../store/pool.ts';
import { workersSql } from '../store/worker-lease.ts';

const usual = usualTimings.relay.expiresAfterMs;

export async function registerRelay(db: Db, relayId: string, process: string, place: ProcessPlace | null = null): Promise<void> {
  await db.query({
    name: 'register_relay',
    text: 'insert into relays (id, process, host, pid, pid_started) values ($1, $2, $3, $4, $5)',
    values: [uuidOf(relayId), process, place?.host ?? null, place?.pid ?? null, place?.started ?? null],
  });
}

/** The relays of other processes on this host, whether their leases have expired or not. */
export async function relaysOnHost(db: Db, { host, pid, started }: ProcessPlace): Promise<(ProcessPlace & { id: string })[]> {
  const { rows } = await db.query<ProcessPlace & { id: string }>({
    name: 'relays_on_host',
    text: 'select id, host, pid, pid_started as started from relays where host = $1 and (pid, pid_started) <> ($2, $3)',
    values: [host, pid, started],
  });
  return rows.map(({ id, ...place }) => ({ id: idOf('rly', id), ...place }));
}

/**
 * Takes over outbox rows of relays whose processes are gone, `limit` at most, and deletes these relays when none is left.
 * Returns how many it took. A statement of such a process that still runs in PostgreSQL has locked its rows, and is waited
 * for.
 */
export async function inheritFrom(db: Db, relayId: string, goneIds: string[], limit: number): Promise<number> {
  const { rowCount } = await db.query({
    name: 'inherit_outbox_rows',
    text: `
      with rows as (select event_id from outbox where owner = any($2::uuid[]) order by event_id limit $3 for update)
      update outbox set owner = $1 where event_id = any(array(select event_id from rows)) and owner = any($2::uuid[])`,
    values: [uuidOf(relayId), goneIds.map(uuidOf), limit],
  });
  if ((rowCount ?? 0) === 0)
    await db.query({ name: 'delete_relays', text: 'delete from relays where id = any($1::uuid[])', values: [goneIds.map(uuidOf)] });
  return rowCount ?? 0;
}

/** The state a relay reports. */
export interface RelayFacts {
  /** Null: it stops. Then it is not listed, and does not sweep. */
  mode: DispatchMode | null;
  /** How many events and first attempts wait in its memory. */
  waiting: number;
  /** Why it cannot use Temporal at the moment, in Temporal's words. Null: it can. */
  temporalError: string | null;
}

/** What a relay should look at, as of its last renewal. So an idle relay asks one question a second. */
export interface RelayChores {
  /** The outbox has rows without an owner. */
  orphans: boolean;
  /** The outbox has rows of this relay. */
  owned: boolean;
  /** The leases of other relays have expired. */
  expired: boolean;
  /**
   * This relay is the one that sweeps: the oldest of those that can use Temporal. If none can, all sweep, because each may
   * drain some of the lanes itself.
   */
  sweeps: boolean;
}

/**
 * Renews the lease. Null: it had expired (5 s), others may own this relay's rows by now, and it must never act again.
 */
export async function renewRelay(
  db: Db,
  relayId: string,
  { mode, waiting, temporalError }: RelayFacts,
  expiresAfterMs = usual,
): Promise<RelayChores | null> {
  const { rows } = await db.query<RelayChores>({
    // not prepared: a plan made while the outbox was empty would read all of it when it is full
    text: `
      update relays r set seen = now(), mode = $2, waiting = $3, temporal_error = $5
      where id = $1 and seen > now() - $4::float8 * interval '1 millisecond'
      returning
        exists (select from outbox where owner is null) as orphans,
        exists (select from outbox where owner = $1) as owned,
        exists (select from relays where seen <= now() - $4::float8 * interval '1 millisecond') as expired,
        not exists (
          select from relays o
          where o.id <> r.id and o.seen > now() - $4::float8 * interval '1 millisecond' and o.mode is not null
            and o.temporal_error is null and ($5::text is not null or o.id < r.id)) as sweeps`,
    values: [uuidOf(relayId), mode, waiting, expiresAfterMs, temporalError],
  });
  return rows[0] ?? null;
}

export interface SeenRelay extends RelayFacts {
  mode: DispatchMode;
  id: string;
  process: string;
  startedAt: string;
  seenAt: string;
}

interface RelayRow {
  id: string;
  process: string;
  mode: DispatchMode;
  waiting: number;
  temporal_error: string | null;
  started_at: Date;
  seen: Date;
}

/** Relays that renewed their lease in the last 5 s, oldest first. */
export async function listRelays(db: Db): Promise<SeenRelay[]> {
  const { rows } = await db.query<RelayRow>({
    name: 'list_relays',
    text: `
      select id, process, mode, waiting, temporal_error, started_at, seen from relays
      where seen > now() - $1::float8 * interval '1 millisecond' and mode is not null
      order by started_at, id`,
    values: [usual],
  });
  return rows.map(({ id, process, mode, waiting, temporal_error, started_at, seen }) => ({
    id: idOf('rly', id),
    process,
    mode,
    waiting,
    temporalError: temporal_error,
    startedAt: started_at.toISOString(),
    seenAt: seen.toISOString(),
  }));
}

/** The number of workers that run. */
export async function countWorkers(db: Db): Promise<number> {
  const { rows } = await db.query<{ workers: number }>({
    name: 'count_workers',
    text: `select ${workersSql} as workers`,
  });
  return rows[0]?.workers ?? 0;
}

/** Why one of the relays cannot use Temporal, if there is one; as SQL. */
export const temporalErrorSql = `(
  select temporal_error from relays where temporal_error is not null and seen > now() - interval '${usual} milliseconds'
  order by seen desc limit 1)`;

export async function readTemporalError(db: Db): Promise<string | null> {
  const { rows } = await db.query<{ error: string | null }>({ name: 'read_temporal_error', text: `select ${temporalErrorSql} as error` });
  return rows[0]?.error ?? null;
}

/** Releases the outbox rows of a relay, except those of these events. */
export async function freeOutboxRows(db: Db, relayId: string, except: string[]): Promise<void> {
  await db.query({
    name: 'free_outbox_rows',
    text: `
      with freed as (update outbox set owner = null where owner = $1 and event_id <> all($2::uuid[]) returning event_id)
      select pg_notify('posthorn_outbox', '') where exists (select from freed)`,
    values: [uuidOf(relayId), except.map(uuidOf)],
  });
}

/** Deletes a relay and releases its outbox rows, in one transaction. */
export async function retireRelay(db: Db, relayId: string): Promise<void> {
  await db.query({
    name: 'retire_relay',
    text: `
      with gone as (delete from relays where id = $1), freed as (update outbox set owner = null where owner = $1 returning event_id)
      select pg_notify('posthorn_outbox', '') where exists (select from freed)`,
    values: [uuidOf(relayId)],
  });
}

/**
 * Deletes relays whose lease has expired (5 s), which ends them for good. Releases outbox rows whose owner is no relay
 * any more, `limit` at most, and notifies the relays. Returns how many rows it released, and how many relays had ended. If it is interrupted, the rows
 * left still have an owner that is no relay.
 */
export async function releaseDeadRelays(db: Db, limit: number, expiresAfterMs = usual): Promise<{ released: number; ended: number }> {
  const { rows } = await db.query<{ released: number; ended: number }>({
    // Not prepared: a plan made while the outbox was empty would read all of it when it is full. A row that is locked
    // is being moved into a dispatch; if it stays, the next call finds it.
    text: `
      with recursive dead as (
        delete from relays
        where id in (select id from relays where seen <= now() - $2::float8 * interval '1 millisecond' for update skip locked)
        returning id
      ), owners as (
        (select owner from outbox where owner is not null order by owner limit 1)
        union all
        select (select o.owner from outbox o where o.owner > w.owner order by o.owner limit 1) from owners w where w.owner is not null
      ), orphaned as (
        select o.event_id
        from owners w cross join lateral (
          select event_id from outbox where owner = w.owner order by event_id limit $1 for update skip locked
        ) o
        where not exists (select from relays r where r.id = w.owner and r.id not in (select id from dead)) limit $1
      ), released as (
        -- as an array, so that each row is found by its key
        update outbox set owner = null where event_id = any(array(select event_id from orphaned)) returning event_id
      )
      select count(*)::int as released, (select count(*)::int from dead) as ended, case when count(*) > 0 then pg_notify('posthorn_outbox', '') end from released`,
    values: [limit, expiresAfterMs],
  });
  const { released = 0, ended = 0 } = rows[0] ?? {};
  return { released, ended };
}
