-- Failures are counted by event type, and a lane with an open circuit probes one type after the other: it looks up which types wait, and what waits of one type.
-- An endpoint ordered by key may have any number of blocked keys: they are left out by a join, no longer by a list.

create index deliveries_held_by_type on deliveries (endpoint_id, event_type, next_attempt_at) where status = 'held';
create index deliveries_held_by_key on deliveries (endpoint_id, lane_key, position) where status = 'held' and lane_key is not null;
create index deliveries_blocking_key on deliveries (endpoint_id, lane_key)
  where status in ('dead_lettered', 'quarantined') and position is not null and lane_key is not null;

-- what was counted before has no event types
delete from endpoint_health;
update lanes set circuit = case when circuit->>'state' = 'open'
  then circuit - 'failures' - 'acceptedProbes' || '{"accepted": [], "refusedSince": 0}' end
where circuit is not null;
