-- A claim of due messages reads the first ones of each channel, also with 100,000 due. Messages that were tried before are
-- found apart from new ones: a channel that has just failed gets only those.
create index alert_notifications_of_channel on alert_notifications (channel_id, (attempts > 0), due_at)
  where coalesce(sent_at, dropped_at) is null;

-- Failures in a row of a replay job, in all processes; a page that is handed over ends them.
alter table replays add column faults int not null default 0;
