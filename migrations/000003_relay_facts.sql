-- What each relay tells of itself when it renews: how events leave it now, and how many wait in its memory. Any API process can so show all workers.
-- Null until the first renewal.

alter table relays add column mode text check (mode in ('individual', 'batched')), add column waiting int;
