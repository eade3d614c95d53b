-- The schema after all migrations, for reading: nothing runs this file. What tables and columns are for is said in the
-- migrations. `npx vitest run test/db/store/schema.test.ts -u` writes it again; a test compares it with a database.

create sequence config_version;
grant usage on config_version to posthorn_tenant_of_postgres;

create sequence event_position;

create table alert_baselines (
  id uuid not null,
  figure text not null,
  mean double precision not null,
  variance double precision not null,
  windows integer not null,
  learnt_until timestamp with time zone not null,
  constraint alert_baselines_figure_check CHECK ((figure = ANY (ARRAY['success'::text, 'latency'::text, 'volume'::text, 'ingest'::text]))),
  constraint alert_baselines_pkey PRIMARY KEY (id, figure)
);
CREATE INDEX alert_baselines_old ON public.alert_baselines USING btree (learnt_until);

create table alert_channels (
  id uuid not null,
  tenant_id uuid,
  kind text not null,
  sealed bytea not null,
  settings_version integer not null default 1,
  kinds text[],
  min_severity text not null default 'info'::text,
  quiet_ms bigint not null,
  digest_at text,
  digest_only boolean not null default false,
  digest_due_at timestamp with time zone,
  endpoint_id uuid,
  endpoint_version integer,
  last_sent_at timestamp with time zone,
  last_error text,
  last_error_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  deleted_at timestamp with time zone,
  constraint alert_channels_kind_check CHECK ((kind = ANY (ARRAY['webhook'::text, 'email'::text, 'slack'::text, 'pagerduty'::text]))),
  constraint alert_channels_min_severity_check CHECK ((min_severity = ANY (ARRAY['info'::text, 'warning'::text, 'critical'::text]))),
  constraint alert_channels_pkey PRIMARY KEY (id),
  constraint alert_channels_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id)
);
CREATE INDEX alert_channels_deleted ON public.alert_channels USING btree (id) WHERE ((deleted_at IS NOT NULL) AND (endpoint_id IS NOT NULL));
CREATE INDEX alert_channels_digest ON public.alert_channels USING btree (digest_due_at) WHERE ((digest_due_at IS NOT NULL) AND (deleted_at IS NULL));
CREATE INDEX alert_channels_of_tenant ON public.alert_channels USING btree (tenant_id, id) WHERE (deleted_at IS NULL);
alter table alert_channels enable row level security;
create policy of_tenant on alert_channels for all to posthorn_tenant_of_postgres using ((tenant_id = current_tenant()));
grant insert on alert_channels to posthorn_tenant_of_postgres;
grant select on alert_channels to posthorn_tenant_of_postgres;
grant update on alert_channels to posthorn_tenant_of_postgres;

create table alert_notifications (
  id uuid not null,
  channel_id uuid not null,
  alert_id uuid,
  event text not null,
  round integer not null default 0,
  due_at timestamp with time zone not null,
  attempts integer not null default 0,
  sent_at timestamp with time zone,
  dropped_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  constraint alert_notifications_channel_id_fkey FOREIGN KEY (channel_id) REFERENCES alert_channels(id),
  constraint alert_notifications_event_check CHECK ((event = ANY (ARRAY['opened'::text, 'escalated'::text, 'acknowledged'::text, 'closed'::text, 'digest'::text]))),
  constraint alert_notifications_pkey PRIMARY KEY (id)
);
CREATE INDEX alert_notifications_due ON public.alert_notifications USING btree (due_at) WHERE ((sent_at IS NULL) AND (dropped_at IS NULL));
CREATE INDEX alert_notifications_of_channel ON public.alert_notifications USING btree (channel_id, ((attempts > 0)), due_at) WHERE (COALESCE(sent_at, dropped_at) IS NULL);
CREATE INDEX alert_notifications_old ON public.alert_notifications USING btree (created_at);
CREATE UNIQUE INDEX alert_notifications_once ON public.alert_notifications USING btree (alert_id, channel_id, event, round) WHERE (alert_id IS NOT NULL);

create table alerts (
  id uuid not null,
  tenant_id uuid,
  endpoint_id uuid,
  kind text not null,
  detail jsonb not null default '{}'::jsonb,
  opened_at timestamp with time zone not null default now(),
  subject text not null default (gen_random_uuid())::text,
  severity text not null default 'warning'::text,
  state text not null default 'open'::text,
  for_owner boolean not null default true,
  count integer not null default 1,
  closed_at timestamp with time zone,
  acknowledged_at timestamp with time zone,
  acknowledged_by text,
  told_state text,
  told_severity text,
  untold boolean not null default true,
  constraint alerts_pkey PRIMARY KEY (id),
  constraint alerts_severity_check CHECK ((severity = ANY (ARRAY['info'::text, 'warning'::text, 'critical'::text]))),
  constraint alerts_state_check CHECK ((state = ANY (ARRAY['open'::text, 'acknowledged'::text, 'closed'::text])))
);
CREATE INDEX alerts_changed ON public.alerts USING btree (GREATEST(opened_at, acknowledged_at, closed_at));
CREATE INDEX alerts_closed ON public.alerts USING btree (closed_at) WHERE (state = 'closed'::text);
CREATE UNIQUE INDEX alerts_live ON public.alerts USING btree (kind, subject) WHERE (state <> 'closed'::text);
CREATE INDEX alerts_of_subject ON public.alerts USING btree (subject, kind);
CREATE INDEX alerts_of_tenant ON public.alerts USING btree (tenant_id, id);
CREATE INDEX alerts_untold ON public.alerts USING btree (id) WHERE untold;
alter table alerts enable row level security;
create policy of_tenant on alerts for all to posthorn_tenant_of_postgres using (((tenant_id = current_tenant()) AND for_owner));
grant select on alerts to posthorn_tenant_of_postgres;
grant update (acknowledged_at, acknowledged_by, state, untold) on alerts to posthorn_tenant_of_postgres;

create table api_keys (
  id uuid not null,
  tenant_id uuid,
  hash bytea not null,
  prefix text not null,
  name text not null,
  scopes text[] not null,
  cidrs inet[] not null default '{}'::inet[],
  rate_limit jsonb,
  expires_at timestamp with time zone,
  last_used_at timestamp with time zone,
  revoked_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  created_by text not null,
  constraint api_keys_hash_key UNIQUE (hash),
  constraint api_keys_pkey PRIMARY KEY (id),
  constraint api_keys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id)
);
CREATE INDEX api_keys_expiring ON public.api_keys USING btree (expires_at) WHERE ((expires_at IS NOT NULL) AND (revoked_at IS NULL));
CREATE INDEX api_keys_of_tenant ON public.api_keys USING btree (tenant_id, id);
alter table api_keys enable row level security;
create policy of_tenant on api_keys for all to posthorn_tenant_of_postgres using ((tenant_id = current_tenant()));
grant insert on api_keys to posthorn_tenant_of_postgres;
grant select on api_keys to posthorn_tenant_of_postgres;
grant update (hash, prefix, revoked_at) on api_keys to posthorn_tenant_of_postgres;

create unlogged table api_rates (
  key text not null,
  points integer not null default 0,
  expire bigint,
  constraint api_rates_pkey PRIMARY KEY (key)
);
CREATE INDEX api_rates_expired ON public.api_rates USING btree (expire);

create table attempts (
  delivery_id uuid not null,
  id uuid not null,
  round integer not null,
  number integer not null,
  started_at timestamp with time zone not null,
  probe boolean not null default false,
  reconnected boolean not null default false,
  outcome text not null,
  message text not null,
  status_code integer,
  exchange bytea,
  response_truncated boolean not null default false,
  batch_id uuid,
  address text,
  dns_ms real,
  connect_ms real,
  tls_ms real,
  first_byte_ms real,
  total_ms real not null,
  constraint attempts_pkey PRIMARY KEY (delivery_id, id)
) partition by RANGE (delivery_id);
CREATE INDEX attempts_by_time ON ONLY public.attempts USING brin (started_at) WITH (pages_per_range='64', autosummarize='on');
CREATE INDEX attempts_of_batch ON ONLY public.attempts USING btree (batch_id) WHERE (batch_id IS NOT NULL);
alter table attempts enable row level security;
create policy of_tenant on attempts for all to posthorn_tenant_of_postgres using ((EXISTS ( SELECT
   FROM deliveries d
  WHERE (d.id = attempts.delivery_id))));
grant select on attempts to posthorn_tenant_of_postgres;
grant update (exchange) on attempts to posthorn_tenant_of_postgres;

create table chores (
  name text not null,
  due_at timestamp with time zone not null,
  begun_at timestamp with time zone not null,
  done_at timestamp with time zone,
  error text,
  claimed_by uuid,
  constraint chores_pkey PRIMARY KEY (name)
);

create table conformance_runs (
  endpoint_id uuid not null,
  tenant_id uuid not null,
  started_at timestamp with time zone not null,
  report jsonb,
  constraint conformance_runs_endpoint_id_fkey FOREIGN KEY (endpoint_id) REFERENCES endpoints(id),
  constraint conformance_runs_pkey PRIMARY KEY (endpoint_id)
);
alter table conformance_runs enable row level security;
create policy of_tenant on conformance_runs for all to posthorn_tenant_of_postgres using ((tenant_id = current_tenant()));
grant insert on conformance_runs to posthorn_tenant_of_postgres;
grant select on conformance_runs to posthorn_tenant_of_postgres;
grant update on conformance_runs to posthorn_tenant_of_postgres;

create table data_keys (
  name text not null,
  sealed bytea not null,
  constraint data_keys_pkey PRIMARY KEY (name)
);

create table deliveries (
  id uuid not null,
  event_id uuid not null,
  endpoint_id uuid not null,
  tenant_id uuid not null,
  event_type text not null,
  status text not null,
  round integer not null default 1,
  attempts integer not null default 0,
  faults integer not null default 0,
  next_attempt_at timestamp with time zone,
  expires_at timestamp with time zone,
  last_outcome text,
  last_message text,
  own_workflow boolean not null default true,
  replay_id text,
  leased_until timestamp with time zone,
  pumped boolean not null default false,
  leased_by uuid,
  hurried boolean not null default false,
  unsignalled_since timestamp with time zone,
  "position" bigint,
  lane_key text,
  coalesce_key text,
  sequence bigint,
  batch_id uuid,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  missed_number bigint,
  taken_at timestamp with time zone,
  shape_id uuid,
  constraint deliveries_pkey PRIMARY KEY (id),
  constraint deliveries_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'retrying'::text, 'held'::text, 'succeeded'::text, 'dead_lettered'::text, 'quarantined'::text, 'cancelled'::text, 'expired'::text])))
) partition by RANGE (id);
CREATE INDEX deliveries_blocking ON ONLY public.deliveries USING btree (endpoint_id, "position") WHERE ((status = ANY (ARRAY['dead_lettered'::text, 'quarantined'::text])) AND ("position" IS NOT NULL));
CREATE INDEX deliveries_blocking_key ON ONLY public.deliveries USING btree (endpoint_id, lane_key) WHERE ((status = ANY (ARRAY['dead_lettered'::text, 'quarantined'::text])) AND ("position" IS NOT NULL) AND (lane_key IS NOT NULL));
CREATE INDEX deliveries_by_status ON ONLY public.deliveries USING btree (status, id) WHERE (status <> 'succeeded'::text);
CREATE INDEX deliveries_by_time ON ONLY public.deliveries USING brin (created_at, updated_at) WITH (pages_per_range='32', autosummarize='on');
CREATE INDEX deliveries_by_type ON ONLY public.deliveries USING brin (event_type text_bloom_ops (n_distinct_per_range='200'), uuid_hash_extended(tenant_id, hashtextextended(event_type, (0)::bigint)) int8_bloom_ops (n_distinct_per_range='1000'), uuid_hash_extended(endpoint_id, hashtextextended(event_type, (0)::bigint)) int8_bloom_ops (n_distinct_per_range='1200')) WITH (pages_per_range='32', autosummarize='on');
CREATE INDEX deliveries_dead_lettered ON ONLY public.deliveries USING btree (updated_at) WHERE (status = 'dead_lettered'::text);
CREATE INDEX deliveries_due ON ONLY public.deliveries USING btree (next_attempt_at) WHERE ((status = ANY (ARRAY['pending'::text, 'retrying'::text])) AND (NOT pumped));
CREATE INDEX deliveries_held_by_key ON ONLY public.deliveries USING btree (endpoint_id, lane_key, "position") WHERE ((status = 'held'::text) AND (lane_key IS NOT NULL));
CREATE INDEX deliveries_held_by_position ON ONLY public.deliveries USING btree (endpoint_id, "position" NULLS FIRST) WHERE (status = 'held'::text);
CREATE INDEX deliveries_held_by_time ON ONLY public.deliveries USING btree (endpoint_id, (
CASE
    WHEN (round > 1) THEN 2
    WHEN (attempts > 0) THEN 1
    ELSE 0
END), next_attempt_at) WHERE (status = 'held'::text);
CREATE INDEX deliveries_held_by_type ON ONLY public.deliveries USING btree (endpoint_id, event_type, next_attempt_at) WHERE (status = 'held'::text);
CREATE INDEX deliveries_held_expiring ON ONLY public.deliveries USING btree (expires_at) WHERE ((status = 'held'::text) AND (expires_at IS NOT NULL));
CREATE INDEX deliveries_hurried ON ONLY public.deliveries USING btree (endpoint_id) WHERE hurried;
CREATE INDEX deliveries_numbered ON ONLY public.deliveries USING btree (endpoint_id, lane_key, sequence) WHERE (sequence IS NOT NULL);
CREATE INDEX deliveries_of_endpoint ON ONLY public.deliveries USING btree (endpoint_id, id);
CREATE INDEX deliveries_of_endpoint_by_status ON ONLY public.deliveries USING btree (endpoint_id, status, id) WHERE (status <> 'succeeded'::text);
CREATE INDEX deliveries_of_tenant ON ONLY public.deliveries USING btree (tenant_id, id);
CREATE INDEX deliveries_of_tenant_by_status ON ONLY public.deliveries USING btree (tenant_id, status, id) WHERE (status <> 'succeeded'::text);
CREATE INDEX deliveries_pumped ON ONLY public.deliveries USING btree (tenant_id, next_attempt_at) WHERE (pumped AND (status = ANY (ARRAY['pending'::text, 'retrying'::text])));
CREATE INDEX deliveries_unnumbered ON ONLY public.deliveries USING btree (endpoint_id, id) WHERE ((missed_number IS NULL) AND (status = ANY (ARRAY['retrying'::text, 'held'::text, 'dead_lettered'::text, 'quarantined'::text, 'expired'::text])));
CREATE INDEX deliveries_unopened ON ONLY public.deliveries USING btree (tenant_id, id) WHERE (pumped AND (status = 'dead_lettered'::text));
CREATE INDEX deliveries_unsignalled ON ONLY public.deliveries USING btree (unsignalled_since) WHERE (unsignalled_since IS NOT NULL);
CREATE TRIGGER forget_missed_number BEFORE UPDATE OF status ON public.deliveries FOR EACH ROW WHEN (((old.missed_number IS NOT NULL) AND (new.status <> old.status) AND ((new.status = 'pending'::text) OR (old.status = 'succeeded'::text)))) EXECUTE FUNCTION forget_missed_number();
CREATE TRIGGER hurry_lane AFTER UPDATE OF hurried ON public.deliveries FOR EACH ROW WHEN (new.hurried) EXECUTE FUNCTION hurry_lane();
alter table deliveries enable row level security;
create policy of_tenant on deliveries for all to posthorn_tenant_of_postgres using ((tenant_id = current_tenant()));
grant select on deliveries to posthorn_tenant_of_postgres;
grant update on deliveries to posthorn_tenant_of_postgres;

create table dispatches (
  id uuid not null,
  event_ids uuid[] not null,
  first_event uuid generated always as event_ids[1] stored,
  last_event uuid generated always as event_ids[cardinality(event_ids)] stored,
  planned boolean not null default false,
  created_at timestamp with time zone not null default now(),
  done_at timestamp with time zone,
  constraint dispatches_pkey PRIMARY KEY (id)
);
CREATE INDEX dispatches_done ON public.dispatches USING btree (done_at) WHERE (done_at IS NOT NULL);
CREATE INDEX dispatches_not_done ON public.dispatches USING btree (created_at) WHERE (done_at IS NULL);

create table endpoint_health (
  endpoint_id uuid not null,
  counts jsonb not null,
  failing_since timestamp with time zone,
  target_version integer not null default 1,
  updated_at timestamp with time zone not null default now(),
  constraint endpoint_health_pkey PRIMARY KEY (endpoint_id)
);
CREATE INDEX endpoint_health_failing ON public.endpoint_health USING btree (endpoint_id) WHERE (failing_since IS NOT NULL);
CREATE INDEX endpoint_health_recent ON public.endpoint_health USING btree (updated_at);

create table endpoint_history (
  endpoint_id uuid not null,
  until timestamp with time zone not null,
  event_types text[] not null,
  channels text[] not null,
  gate text not null,
  gate_reason text,
  filter text,
  constraint endpoint_history_endpoint_id_fkey FOREIGN KEY (endpoint_id) REFERENCES endpoints(id)
);
CREATE INDEX endpoint_history_by_time ON public.endpoint_history USING btree (until);
CREATE INDEX endpoint_history_of_endpoint ON public.endpoint_history USING btree (endpoint_id, until);
alter table endpoint_history enable row level security;
create policy of_tenant on endpoint_history for all to posthorn_tenant_of_postgres using ((EXISTS ( SELECT
   FROM endpoints p
  WHERE (p.id = endpoint_history.endpoint_id))));
grant select on endpoint_history to posthorn_tenant_of_postgres;

create table endpoint_secrets (
  id uuid not null,
  endpoint_id uuid not null,
  sealed bytea not null,
  valid_from timestamp with time zone not null default now(),
  valid_to timestamp with time zone,
  constraint endpoint_secrets_endpoint_id_fkey FOREIGN KEY (endpoint_id) REFERENCES endpoints(id),
  constraint endpoint_secrets_pkey PRIMARY KEY (id)
);
CREATE INDEX endpoint_secrets_ending ON public.endpoint_secrets USING btree (valid_to) WHERE (valid_to IS NOT NULL);
CREATE INDEX endpoint_secrets_of_endpoint ON public.endpoint_secrets USING btree (endpoint_id);
CREATE TRIGGER endpoint_secrets_changed AFTER INSERT OR UPDATE ON public.endpoint_secrets FOR EACH ROW EXECUTE FUNCTION bump_endpoints_version_of_secret();
alter table endpoint_secrets enable row level security;
create policy of_tenant on endpoint_secrets for all to posthorn_tenant_of_postgres using (sees_endpoint(endpoint_id));
grant insert on endpoint_secrets to posthorn_tenant_of_postgres;
grant select on endpoint_secrets to posthorn_tenant_of_postgres;
grant update on endpoint_secrets to posthorn_tenant_of_postgres;

create table endpoints (
  id uuid not null,
  tenant_id uuid not null,
  description text not null default ''::text,
  metadata jsonb not null default '{}'::jsonb,
  sealed bytea not null,
  host text not null,
  token_host text,
  tls_expires_at timestamp with time zone,
  tls_alerted_days integer,
  target_version integer not null default 1,
  event_types text[] not null default '{}'::text[],
  channels text[] not null default '{}'::text[],
  format text not null default 'standard'::text,
  signing jsonb,
  timeout_ms integer not null default 15000,
  retry jsonb,
  max_in_flight integer,
  rate_limit jsonb,
  ordering text not null default 'none'::text,
  ordering_since timestamp with time zone,
  on_dead_letter text not null default 'skip'::text,
  batch jsonb,
  coalesce_ms integer,
  auto_recover boolean not null default true,
  needs_lane boolean not null generated always as ((rate_limit IS NOT NULL) OR (ordering <> 'none'::text) OR (batch IS NOT NULL) OR (coalesce_ms IS NOT NULL) OR (gate <> 'open'::text)) stored,
  gate text not null default 'open'::text,
  gate_reason text,
  not_before timestamp with time zone,
  verification text not null default 'none'::text,
  verification_state text not null default 'none'::text,
  verification_round integer not null default 0,
  verification_asked_at timestamp with time zone,
  verification_due_at timestamp with time zone,
  verified_at timestamp with time zone,
  verification_error text,
  version bigint not null default nextval('config_version'::regclass),
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  deleted_at timestamp with time zone,
  shape_id uuid,
  filter text,
  constraint endpoints_gate_check CHECK ((gate = ANY (ARRAY['open'::text, 'held'::text, 'disabled'::text]))),
  constraint endpoints_on_dead_letter_check CHECK ((on_dead_letter = ANY (ARRAY['skip'::text, 'block'::text]))),
  constraint endpoints_ordering_check CHECK ((ordering = ANY (ARRAY['none'::text, 'endpoint'::text, 'key'::text]))),
  constraint endpoints_pkey PRIMARY KEY (id),
  constraint endpoints_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id),
  constraint endpoints_verification_check CHECK ((verification = ANY (ARRAY['none'::text, 'echo'::text, 'cloudevents'::text]))),
  constraint endpoints_verification_state_check CHECK ((verification_state = ANY (ARRAY['none'::text, 'pending'::text, 'verified'::text, 'failed'::text])))
);
CREATE INDEX endpoints_disabled ON public.endpoints USING btree (id) WHERE ((gate = 'disabled'::text) AND (deleted_at IS NULL));
CREATE INDEX endpoints_of_tenant ON public.endpoints USING btree (tenant_id, id) WHERE (deleted_at IS NULL);
CREATE INDEX endpoints_ordering ON public.endpoints USING btree (tenant_id) WHERE ((ordering <> 'none'::text) AND (deleted_at IS NULL));
CREATE INDEX endpoints_tls_expiring ON public.endpoints USING btree (tls_expires_at) WHERE ((tls_expires_at IS NOT NULL) AND (deleted_at IS NULL));
CREATE INDEX endpoints_unverified ON public.endpoints USING btree (verification_due_at) WHERE ((verification_state = 'pending'::text) AND (deleted_at IS NULL));
CREATE TRIGGER endpoints_changed AFTER INSERT OR UPDATE ON public.endpoints FOR EACH ROW EXECUTE FUNCTION bump_endpoints_version();
CREATE TRIGGER forget_target AFTER UPDATE OF target_version ON public.endpoints FOR EACH ROW WHEN ((new.target_version > old.target_version)) EXECUTE FUNCTION forget_target();
CREATE TRIGGER keep_endpoint_history AFTER UPDATE OF event_types, channels, filter, gate, gate_reason ON public.endpoints FOR EACH ROW WHEN ((((((old.event_types IS DISTINCT FROM new.event_types) OR (old.channels IS DISTINCT FROM new.channels)) OR (old.filter IS DISTINCT FROM new.filter)) OR (old.gate IS DISTINCT FROM new.gate)) OR (old.gate_reason IS DISTINCT FROM new.gate_reason))) EXECUTE FUNCTION keep_endpoint_history();
alter table endpoints enable row level security;
create policy of_tenant on endpoints for all to posthorn_tenant_of_postgres using ((tenant_id = current_tenant()));
grant insert on endpoints to posthorn_tenant_of_postgres;
grant select on endpoints to posthorn_tenant_of_postgres;
grant update on endpoints to posthorn_tenant_of_postgres;

create table erasures (
  tenant_id uuid not null,
  subject_hash bytea not null,
  asked_at timestamp with time zone not null default now(),
  constraint erasures_pkey PRIMARY KEY (tenant_id, subject_hash)
);
alter table erasures enable row level security;
create policy of_tenant on erasures for all to posthorn_tenant_of_postgres using ((tenant_id = current_tenant()));
grant delete on erasures to posthorn_tenant_of_postgres;
grant insert on erasures to posthorn_tenant_of_postgres;
grant select on erasures to posthorn_tenant_of_postgres;
grant update on erasures to posthorn_tenant_of_postgres;

create table event_ids (
  tenant_id uuid not null,
  external_id text not null,
  event_id uuid not null,
  content_hash bytea not null,
  constraint event_ids_pkey PRIMARY KEY (tenant_id, external_id)
);
alter table event_ids enable row level security;
create policy of_tenant on event_ids for all to posthorn_tenant_of_postgres using ((tenant_id = current_tenant()));
grant select on event_ids to posthorn_tenant_of_postgres;

create table event_type_converters (
  type_id uuid not null,
  from_version integer not null,
  to_version integer not null,
  steps json not null,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint event_type_converters_pkey PRIMARY KEY (type_id, from_version, to_version),
  constraint event_type_converters_type_id_fkey FOREIGN KEY (type_id) REFERENCES event_types(id) ON DELETE CASCADE
);
alter table event_type_converters enable row level security;
create policy of_tenant on event_type_converters for all to posthorn_tenant_of_postgres using ((EXISTS ( SELECT
   FROM event_types t
  WHERE (t.id = event_type_converters.type_id))));
grant select on event_type_converters to posthorn_tenant_of_postgres;

create table event_type_versions (
  type_id uuid not null,
  version integer not null,
  schema json,
  examples json not null default '[]'::json,
  revision bigint not null default nextval('config_version'::regclass),
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint event_type_versions_pkey PRIMARY KEY (type_id, version),
  constraint event_type_versions_type_id_fkey FOREIGN KEY (type_id) REFERENCES event_types(id) ON DELETE CASCADE,
  constraint event_type_versions_version_check CHECK ((version > 0))
);
CREATE TRIGGER event_type_versions_changed AFTER INSERT OR DELETE OR UPDATE ON public.event_type_versions FOR EACH STATEMENT EXECUTE FUNCTION notify_catalogue();
alter table event_type_versions enable row level security;
create policy of_tenant on event_type_versions for all to posthorn_tenant_of_postgres using ((EXISTS ( SELECT
   FROM event_types t
  WHERE (t.id = event_type_versions.type_id))));
grant select on event_type_versions to posthorn_tenant_of_postgres;

create table event_types (
  id uuid not null,
  name text not null,
  description text not null default ''::text,
  group_name text,
  owner text,
  tags text[] not null default '{}'::text[],
  visibility text not null default 'public'::text,
  validation text not null default 'reject'::text,
  deprecated_at timestamp with time zone,
  sunset_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint event_types_name_key UNIQUE (name),
  constraint event_types_pkey PRIMARY KEY (id),
  constraint event_types_validation_check CHECK ((validation = ANY (ARRAY['off'::text, 'warn'::text, 'reject'::text]))),
  constraint event_types_visibility_check CHECK ((visibility = ANY (ARRAY['public'::text, 'internal'::text])))
);
CREATE TRIGGER event_types_changed AFTER INSERT OR DELETE OR UPDATE ON public.event_types FOR EACH STATEMENT EXECUTE FUNCTION notify_catalogue();
alter table event_types enable row level security;
create policy of_tenant on event_types for all to posthorn_tenant_of_postgres using ((visibility = 'public'::text));
grant select on event_types to posthorn_tenant_of_postgres;

create table events (
  id uuid not null,
  tenant_id uuid not null,
  external_id text not null,
  type text not null,
  channels text[] not null,
  body bytea not null,
  body_timestamp text not null,
  subject_hash bytea,
  ordering_key text,
  coalesce_key text,
  version integer,
  deliver_at timestamp with time zone,
  expires_at timestamp with time zone,
  only_endpoint_id uuid,
  "position" bigint not null,
  accepted_at timestamp with time zone not null,
  erased_at timestamp with time zone,
  erased_again_at timestamp with time zone,
  recalled_at timestamp with time zone,
  trace_context text,
  constraint events_pkey PRIMARY KEY (id)
) partition by RANGE (id);
CREATE INDEX events_by_time ON ONLY public.events USING brin (accepted_at) WITH (pages_per_range='64', autosummarize='on');
CREATE INDEX events_by_type ON ONLY public.events USING brin (type text_bloom_ops (n_distinct_per_range='200'), uuid_hash_extended(tenant_id, hashtextextended(type, (0)::bigint)) int8_bloom_ops (n_distinct_per_range='1000')) WITH (pages_per_range='32', autosummarize='on');
CREATE INDEX events_erased ON ONLY public.events USING btree (erased_at) WHERE (erased_at IS NOT NULL);
CREATE INDEX events_of_subject ON ONLY public.events USING btree (tenant_id, subject_hash, id) WHERE (subject_hash IS NOT NULL);
CREATE INDEX events_of_tenant ON ONLY public.events USING btree (tenant_id, id);
alter table events enable row level security;
create policy of_tenant on events for all to posthorn_tenant_of_postgres using ((tenant_id = current_tenant()));
grant select on events to posthorn_tenant_of_postgres;
grant update (body, erased_at, subject_hash, trace_context) on events to posthorn_tenant_of_postgres;

create table idempotency_keys (
  scope text not null,
  key text not null,
  request_hash bytea not null,
  seed uuid not null,
  claim uuid not null,
  claimed_until timestamp with time zone not null,
  status integer,
  response bytea,
  created_at timestamp with time zone not null default now(),
  constraint idempotency_keys_pkey PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_keys_by_age ON public.idempotency_keys USING btree (created_at);

create table lane_sequences (
  endpoint_id uuid not null,
  key text not null,
  last bigint not null,
  constraint lane_sequences_pkey PRIMARY KEY (endpoint_id, key)
);
alter table lane_sequences enable row level security;
create policy of_tenant on lane_sequences for all to posthorn_tenant_of_postgres using ((EXISTS ( SELECT
   FROM endpoints p
  WHERE (p.id = lane_sequences.endpoint_id))));
grant select on lane_sequences to posthorn_tenant_of_postgres;

create table lanes (
  endpoint_id uuid not null,
  tenant_id uuid not null,
  parks boolean not null,
  reason text not null,
  state text not null,
  state_reason text,
  hurried boolean not null default false,
  due_at timestamp with time zone,
  epoch bigint not null default 0,
  drain_seen timestamp with time zone,
  ended_at timestamp with time zone,
  target_version integer not null default 1,
  allowance jsonb,
  circuit jsonb,
  failing_since timestamp with time zone,
  updated_at timestamp with time zone not null default now(),
  constraint lanes_pkey PRIMARY KEY (endpoint_id),
  constraint lanes_reason_check CHECK ((reason = ANY (ARRAY['backlog'::text, 'cap'::text, 'failing'::text]))),
  constraint lanes_state_check CHECK ((state = ANY (ARRAY['awake'::text, 'idle'::text, 'blocked'::text])))
);
CREATE INDEX lanes_due ON public.lanes USING btree (due_at) WHERE (due_at IS NOT NULL);
CREATE INDEX lanes_failing ON public.lanes USING btree (endpoint_id) WHERE ((failing_since IS NOT NULL) AND parks);
CREATE INDEX lanes_parking ON public.lanes USING btree (endpoint_id) WHERE parks;
alter table lanes enable row level security;
create policy of_tenant on lanes for all to posthorn_tenant_of_postgres using ((tenant_id = current_tenant()));
grant select on lanes to posthorn_tenant_of_postgres;

create table late_attempts (
  delivery_id uuid not null,
  id uuid not null,
  constraint late_attempts_pkey PRIMARY KEY (delivery_id, id)
);

create unlogged table listen_requests (
  id uuid not null,
  endpoint_id uuid not null,
  sealed bytea not null,
  deadline timestamp with time zone not null,
  session uuid,
  answer bytea,
  constraint listen_requests_pkey PRIMARY KEY (id)
);
CREATE INDEX listen_requests_of_endpoint ON public.listen_requests USING btree (endpoint_id, id);

create unlogged table listeners (
  endpoint_id uuid not null,
  session uuid not null,
  seen_at timestamp with time zone not null default now(),
  constraint listeners_pkey PRIMARY KEY (endpoint_id)
);

create table migrations (
  name text not null,
  checksum text not null,
  applied_at timestamp with time zone not null default now(),
  constraint migrations_pkey PRIMARY KEY (name)
);

create table missed_deliveries (
  endpoint_id uuid not null,
  number bigint not null,
  delivery_id uuid not null,
  constraint missed_deliveries_pkey PRIMARY KEY (endpoint_id, number)
);

create table missed_lists (
  endpoint_id uuid not null,
  tenant_id uuid not null,
  last bigint not null default 0,
  acked bigint not null default 0,
  acked_at timestamp with time zone,
  scanned_at timestamp with time zone,
  constraint missed_lists_pkey PRIMARY KEY (endpoint_id)
);
alter table missed_lists enable row level security;
create policy of_tenant on missed_lists for all to posthorn_tenant_of_postgres using ((tenant_id = current_tenant()));
grant select on missed_lists to posthorn_tenant_of_postgres;

create table outbox (
  event_id uuid not null,
  tenant_id uuid not null,
  owner uuid,
  accepted_at timestamp with time zone not null default now(),
  constraint outbox_pkey PRIMARY KEY (event_id)
) with (autovacuum_vacuum_scale_factor=0.0, autovacuum_vacuum_threshold=2000);
CREATE INDEX outbox_owned ON public.outbox USING btree (owner, event_id) WHERE (owner IS NOT NULL);
CREATE INDEX outbox_unowned ON public.outbox USING btree (tenant_id, event_id) WHERE (owner IS NULL);

create table past_targets (
  endpoint_id uuid not null,
  target_version integer not null,
  sealed bytea not null,
  replaced_at timestamp with time zone not null default now(),
  constraint past_targets_endpoint_id_fkey FOREIGN KEY (endpoint_id) REFERENCES endpoints(id),
  constraint past_targets_pkey PRIMARY KEY (endpoint_id, target_version)
);
alter table past_targets enable row level security;
create policy of_tenant on past_targets for all to posthorn_tenant_of_postgres using ((EXISTS ( SELECT
   FROM endpoints p
  WHERE (p.id = past_targets.endpoint_id))));
grant insert on past_targets to posthorn_tenant_of_postgres;
grant select on past_targets to posthorn_tenant_of_postgres;

create table payloads_to_erase (
  event_id uuid not null,
  tenant_id uuid not null,
  deliver_at timestamp with time zone not null,
  constraint payloads_to_erase_pkey PRIMARY KEY (event_id)
);
CREATE INDEX payloads_to_erase_of_tenant ON public.payloads_to_erase USING btree (tenant_id, deliver_at);

create table portal_links (
  id uuid not null,
  tenant_id uuid not null,
  scopes text[] not null,
  expires_at timestamp with time zone not null,
  revoked_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  created_by text not null,
  theme jsonb not null default '{}'::jsonb,
  logo_hash bytea,
  language text,
  origins text[] not null default '{}'::text[],
  constraint portal_links_pkey PRIMARY KEY (id),
  constraint portal_links_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id)
);
CREATE INDEX portal_links_expired ON public.portal_links USING btree (expires_at);
CREATE INDEX portal_links_of_tenant ON public.portal_links USING btree (tenant_id, id);
alter table portal_links enable row level security;
create policy of_tenant on portal_links for all to posthorn_tenant_of_postgres using ((tenant_id = current_tenant()));
grant insert on portal_links to posthorn_tenant_of_postgres;
grant select on portal_links to posthorn_tenant_of_postgres;
grant update (revoked_at) on portal_links to posthorn_tenant_of_postgres;

create table portal_logos (
  tenant_id uuid not null,
  hash bytea not null,
  image text not null,
  used_at timestamp with time zone not null default now(),
  constraint portal_logos_pkey PRIMARY KEY (tenant_id, hash),
  constraint portal_logos_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id)
);
alter table portal_logos enable row level security;
create policy of_tenant on portal_logos for all to posthorn_tenant_of_postgres using ((tenant_id = current_tenant()));
grant insert on portal_logos to posthorn_tenant_of_postgres;
grant select on portal_logos to posthorn_tenant_of_postgres;
grant update (used_at) on portal_logos to posthorn_tenant_of_postgres;

create table posthorn_audit.audit_head (
  one boolean not null default true,
  seq bigint not null,
  at timestamp with time zone not null,
  hash bytea not null,
  constraint audit_head_one_check CHECK (one),
  constraint audit_head_pkey PRIMARY KEY (one)
);
CREATE TRIGGER audit_head_stays BEFORE DELETE OR TRUNCATE ON posthorn_audit.audit_head FOR EACH STATEMENT EXECUTE FUNCTION posthorn_audit.refuse_audit_change(); -- always enabled
grant select on posthorn_audit.audit_head to postgres;

create table posthorn_audit.audit_log (
  seq bigint not null,
  at timestamp with time zone not null,
  actor_kind text not null,
  actor_id text,
  tenant_id uuid,
  action text not null,
  target_kind text not null,
  target_id text not null,
  before json,
  after json,
  address text,
  request_id text,
  once text,
  prev_hash bytea not null,
  hash bytea not null,
  constraint audit_log_pkey PRIMARY KEY (seq)
);
CREATE INDEX audit_log_by_action ON posthorn_audit.audit_log USING btree (action, seq);
CREATE INDEX audit_log_by_time ON posthorn_audit.audit_log USING btree (at);
CREATE INDEX audit_log_of_tenant ON posthorn_audit.audit_log USING btree (tenant_id, seq);
CREATE UNIQUE INDEX audit_log_once ON posthorn_audit.audit_log USING btree (once) WHERE (once IS NOT NULL);
CREATE TRIGGER audit_log_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON posthorn_audit.audit_log FOR EACH STATEMENT EXECUTE FUNCTION posthorn_audit.refuse_audit_change(); -- always enabled
alter table posthorn_audit.audit_log enable row level security;
create policy of_all on posthorn_audit.audit_log for select to postgres using (true);
create policy of_tenant on posthorn_audit.audit_log for select to posthorn_tenant_of_postgres using ((tenant_id = (NULLIF(current_setting('posthorn.tenant'::text, true), ''::text))::uuid));
grant select on posthorn_audit.audit_log to postgres;
grant select on posthorn_audit.audit_log to posthorn_tenant_of_postgres;

create table recalls (
  event_id uuid not null,
  until timestamp with time zone not null,
  constraint recalls_pkey PRIMARY KEY (event_id)
);
CREATE INDEX recalls_by_time ON public.recalls USING btree (until);

create table relays (
  id uuid not null,
  process text not null,
  host text,
  pid integer,
  pid_started text,
  started_at timestamp with time zone not null default now(),
  seen timestamp with time zone not null default now(),
  mode text,
  waiting integer,
  temporal_error text,
  constraint relays_mode_check CHECK ((mode = ANY (ARRAY['individual'::text, 'batched'::text]))),
  constraint relays_pkey PRIMARY KEY (id)
);

create table replay_rows (
  replay_id uuid not null,
  delivery_id uuid not null,
  constraint replay_rows_pkey PRIMARY KEY (replay_id, delivery_id)
);

create table replays (
  id uuid not null,
  tenant_id uuid,
  endpoint_id uuid,
  statuses text[] not null,
  types text[] not null,
  never_attempted boolean not null,
  target text not null,
  since timestamp with time zone not null,
  until timestamp with time zone not null,
  status text not null,
  error text,
  matched bigint,
  phase text not null,
  cursor uuid not null,
  replayed bigint not null default 0,
  succeeded bigint not null default 0,
  failed bigint not null default 0,
  waiting bigint not null default 0,
  per_second double precision not null,
  ideal_at timestamp with time zone,
  last_due_at timestamp with time zone,
  rate double precision,
  rate_from timestamp with time zone,
  rate_rows bigint,
  signals_until timestamp with time zone,
  created_by text not null,
  created_at timestamp with time zone not null default now(),
  ended_at timestamp with time zone,
  progressed_at timestamp with time zone not null default now(),
  driven_at timestamp with time zone not null default now(),
  unsignalled_since timestamp with time zone,
  deliveries uuid[],
  faults integer not null default 0,
  constraint replays_phase_check CHECK ((phase = ANY (ARRAY['deliveries'::text, 'events'::text, 'results'::text]))),
  constraint replays_pkey PRIMARY KEY (id),
  constraint replays_status_check CHECK ((status = ANY (ARRAY['counting'::text, 'running'::text, 'paused'::text, 'done'::text, 'cancelled'::text, 'failed'::text]))),
  constraint replays_target_check CHECK ((target = ANY (ARRAY['frozen'::text, 'current'::text])))
);
CREATE INDEX replays_ended ON public.replays USING btree (ended_at) WHERE (ended_at IS NOT NULL);
CREATE INDEX replays_of_tenant ON public.replays USING btree (tenant_id, id);
CREATE INDEX replays_open ON public.replays USING btree (driven_at) WHERE (status = ANY (ARRAY['counting'::text, 'running'::text]));
CREATE INDEX replays_unsignalled ON public.replays USING btree (unsignalled_since) WHERE (unsignalled_since IS NOT NULL);
alter table replays enable row level security;
create policy of_tenant on replays for all to posthorn_tenant_of_postgres using ((tenant_id = current_tenant()));
grant select on replays to posthorn_tenant_of_postgres;

create table sandbox_attempts (
  sandbox_id uuid not null,
  webhook_id text not null,
  attempts integer not null,
  seen_at timestamp with time zone not null,
  constraint sandbox_attempts_pkey PRIMARY KEY (sandbox_id, webhook_id),
  constraint sandbox_attempts_sandbox_id_fkey FOREIGN KEY (sandbox_id) REFERENCES sandboxes(id) ON DELETE CASCADE
);
CREATE INDEX sandbox_attempts_by_time ON public.sandbox_attempts USING btree (seen_at);
alter table sandbox_attempts enable row level security;
create policy of_tenant on sandbox_attempts for all to posthorn_tenant_of_postgres using ((EXISTS ( SELECT
   FROM sandboxes s
  WHERE (s.id = sandbox_attempts.sandbox_id))));
grant delete on sandbox_attempts to posthorn_tenant_of_postgres;
grant select on sandbox_attempts to posthorn_tenant_of_postgres;

create table sandbox_requests (
  id uuid not null,
  sandbox_id uuid not null,
  tenant_id uuid not null,
  webhook_id text,
  delivery text,
  attempt integer,
  method text not null,
  signature text not null,
  status_answered integer,
  body_bytes bigint not null,
  content bytea not null,
  constraint sandbox_requests_pkey PRIMARY KEY (id),
  constraint sandbox_requests_sandbox_id_fkey FOREIGN KEY (sandbox_id) REFERENCES sandboxes(id) ON DELETE CASCADE
);
CREATE INDEX sandbox_requests_of_event ON public.sandbox_requests USING btree (webhook_id);
CREATE INDEX sandbox_requests_of_sandbox ON public.sandbox_requests USING btree (sandbox_id, id);
alter table sandbox_requests enable row level security;
create policy of_tenant on sandbox_requests for all to posthorn_tenant_of_postgres using ((tenant_id = current_tenant()));
grant delete on sandbox_requests to posthorn_tenant_of_postgres;
grant select on sandbox_requests to posthorn_tenant_of_postgres;

create table sandboxes (
  id uuid not null,
  tenant_id uuid not null,
  endpoint_id uuid not null,
  name text not null,
  script text not null,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint sandboxes_endpoint_id_fkey FOREIGN KEY (endpoint_id) REFERENCES endpoints(id),
  constraint sandboxes_pkey PRIMARY KEY (id),
  constraint sandboxes_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id)
);
CREATE INDEX sandboxes_of_tenant ON public.sandboxes USING btree (tenant_id, id);
alter table sandboxes enable row level security;
create policy of_tenant on sandboxes for all to posthorn_tenant_of_postgres using ((tenant_id = current_tenant()));
grant delete on sandboxes to posthorn_tenant_of_postgres;
grant insert on sandboxes to posthorn_tenant_of_postgres;
grant select on sandboxes to posthorn_tenant_of_postgres;
grant update on sandboxes to posthorn_tenant_of_postgres;

create table sessions (
  id uuid not null,
  hash bytea not null,
  key_id uuid,
  person jsonb,
  config_hash bytea,
  tenant_id uuid,
  scopes text[] not null,
  address text,
  created_at timestamp with time zone not null default now(),
  last_used_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone not null,
  revoked_at timestamp with time zone,
  constraint sessions_check CHECK (((key_id IS NULL) <> (config_hash IS NULL))),
  constraint sessions_hash_key UNIQUE (hash),
  constraint sessions_key_id_fkey FOREIGN KEY (key_id) REFERENCES api_keys(id),
  constraint sessions_pkey PRIMARY KEY (id),
  constraint sessions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id)
);
CREATE INDEX sessions_expired ON public.sessions USING btree (expires_at);
CREATE INDEX sessions_of_key ON public.sessions USING btree (key_id);
CREATE INDEX sessions_of_tenant ON public.sessions USING btree (tenant_id, id);
alter table sessions enable row level security;
create policy of_tenant on sessions for all to posthorn_tenant_of_postgres using ((tenant_id = current_tenant()));
grant select on sessions to posthorn_tenant_of_postgres;
grant update (revoked_at) on sessions to posthorn_tenant_of_postgres;

create table settings (
  name text not null,
  value text not null,
  constraint settings_pkey PRIMARY KEY (name)
);

create table shapes (
  id uuid not null,
  endpoint_id uuid not null,
  sealed bytea not null,
  is_whole boolean not null,
  created_at timestamp with time zone not null default now(),
  replaced_at timestamp with time zone,
  pinned text[] not null default '{}'::text[],
  constraint shapes_endpoint_id_fkey FOREIGN KEY (endpoint_id) REFERENCES endpoints(id),
  constraint shapes_pkey PRIMARY KEY (id)
);
CREATE INDEX shapes_of_endpoint ON public.shapes USING btree (endpoint_id);
CREATE INDEX shapes_pinning ON public.shapes USING gin (pinned) WHERE (replaced_at IS NULL);
alter table shapes enable row level security;
create policy of_tenant on shapes for all to posthorn_tenant_of_postgres using (sees_endpoint(endpoint_id));
grant insert on shapes to posthorn_tenant_of_postgres;
grant select on shapes to posthorn_tenant_of_postgres;
grant update (replaced_at) on shapes to posthorn_tenant_of_postgres;

create table signing_keys (
  id uuid not null,
  tenant_id uuid not null,
  public_key bytea not null,
  sealed bytea,
  published_at timestamp with time zone not null default now(),
  signs_from timestamp with time zone not null default now(),
  alone_from timestamp with time zone not null default now(),
  signs_until timestamp with time zone,
  published_until timestamp with time zone,
  version bigint not null,
  constraint signing_keys_pkey PRIMARY KEY (id),
  constraint signing_keys_public_key_check CHECK ((length(public_key) = 32)),
  constraint signing_keys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id)
);
CREATE INDEX signing_keys_by_version ON public.signing_keys USING btree (version);
CREATE INDEX signing_keys_of_tenant ON public.signing_keys USING btree (tenant_id);
CREATE TRIGGER signing_key_changes BEFORE INSERT OR UPDATE ON public.signing_keys FOR EACH ROW EXECUTE FUNCTION set_signing_key_version();
CREATE TRIGGER signing_keys_change BEFORE INSERT OR UPDATE ON public.signing_keys FOR EACH STATEMENT EXECUTE FUNCTION bump_signing_keys_version();
alter table signing_keys enable row level security;
create policy of_tenant on signing_keys for all to posthorn_tenant_of_postgres using ((tenant_id = current_tenant()));
grant select (alone_from, id, public_key, published_at, published_until, signs_from, signs_until, tenant_id) on signing_keys to posthorn_tenant_of_postgres;

create table signing_keys_version (
  version bigint not null
);

create table stats_backlogs (
  id uuid not null,
  tenant_id uuid not null,
  held integer not null,
  dead_lettered integer not null,
  oldest_at timestamp with time zone,
  constraint stats_backlogs_pkey PRIMARY KEY (id)
);
CREATE INDEX stats_backlogs_of_tenant ON public.stats_backlogs USING btree (tenant_id);
alter table stats_backlogs enable row level security;
create policy of_tenant on stats_backlogs for all to posthorn_tenant_of_postgres using ((tenant_id = current_tenant()));
grant select on stats_backlogs to posthorn_tenant_of_postgres;

create table stats_held (
  id uuid not null,
  at timestamp with time zone not null,
  tenant_id uuid,
  held integer not null,
  constraint stats_held_pkey PRIMARY KEY (id, at)
);
CREATE INDEX stats_held_by_time ON public.stats_held USING btree (at);
alter table stats_held enable row level security;
create policy of_tenant on stats_held for all to posthorn_tenant_of_postgres using ((tenant_id = current_tenant()));
grant select on stats_held to posthorn_tenant_of_postgres;

create table stats_hours (
  id uuid not null,
  at timestamp with time zone not null,
  scope text not null,
  tenant_id uuid,
  events integer not null default 0,
  accepted integer not null default 0,
  delivered integer not null default 0,
  failed integer not null default 0,
  latency jsonb not null default '{}'::jsonb,
  outcomes jsonb not null default '{}'::jsonb,
  status_codes jsonb not null default '{}'::jsonb,
  constraint stats_hours_pkey PRIMARY KEY (id, at),
  constraint stats_minutes_scope_check CHECK ((scope = ANY (ARRAY['endpoint'::text, 'tenant'::text, 'platform'::text])))
) with (fillfactor=70);
CREATE INDEX stats_hours_at_idx ON public.stats_hours USING brin (at) WITH (pages_per_range='16', autosummarize='on');
CREATE INDEX stats_hours_failing ON public.stats_hours USING btree (at) INCLUDE (id) WHERE ((scope = 'endpoint'::text) AND (failed > 0));
alter table stats_hours enable row level security;
create policy of_tenant on stats_hours for all to posthorn_tenant_of_postgres using ((tenant_id = current_tenant()));
grant select on stats_hours to posthorn_tenant_of_postgres;

create table stats_minutes (
  id uuid not null,
  at timestamp with time zone not null,
  scope text not null,
  tenant_id uuid,
  events integer not null default 0,
  accepted integer not null default 0,
  delivered integer not null default 0,
  failed integer not null default 0,
  latency jsonb not null default '{}'::jsonb,
  outcomes jsonb not null default '{}'::jsonb,
  status_codes jsonb not null default '{}'::jsonb,
  constraint stats_minutes_pkey PRIMARY KEY (id, at),
  constraint stats_minutes_scope_check CHECK ((scope = ANY (ARRAY['endpoint'::text, 'tenant'::text, 'platform'::text])))
) with (fillfactor=70);
CREATE INDEX stats_minutes_by_time ON public.stats_minutes USING brin (at) WITH (pages_per_range='16', autosummarize='on');
CREATE INDEX stats_minutes_failing ON public.stats_minutes USING btree (at) INCLUDE (id) WHERE ((scope = 'endpoint'::text) AND (failed > 0));
alter table stats_minutes enable row level security;
create policy of_tenant on stats_minutes for all to posthorn_tenant_of_postgres using ((tenant_id = current_tenant()));
grant select on stats_minutes to posthorn_tenant_of_postgres;

create table stats_progress (
  one boolean not null default true,
  final_until timestamp with time zone not null,
  constraint stats_progress_one_check CHECK (one),
  constraint stats_progress_pkey PRIMARY KEY (one)
);
alter table stats_progress enable row level security;
create policy of_tenant on stats_progress for all to posthorn_tenant_of_postgres using (true);
grant select on stats_progress to posthorn_tenant_of_postgres;

create table tenant_rates (
  tenant_id uuid not null,
  tokens double precision not null,
  at timestamp with time zone not null,
  constraint tenant_rates_pkey PRIMARY KEY (tenant_id)
);

create table tenants (
  id uuid not null,
  external_id text not null,
  name text not null,
  metadata jsonb not null default '{}'::jsonb,
  rate_limit jsonb,
  max_endpoints integer not null default 100,
  endpoints_version bigint not null default 1,
  has_ordered_endpoints boolean not null default false,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  deleted_at timestamp with time zone,
  payload_days integer,
  payloads_erased_to uuid,
  constraint tenants_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX tenants_external_id ON public.tenants USING btree (external_id) WHERE (deleted_at IS NULL);
CREATE INDEX tenants_with_payload_days ON public.tenants USING btree (id) WHERE (payload_days IS NOT NULL);
alter table tenants enable row level security;
create policy of_tenant on tenants for all to posthorn_tenant_of_postgres using ((id = current_tenant()));
grant select on tenants to posthorn_tenant_of_postgres;
grant update (deleted_at, endpoints_version, has_ordered_endpoints, metadata, name, payload_days, rate_limit, updated_at) on tenants to posthorn_tenant_of_postgres;

CREATE OR REPLACE FUNCTION public.add_counts(a jsonb, b jsonb)
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select coalesce(jsonb_object_agg(key, n), '{}')
  from (
    select key, sum(value::bigint) as n from (select * from jsonb_each_text(a) union all select * from jsonb_each_text(b)) both_of_them group by key
  ) summed
$function$;
grant execute on add_counts(jsonb,jsonb) to public;

CREATE OR REPLACE FUNCTION public.attempts_seen(since timestamp with time zone, behind uuid, below timestamp with time zone, of_tenant uuid, of_endpoint uuid, most integer)
 RETURNS TABLE(seen integer, last_at text, last_id uuid, delivery_id uuid, id uuid)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
declare
  theirs uuid := coalesce(nullif(current_setting('posthorn.tenant', true), '')::uuid, of_tenant);
begin
  -- `execute`, so that it is planned with these very times
  return query execute $q$
    with scanned as materialized (
      select a.id, a.delivery_id, a.started_at from attempts a
      where a.started_at >= $1 and a.started_at < $3 and (a.started_at, a.id) > ($1, $2)
      order by a.started_at, a.id limit $6
    ), last as (
      select s.id, to_char(s.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at
      from scanned s order by s.started_at desc, s.id desc limit 1
    ), told as (
      select s.id, s.delivery_id from scanned s
      -- no `exists`, which PostgreSQL may answer by reading all deliveries
      where ($4 is null and $5 is null)
        or (
          select ($4 is null or d.tenant_id = $4) and ($5 is null or d.endpoint_id = $5)
          from deliveries d where d.id = s.delivery_id
        )
    )
    select (select count(*)::int from scanned), (select l.at from last l), (select l.id from last l),
      t.delivery_id, t.id
    from (select) one left join told t on true
  $q$ using since, behind, below, theirs, of_endpoint, most;
end
$function$;
grant execute on attempts_seen(timestamp with time zone,uuid,timestamp with time zone,uuid,uuid,integer) to public;

CREATE OR REPLACE FUNCTION public.bump_endpoints_version()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  -- Wait for the lock here. An update that waits itself would continue with its old snapshot, and miss the endpoints
  -- that the holder of the lock has committed.
  perform from tenants where id = new.tenant_id for no key update;
  update tenants set endpoints_version = endpoints_version + 1,
    has_ordered_endpoints = exists (
      select from endpoints where tenant_id = new.tenant_id and ordering <> 'none' and deleted_at is null
    )
  where id = new.tenant_id;
  return null;
end
$function$;
grant execute on bump_endpoints_version() to public;

CREATE OR REPLACE FUNCTION public.bump_endpoints_version_of_secret()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  update tenants t set endpoints_version = endpoints_version + 1
  from endpoints p where p.id = new.endpoint_id and t.id = p.tenant_id;
  return null;
end
$function$;
grant execute on bump_endpoints_version_of_secret() to public;

CREATE OR REPLACE FUNCTION public.bump_signing_keys_version()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  update signing_keys_version set version = version + 1;
  return null;
end
$function$;
grant execute on bump_signing_keys_version() to public;

CREATE OR REPLACE FUNCTION public.covering_dispatches(events uuid[])
 RETURNS TABLE(event_id uuid, dispatch_id uuid, has_workflow boolean)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select v.id, d.id, d.has_workflow
  from unnest(events) as v (id)
  cross join lateral (
    select p.id, p.done_at is distinct from p.created_at as has_workflow from (
      select id, first_event, last_event, event_ids, created_at, done_at from dispatches
      where id >= (left(v.id::text, 13) || '-0000-0000-000000000000')::uuid order by id limit 500
    ) p
    where p.first_event <= v.id and p.last_event >= v.id and p.event_ids @> array[v.id] limit 1
  ) d
  where not exists (select from outbox o where o.event_id = v.id)
    and v.id >= (
      select first_event from (select first_event from dispatches order by id limit 500) oldest
      order by first_event limit 1
    )
$function$;
grant execute on covering_dispatches(uuid[]) to public;

CREATE OR REPLACE FUNCTION public.current_tenant()
 RETURNS uuid
 LANGUAGE sql
 STABLE
AS $function$
  select current_setting('posthorn.tenant')::uuid
$function$;
grant execute on current_tenant() to public;

CREATE OR REPLACE FUNCTION public.deliveries_of_type(of_type text, of_tenant uuid, of_endpoint uuid, in_statuses text[], lowest uuid, below uuid, most integer)
 RETURNS SETOF uuid
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET enable_seqscan TO 'off'
 SET enable_indexscan TO 'off'
 SET enable_indexonlyscan TO 'off'
 SET jit TO 'off'
 SET search_path TO 'public', 'pg_temp'
AS $function$
declare
  theirs uuid := coalesce(nullif(current_setting('posthorn.tenant', true), '')::uuid, of_tenant);
begin
  -- `execute`, so that it is planned with these very bounds, and with the one hash that is asked for. `offset 0` keeps the other
  -- conditions from indexes that would read all rows of a large tenant.
  return query execute
    'select id from (select id, tenant_id, endpoint_id, event_type, status from deliveries where id >= $1 and id < $2 and '
    || case
      when of_endpoint is not null then 'uuid_hash_extended(endpoint_id, hashtextextended(event_type, 0)) = uuid_hash_extended($4, hashtextextended($3, 0))'
      when theirs is not null then 'uuid_hash_extended(tenant_id, hashtextextended(event_type, 0)) = uuid_hash_extended($5, hashtextextended($3, 0))'
      else 'event_type = $3'
    end
    || ' offset 0) hit where event_type = $3 and ($4 is null or endpoint_id = $4) and ($5 is null or tenant_id = $5) and ($6 is null or status = any($6))'
    || ' order by id desc limit $7'
    using lowest, below, of_type, of_endpoint, theirs, in_statuses, most;
end
$function$;
grant execute on deliveries_of_type(text,uuid,uuid,text[],uuid,uuid,integer) to public;

CREATE OR REPLACE FUNCTION public.events_of_type(of_type text, of_tenant uuid, lowest uuid, below uuid, most integer)
 RETURNS SETOF uuid
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET enable_seqscan TO 'off'
 SET enable_indexscan TO 'off'
 SET enable_indexonlyscan TO 'off'
 SET jit TO 'off'
 SET search_path TO 'public', 'pg_temp'
AS $function$
declare
  theirs uuid := coalesce(nullif(current_setting('posthorn.tenant', true), '')::uuid, of_tenant);
begin
  return query execute
    'select id from (select id, tenant_id, type from events where id >= $1 and id < $2 and '
    || case
      when theirs is null then 'type = $3'
      else 'uuid_hash_extended(tenant_id, hashtextextended(type, 0)) = uuid_hash_extended($4, hashtextextended($3, 0))'
    end
    || ' offset 0) hit where type = $3 and ($4 is null or tenant_id = $4) order by id desc limit $5'
    using lowest, below, of_type, theirs, most;
end
$function$;
grant execute on events_of_type(text,uuid,uuid,uuid,integer) to public;

CREATE OR REPLACE FUNCTION public.events_under_way(events uuid[])
 RETURNS SETOF uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select o.event_id from outbox o where o.event_id = any(events)
  union
  select v.id from dispatches d cross join lateral unnest(d.event_ids) as v (id)
  where d.done_at is null and v.id = any(events)
$function$;
grant execute on events_under_way(uuid[]) to public;

CREATE OR REPLACE FUNCTION public.first_uuid_of(day date)
 RETURNS uuid
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select (lpad(to_hex((extract(epoch from day::timestamp) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$function$;
grant execute on first_uuid_of(date) to public;

CREATE OR REPLACE FUNCTION public.forget_missed_number()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  new.missed_number := null;
  new.taken_at := null;
  return new;
end
$function$;
grant execute on forget_missed_number() to public;

CREATE OR REPLACE FUNCTION public.forget_target()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO '$user', 'public'
AS $function$
begin
  delete from endpoint_health where endpoint_id = new.id and target_version < new.target_version;
  update lanes set target_version = new.target_version, allowance = null, circuit = null, failing_since = null,
    due_at = case when state = 'awake' then due_at else now() end, updated_at = now()
  where endpoint_id = new.id and target_version < new.target_version;
  return null;
end
$function$;
grant execute on forget_target() to public;

CREATE OR REPLACE FUNCTION public.hurry_lane()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO '$user', 'public'
AS $function$
begin
  update lanes set hurried = true, due_at = case when state = 'awake' then due_at else now() end
  where endpoint_id = new.endpoint_id;
  return null;
end
$function$;
grant execute on hurry_lane() to public;

CREATE OR REPLACE FUNCTION public.keep_endpoint_history()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO '$user', 'public'
AS $function$
begin
  insert into endpoint_history (endpoint_id, until, event_types, channels, gate, gate_reason, filter)
  values (old.id, clock_timestamp(), old.event_types, old.channels, old.gate, old.gate_reason, old.filter);
  return null;
end
$function$;
grant execute on keep_endpoint_history() to public;

CREATE OR REPLACE FUNCTION public.make_partition(parent text, day date)
 RETURNS void
 LANGUAGE plpgsql
 SET lock_timeout TO '2s'
AS $function$
declare
  partition text := parent || '_' || to_char(day, 'YYYYMMDD');
  key text := case parent when 'attempts' then 'delivery_id' else 'id' end;
begin
  perform pg_advisory_xact_lock(hashtext('posthorn.partitions'));
  if to_regclass(partition) is not null then return; end if;
  execute format('create table %I (like %I including all)', partition, parent);
  execute format('alter table %I add constraint of_its_day check (%I >= %L and %I < %L)',
    partition, key, first_uuid_of(day), key, first_uuid_of(day + 1));
  execute format('alter table %I attach partition %I for values from (%L) to (%L)',
    parent, partition, first_uuid_of(day), first_uuid_of(day + 1));
  execute format('alter table %I drop constraint of_its_day', partition);
end
$function$;
grant execute on make_partition(text,date) to public;

CREATE OR REPLACE FUNCTION public.missing_partitions(days_ahead integer)
 RETURNS TABLE(parent text, day date)
 LANGUAGE sql
 STABLE
AS $function$
  select p.parent, d.day::date
  from unnest(array['events', 'deliveries', 'attempts']) as p (parent),
    generate_series(
      (now() at time zone 'utc')::date - 1, (now() at time zone 'utc')::date + days_ahead, interval '1 day'
    ) as d (day)
  where to_regclass(p.parent || '_' || to_char(d.day, 'YYYYMMDD')) is null
  order by d.day, p.parent
$function$;
grant execute on missing_partitions(integer) to public;

CREATE OR REPLACE FUNCTION public.notify_catalogue()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  notify posthorn_catalogue;
  return null;
end
$function$;
grant execute on notify_catalogue() to public;

CREATE OR REPLACE FUNCTION public.open_to_tenants(opened regclass, rights text, theirs text)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
begin
  execute format('alter table %s enable row level security', opened);
  execute format('create policy of_tenant on %s to %I using (%s)', opened, tenant_role(), theirs);
  execute format('grant %s on %s to %I', rights, opened, tenant_role());
end
$function$;
grant execute on open_to_tenants(regclass,text,text) to public;

CREATE OR REPLACE FUNCTION public.parks(p endpoints)
 RETURNS boolean
 LANGUAGE sql
 STABLE
AS $function$
  select p.needs_lane or coalesce(p.not_before > now(), false)
    or exists (select from lanes l where l.endpoint_id = p.id and l.parks)
    or exists (select from tenants t where t.id = p.tenant_id and t.rate_limit is not null)
$function$;
grant execute on parks(endpoints) to public;

CREATE OR REPLACE FUNCTION public.partitions_before(first_kept date)
 RETURNS TABLE(parent text, day date, state text)
 LANGUAGE sql
 STABLE
AS $function$
  select p.parent, to_date(right(c.relname, 8), 'YYYYMMDD'),
    case when i.inhrelid is null then 'detached' when i.inhdetachpending then 'detaching' else 'attached' end
  from unnest(array['events', 'deliveries', 'attempts']) as p (parent)
  join pg_class c on c.relkind = 'r' and c.relname ~ ('^' || p.parent || '_[0-9]{8}$')
    and c.relnamespace = (select relnamespace from pg_class where oid = to_regclass(p.parent))
  left join pg_inherits i on i.inhrelid = c.oid
  where right(c.relname, 8) < to_char(first_kept, 'YYYYMMDD')
  order by 2, 1
$function$;
grant execute on partitions_before(date) to public;

CREATE OR REPLACE FUNCTION posthorn_audit.append_audit(actor_kind text, actor_id text, tenant_id uuid, action text, target_kind text, target_id text, before json, after json, address text, request_id text, once text)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'posthorn_audit', 'pg_temp'
AS $function$
#variable_conflict use_column
declare
  head posthorn_audit.audit_head;
  next posthorn_audit.audit_head;
begin
  select * into strict head from posthorn_audit.audit_head for update;
  if exists (select from posthorn_audit.audit_log l where l.once = append_audit.once) then return null; end if;
  next.seq := head.seq + 1;
  next.at := greatest(clock_timestamp(), head.at);
  -- `variadic`: with as many single texts another function of this name could be called instead
  next.hash := sha256(head.hash || posthorn_audit.audit_bytes(variadic array[
    next.seq::text, posthorn_audit.audit_time(next.at), append_audit.actor_kind, append_audit.actor_id,
    append_audit.tenant_id::text, append_audit.action, append_audit.target_kind, append_audit.target_id,
    append_audit.before::text, append_audit.after::text, append_audit.address, append_audit.request_id,
    append_audit.once]));
  insert into posthorn_audit.audit_log values (
    next.seq, next.at, append_audit.actor_kind, append_audit.actor_id, append_audit.tenant_id, append_audit.action,
    append_audit.target_kind, append_audit.target_id, append_audit.before, append_audit.after, append_audit.address,
    append_audit.request_id, append_audit.once, head.hash, next.hash);
  update posthorn_audit.audit_head set seq = next.seq, at = next.at, hash = next.hash;
  return next.seq;
end
$function$;
grant execute on posthorn_audit.append_audit(text,text,uuid,text,text,text,json,json,text,text,text) to postgres;
grant execute on posthorn_audit.append_audit(text,text,uuid,text,text,text,json,json,text,text,text) to posthorn_tenant_of_postgres;

CREATE OR REPLACE FUNCTION posthorn_audit.audit_bytes(VARIADIC fields text[])
 RETURNS bytea
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select convert_to(
    string_agg(
      case when f is null then '-,' else octet_length(convert_to(f, 'UTF8')) || ':' || f || ',' end, '' order by n
    ), 'UTF8')
  from unnest(fields) with ordinality as t (f, n)
$function$;

CREATE OR REPLACE FUNCTION posthorn_audit.audit_time(at timestamp with time zone)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$function$;

CREATE OR REPLACE FUNCTION posthorn_audit.refuse_audit_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception 'the audit log is append-only' using errcode = 'insufficient_privilege';
end
$function$;

CREATE OR REPLACE FUNCTION public.public_keys_of(p endpoints)
 RETURNS text[]
 LANGUAGE sql
 STABLE
AS $function$
  select case
    when p.signing -> 'schemes' ? 'v1a' or p.signing #>> '{messageSignatures,algorithm}' = 'ed25519' then array(
      select 'whpk_' || encode(k.public_key, 'base64')
      from signing_keys k
      where k.tenant_id = p.tenant_id and (k.signs_until is null or k.signs_until > now())
      order by k.signs_from desc, k.id desc
    ) end
$function$;
grant execute on public_keys_of(endpoints) to public;

CREATE OR REPLACE FUNCTION public.sees_endpoint(wanted uuid)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
begin
  return exists (select from endpoints where id = wanted);
end
$function$;
grant execute on sees_endpoint(uuid) to public;

CREATE OR REPLACE FUNCTION public.set_signing_key_version()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  select version into new.version from signing_keys_version;
  return new;
end
$function$;
grant execute on set_signing_key_version() to public;

CREATE OR REPLACE FUNCTION public.tenant_role()
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
AS $function$select 'posthorn_tenant_of_postgres'::text$function$;
grant execute on tenant_role() to public;

CREATE OR REPLACE FUNCTION public.waits_for_plan(event uuid)
 RETURNS boolean
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO '$user', 'public'
AS $function$
  select exists (select from outbox o where o.event_id = event)
    or exists (select from dispatches d where d.done_at is null and not d.planned and event = any(d.event_ids))
$function$;
grant execute on waits_for_plan(uuid) to public;
