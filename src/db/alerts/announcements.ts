// Writes the notifications of changed alerts, in one transaction with the note that they are written. Two runs at the same
// time take different alerts.
import { type AlertState, isAlertKind, type Severity, severities } from '#domain/alerts/alert';
import { type ChangedAlert, eventsOf, type Notification, route, type ToldBefore } from '#domain/alerts/routing';
import { idOf, uuidOf } from '#domain/ids';
import { newId } from '#runtime/new-id';
import { type Db, inTransaction } from '../store/pool.ts';
import { type ChannelRow, channelColumns, toChannel } from './channel-row.ts';

const atOnce = 500;
type Querying = Pick<Db, 'query'>;

/** Returns how many alerts had changed. */
export function announceChanges(db: Db): Promise<number> {
  return inTransaction(db, async (client) => {
    const changed = await takeChanged(client);
    if (changed.length === 0) return 0;
    const alerts = changed.flatMap(toChanged);
    const channels = await channelsFor(client, alerts);
    // first, so that a message which another process begins to send now counts as told
    await dropQuiet(client, alerts);
    const told = channels.length > 0 ? await readTold(client, alerts) : () => ({ ofThis: false, msAgo: null });
    await insertNotifications(client, alerts, route({ alerts, channels, told }));
    await client.query({
      name: 'alerts_told',
      text: 'update alerts set told_state = state, told_severity = severity, untold = false where id = any($1::uuid[])',
      values: [changed.map(({ id }) => id)],
    });
    return changed.length;
  });
}

interface ChangedRow {
  id: string;
  kind: string;
  subject: string;
  severity: Severity;
  state: AlertState;
  tenant_id: string | null;
  endpoint_id: string | null;
  told_state: AlertState | null;
  told_severity: Severity | null;
}

async function takeChanged(client: Querying): Promise<ChangedRow[]> {
  const { rows } = await client.query<ChangedRow>({
    name: 'alerts_untold',
    text: `
      select id, kind, subject, severity, state, tenant_id, endpoint_id, told_state, told_severity
      from alerts where untold order by id limit ${atOnce} for update skip locked`,
  });
  return rows;
}

function toChanged(row: ChangedRow): ChangedAlert[] {
  if (!isAlertKind(row.kind)) return [];
  const { subject, severity, state, endpoint_id: endpointId } = row;
  const tenantId = row.tenant_id && idOf('tnt', row.tenant_id);
  return [
    {
      id: row.id,
      kind: row.kind,
      subject,
      severity,
      state,
      tenantId,
      endpointId,
      toldState: row.told_state,
      toldSeverity: row.told_severity,
    },
  ];
}

async function channelsFor(client: Querying, alerts: ChangedAlert[]) {
  const { rows } = await client.query<ChannelRow>({
    name: 'channels_for_alerts',
    text: `
      select ${channelColumns} from alert_channels c left join tenants t on t.id = c.tenant_id
      where c.deleted_at is null and t.deleted_at is null and (c.tenant_id is null or c.tenant_id = any($1::uuid[]))`,
    values: [[...new Set(alerts.flatMap(({ tenantId }) => (tenantId === null ? [] : [uuidOf(tenantId)])))]],
  });
  return rows.map(toChannel);
}

/** What was sent about these alerts, and in the last day about the same kinds and subjects. */
async function readTold(client: Querying, alerts: ChangedAlert[]): Promise<(alert: ChangedAlert, channelId: string) => ToldBefore> {
  const { rows } = await client.query<{
    alert_id: string;
    kind: string;
    subject: string;
    channel_id: string;
    ms_ago: number;
  }>({
    name: 'told_before',
    text: `
      select n.alert_id, a.kind, a.subject, n.channel_id,
        extract(epoch from now() - coalesce(n.sent_at, n.created_at))::float8 * 1000 as ms_ago
      from unnest($1::uuid[], $2::text[], $3::text[]) as w (id, kind, subject)
      join alerts a on a.subject = w.subject and a.kind = w.kind
      join alert_notifications n on n.alert_id = a.id
      where n.dropped_at is null and (a.id = w.id or n.created_at > now() - interval '25 hours')`,
    values: [alerts.map(({ id }) => id), alerts.map(({ kind }) => kind), alerts.map(({ subject }) => subject)],
  });
  return (alert, channelId) => {
    const about = rows.filter(
      (row) => idOf('ach', row.channel_id) === channelId && row.kind === alert.kind && row.subject === alert.subject,
    );
    const earlier = about.filter((row) => row.alert_id !== alert.id).map((row) => row.ms_ago);
    return {
      ofThis: about.some((row) => row.alert_id === alert.id),
      msAgo: earlier.length > 0 ? Math.min(...earlier) : null,
    };
  };
}

/** Of a notification `n` that waits for the end of a quiet period. */
const waits = (n: string) => `${n}.sent_at is null and ${n}.dropped_at is null and ${n}.attempts = 0 and ${n}.due_at > now()`;

/**
 * An alert that has closed within its quiet period is never told, and not its acknowledgement. One that has become more severe is told of
 * that at once, so that it has opened is no news any more.
 */
async function dropQuiet(client: Querying, alerts: ChangedAlert[]): Promise<void> {
  const idsOf = (some: ChangedAlert[]) => some.map(({ id }) => id);
  const closed = idsOf(alerts.filter(({ state }) => state === 'closed'));
  const escalated = idsOf(alerts.filter((one) => eventsOf(one).includes('escalated')));
  if (closed.length + escalated.length === 0) return;
  await client.query({
    name: 'drop_quiet_notifications',
    text: `
      update alert_notifications n set dropped_at = now()
      where alert_id = any($1::uuid[] || $2::uuid[]) and ${waits('n')}
        or alert_id = any($1::uuid[]) and event = 'acknowledged' and sent_at is null and dropped_at is null and exists (
          select from alert_notifications o
          where o.alert_id = n.alert_id and o.channel_id = n.channel_id and o.event = 'opened' and ${waits('o')})`,
    values: [closed, escalated],
  });
}

async function insertNotifications(client: Querying, alerts: ChangedAlert[], notifications: Notification[]): Promise<void> {
  if (notifications.length === 0) return;
  const severityOf = new Map(alerts.map(({ id, severity }) => [id, severities.indexOf(severity)]));
  await client.query({
    name: 'insert_notifications',
    text: `
      insert into alert_notifications (id, channel_id, alert_id, event, round, due_at)
      select i.id, i.channel, i.alert, i.event, i.round, now() + i.delay_ms * interval '1 millisecond'
      from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::int[], $6::float8[]) as i (id, channel, alert, event, round, delay_ms)
      on conflict do nothing`,
    values: [
      notifications.map(() => uuidOf(newId('ntf'))),
      notifications.map(({ channelId }) => uuidOf(channelId)),
      notifications.map(({ alertId }) => alertId),
      notifications.map(({ event }) => event),
      // an alert may escalate twice, each time to another severity
      notifications.map(({ event, alertId }) => (event === 'escalated' ? (severityOf.get(alertId) ?? 0) : 0)),
      notifications.map(({ delayMs }) => delayMs),
    ],
  });
}
