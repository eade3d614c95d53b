// Alerts: their kinds, who is told of each, and how the API shows one.
import { z } from 'zod';
import { tenantKey } from '../endpoints/tenant.ts';

export const severities = ['info', 'warning', 'critical'] as const;
export const severity = z.enum(severities);
export type Severity = (typeof severities)[number];

export const alertStates = ['open', 'acknowledged', 'closed'] as const;
export const alertState = z.enum(alertStates);
export type AlertState = (typeof alertStates)[number];

/** owner: the tenant of the endpoint, secret or key, and the operator. operator: only the operator, because Posthorn itself is at fault. */
type Audience = 'owner' | 'operator';

/** Each kind with its audience. docs/alerts.md says what causes and closes each. */
export const audiences = {
  'endpoint.failing': 'owner',
  'endpoint.disabling': 'owner',
  'endpoint.disabled': 'owner',
  'endpoint.recovered': 'owner',
  'endpoint.slow': 'owner',
  'endpoint.success_rate': 'owner',
  'endpoint.latency': 'owner',
  'endpoint.volume': 'owner',
  'deliveries.dead_lettered': 'owner',
  'deliveries.quarantined': 'operator',
  'deliveries.overdue': 'operator',
  'backlog.old': 'operator',
  'certificate.expiring': 'owner',
  'secret.expiring': 'owner',
  'key.expiring': 'owner',
  'ingest.abnormal': 'operator',
  'workers.missing': 'operator',
  'temporal.unreachable': 'operator',
  'postgres.unreachable': 'operator',
} as const satisfies Record<string, Audience>;
export type AlertKind = keyof typeof audiences;

export const alertKinds = Object.keys(audiences) as [AlertKind, ...AlertKind[]];
export const alertKind = z.enum(alertKinds);

export function isAlertKind(kind: string): kind is AlertKind {
  return Object.hasOwn(audiences, kind);
}

export const alertView = z.object({
  id: z.string(),
  kind: alertKind,
  severity,
  state: alertState.describe('open; acknowledged: open, and somebody works on it; closed: its cause has ended'),
  tenant: tenantKey.nullable().describe('null: it is about the installation'),
  endpoint: z.string().nullable(),
  title: z.string().describe('one line, for people; do not parse it'),
  detail: z.string().describe('what happened, and what to do about it'),
  facts: z
    .record(z.string(), z.unknown())
    .describe(
      'texts and numbers of which title and detail are made, to write them in another language; which facts there are depends on the kind',
    ),
  count: z.int().describe('how many things it is about now, such as dead letters of the last hour'),
  openedAt: z.iso.datetime(),
  closedAt: z.iso.datetime().nullable(),
  acknowledgedAt: z.iso.datetime().nullable(),
});
export type AlertView = z.infer<typeof alertView>;

/** What a check has found: an alert is open exactly as long as there is a condition of its kind and subject. */
export interface Condition {
  kind: AlertKind;
  /** What it is about, such as the UUID of an endpoint. One alert is open for a kind and a subject. */
  subject: string;
  severity: Severity;
  /** UUIDs. */
  tenantId: string | null;
  endpointId: string | null;
  count: number;
  /** What the text of the alert is made of (alert-text.ts). Nothing secret. */
  facts: Facts;
}

export type Facts = Record<string, string | number | null>;

/** The subject of alerts about the installation. */
export const installation = 'installation';

export function isAtLeast(one: Severity, least: Severity): boolean {
  return severities.indexOf(one) >= severities.indexOf(least);
}

/** The severities that are at least this one. */
export function severitiesFrom(least: Severity): Severity[] {
  return severities.filter((one) => isAtLeast(one, least));
}
