-- Replay jobs of deliveries that somebody chose one by one (docs/replays.md).

alter table replays add column deliveries uuid[]; -- null: not chosen one by one
