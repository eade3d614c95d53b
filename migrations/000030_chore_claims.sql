-- Which process runs a chore: a claim whose answer was lost is known as its own.

alter table chores add column claimed_by uuid; -- null: no run is under way
