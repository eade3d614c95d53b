// The question of the chores finds work of every kind, whichever process stored it, and nothing where there is none.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ChoreWork, findChoreWork } from '#db/chores/chore-work';
import { uuidOf } from '#domain/ids';
import { usualTimings } from '#domain/timings';
import { newId } from '#runtime/new-id';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
const [tenant, endpoint, channel, alert] = (['tnt', 'ep', 'ach', 'alr'] as const).map((prefix) => uuidOf(newId(prefix)));
beforeAll(async () => {
  database = await createTestDatabase();
  await query(`insert into tenants (id, external_id, name) values ('${tenant}', 'acme', 'Acme')`);
  await query(`insert into endpoints (id, tenant_id, sealed, host) values ('${endpoint}', '${tenant}', '', 'hooks.test')`);
  await query(`insert into relays (id, process, mode) values ('${uuidOf(newId('rly'))}', 'a worker', 'individual')`);
  await query('insert into stats_progress (final_until) values (now())');
});
afterAll(() => database?.drop());

const query = (text: string) => database.db.query(text);
const id = () => uuidOf(newId('dlv'));
const find = async () => {
  // the relay's lease is short, and nobody renews it here
  await query('update relays set seen = now()');
  return findChoreWork(database.db, usualTimings);
};
const found = async () => {
  const { stored: _, ...work } = await find();
  return (Object.keys(work) as (keyof typeof work)[]).filter((key) => work[key]).toSorted();
};

const delivery = (status: string, more: Record<string, string> = {}) => {
  const columns = ['id', 'event_id', 'endpoint_id', 'tenant_id', 'event_type', 'status', ...Object.keys(more)];
  const values = [...[id(), id(), endpoint, tenant, 'a', status].map((value) => `'${value}'`), ...Object.values(more)];
  return `insert into deliveries (${columns}) values (${values})`;
};
const anAlert = (more: string) =>
  `insert into alerts (id, kind, subject, severity, for_owner, detail, untold, state) values ('${alert}', 'backlog.old', 'x', 'info', false, '{}', ${more})`;
const aChannel = (dueAt: string) =>
  `insert into alert_channels (id, kind, sealed, quiet_ms, digest_due_at) values ('${channel}', 'email', '', 0, ${dueAt})`;
const aReplay = (more: string) =>
  `insert into replays (id, statuses, types, never_attempted, target, since, until, phase, cursor, per_second, created_by, status, driven_at, unsignalled_since)
   values ('${id()}', '{}', '{}', false, 'frozen', now(), now(), 'deliveries', '${id()}', 1, 'a', ${more})`;

const cases: [work: (keyof ChoreWork)[], stored: string[], removed: string[]][] = [
  [
    ['failing'],
    [`insert into endpoint_health (endpoint_id, counts, failing_since) values ('${endpoint}', '{}', now())`],
    ['delete from endpoint_health'],
  ],
  [
    ['failing'],
    [
      `insert into lanes (endpoint_id, tenant_id, parks, reason, state, failing_since) values ('${endpoint}', '${tenant}', true, 'failing', 'idle', now())`,
    ],
    ['delete from lanes'],
  ],
  [
    ['disabled'],
    [`update endpoints set gate = 'disabled', gate_reason = 'gone'`],
    [`update endpoints set gate = 'open', gate_reason = null`],
  ],
  [['deadLetters'], [delivery('dead_lettered')], ['delete from deliveries']],
  [['engine'], [delivery('quarantined')], ['delete from deliveries']],
  [['engine'], [`insert into outbox (event_id, tenant_id) values ('${id()}', '${tenant}')`], ['delete from outbox']],
  [['temporalError'], [`update relays set temporal_error = 'away'`], ['update relays set temporal_error = null']],
  [['engine'], ['update relays set mode = null'], [`update relays set mode = 'individual'`]],
  [['overdue'], [delivery('retrying', { next_attempt_at: `now() - interval '2 minutes'` })], ['delete from deliveries']],
  [['overdue'], [delivery('retrying', { next_attempt_at: `now() - interval '2 minutes'`, pumped: 'true' })], ['delete from deliveries']],
  [
    ['expiring'],
    [`insert into endpoint_secrets (id, endpoint_id, sealed, valid_to) values ('${id()}', '${endpoint}', '', now() + interval '1 hour')`],
    ['delete from endpoint_secrets'],
  ],
  [
    ['expiring'],
    [
      `insert into api_keys (id, hash, prefix, name, scopes, created_at, created_by, expires_at)
       values ('${id()}', '', 'phk_', 'a key', '{}', now() - interval '9 days', 'a', now() + interval '1 day')`,
    ],
    ['delete from api_keys'],
  ],
  [['expiring'], [`update endpoints set tls_expires_at = now() + interval '9 days'`], ['update endpoints set tls_expires_at = null']],
  [['openAlerts', 'untoldAlerts'], [anAlert(`true, 'open'`)], ['delete from alerts']],
  [['untoldAlerts'], [anAlert(`true, 'closed'`)], ['delete from alerts']],
  [['channels'], [aChannel('null')], ['delete from alert_channels']],
  [['channels', 'digests'], [aChannel('now()')], ['delete from alert_channels']],
  [
    ['channels', 'notifications'],
    [aChannel('null'), `insert into alert_notifications (id, channel_id, event, due_at) values ('${id()}', '${channel}', 'digest', now())`],
    ['delete from alert_notifications', 'delete from alert_channels'],
  ],
  [['replays'], [aReplay(`'running', now() - interval '2 minutes', null`)], ['delete from replays']],
  [['replays'], [aReplay(`'paused', now(), now() - interval '1 minute'`)], ['delete from replays']],
  [
    ['minutes'],
    [`update stats_progress set final_until = now() - interval '3 minutes'`],
    ['update stats_progress set final_until = now()'],
  ],
  [['minutes'], [`insert into late_attempts (delivery_id, id) values ('${id()}', '${id()}')`], ['delete from late_attempts']],
  [
    ['figures'],
    [`insert into stats_minutes (id, at, scope) values ('00000000-0000-0000-0000-000000000000', date_trunc('minute', now()), 'platform')`],
    ['delete from stats_minutes'],
  ],
  [
    ['figures'],
    [`insert into alert_baselines (id, figure, mean, variance, windows, learnt_until) values ('${id()}', 'volume', 1, 1, 1, now())`],
    ['delete from alert_baselines'],
  ],
];

it.each(cases)('finds %s', async (work, stored, removed) => {
  expect(await found()).toEqual([]);
  for (const text of stored) await query(text);
  expect(await found()).toEqual(work.toSorted());
  for (const text of removed) await query(text);
  expect(await found()).toEqual([]);
});
