// A message to a channel, and its words that all kinds of channels share.
import type { AlertView } from '#domain/alerts/alert';
import type { NotificationEvent } from '#domain/alerts/routing';

export type Message =
  | { kind: 'alert'; event: NotificationEvent; alert: AlertView }
  | { kind: 'digest'; alerts: AlertView[] }
  /** `id`: makes the test recognisable. */
  | { kind: 'test'; id: string };

const words: Record<NotificationEvent, string> = { opened: 'Alert', escalated: 'Alert', acknowledged: 'Acknowledged', closed: 'Closed' };

/** One line without line breaks. */
export function headline(message: Message): string {
  if (message.kind === 'test') return 'Test of an alert channel';
  if (message.kind === 'digest') return `Digest: ${countOf(message.alerts, 'open')} open, ${countOf(message.alerts, 'closed')} closed`;
  const { event, alert } = message;
  return `${words[event]} (${alert.severity}): ${oneLine(alert.title)}`;
}

/** Name and value of the facts that a reader needs to find the alert. */
export function factsOf({ id, kind, tenant, endpoint, openedAt, closedAt }: AlertView): [string, string][] {
  return [
    ['Kind', kind],
    ...(tenant === null ? [] : [['Tenant', tenant] as [string, string]]),
    ...(endpoint === null ? [] : [['Endpoint', endpoint] as [string, string]]),
    ['Since', openedAt],
    ...(closedAt === null ? [] : [['Closed', closedAt] as [string, string]]),
    ['Alert', id],
  ];
}

export const testText = 'This is a test of an alert channel of Posthorn. Nothing needs to be done.';

function countOf(alerts: AlertView[], state: 'open' | 'closed'): number {
  return alerts.filter((alert) => (alert.state === 'closed') === (state === 'closed')).length;
}

export function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
