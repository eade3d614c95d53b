// The statements that count stored rows into minutes and hours. $1 and $2: the minutes from $1 on and before $2.

/** `bucketOf` of src/domain/stats/latency.ts in SQL. */
const bucketSql = `floor(16 * (power + total_ms / 2 ^ power))::int`;

/** Minutes are kept for so long. The hours contain what they held. */
export const minuteDays = 8;

const nobody = `'00000000-0000-0000-0000-000000000000'::uuid`;

/** The endpoint, the tenant and the platform that a row counts for. */
const scopes = `(values (endpoint_id, 'endpoint', tenant_id), (tenant_id, 'tenant', tenant_id), (${nobody}, 'platform', null)) as v (id, scope, of_tenant)`;

const counts = (key: string) => `
    select step, id, at, jsonb_object_agg(key, n) as counts
    from (select step, id, at, ${key} as key, sum(n) as n from attempted where ${key} is not null group by 1, 2, 3, 4) as each_key group by 1, 2, 3`;

const inRange = 'select delivery_id, started_at, outcome, status_code, total_ms from attempts where started_at >= $1 and started_at < $2';

// row by row, so that each finds its partition, and so that no plan reads a whole table
const late = `
    select a.* from taken t cross join lateral (
      select delivery_id, started_at, outcome, status_code, total_ms from attempts where delivery_id = t.delivery_id and id = t.id offset 0
    ) a where a.started_at < $1`;

/**
 * `figures`: the sums of what `seen` selects, by step ('minute', 'hour'), id and time. Attempts count in the minute of their
 * start, deliveries and events in the minute in which they were stored.
 */
function figuresOf(seen: string, steps: string): string {
  return `
  seen as materialized (${seen}
  ), facts as materialized (
    select d.endpoint_id, d.tenant_id, date_trunc('minute', s.started_at, 'UTC') as minute, s.outcome, s.status_code, ${bucketSql} as bucket, count(*) as n
    from (select *, floor(ln(greatest(total_ms, 1)) / ln(2)) as power from seen) s
    cross join lateral (select endpoint_id, tenant_id from deliveries where id = s.delivery_id offset 0) d
    group by 1, 2, 3, 4, 5, 6
  ), attempted as materialized (
    select step, at, v.id, v.scope, v.of_tenant, outcome, status_code, bucket, sum(n) as n
    from facts cross join lateral ${steps} cross join lateral ${scopes} group by 1, 2, 3, 4, 5, 6, 7, 8
  ), created as materialized (
    select endpoint_id, tenant_id, date_trunc('minute', created_at, 'UTC') as minute, count(*) as n
    from deliveries where created_at >= $1 and created_at < $2 group by 1, 2, 3
  ), received as materialized (
    select null::uuid as endpoint_id, tenant_id, date_trunc('minute', accepted_at, 'UTC') as minute, count(*) as n
    from events where accepted_at >= $1 and accepted_at < $2 group by 1, 2, 3
  ), sums as (
    select step, at, id, scope, of_tenant as tenant_id, sum(events)::int as events, sum(accepted)::int as accepted, sum(delivered)::int as delivered,
      sum(failed)::int as failed
    from (
      select step, at, id, scope, of_tenant, 0 as events, 0 as accepted, case when outcome = 'accepted' then n else 0 end as delivered,
        case when outcome <> 'accepted' then n else 0 end as failed
      from attempted
      union all
      select step, at, v.id, v.scope, v.of_tenant, 0, n, 0, 0 from created cross join lateral ${steps} cross join lateral ${scopes}
      union all
      select step, at, v.id, v.scope, v.of_tenant, n, 0, 0, 0 from received cross join lateral ${steps} cross join lateral ${scopes}
      where v.scope <> 'endpoint'
    ) as every_count group by 1, 2, 3, 4, 5
  ), latencies as (${counts('bucket')}
  ), outcomes as (${counts('outcome')}
  ), codes as (${counts('status_code')}
  ), figures as materialized (
    select s.*, coalesce(l.counts, '{}') as latency, coalesce(o.counts, '{}') as outcomes, coalesce(c.counts, '{}') as status_codes
    from sums s left join latencies l using (step, id, at) left join outcomes o using (step, id, at) left join codes c using (step, id, at)
  )`;
}

const columns = 'id, at, scope, tenant_id, events, accepted, delivered, failed, latency, outcomes, status_codes';

const fresh = `(values ('minute', minute)) as t (step, at)`;
const both = `(values ('minute', minute), ('hour', date_trunc('hour', minute, 'UTC'))) as t (step, at)`;

/** Counts minutes that are not final yet: replaces their rows. */
export const countSql = `
  with ${figuresOf(inRange, fresh)}
  insert into stats_minutes as m (${columns}) select ${columns} from figures order by id, at
  on conflict (id, at) do update set events = excluded.events, accepted = excluded.accepted, delivered = excluded.delivered, failed = excluded.failed,
    latency = excluded.latency, outcomes = excluded.outcomes, status_codes = excluded.status_codes
  where (m.events, m.accepted, m.delivered, m.failed) is distinct from (excluded.events, excluded.accepted, excluded.delivered, excluded.failed)`;

/**
 * Makes minutes final: replaces their rows, and adds them to their hours. Late attempts of earlier minutes are added to both.
 * A late attempt of a minute from $1 on needs no more: it is counted with its minute.
 */
export const finishSql = `
  with taken as (delete from late_attempts returning delivery_id, id), ${figuresOf(`${inRange} union all ${late}`, both)}, minutes as (
    insert into stats_minutes as m (${columns}) select ${columns} from figures
    where step = 'minute' and at >= now() - interval '${minuteDays} days' order by id, at
    on conflict (id, at) do update set
      events = case when m.at < $1 then m.events else 0 end + excluded.events,
      accepted = case when m.at < $1 then m.accepted else 0 end + excluded.accepted,
      delivered = case when m.at < $1 then m.delivered else 0 end + excluded.delivered,
      failed = case when m.at < $1 then m.failed else 0 end + excluded.failed,
      latency = case when m.at < $1 then add_counts(m.latency, excluded.latency) else excluded.latency end,
      outcomes = case when m.at < $1 then add_counts(m.outcomes, excluded.outcomes) else excluded.outcomes end,
      status_codes = case when m.at < $1 then add_counts(m.status_codes, excluded.status_codes) else excluded.status_codes end
  ), hours as (
    insert into stats_hours as h (${columns}) select ${columns} from figures where step = 'hour' order by id, at
    on conflict (id, at) do update set events = h.events + excluded.events, accepted = h.accepted + excluded.accepted,
      delivered = h.delivered + excluded.delivered, failed = h.failed + excluded.failed, latency = add_counts(h.latency, excluded.latency),
      outcomes = add_counts(h.outcomes, excluded.outcomes), status_codes = add_counts(h.status_codes, excluded.status_codes)
  )
  update stats_progress set final_until = $2`;
