// The outbox of notifications: claims those that are due, and records what became of them.
import type { AlertView } from '#domain/alerts/alert';
import type { NotificationEvent } from '#domain/alerts/routing';
import { idOf, uuidOf } from '#domain/ids';
import { queryPlannedOnce } from '../store/planned-once.ts';
import { type Db, inTransaction } from '../store/pool.ts';
import { type AlertRow, alertColumns, toAlert } from './alerts.ts';
import { type ChannelRow, channelColumns, type StoredChannel, toChannel } from './channel-row.ts';

export interface DueNotification {
  id: string;
  event: NotificationEvent | 'digest';
  /** This one included. */
  attempts: number;
  createdAt: Date;
  channel: StoredChannel;
  /** Null for a digest. */
  alert: AlertView | null;
}

interface DueRow {
  id: string;
  event: DueNotification['event'];
  attempts: number;
  created_at: Date;
  channel: string;
  alert: string | null;
}

/** Of `alert_notifications`. */
export const isDue = 'sent_at is null and dropped_at is null and due_at <= now()';

/** So many of one channel are claimed at once, so that a channel with many does not hold up the others. */
const mostOfChannel = 10;
/**
 * A channel that has just failed gets no message for the first time for so long: one that never answers would hold up the
 * checks with each. Webhooks are only stored, so they do not.
 */
const isFailing = `c.kind <> 'webhook' and c.last_error is not null and c.last_error_at > now() - interval '30 seconds'`;
const order = `array['opened', 'escalated', 'acknowledged', 'closed', 'digest']`;

/**
 * The same, written as in the index `alert_notifications_of_channel`, and for no index. Without statistics, such as in the first
 * minute after a burst, PostgreSQL takes the index of what is due for a list of a few rows, and reads all of it for each row.
 */
const isListed = (row: string) => `coalesce(${row}.sent_at, ${row}.dropped_at) is null`;
const isUnsent = (row: string) => `coalesce(${row}.dropped_at, ${row}.sent_at) is null`;

/**
 * Claims notifications for `claimMs`: if this process dies, they are due again then. Of one alert and channel, a later one
 * waits until those before it are sent or dropped. What a deleted channel had to tell is dropped.
 */
export async function claimDue(db: Db, claimMs: number, limit: number): Promise<DueNotification[]> {
  const { rows } = await inTransaction(db, async (client) => {
    // it would sort all of a channel instead of reading its first ones in the order of the index
    await client.query('set local enable_sort = off');
    return queryPlannedOnce<DueRow>(client, { name: 'claim_notifications', text: claim, values: [claimMs, limit] });
  });
  if (rows.length === 0) return [];
  const [channels, alerts] = await Promise.all([readChannels(db, rows), readAlerts(db, rows)]);
  return rows.flatMap((row) => {
    const channel = channels.get(row.channel);
    if (!channel) return [];
    const alert = row.alert === null ? null : (alerts.get(row.alert) ?? null);
    return [{ id: idOf('ntf', row.id), event: row.event, attempts: row.attempts, createdAt: row.created_at, channel, alert }];
  });
}

const claim = `
  with recursive channels as (
    -- those with anything to send, each by one look at the index
    (select n.channel_id as id from alert_notifications n where ${isListed('n')} order by channel_id limit 1)
    union all
    select (select n.channel_id from alert_notifications n where ${isListed('n')} and n.channel_id > c.id order by n.channel_id limit 1)
    from channels c where c.id is not null
  ), waiting as (
    select first.id, first.due_at, row_number() over (partition by c.id order by first.due_at) as nth
    from channels i
    cross join lateral (select * from alert_channels where id = i.id offset 0) c
    cross join (values (true), (false)) as tried (again)
    cross join lateral (
      -- of those that may be sent now: the others must not count among the first of their channel
      select n.id, n.due_at from alert_notifications n
      where n.channel_id = c.id and (n.attempts > 0) = tried.again and ${isListed('n')} and n.due_at <= now() and (
        select e.id from alert_notifications e
        where e.alert_id = n.alert_id and e.channel_id = n.channel_id and ${isUnsent('e')}
          and (array_position(${order}, e.event), e.round) < (array_position(${order}, n.event), n.round)
        limit 1) is null
      order by n.due_at limit ${mostOfChannel}
    ) first
    where tried.again or c.deleted_at is not null or not (${isFailing})
  ), due as (
    -- twice as many as are claimed: another process may hold some
    select n.id, exists (select from alert_channels c where c.id = n.channel_id and c.deleted_at is not null) as is_void
    from alert_notifications n
    where n.id = any(array(select id from waiting where nth <= ${mostOfChannel} order by nth, due_at limit 2 * $2::int))
      and ${isUnsent('n')} and n.due_at <= now()
    limit $2 for update of n skip locked
  ), claimed as (
    update alert_notifications n set due_at = now() + $1::float8 * interval '1 millisecond', attempts = n.attempts + 1,
      dropped_at = case when due.is_void then now() end
    from due where n.id = due.id and n.id = any(array(select id from due))
    returning n.id, n.event, n.attempts, n.created_at, n.channel_id as channel, n.alert_id as alert, due.is_void
  )
  select id, event, attempts, created_at, channel, alert from claimed where not is_void order by created_at, id`;

async function readChannels(db: Db, due: DueRow[]): Promise<Map<string, StoredChannel>> {
  const { rows } = await db.query<ChannelRow>({
    name: 'channels_of_notifications',
    text: `select ${channelColumns} from alert_channels c left join tenants t on t.id = c.tenant_id where c.id = any($1::uuid[])`,
    values: [due.map(({ channel }) => channel)],
  });
  return new Map(rows.map((row) => [row.id, toChannel(row)]));
}

async function readAlerts(db: Db, due: DueRow[]): Promise<Map<string, AlertView>> {
  const { rows } = await db.query<AlertRow>({
    name: 'alerts_of_notifications',
    text: `select ${alertColumns} from alerts a left join tenants t on t.id = a.tenant_id where a.id = any($1::uuid[])`,
    values: [due.flatMap(({ alert }) => (alert === null ? [] : [alert]))],
  });
  return new Map(rows.flatMap((row) => toAlert(row).map((view): [string, AlertView] => [row.id, view])));
}

type Claimed = Pick<DueNotification, 'id' | 'channel' | 'attempts'>;

/** `retryInMs` null: it is given up. released: it was not tried, and is due in so many ms. */
export type Fate =
  | { kind: 'sent' }
  | { kind: 'needless' }
  | { kind: 'released'; inMs: number }
  | { kind: 'failed'; error: string; retryInMs: number | null };

/**
 * Records what became of a claimed notification, and shows it on its channel. `attempts` tells the claim: a process that has
 * lost it, because it was suspended, records only that it has sent.
 */
export async function recordFate(db: Db, { id, channel, attempts }: Claimed, fate: Fate): Promise<void> {
  const error = fate.kind === 'failed' ? fate.error.slice(0, 500) : null;
  const waitMs = fate.kind === 'failed' ? fate.retryInMs : fate.kind === 'released' ? fate.inMs : null;
  await db.query({
    name: 'record_notification',
    text: `
      with done as (
        update alert_notifications set
          sent_at = case when $2 = 'sent' then now() end,
          dropped_at = case when $2 = 'needless' or $2 = 'failed' and $4::float8 is null then now() end,
          attempts = attempts - case when $2 = 'released' then 1 else 0 end,
          due_at = case when $2 in ('released', 'failed') then now() + coalesce($4, 0) * interval '1 millisecond' else due_at end
        where id = $1 and sent_at is null and ($2 = 'sent' or dropped_at is null and attempts = $6)
        returning id
      )
      -- that a webhook is stored says nothing about its receiver
      update alert_channels set last_error = case when kind = 'webhook' and $2 = 'sent' then last_error else $3 end, last_error_at = case when $3::text is null then last_error_at else now() end,
        last_sent_at = case when $2 = 'sent' then now() else last_sent_at end
      where id = $5 and $2 in ('sent', 'failed') and exists (select from done)`,
    values: [uuidOf(id), fate.kind, error, waitMs, uuidOf(channel.id), attempts],
  });
}
