// What a process must know to tell of an outage of PostgreSQL: the operator's channels, and an id for the alert that all
// processes share, so that receivers see their messages as one. Read every few seconds, because it cannot be read then.
import { uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { type Db, inTransaction } from '../store/pool.ts';
import { type ChannelRow, channelColumns, type StoredChannel, toChannel } from './channel-row.ts';

const setting = 'next_outage_alert';

export interface OutagePlan {
  alertId: string;
  channels: StoredChannel[];
  /** How long ago any process began to run the checks; null: none has. */
  checkedMsAgo: number | null;
}

export async function readOutagePlan(db: Db): Promise<OutagePlan> {
  const { rows } = await db.query<Partial<ChannelRow> & { outage: string | null; checked_ms_ago: number | null }>({
    name: 'outage_plan',
    text: `
      select s.value as outage, (select extract(epoch from now() - begun_at)::float8 * 1000 from chores where name = 'alerts') as checked_ms_ago,
        ${channelColumns}
      from (select (select value from settings where name = '${setting}') as value) s
      left join alert_channels c on c.tenant_id is null and c.deleted_at is null
      left join tenants t on t.id = c.tenant_id`,
  });
  const channels = rows.flatMap((row) => (row.id ? [toChannel(row as ChannelRow)] : []));
  const known = rows[0]?.outage;
  if (known) return { alertId: known, channels, checkedMsAgo: rows[0]?.checked_ms_ago ?? null };
  await db.query({
    name: 'plan_outage',
    text: `insert into settings (name, value) values ('${setting}', $1) on conflict do nothing`,
    values: [newId('alr')],
  });
  return readOutagePlan(db);
}

export interface Outage {
  alertId: string;
  since: Date;
  facts: Record<string, string>;
  /** Channels that were told. */
  told: string[];
}

/**
 * Stores the alert of an outage that is over, open: the next check closes it, and those that were told learn of its end. Only
 * the first of several processes stores it. False: another has.
 */
export function recordOutage(db: Db, { alertId, since, facts, told }: Outage): Promise<boolean> {
  return inTransaction(db, async (client) => {
    const taken = await client.query({
      name: 'take_outage',
      text: `update settings set value = $2 where name = '${setting}' and value = $1`,
      values: [alertId, newId('alr')],
    });
    if (taken.rowCount === 1) {
      await client.query({
        name: 'record_outage',
        text: `
          insert into alerts (id, kind, subject, severity, for_owner, detail, opened_at, told_state, told_severity, untold)
          values ($1, 'postgres.unreachable', 'installation', 'critical', false, $2, $3, 'open', 'critical', false) on conflict do nothing`,
        values: [uuidOf(alertId), JSON.stringify(facts), since],
      });
    }
    await client.query({
      name: 'record_told_of_outage',
      text: `
        insert into alert_notifications (id, channel_id, alert_id, event, due_at, attempts, sent_at)
        select i.id, i.channel, a.id, 'opened', now(), 1, now()
        from unnest($2::uuid[], $3::uuid[]) as i (id, channel) join alerts a on a.id = $1 on conflict do nothing`,
      values: [uuidOf(alertId), told.map(() => uuidOf(newId('ntf'))), told.map(uuidOf)],
    });
    return taken.rowCount === 1;
  });
}
