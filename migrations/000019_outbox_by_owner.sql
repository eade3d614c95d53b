-- Each relay looks once a second for outbox rows that nobody owns and for relays that have died. Without an index that read the whole outbox,
-- joined with `relays`: with 100,000 waiting events and four relays it kept most of a core busy.

-- Rows without an owner. A relay goes from tenant to tenant, so the rows of a tenant of which it holds enough cost one index probe.
create index outbox_unowned on outbox (tenant_id, event_id) where owner is null;
-- A relay's own rows, oldest first, and the distinct owners: those that are no living relay are dead, and their rows are released.
create index outbox_owned on outbox (owner, event_id) where owner is not null;
