-- An erasure is repeated by upkeep, because a process that had the event in memory may write something of it afterwards. The event's row says since when that
-- is over, so that an erasure is repeated in the end however long upkeep did not run. Null: it is still to be repeated, as are those from before this column.
alter table events add column erased_again_at timestamptz;
