// What the checks find in the database, kind by kind: when an alert opens, how severe it is, and when it closes.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CheckTimes, createQuickChecks, slowChecks } from '#alerts/checks';
import { reconcile } from '#db/alerts/reconcile';
import { idOf, makeId, uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
const tenantId = uuidOf(newId('tnt'));
beforeAll(async () => {
  database = await createTestDatabase();
  await database.db.query(`insert into tenants (id, external_id, name) values ($1, 'acme', 'Acme')`, [tenantId]);
});
afterAll(() => database?.drop());

const query = (text: string, ...values: unknown[]) => database.db.query(text, values);
const day = 86_400_000;
const times: CheckTimes = { failingAfterMs: 15_000, disableAfterMs: 5 * day, backlogOldMs: 30_000, awayMs: 0 };

async function endpoint(more = ''): Promise<string> {
  const id = uuidOf(newId('ep'));
  await query(`insert into endpoints (id, tenant_id, sealed, host) values ($1, $2, '', 'hooks.test')`, id, tenantId);
  if (more) await query(`update endpoints set ${more} where id = $1`, id);
  return id;
}

/** It has accepted nothing for so long, in so many direct attempts. */
const failsFor = async (id: string, ms: number, refused = 5) =>
  query(
    `insert into endpoint_health (endpoint_id, counts, failing_since) values ($1, jsonb_build_object('notAccepted', $3::int), now() - $2 * interval '1 millisecond')
     on conflict (endpoint_id) do update set failing_since = excluded.failing_since, counts = excluded.counts`,
    id,
    ms,
    refused,
  );

async function check(trouble: string | null = null) {
  const { conditions, checked } = await createQuickChecks({ db: database.db, times, temporalTrouble: async () => trouble })();
  await reconcile(database.db, conditions, checked);
}

async function slowly() {
  const { conditions, checked } = await slowChecks(database.db, { overdueMs: 60_000 });
  await reconcile(database.db, conditions, checked);
}

const shown = async (where: string, ...values: unknown[]) =>
  (await query(`select kind, severity, state, count from alerts where ${where} order by opened_at, id`, ...values)).rows.map(
    ({ kind, severity, state, count }) => `${kind} ${severity} ${state} ${count}`,
  );
const of = (id: string) => shown('endpoint_id = $1', id);

async function delivery(endpointId: string, status: string, more = ''): Promise<string> {
  const id = uuidOf(newId('dlv'));
  await query(
    `insert into deliveries (id, event_id, endpoint_id, tenant_id, event_type, status, last_message) values ($1, $1, $2, $3, 'a', $4, 'HTTP 500')`,
    id,
    endpointId,
    tenantId,
    status,
  );
  if (more) await query(`update deliveries set ${more} where id = $1`, id);
  return id;
}

describe('an endpoint', () => {
  it('is failing after 15 s without an acceptance, not after one refusal, and recovers', async () => {
    const [failing, young, once] = [await endpoint(), await endpoint(), await endpoint()];
    await Promise.all([failsFor(failing, 16_000), failsFor(young, 1_000), failsFor(once, 60_000, 1)]);
    await check();
    await check();
    expect([await of(failing), await of(young), await of(once)]).toEqual([['endpoint.failing warning open 5'], [], []]);
    await query('update endpoint_health set failing_since = null where endpoint_id = $1', failing);
    await check();
    expect(await of(failing)).toEqual(['endpoint.failing warning closed 5', 'endpoint.recovered info open 1']);
    await failsFor(failing, 20_000, 3);
    await check();
    expect((await of(failing)).slice(1).toSorted()).toEqual(['endpoint.failing warning open 3', 'endpoint.recovered info closed 1']);
  });

  it('that gets another URL, is paused or deleted is not failing, and has not recovered', async () => {
    const ids = [await endpoint(), await endpoint(), await endpoint()] as const;
    for (const id of ids) await failsFor(id, 30_000);
    await check();
    await query('update endpoints set target_version = 2 where id = $1', ids[0]);
    await query(`update endpoints set gate = 'held', gate_reason = 'paused' where id = $1`, ids[1]);
    await query('update endpoints set deleted_at = now() where id = $1', ids[2]);
    await check();
    for (const id of ids) expect(await of(id)).toEqual(['endpoint.failing warning closed 5']);
  });

  it('is failing by its lane while that parks', async () => {
    const id = await endpoint();
    await query(
      `insert into lanes (endpoint_id, tenant_id, parks, reason, state, circuit, failing_since) values ($1, $2, true, 'failing', 'idle', '{"refusedProbes":7}', now() - interval '1 minute')`,
      id,
      tenantId,
    );
    await check();
    expect(await of(id)).toEqual(['endpoint.failing warning open 9']);
    await query('update lanes set failing_since = null, updated_at = now() where endpoint_id = $1', id);
    await check();
    expect(await of(id)).toEqual(['endpoint.failing warning closed 9', 'endpoint.recovered info open 1']);
  });

  it('is announced to be disabled at 50 % and at 90 % of the time, and when it is', async () => {
    const id = await endpoint();
    const disabling = () => shown(`endpoint_id = $1 and kind like 'endpoint.disabl%'`, id);
    await failsFor(id, 2.4 * day);
    await check();
    expect(await disabling()).toEqual([]);
    await failsFor(id, 2.51 * day);
    await check();
    expect(await disabling()).toEqual(['endpoint.disabling warning open 1']);
    await failsFor(id, 4.51 * day);
    await check();
    expect(await disabling()).toEqual(['endpoint.disabling critical open 1']);
    await query(`update endpoints set gate = 'disabled', gate_reason = 'failed for too long' where id = $1`, id);
    await check();
    expect(await disabling()).toEqual(['endpoint.disabling critical closed 1', 'endpoint.disabled critical open 1']);
    await query(`update endpoints set gate = 'open', gate_reason = null where id = $1`, id);
    await query('delete from endpoint_health where endpoint_id = $1', id);
    await check();
    expect(await disabling()).toEqual(['endpoint.disabling critical closed 1', 'endpoint.disabled critical closed 1']);
  });

  it('with dead letters of the last hour has one alert that counts them', async () => {
    const id = await endpoint();
    const dead = [await delivery(id, 'dead_lettered'), await delivery(id, 'dead_lettered')];
    await delivery(id, 'dead_lettered', `updated_at = now() - interval '61 minutes'`);
    await check();
    expect(await of(id)).toEqual(['deliveries.dead_lettered warning open 2']);
    await query(`update deliveries set status = 'pending' where id = any($1)`, dead);
    await check();
    expect(await of(id)).toEqual(['deliveries.dead_lettered warning closed 2']);
  });
});

describe('Posthorn itself', () => {
  const ours = (kind: string) => shown('kind = $1', kind);

  it('tells of a quarantine that is not empty', async () => {
    const id = await delivery(await endpoint(), 'quarantined');
    await check();
    expect(await ours('deliveries.quarantined')).toEqual(['deliveries.quarantined critical open 1']);
    await query(`update deliveries set status = 'pending', next_attempt_at = now() where id = $1`, id);
    await check();
    expect(await ours('deliveries.quarantined')).toEqual(['deliveries.quarantined critical closed 1']);
    await query('delete from deliveries where id = $1', id);
  });

  it('tells of events that wait in the outbox, and of overdue deliveries', async () => {
    const event = uuidOf(makeId('evt', Date.now() - 60_000, new Uint8Array(10)));
    await query(`insert into outbox (event_id, tenant_id, accepted_at) values ($1, $2, now() - interval '1 minute')`, event, tenantId);
    const late = await delivery(await endpoint(), 'retrying', `next_attempt_at = now() - interval '2 minutes'`);
    await check();
    await slowly();
    expect([await ours('backlog.old'), await ours('deliveries.overdue')]).toEqual([
      ['backlog.old critical open 1'],
      ['deliveries.overdue critical open 1'],
    ]);
    await query('delete from outbox where event_id = $1', event);
    await query(`update deliveries set status = 'succeeded' where id = $1`, late);
    await check();
    await slowly();
    expect([await ours('backlog.old'), await ours('deliveries.overdue')]).toEqual([
      ['backlog.old critical closed 1'],
      ['deliveries.overdue critical closed 1'],
    ]);
  });

  it('tells when no worker runs, and when Temporal does not answer, if it lasts', async () => {
    const patient = createQuickChecks({ db: database.db, times: { ...times, awayMs: 60_000 }, temporalTrouble: async () => 'UNAVAILABLE' });
    const { conditions, checked } = await patient();
    expect([...conditions.map(({ kind }) => kind), ...checked].filter((kind) => /workers|temporal/.test(kind))).toEqual([]);
    await check('UNAVAILABLE: connection refused');
    expect([await ours('workers.missing'), await ours('temporal.unreachable')]).toEqual([
      ['workers.missing critical open 1'],
      ['temporal.unreachable critical open 1'],
    ]);
    const back = createQuickChecks({ db: database.db, times: { ...times, awayMs: 60_000 }, temporalTrouble: async () => null });
    const relay = uuidOf(newId('rly'));
    await query(`insert into relays (id, process) values ($1, 'one that stops')`, relay);
    const stopping = await back();
    await reconcile(database.db, stopping.conditions, stopping.checked);
    expect(await ours('workers.missing')).toEqual(['workers.missing critical open 1']);
    await query(`update relays set mode = 'individual' where id = $1`, relay);
    const found = await back();
    await reconcile(database.db, found.conditions, found.checked);
    expect([await ours('workers.missing'), await ours('temporal.unreachable')]).toEqual([
      ['workers.missing critical closed 1'],
      ['temporal.unreachable critical closed 1'],
    ]);
  });
});

describe('what expires', () => {
  it('is announced: rotated secrets a day before, API keys 7 days and a day before', async () => {
    const id = await endpoint();
    const [secret, key, short] = [uuidOf(newId('sec')), uuidOf(newId('key')), uuidOf(newId('key'))];
    await query(
      `insert into endpoint_secrets (id, endpoint_id, sealed, valid_to) values ($1, $2, '', now() + interval '20 hours')`,
      secret,
      id,
    );
    const insertKey = (keyId: string, made: string) =>
      query(
        `insert into api_keys (id, hash, prefix, name, scopes, created_by, tenant_id, created_at, expires_at)
         values ($1, $2, 'phk_abc', 'Order service', '{admin}', 'cli', $3, now() - $4::interval, now() + interval '5 hours')`,
        keyId,
        Buffer.from(keyId),
        tenantId,
        made,
      );
    await insertKey(key, '30 days');
    await insertKey(short, '1 hour');
    await slowly();
    const about = (subject: string) => shown('subject = $1', subject);
    expect([await about(idOf('sec', secret)), await about(idOf('key', key)), await about(idOf('key', short))]).toEqual([
      ['secret.expiring info open 1'],
      ['key.expiring critical open 1'],
      [],
    ]);
    await query(`update api_keys set expires_at = now() + interval '6 days' where id = $1`, key);
    await slowly();
    expect(await about(idOf('key', key))).toEqual(['key.expiring warning open 1']);
    await query('update api_keys set revoked_at = now() where id = $1', key);
    await slowly();
    expect(await about(idOf('key', key))).toEqual(['key.expiring warning closed 1']);
  });
});
