-- Figures of the overview of operators: how many deliveries were held at each minute, and which endpoints fail. The chores
-- `stats` and `stats-backlogs` fill them, so the delivery path does nothing for it.

-- One row for each minute in which the number changed. It stays until the next row.
create table stats_held (
  id uuid not null, -- a tenant, or the platform: 00000000-0000-0000-0000-000000000000
  at timestamptz not null, -- the start of the minute
  tenant_id uuid, -- null: the platform
  held int not null,
  primary key (id, at)
);
create index stats_held_by_time on stats_held (at);
select open_to_tenants('stats_held', 'select', 'tenant_id = current_tenant()');

-- what is held already
insert into stats_held (id, at, tenant_id, held)
select tenant_id, date_trunc('minute', now()), tenant_id, sum(held)::int from stats_backlogs group by tenant_id having sum(held) > 0
union all
select '00000000-0000-0000-0000-000000000000', date_trunc('minute', now()), null, sum(held)::int from stats_backlogs having sum(held) > 0;

-- Finds the endpoints that fail, without a look at the others.
-- safe: only a chore writes this table, and it waits and counts later what it missed
create index stats_minutes_failing on stats_minutes (at) include (id) where scope = 'endpoint' and failed > 0;
-- safe: as for the minutes
create index stats_hours_failing on stats_hours (at) include (id) where scope = 'endpoint' and failed > 0;
