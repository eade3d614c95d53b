// The deliveries that relays attempt without a workflow. A relay leases one before it attempts it. The lease counts as
// long as the relay renews its own one (src/db/events/relays.ts); the record of the attempt ends it.
import { firstUuidAt, idOf, unixMsOf, uuidOf } from '#domain/ids';
import { usualTimings } from '#domain/timings';
import type { Db } from '../store/pool.ts';

const dayMs = 86_400_000;

/** The day of a delivery, in UTC, counted from 1970: that of its partition. */
export const dayOf = (deliveryId: string) => Math.floor(unixMsOf(deliveryId) / dayMs);

/** The days that hold pumped deliveries under way, due or not. */
export async function pumpedDays(db: Db): Promise<number[]> {
  const { rows } = await db.query<{ id: string }>({
    name: 'pumped_days',
    // one look into the index of each partition: `order by id` would read whole partitions
    text: `
      select d.id from (
        select first_uuid_of(p.day) as low, first_uuid_of(p.day + 1) as high
        from (select to_date(right(c.relname, 8), 'YYYYMMDD') as day from pg_inherits i join pg_class c on c.oid = i.inhrelid
          where i.inhparent = 'deliveries'::regclass) p
      ) r cross join lateral (
        select id from deliveries where id >= r.low and id < r.high and pumped and status in ('pending', 'retrying') limit 1
      ) d`,
  });
  return rows.map(({ id }) => dayOf(idOf('dlv', id)));
}

export interface DuePumped {
  deliveryId: string;
  tenantId: string;
  endpointId: string;
  endpointLimit: number | null;
  /** Its last attempt got no response in time. */
  isSlow: boolean;
  /** Milliseconds since its time. */
  lateMs: number;
}

export interface PumpLook {
  day: number;
  relayId: string;
  /** Deliveries that this process attempts now. */
  inFlight: string[];
  /** How many to return; of each tenant an equal share, and 4 at least. */
  most: number;
  /** Also those whose lease belongs to a relay that has ended. */
  takesOver: boolean;
  expiresAfterMs?: number;
}

// The index is by tenant and time: the first row of each tenant is found by one look into it.
const pumped = `id >= $1 and id < $2 and pumped and status in ('pending', 'retrying')`;
const isFree = (relay: string, takesOver: string, expiresAfterMs: string) => `
  (leased_by is null or leased_by = ${relay} or ${takesOver} and not exists (
    select from relays r where r.id = leased_by and r.seen > now() - ${expiresAfterMs}::float8 * interval '1 millisecond'))`;
const due = `
  with recursive tenants (id, next) as (
    (select tenant_id, next_attempt_at from deliveries where ${pumped} order by tenant_id, next_attempt_at limit 1)
    union all
    select n.* from tenants t cross join lateral (
      select tenant_id, next_attempt_at from deliveries where ${pumped} and tenant_id > t.id order by tenant_id, next_attempt_at limit 1
    ) n
  ), due as (
    select id, greatest(4, $3::int / count(*) over ()) as share from tenants where next <= now()
  ), found as (
    select t.id as tenant_id, d.*, count(d.id) over (partition by t.id) = t.share as cut
    from due t cross join lateral (
      (select id, endpoint_id, last_outcome, next_attempt_at from deliveries
       where ${pumped} and tenant_id = t.id and next_attempt_at <= now() and id <> all($5::uuid[]) and ${isFree('$4', '$6', '$7')}
       order by next_attempt_at limit t.share)
      union all
      (select null, null, null, next_attempt_at from deliveries
       where ${pumped} and tenant_id = t.id and next_attempt_at > now() order by next_attempt_at limit 1)
    ) d
    union all
    select null, null, null, null, min(next), false from tenants where next > now()
  )
  select d.id, d.tenant_id, d.endpoint_id, p.max_in_flight, d.last_outcome = 'timeout' as slow, d.cut,
    extract(epoch from d.next_attempt_at - now())::float8 * 1000 as in_ms
  from found d left join endpoints p on p.id = d.endpoint_id`;

interface DueRow {
  id: string | null;
  tenant_id: string;
  endpoint_id: string;
  max_in_flight: number | null;
  slow: boolean | null;
  cut: boolean;
  in_ms: number | null;
}

/**
 * The due deliveries of a day that no relay attempts, those of a tenant in the order of their times. They are not locked.
 * `nextInMs`: when the next one is due; null: there is none. `more`: there may be more due ones.
 */
export async function duePumped(db: Db, look: PumpLook): Promise<{ due: DuePumped[]; nextInMs: number | null; more: boolean }> {
  const { rows } = await db.query<DueRow>({
    // not prepared by name, so that the day selects the partition
    text: due,
    values: [
      firstUuidAt(look.day * dayMs),
      firstUuidAt((look.day + 1) * dayMs),
      look.most,
      uuidOf(look.relayId),
      look.inFlight.map(uuidOf),
      look.takesOver,
      look.expiresAfterMs ?? usualTimings.relay.expiresAfterMs,
    ],
  });
  const times = rows.flatMap(({ id, in_ms: inMs }) => (id === null && inMs !== null ? [inMs] : []));
  return {
    due: rows.flatMap((row) => (row.id === null ? [] : [toDue(row.id, row)])),
    nextInMs: times.length > 0 ? Math.min(...times) : null,
    more: rows.some(({ cut }) => cut),
  };
}

function toDue(id: string, row: DueRow): DuePumped {
  return {
    deliveryId: idOf('dlv', id),
    tenantId: idOf('tnt', row.tenant_id),
    endpointId: idOf('ep', row.endpoint_id),
    endpointLimit: row.max_in_flight,
    isSlow: row.slow ?? false,
    lateMs: Math.max(0, -(row.in_ms ?? 0)),
  };
}

export interface LeaseRequest {
  relayId: string;
  /** As in `PumpLook`. */
  takesOver: boolean;
  expiresAfterMs?: number;
}

/** Leases those of the deliveries that are still due and free. Returns them. */
export async function leasePumped(db: Db, deliveryIds: string[], lease: LeaseRequest): Promise<Set<string>> {
  const { rows } = await db.query<{ id: string }>({
    // not prepared by name, so that the ids select the partitions
    text: `
      with free as (
        select id from deliveries
        where id = any($1::uuid[]) and pumped and status in ('pending', 'retrying') and next_attempt_at <= now() and ${isFree('$2', '$3', '$4')}
        order by id for update skip locked
      )
      update deliveries d set leased_by = $2 from free where d.id = any($1::uuid[]) and d.id = free.id returning d.id`,
    values: [deliveryIds.map(uuidOf), uuidOf(lease.relayId), lease.takesOver, lease.expiresAfterMs ?? usualTimings.relay.expiresAfterMs],
  });
  return new Set(rows.map(({ id }) => idOf('dlv', id)));
}

export interface PumpedRelease {
  deliveryId: string;
  relayId: string;
  /** It is not attempted before; after a retry-now it waits for a second at most. */
  pauseMs: number;
}

/** Ends leases without an attempt. A delivery that is leased by another relay stays unchanged. */
export async function releasePumped(db: Db, releases: PumpedRelease[]): Promise<void> {
  await db.query({
    text: `
      with mine as (
        select d.id, i.pause from unnest($1::uuid[], $2::uuid[], $3::float8[]) as i (id, relay, pause)
        join deliveries d on d.id = i.id and d.leased_by = i.relay
        where d.id = any($1::uuid[]) and d.status in ('pending', 'retrying') order by d.id for update of d
      )
      update deliveries d set leased_by = null, next_attempt_at = case when m.pause > 0
        then greatest(d.next_attempt_at, now() + case when d.hurried then least(m.pause, 1000) else m.pause end * interval '1 millisecond')
        else d.next_attempt_at end
      from mine m where d.id = any($1::uuid[]) and d.id = m.id`,
    values: [
      releases.map(({ deliveryId }) => uuidOf(deliveryId)),
      releases.map(({ relayId }) => uuidOf(relayId)),
      releases.map(({ pauseMs }) => pauseMs),
    ],
  });
}

/** Ends all leases of relays whose processes are gone. */
export async function freePumpedOf(db: Db, relayIds: string[]): Promise<void> {
  await db.query({
    name: 'free_pumped_of',
    text: `
      with left_over as (
        select id from deliveries where pumped and status in ('pending', 'retrying') and leased_by = any($1::uuid[]) order by id for update
      )
      update deliveries set leased_by = null where id = any(array(select id from left_over)) and leased_by = any($1::uuid[])`,
    values: [relayIds.map(uuidOf)],
  });
}

/**
 * Passes the leases of attempts in flight on to the next lease of the same process. `leases`: by delivery, the relay that
 * has leased it.
 */
export async function passPumpedOn(db: Db, leases: ReadonlyMap<string, string>, relayId: string): Promise<void> {
  await db.query({
    text: `
      with mine as (
        select d.id from unnest($1::uuid[], $2::uuid[]) as i (id, relay) join deliveries d on d.id = i.id and d.leased_by = i.relay
        where d.id = any($1::uuid[]) order by d.id for update of d
      )
      update deliveries d set leased_by = $3 from mine m where d.id = any($1::uuid[]) and d.id = m.id`,
    values: [[...leases.keys()].map(uuidOf), [...leases.values()].map(uuidOf), uuidOf(relayId)],
  });
}
