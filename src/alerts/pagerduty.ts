// Alerts as events of PagerDuty's Events API v2. The id of the alert is the deduplication key: a repeat changes nothing.
// https://developer.pagerduty.com/docs/events-api-v2-overview
import type { AlertView } from '#domain/alerts/alert';
import type { NotificationEvent } from '#domain/alerts/routing';
import { oneLine, testText } from './message.ts';

interface PagerDutyEvent {
  routing_key: string;
  event_action: 'trigger' | 'acknowledge' | 'resolve';
  dedup_key: string;
  payload?: {
    summary: string;
    source: string;
    severity: 'info' | 'warning' | 'critical';
    timestamp: string;
    component?: string;
    group?: string;
    class: string;
    custom_details: Record<string, unknown>;
  };
  client?: string;
}

const actions = { opened: 'trigger', escalated: 'trigger', acknowledged: 'acknowledge', closed: 'resolve' } as const;
const longestSummary = 1_024;

export function composePagerDuty(routingKey: string, event: NotificationEvent, alert: AlertView): PagerDutyEvent {
  const action = actions[event];
  const key = { routing_key: routingKey, event_action: action, dedup_key: alert.id };
  if (action !== 'trigger') return key;
  return {
    ...key,
    payload: {
      summary: oneLine(alert.title).slice(0, longestSummary),
      source: alert.endpoint ?? 'posthorn',
      severity: alert.severity,
      timestamp: alert.openedAt,
      ...(alert.endpoint !== null && { component: alert.endpoint }),
      ...(alert.tenant !== null && { group: alert.tenant }),
      class: alert.kind,
      custom_details: { detail: alert.detail, count: alert.count, tenant: alert.tenant, endpoint: alert.endpoint },
    },
    client: 'Posthorn',
  };
}

/** A test triggers an incident and resolves it at once. */
export function composePagerDutyTest(routingKey: string, id: string, nowMs: number): [PagerDutyEvent, PagerDutyEvent] {
  const key = { routing_key: routingKey, dedup_key: id };
  const payload = {
    summary: 'Test of an alert channel',
    source: 'posthorn',
    severity: 'info',
    timestamp: new Date(nowMs).toISOString(),
    class: 'test',
    custom_details: { detail: testText },
  } as const;
  return [
    { ...key, event_action: 'trigger', payload, client: 'Posthorn' },
    { ...key, event_action: 'resolve' },
  ];
}
