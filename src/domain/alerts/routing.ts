// Decides which channel is told of which change of an alert, and when. Pure; called when alerts have changed.
import { systemTenantId } from '../endpoints/tenant.ts';
import { type AlertKind, type AlertState, audiences, isAtLeast, type Severity } from './alert.ts';
import type { ChannelWishes } from './channel.ts';

export type NotificationEvent = 'opened' | 'escalated' | 'acknowledged' | 'closed';

export interface ChangedAlert {
  id: string;
  kind: AlertKind;
  subject: string;
  severity: Severity;
  state: AlertState;
  tenantId: string | null;
  endpointId: string | null;
  /** Null: nobody was told of it yet. */
  toldState: AlertState | null;
  toldSeverity: Severity | null;
}

/** What a channel was told about a kind and a subject before. */
export interface ToldBefore {
  /** It was told of this very alert, or will be: at once, or after its quiet period. */
  ofThis: boolean;
  /** Milliseconds since its last message about the same kind and subject; null: there was none. */
  msAgo: number | null;
}

export interface Notification {
  channelId: string;
  alertId: string;
  event: NotificationEvent;
  /** It is sent so much later, and only if the alert is still open then. */
  delayMs: number;
}

interface Channel extends ChannelWishes {
  id: string;
}

export interface RoutingInput {
  alerts: readonly ChangedAlert[];
  channels: readonly Channel[];
  told(alert: ChangedAlert, channelId: string): ToldBefore;
}

/** Whether the channel gets alerts of this kind, severity and tenant. Used for the digest too. */
export function takes(channel: ChannelWishes, alert: Pick<ChangedAlert, 'kind' | 'severity' | 'tenantId'>): boolean {
  if (channel.tenantId !== null && (channel.tenantId !== alert.tenantId || audiences[alert.kind] !== 'owner')) return false;
  // an alert about the endpoint of a webhook channel must not become a webhook: it could never end
  if (channel.kind === 'webhook' && alert.tenantId === systemTenantId) return false;
  return (channel.kinds === null || channel.kinds.includes(alert.kind)) && isAtLeast(alert.severity, channel.minSeverity);
}

/** What happened to an alert since channels were told last. */
export function eventsOf({ state, severity, toldState, toldSeverity }: ChangedAlert): NotificationEvent[] {
  if (toldState === null) return state === 'closed' ? ['opened', 'closed'] : ['opened'];
  if (toldState === 'closed') return [];
  if (state === 'closed') return ['closed'];
  if (toldSeverity !== null && severity !== toldSeverity && isAtLeast(severity, toldSeverity)) return ['escalated'];
  return state === 'acknowledged' && toldState === 'open' ? ['acknowledged'] : [];
}

/** Who is told. Several changes of one endpoint at the same time become one message, except for PagerDuty. */
export function route({ alerts, channels, told }: RoutingInput): Notification[] {
  const all: (Notification & { channel: Channel; alert: ChangedAlert })[] = [];
  for (const alert of alerts) {
    for (const channel of channels) {
      if (channel.digestOnly || !takes(channel, alert)) continue;
      const before = told(alert, channel.id);
      const quietMs = before.msAgo === null ? 0 : Math.max(0, channel.quietMs - before.msAgo);
      // it opened and closed between two checks, within the quiet period
      if (quietMs > 0 && alert.toldState === null && alert.state === 'closed') continue;
      for (const event of eventsOf(alert)) {
        if (!wants(channel, alert, event, before)) continue;
        all.push({ channelId: channel.id, alertId: alert.id, event, delayMs: event === 'opened' ? quietMs : 0, channel, alert });
      }
    }
  }
  return all.filter((one) => one.channel.kind === 'pagerduty' || !isCovered(one, all)).map(({ channel: _, alert: __, ...one }) => one);
}

function wants({ kind: channelKind }: Channel, { kind, toldState }: ChangedAlert, event: NotificationEvent, before: ToldBefore): boolean {
  if (event === 'acknowledged') return channelKind === 'pagerduty' && before.ofThis;
  if (event !== 'closed') return true;
  // it says that something has ended, so its own end is no news, except that PagerDuty must resolve it
  if (kind === 'endpoint.recovered') return channelKind === 'pagerduty';
  return before.ofThis || toldState === null;
}

/** Changes of one endpoint, the most telling first. */
const order: [AlertKind, NotificationEvent][] = [
  ['endpoint.disabled', 'opened'],
  ['endpoint.disabled', 'closed'],
  ['endpoint.failing', 'closed'],
  ['endpoint.disabling', 'closed'],
  ['endpoint.recovered', 'opened'],
];

function isCovered(
  { channelId, event, alert }: { channelId: string; event: NotificationEvent; alert: ChangedAlert },
  all: readonly { channelId: string; event: NotificationEvent; alert: ChangedAlert }[],
): boolean {
  const rankOf = (kind: AlertKind, one: NotificationEvent) => order.findIndex(([k, e]) => k === kind && e === one);
  const own = rankOf(alert.kind, event);
  if (own === -1 || alert.endpointId === null) return false;
  return all.some((other) => {
    const rank = rankOf(other.alert.kind, other.event);
    return other.channelId === channelId && other.alert.endpointId === alert.endpointId && rank !== -1 && rank < own;
  });
}
