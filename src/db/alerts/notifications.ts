// The outbox of notifications: claims those that are due, and records what became of them.
import type { AlertView } from '#domain/alerts/alert';
import type { NotificationEvent } from '#domain/alerts/routing';
import { idOf, uuidOf } from '#domain/ids';
import type { Db } from '../store/pool.ts';
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
 * Claims notifications for `claimMs`: if this process dies, they are due again then. Of one alert and channel, a later one
 * waits until those before it are sent or dropped. What a deleted channel had to tell is dropped.
 */
export async function claimDue(db: Db, claimMs: number, limit: number): Promise<DueNotification[]> {
  const { rows } = await db.query<DueRow>({
    name: 'claim_notifications',
    text: `
      with waiting as (
        -- of those that may be sent now: the others must not count among the first of their channel
        select n.id, c.deleted_at is not null as is_void, row_number() over (partition by n.channel_id order by n.due_at) as nth
        from alert_notifications n join alert_channels c on c.id = n.channel_id
        where ${isDue} and (n.attempts > 0 or c.deleted_at is not null or not (${isFailing})) and not exists (
          select from alert_notifications e
          where e.alert_id = n.alert_id and e.channel_id = n.channel_id and e.sent_at is null and e.dropped_at is null
            and (array_position(${order}, e.event), e.round) < (array_position(${order}, n.event), n.round))
      ), due as (
        select n.id, w.is_void from waiting w join alert_notifications n on n.id = w.id
        where w.nth <= ${mostOfChannel} and ${isDue} order by w.nth, n.due_at limit $2 for update of n skip locked
      ), claimed as (
        update alert_notifications n set due_at = now() + $1::float8 * interval '1 millisecond', attempts = n.attempts + 1,
          dropped_at = case when due.is_void then now() end
        from due where n.id = due.id
        returning n.id, n.event, n.attempts, n.created_at, n.channel_id as channel, n.alert_id as alert, due.is_void
      )
      select id, event, attempts, created_at, channel, alert from claimed where not is_void order by created_at, id`,
    values: [claimMs, limit],
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
