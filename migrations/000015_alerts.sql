-- Alerts become states: an alert opens once for a kind and a subject, changes while it is open, and closes when its cause
-- ends. Channels say who is told, and notifications are the outbox of what has to be told. All new columns of `alerts`
-- have defaults, so that a process of the version before can still write its alerts.

alter table alerts rename column created_at to opened_at;
alter table alerts alter column tenant_id drop not null; -- null: about the installation, for its operator
alter table alerts
  add column subject text not null default gen_random_uuid()::text, -- what it is about: one open alert for each kind and subject
  add column severity text not null default 'warning' check (severity in ('info', 'warning', 'critical')),
  add column state text not null default 'open' check (state in ('open', 'acknowledged', 'closed')),
  add column for_owner boolean not null default true, -- false: only the operator sees it
  add column count int not null default 1, -- how many things it is about now
  add column closed_at timestamptz,
  add column acknowledged_at timestamptz,
  add column acknowledged_by text,
  -- What the channels were told; `untold`: they have to be told of a change.
  add column told_state text,
  add column told_severity text,
  add column untold boolean not null default true;

-- alerts from before had no end, and nobody was told of them
update alerts set state = 'closed', closed_at = opened_at, told_state = 'closed', untold = false;

create unique index alerts_live on alerts (kind, subject) where state <> 'closed';
create index alerts_of_subject on alerts (subject, kind);
create index alerts_untold on alerts (id) where untold;
create index alerts_closed on alerts (closed_at) where state = 'closed';
drop policy of_tenant on alerts;
select open_to_tenants('alerts', 'select, update (state, acknowledged_at, acknowledged_by, untold)',
  'tenant_id = current_tenant() and for_owner');

-- Where alerts are sent to. `tenant_id` null: a channel of the operator.
create table alert_channels (
  id uuid primary key,
  tenant_id uuid references tenants,
  kind text not null check (kind in ('webhook', 'email', 'slack', 'pagerduty')),
  sealed bytea not null, -- the settings, encrypted by the master key
  settings_version int not null default 1,
  kinds text[], -- null: all
  min_severity text not null default 'info' check (min_severity in ('info', 'warning', 'critical')),
  quiet_ms bigint not null,
  digest_at text, -- such as 08:00, in UTC; null: no digest
  digest_only boolean not null default false, -- true: nothing but the digest
  digest_due_at timestamptz,
  -- A webhook is sent to an endpoint of the system tenant. Made when it is first needed, and again for new settings.
  endpoint_id uuid,
  endpoint_version int,
  last_sent_at timestamptz,
  last_error text, -- of the last notification; null: it was sent
  last_error_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
);
create index alert_channels_of_tenant on alert_channels (tenant_id, id) where deleted_at is null;
create index alert_channels_deleted on alert_channels (id) where deleted_at is not null and endpoint_id is not null;
create index alert_channels_digest on alert_channels (digest_due_at) where digest_due_at is not null and deleted_at is null;
select open_to_tenants('alert_channels', 'select, insert, update', 'tenant_id = current_tenant()');

-- What has to be told to whom: sent at least once, and claimed row by row, so that only a crash between sending and
-- recording repeats one. Closed to tenants.
create table alert_notifications (
  id uuid primary key,
  channel_id uuid not null references alert_channels,
  alert_id uuid, -- null: a digest
  event text not null check (event in ('opened', 'escalated', 'acknowledged', 'closed', 'digest')),
  round int not null default 0, -- tells repeated events of one alert apart
  due_at timestamptz not null, -- while it is being sent: the end of the claim
  attempts int not null default 0,
  sent_at timestamptz,
  dropped_at timestamptz, -- it need not be sent any more
  created_at timestamptz not null default now()
);
create unique index alert_notifications_once on alert_notifications (alert_id, channel_id, event, round) where alert_id is not null;
create index alert_notifications_due on alert_notifications (due_at) where sent_at is null and dropped_at is null;
create index alert_notifications_old on alert_notifications (created_at);

-- For the checks, which run every few seconds: each finds its rows without reading others.
create index endpoints_disabled on endpoints (id) where gate = 'disabled' and deleted_at is null;
create index lanes_failing on lanes (endpoint_id) where failing_since is not null and parks;
create index endpoint_health_failing on endpoint_health (endpoint_id) where failing_since is not null;
create index endpoint_secrets_ending on endpoint_secrets (valid_to) where valid_to is not null;
create index api_keys_expiring on api_keys (expires_at) where expires_at is not null and revoked_at is null;
create index deliveries_dead_lettered on deliveries (updated_at) where status = 'dead_lettered';

-- What is usual for an endpoint, and for the installation (id 00000000-0000-0000-0000-000000000000): learnt from windows of
-- five minutes, see src/domain/alerts/bands.ts.
create table alert_baselines (
  id uuid not null,
  figure text not null check (figure in ('success', 'latency', 'volume', 'ingest')),
  mean double precision not null,
  variance double precision not null,
  windows int not null,
  learnt_until timestamptz not null, -- the end of the last window; a repeat learns nothing twice
  primary key (id, figure)
);
create index alert_baselines_old on alert_baselines (learnt_until);
-- the live stream
create index alerts_changed on alerts (greatest(opened_at, acknowledged_at, closed_at));
