// Deliveries for an endpoint, or events, stop: the alert opens from stored rows that are half a minute old, through the chores.
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { createAlertChores } from '#alerts/alert-chores';
import { createLullChecks } from '#alerts/lull-checks';
import type { Message } from '#alerts/message';
import { startChores } from '#chores/chores';
import { dashedUuid, platformId } from '#db/alerts/baselines';
import { uuidOf } from '#domain/ids';
import { createLogger } from '#runtime/logger';
import { newId } from '#runtime/new-id';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { quickAlerts } from '../support/quick-timings.ts';
import { until } from '../support/until.ts';

let database: TestDatabase;
const tenant = uuidOf(newId('tnt'));
const query = (text: string, values: unknown[] = []) => database.db.query(text, values);
const at = (alias: string) =>
  `(lpad(to_hex((extract(epoch from ${alias}) * 1000)::bigint), 12, '0') || substr(md5(random()::text), 1, 20))::uuid`;

/** Two a second, of 600 that are usual in five minutes, between so many seconds ago. `where`: of the times `t`. */
async function deliveries(endpoint: string, fromAgo: number, toAgo: number, where = 'true'): Promise<void> {
  await query(
    `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, created_at)
     select ${at('t')}, gen_random_uuid(), $1, $2, 'a.b', 'succeeded', t
     from generate_series(now() - $3 * interval '1 second', now() - $4 * interval '1 second', interval '500 milliseconds') t where ${where}`,
    [endpoint, tenant, fromAgo, toAgo],
  );
}

async function events(fromAgo: number, toAgo: number): Promise<void> {
  await query(
    `insert into events (id, tenant_id, external_id, type, channels, body, body_timestamp, position, accepted_at)
     select ${at('t')}, $1, t::text, 'a.b', '{}', '', '', 0, t
     from generate_series(now() - $2 * interval '1 second', now() - $3 * interval '1 second', interval '500 milliseconds') t`,
    [tenant, fromAgo, toAgo],
  );
}

const usual = (id: string, figure: string) =>
  query(
    `insert into alert_baselines (id, figure, mean, variance, windows, learnt_until) values ($1, $2, 600, 600, 100, now())
     on conflict (id, figure) do update set learnt_until = now()`,
    [id, figure],
  );

async function busyEndpoint(): Promise<string> {
  const id = dashedUuid(newId('ep'));
  await query(`insert into endpoints (id, tenant_id, sealed, host, description) values ($1, $2, '', 'hooks.test', 'Orders')`, [id, tenant]);
  await usual(id, 'volume');
  return id;
}

beforeAll(async () => {
  database = await createTestDatabase();
  await query(`insert into tenants (id, external_id, name) values ($1, 'acme', 'Acme')`, [tenant]);
});
afterAll(() => database?.drop());

it('opens, is told, and closes when it goes on; not for what is often quiet, is paused, or goes on', async () => {
  const [stopped, minutely, paused, well] = await Promise.all(Array.from({ length: 4 }, busyEndpoint));
  if (!stopped || !minutely || !paused || !well) throw new Error('no endpoints');
  await usual(platformId, 'ingest');
  await query(`update endpoints set gate = 'held' where id = $1`, [paused]);
  await query(`insert into stats_progress (final_until) values (date_trunc('minute', now() - interval '1 minute'))`);
  // the last five final minutes were usual
  await query(
    `insert into stats_minutes (id, at, scope, tenant_id, accepted, events)
     select id, date_trunc('minute', now()) - interval '3 minutes', case when id = $2 then 'platform' else 'endpoint' end, $3, 600, 600
     from unnest($1::uuid[]) id`,
    [[platformId, stopped, minutely, well], platformId, tenant],
  );
  await events(1_950, 31);
  await Promise.all([deliveries(stopped, 1_950, 31), deliveries(paused, 1_950, 31), deliveries(well, 1_950, -600)]);
  await deliveries(minutely, 1_950, 31, 'extract(second from t) < 30');
  const channel = uuidOf(newId('ach'));
  await query(`insert into alert_channels (id, kind, sealed, quiet_ms) values ($1, 'slack', '', 0)`, [channel]);

  const sent: Message[] = [];
  const channels = { send: async (_channel: unknown, message: Message) => String(sent.push(message)) };
  const log = createLogger('silent');
  const deps = {
    db: database.db,
    channels,
    log,
    timings: quickAlerts.alerts,
    disableAfterMs: 3_600_000,
    temporalTrouble: async () => null,
  };
  const chores = startChores({ db: database.db, reads: database.db, chores: createAlertChores(deps), log, timings: quickAlerts });
  onTestFinished(() => chores.stop());

  const told = (event: string) =>
    sent.flatMap((one) => (one.kind === 'alert' && one.event === event && /volume|ingest/.test(one.alert.kind) ? [one.alert] : []));
  await until('both to be told', () => told('opened').length === 2);
  expect(told('opened').map(({ title, detail, facts }) => [title, detail, facts.seconds])).toEqual(
    expect.arrayContaining([
      [
        'Orders (hooks.test) gets fewer deliveries than usual',
        expect.stringContaining('0 deliveries were made for it in the last 30 seconds'),
        30,
      ],
      ['Fewer events arrive than usual', expect.stringContaining('in the last 30 seconds; usual are 60.'), 30],
    ]),
  );
  await Promise.all([deliveries(stopped, 30, -600), events(30, -600)]);
  await until('both to close', () => told('closed').length === 2);
  expect(told('opened')).toHaveLength(2);
});

it('says nothing while Posthorn itself may be at fault, after a brief alert, and if it is usual at this time', async () => {
  const endpoint = await busyEndpoint();
  await deliveries(endpoint, 1_950, 31);
  const found = async (settledMs = 0) => {
    const { conditions, isCertain } = await createLullChecks(database.db, settledMs)();
    return [conditions.filter(({ subject }) => subject === endpoint).length, isCertain];
  };
  await query(
    `insert into chores (name, due_at, begun_at, done_at) values ('alerts-slow', now(), now(), now()) on conflict (name) do update set done_at = now()`,
  );
  expect(await found()).toEqual([1, true]);
  expect(await found(60_000)).toEqual([0, false]);

  await query(`insert into outbox (event_id, tenant_id, accepted_at) values ($1, $2, now() - interval '6 seconds')`, [
    uuidOf(newId('evt')),
    tenant,
  ]);
  expect(await found()).toEqual([0, false]);
  await query('delete from outbox');

  await query(`update chores set done_at = now() - interval '2 minutes' where name = 'alerts-slow'`);
  expect(await found()).toEqual([0, false]);
  await query(`update chores set done_at = now() where name = 'alerts-slow'`);

  const alert = uuidOf(newId('alr'));
  await query(
    `insert into alerts (id, tenant_id, endpoint_id, kind, subject, severity, detail, state, opened_at, closed_at)
     values ($1, $2, $3::uuid, 'endpoint.volume', $3::text, 'warning', '{}', 'closed', now() - interval '61 minutes', now() - interval '1 hour')`,
    [alert, tenant, endpoint],
  );
  expect(await found()).toEqual([0, true]);
  // one that is open lasts while there is less than half
  await query(`update alerts set state = 'open', closed_at = null where id = $1`, [alert]);
  await deliveries(endpoint, 12, 0);
  expect(await found()).toEqual([1, true]);
  await query('delete from alerts where id = $1', [alert]);
  expect(await found()).toEqual([0, true]);
  await query(`delete from deliveries where endpoint_id = $1 and created_at > now() - interval '30 seconds'`, [endpoint]);
  expect(await found()).toEqual([1, true]);

  await query(
    `insert into stats_minutes (id, at, scope, tenant_id, accepted)
     select $1, date_trunc('minute', now()) - interval '7 days' + m * interval '1 minute', 'endpoint', $2, 120 from generate_series(-50, -2) m`,
    [endpoint, tenant],
  );
  expect(await found()).toEqual([0, true]);
});
