// Alerts in the database: they open once, change and close; each change is told once to each channel; messages are claimed,
// repeated after a crash, and given up in order.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sendDue } from '#alerts/send-due';
import { announceChanges } from '#db/alerts/announcements';
import { announceDigests } from '#db/alerts/digests';
import { claimDue, recordFate } from '#db/alerts/notifications';
import { reconcile } from '#db/alerts/reconcile';
import type { Condition } from '#domain/alerts/alert';
import { ChannelRefused } from '#domain/alerts/channel-refused';
import { systemTenantId } from '#domain/endpoints/tenant';
import { idOf, isId, uuidOf } from '#domain/ids';
import { createLogger } from '#runtime/logger';
import { newId } from '#runtime/new-id';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { until } from '../../support/until.ts';

let database: TestDatabase;
const [tenantId, otherTenant] = [uuidOf(newId('tnt')), uuidOf(newId('tnt'))];
const system = uuidOf(systemTenantId);
beforeAll(async () => {
  database = await createTestDatabase();
  await database.db.query(
    `insert into tenants (id, external_id, name) values ($1, 'acme', 'Acme'), ($2, 'other', 'Other'), ($3, '_posthorn', 'x')`,
    [tenantId, otherTenant, system],
  );
});
afterAll(() => database?.drop());
beforeEach(() => database.db.query('delete from alert_notifications; delete from alerts; delete from alert_channels'));

const endpointId = uuidOf(newId('ep'));
const condition = (more: Partial<Condition> = {}): Condition => ({
  kind: 'endpoint.failing',
  subject: endpointId,
  severity: 'warning',
  tenantId,
  endpointId,
  count: 2,
  facts: { host: 'hooks.test', since: '2026-01-01T00:00:00.000Z', targetVersion: 1 },
  ...more,
});
const kinds = ['endpoint.failing', 'endpoint.disabling', 'endpoint.disabled'] as const;
const found = async (...conditions: Condition[]) => {
  await reconcile(database.db, conditions, kinds);
  await announceChanges(database.db);
};
const alerts = async () =>
  (await database.db.query('select kind, state, severity, count, closed_at from alerts order by opened_at, id')).rows as Record<
    string,
    unknown
  >[];

async function channel(more: Record<string, unknown> = {}): Promise<string> {
  const id = uuidOf(newId('ach'));
  const row = {
    tenant_id: null,
    kind: 'slack',
    kinds: null,
    min_severity: 'info',
    quiet_ms: 0,
    digest_at: null,
    digest_only: false,
    digest_due_at: null,
    ...more,
  };
  await database.db.query(
    `insert into alert_channels (id, sealed, tenant_id, kind, kinds, min_severity, quiet_ms, digest_at, digest_only, digest_due_at) values ($1, '', $2, $3, $4, $5, $6, $7, $8, $9)`,
    [id, ...Object.values(row)],
  );
  return id;
}

const told = async (id: string) => {
  const { rows } = await database.db.query<{ event: string }>(
    'select event from alert_notifications where channel_id = $1 and dropped_at is null order by created_at, event desc',
    [id],
  );
  return rows.map(({ event }) => event);
};
const send = async () => {
  const due = await claimDue(database.db, 60_000, 50);
  for (const one of due) await recordFate(database.db, one, { kind: 'sent' });
  return due.map(({ event }) => event);
};

describe('an alert', () => {
  it('opens once, is updated, and closes when its cause ends; a new cause opens another', async () => {
    await found(condition());
    await found(condition(), condition({ kind: 'endpoint.disabling' }));
    await found(condition({ count: 7 }), condition({ kind: 'endpoint.disabling', severity: 'critical' }));
    expect(await alerts()).toMatchObject([
      { kind: 'endpoint.failing', state: 'open', count: 7, closed_at: null },
      { kind: 'endpoint.disabling', state: 'open', severity: 'critical', count: 2 },
    ]);
    await found();
    expect((await alerts()).map(({ state, closed_at }) => [state, closed_at !== null])).toEqual([
      ['closed', true],
      ['closed', true],
    ]);
    await found(condition());
    expect((await alerts()).map(({ state }) => state)).toEqual(['closed', 'closed', 'open']);
  });

  it('of each endpoint that accepts again opens, also when very many do at once', async () => {
    const many = Array.from({ length: 150 }, () => uuidOf(newId('ep')));
    await database.db.query(`insert into endpoints (id, tenant_id, sealed, host) select id, $2, '', 'a' from unnest($1::uuid[]) id`, [
      many,
      tenantId,
    ]);
    await database.db.query(
      `insert into endpoint_health (endpoint_id, target_version, counts) select id, 1, '{}' from unnest($1::uuid[]) id`,
      [many],
    );
    await found(...many.map((id) => condition({ subject: id, endpointId: id })));
    await found();
    const { rows } = await database.db.query<{ id: string }>(`select id from alerts where kind = 'endpoint.recovered' and state = 'open'`);
    expect(rows).toHaveLength(150);
    for (const { id } of rows) expect(isId('alr', idOf('alr', id))).toBe(true);
    await database.db.query('delete from endpoint_health; delete from endpoints');
  });

  it('opens once when two processes find its cause at the same moment', async () => {
    await Promise.all(Array.from({ length: 8 }, () => reconcile(database.db, [condition()], kinds)));
    expect(await alerts()).toHaveLength(1);
  });

  it('of a kind that was not checked completely stays open', async () => {
    await found(condition({ kind: 'deliveries.quarantined', tenantId: null, endpointId: null, subject: 'installation' }));
    await found();
    expect(await alerts()).toMatchObject([{ state: 'open' }]);
  });

  it('stays acknowledged while its cause lasts, and closes all the same', async () => {
    await found(condition());
    await database.db.query(`update alerts set state = 'acknowledged', untold = true`);
    await found(condition({ count: 3 }));
    expect(await alerts()).toMatchObject([{ state: 'acknowledged', count: 3 }]);
    await found();
    expect(await alerts()).toMatchObject([{ state: 'closed' }]);
  });
});

describe('a channel', () => {
  it('is told once of an open alert, once of a higher severity and once of its end, and never of an update', async () => {
    const [operators, owners, foreign] = [
      await channel(),
      await channel({ tenant_id: tenantId }),
      await channel({ tenant_id: otherTenant }),
    ];
    await found(condition());
    await found(condition({ count: 5 }));
    await found(condition({ count: 6 }));
    expect([await told(operators), await told(owners), await told(foreign)]).toEqual([['opened'], ['opened'], []]);
    await send();
    await found(condition({ severity: 'critical' }));
    await found(condition({ severity: 'critical', count: 9 }));
    await send();
    await found();
    await found();
    expect([await told(operators), await told(owners), await told(foreign)]).toEqual([
      ['opened', 'escalated', 'closed'],
      ['opened', 'escalated', 'closed'],
      [],
    ]);
  });

  it('gets only its kinds and severities, and no alert about Posthorn itself if it is a tenant’s', async () => {
    const severe = await channel({ min_severity: 'critical' });
    const others = await channel({ kinds: ['endpoint.disabled'] });
    const owners = await channel({ tenant_id: tenantId });
    await found(
      condition(),
      condition({ kind: 'deliveries.quarantined', subject: 'installation', severity: 'critical', tenantId: null, endpointId: null }),
    );
    expect([await told(severe), await told(others), await told(owners)]).toEqual([['opened'], [], ['opened']]);
  });

  it('hears nothing of an alert that opens and closes again within the quiet period, but of one that stays open', async () => {
    const id = await channel({ quiet_ms: 3_600_000 });
    await found(condition());
    await send();
    await found();
    await send();
    for (let again = 0; again < 3; again++) {
      await found(condition());
      expect(await send()).toEqual([]);
      await found();
      expect(await send()).toEqual([]);
    }
    expect(await told(id)).toEqual(['opened', 'closed']);
    await found(condition());
    // the quiet period ends
    await database.db.query(`update alert_notifications set due_at = now() where sent_at is null and dropped_at is null`);
    expect(await send()).toEqual(['opened']);
    await found();
    expect(await send()).toEqual(['closed']);
  });

  const endQuiet = () => database.db.query(`update alert_notifications set due_at = now() where sent_at is null and dropped_at is null`);

  it('hears at once that an alert in its quiet period has become more severe, and that once', async () => {
    const id = await channel({ quiet_ms: 3_600_000 });
    await found(condition());
    await send();
    await found();
    await send();
    await found(condition());
    expect(await send()).toEqual([]);
    await found(condition({ severity: 'critical' }));
    expect(await send()).toEqual(['escalated']);
    await endQuiet();
    expect(await send()).toEqual([]);
    await found();
    expect(await send()).toEqual(['closed']);
    expect(await told(id)).toEqual(['opened', 'closed', 'escalated', 'closed']);
  });

  it('of PagerDuty hears of an acknowledgement in the quiet period after the alert, or of neither', async () => {
    await channel({ kind: 'pagerduty', quiet_ms: 3_600_000 });
    await found(condition());
    await send();
    await found();
    await send();
    const acknowledged = async () => {
      await found(condition());
      await database.db.query(`update alerts set state = 'acknowledged', untold = true where state = 'open' and kind = 'endpoint.failing'`);
      await found(condition());
      expect(await send()).toEqual([]);
    };
    await acknowledged();
    await found();
    await endQuiet();
    expect(await send()).toEqual([]);
    await acknowledged();
    await endQuiet();
    expect([await send(), await send()]).toEqual([['opened'], ['acknowledged']]);
    await found();
    expect((await send()).filter((event) => event === 'closed')).toHaveLength(1);
  });

  it('hears of the end when another process begins to tell it of the alert at that moment', async () => {
    await channel({ quiet_ms: 3_600_000 });
    await found(condition());
    await send();
    await found();
    await send();
    await found(condition());
    const other = await database.db.connect();
    await other.query('begin');
    await other.query(
      `update alert_notifications set attempts = 1, due_at = now() + interval '1 minute' where sent_at is null and dropped_at is null`,
    );
    const closing = found();
    await until('it to wait for the other process', async () => {
      const { rows } = await database.db.query(
        `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return rows[0].n > 0;
    });
    await other.query('commit');
    other.release();
    await closing;
    const { rows } = await database.db.query(
      'select event from alert_notifications where sent_at is null and dropped_at is null order by event',
    );
    expect(rows).toEqual([{ event: 'closed' }, { event: 'opened' }]);
  });

  it('of the webhook kind is not told about an endpoint of a webhook channel', async () => {
    const [webhook, slack] = [await channel({ kind: 'webhook' }), await channel()];
    await found(condition({ tenantId: system }));
    expect([await told(webhook), await told(slack)]).toEqual([[], ['opened']]);
  });

  it('gets one digest a day, however many processes look', async () => {
    const id = await channel({ digest_at: '08:00', digest_only: true, digest_due_at: new Date(Date.now() - 1_000) });
    await found(condition());
    await Promise.all(Array.from({ length: 4 }, () => announceDigests(database.db, Date.now())));
    expect(await told(id)).toEqual(['digest']);
    const { rows } = await database.db.query('select digest_due_at from alert_channels where id = $1', [id]);
    expect(rows[0].digest_due_at.getTime()).toBeGreaterThan(Date.now());
  });

  it('gets no second digest from a process whose clock is behind', async () => {
    const due = new Date(Math.floor(Date.now() / 60_000) * 60_000);
    const id = await channel({ digest_at: due.toISOString().slice(11, 16), digest_due_at: due });
    for (let look = 0; look < 2; look++) await announceDigests(database.db, due.getTime() - 30_000);
    expect(await told(id)).toEqual(['digest']);
  });
});

describe('a notification', () => {
  it('is claimed by one process; if that dies, it is due again', async () => {
    await channel();
    await found(condition());
    const claims = await Promise.all(Array.from({ length: 6 }, () => claimDue(database.db, 60_000, 50)));
    expect(claims.flat()).toMatchObject([{ event: 'opened', attempts: 1, alert: { kind: 'endpoint.failing', tenant: 'acme' } }]);
    // its process was killed between sending and recording, and the claim ends
    await database.db.query(`update alert_notifications set due_at = now() - interval '1 second'`);
    expect(await claimDue(database.db, 60_000, 50)).toMatchObject([{ event: 'opened', attempts: 2 }]);
  });

  it('that failed is repeated later, shows its error, and is not overtaken by a later one of the same alert', async () => {
    const id = await channel();
    const shown = async () => (await database.db.query('select last_error, last_sent_at from alert_channels where id = $1', [id])).rows[0];
    await found(condition());
    const [opened] = await claimDue(database.db, 60_000, 50);
    if (!opened) throw new Error('nothing was due');
    await recordFate(database.db, opened, { kind: 'failed', error: 'HTTP 500', retryInMs: 3_600_000 });
    expect(await shown()).toEqual({ last_error: 'HTTP 500', last_sent_at: null });
    await found();
    expect(await claimDue(database.db, 60_000, 50)).toEqual([]);
    await database.db.query(`update alert_notifications set due_at = now() where event = 'opened'`);
    expect(await send()).toEqual(['opened']);
    expect(await send()).toEqual(['closed']);
    expect(await shown()).toMatchObject({ last_error: null, last_sent_at: expect.any(Date) });
  });

  it('is claimed without a look at all that is due, with statistics and without, also behind new ones of a channel that fails', async () => {
    const [busy, failing] = [await channel(), await channel()];
    const insert = (id: string, n: number) =>
      database.db.query(
        `insert into alert_notifications (id, channel_id, alert_id, event, due_at)
         select gen_random_uuid(), $1, gen_random_uuid(), 'opened', now() - n * interval '1 second' from generate_series(1, $2) n`,
        [id, n],
      );
    const claimed = async () => {
      const client = await database.db.connect();
      const query = async (...args: unknown[]) => {
        if (args[0] !== 'commit') return (client.query as (...args: unknown[]) => unknown)(...args);
        // of this transaction alone
        const { rows } = await client.query(
          `select (seq_tup_read + idx_tup_fetch)::int as read from pg_stat_xact_user_tables where relname = 'alert_notifications'`,
        );
        read.push(rows[0].read);
        return client.query('rollback');
      };
      const read: number[] = [];
      await claimDue({ query: database.db.query.bind(database.db), connect: async () => ({ query, release() {} }) } as never, 60_000, 50);
      client.release();
      return read[0];
    };
    await insert(busy, 3_000);
    await insert(failing, 3_000);
    await database.db.query(`update alert_channels set last_error = 'no answer', last_error_at = now() where id = $1`, [failing]);
    expect(await claimed()).toBeLessThan(1_000);
    await database.db.query('analyze alert_notifications');
    expect(await claimed()).toBeLessThan(1_000);
  });

  it('waits while its channel has just failed with another one, which is tried first', async () => {
    const id = await channel();
    await channel({ kind: 'email' });
    await found(condition());
    for (const one of await claimDue(database.db, 60_000, 50)) {
      const failed = one.channel.kind === 'slack';
      await recordFate(database.db, one, failed ? { kind: 'failed', error: 'no answer', retryInMs: 3_600_000 } : { kind: 'sent' });
    }
    await found(condition(), condition({ kind: 'endpoint.disabled' }));
    const claimed = (await claimDue(database.db, 60_000, 50)).map(({ channel: { kind } }) => kind);
    expect(claimed).toEqual(['email']);
    await database.db.query(`update alert_channels set last_error_at = now() - interval '1 minute' where id = $1`, [id]);
    expect(await claimDue(database.db, 60_000, 50)).toMatchObject([{ channel: { kind: 'slack' }, alert: { kind: 'endpoint.disabled' } }]);
  });

  it('is not hidden by the many of a channel that has just failed, nor is the retry of that', async () => {
    const [dead, well] = [await channel(), await channel({ kind: 'pagerduty' })];
    await database.db.query(`update alert_channels set last_error = 'no answer', last_error_at = now() where id = $1`, [dead]);
    await database.db.query(
      `insert into alert_notifications (id, channel_id, alert_id, event, due_at, attempts)
        select gen_random_uuid(), $1::uuid, gen_random_uuid(), 'opened', now() - interval '1 hour', 0 from generate_series(1, 2100)
        union all select gen_random_uuid(), $1, gen_random_uuid(), 'opened', now() - interval '1 second', 1
        union all select gen_random_uuid(), $2, gen_random_uuid(), 'opened', now(), 0 from generate_series(1, 5)`,
      [dead, well],
    );
    const claimed = (await claimDue(database.db, 60_000, 50)).map(({ channel: { kind }, attempts }) => `${kind} ${attempts}`);
    expect(claimed.toSorted()).toEqual([...Array(5).fill('pagerduty 1'), 'slack 2']);
  });

  it('is not hidden by ten that wait for an earlier one of their alert', async () => {
    await channel();
    const many = Array.from({ length: 10 }, () => condition({ subject: newId('ep') }));
    await found(...many);
    for (const one of await claimDue(database.db, 60_000, 50))
      await recordFate(database.db, one, { kind: 'failed', error: 'HTTP 400', retryInMs: 3_600_000 });
    await found();
    await database.db.query(`update alert_channels set last_error_at = now() - interval '1 minute'`);
    await found(condition());
    expect(await claimDue(database.db, 60_000, 50)).toMatchObject([{ event: 'opened', alert: { state: 'open' } }]);
  });

  it('is sent in the same run after fifty that all failed', async () => {
    for (let dead = 0; dead < 50; dead++) await channel();
    await found(condition());
    await channel({ kind: 'pagerduty' });
    await found(condition(), condition({ kind: 'endpoint.disabled', severity: 'critical' }));
    await database.db.query(`delete from alert_notifications n using alerts a where a.id = n.alert_id and a.kind = 'endpoint.disabled' and
      n.channel_id in (select id from alert_channels where kind = 'slack')`);
    const sent: string[] = [];
    const send = async ({ kind }: { kind: string }) => {
      if (kind === 'slack') throw new ChannelRefused('settings.url', 'no answer');
      sent.push(kind);
      return '';
    };
    await sendDue({ db: database.db, channels: { send }, log: createLogger('silent'), claimMs: 60_000, runMs: 4_000 });
    expect(sent).toEqual(['pagerduty']);
  });

  it('that another process has sent since stays sent, whatever a suspended process records later', async () => {
    const id = await channel();
    await found(condition());
    const claim = async () => {
      const [one] = await claimDue(database.db, 60_000, 50);
      if (!one) throw new Error('nothing was due');
      return one;
    };
    const suspended = await claim();
    await database.db.query(`update alert_notifications set due_at = now() - interval '1 second'`);
    const second = await claim();
    await recordFate(database.db, suspended, { kind: 'failed', error: 'late', retryInMs: 0 });
    expect(await claimDue(database.db, 60_000, 50)).toEqual([]);
    await recordFate(database.db, second, { kind: 'sent' });
    for (const fate of [
      { kind: 'failed', error: 'late', retryInMs: 0 },
      { kind: 'released', inMs: 0 },
    ] as const) {
      await recordFate(database.db, suspended, fate);
      expect(await claimDue(database.db, 60_000, 50)).toEqual([]);
    }
    expect((await database.db.query('select last_error from alert_channels where id = $1', [id])).rows).toEqual([{ last_error: null }]);
  });

  it('of a deleted channel is dropped', async () => {
    await channel();
    await found(condition());
    await database.db.query('update alert_channels set deleted_at = now()');
    expect(await claimDue(database.db, 60_000, 50)).toEqual([]);
    expect((await database.db.query('select from alert_notifications where dropped_at is not null')).rowCount).toBe(1);
  });
});
