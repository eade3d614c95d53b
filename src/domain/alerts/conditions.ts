// Turns what the checks have read into conditions: which alerts have to be open. Pure; the caller passes the time.
import { listenHost } from '../endpoints/listen.ts';
import { systemTenantId } from '../endpoints/tenant.ts';
import { uuidOf } from '../ids.ts';
import { type Condition, installation, type Severity } from './alert.ts';
import { type NamedEndpoint, nameFacts } from './endpoint-name.ts';

/** An endpoint as the checks read it. */
export interface CheckedEndpoint extends NamedEndpoint {
  /** UUIDs. */
  endpointId: string;
  tenantId: string;
}

/** Its figures are compared with what is usual. Those of a command that listens, or of an alert channel, mean nothing. */
export function isJudged({ tenantId, host }: CheckedEndpoint): boolean {
  return tenantId.replaceAll('-', '') !== uuidOf(systemTenantId) && host !== listenHost;
}

export interface FailingEndpoint extends CheckedEndpoint {
  since: Date;
  targetVersion: number;
  /** Attempts since the last acceptance. */
  refused: number;
}

export interface FailingTimes {
  /** An endpoint counts as failing after it has accepted nothing for so long. */
  failingAfterMs: number;
  disableAfterMs: number;
}

const soon = 0.5;
const verySoon = 0.9;

/** An endpoint that fails; and, from half of the time on, that it will be disabled. */
export function failingConditions(one: FailingEndpoint, nowMs: number, { failingAfterMs, disableAfterMs }: FailingTimes): Condition[] {
  const forMs = nowMs - one.since.getTime();
  const isFailing = forMs >= failingAfterMs;
  const part = forMs / disableAfterMs;
  const since = one.since.toISOString();
  const disabledAt = new Date(one.since.getTime() + disableAfterMs).toISOString();
  const facts = { since, targetVersion: one.targetVersion };
  return [
    ...(isFailing || part >= soon ? [about(one, 'endpoint.failing', 'warning', one.refused, facts)] : []),
    ...(part >= soon
      ? [
          about(one, 'endpoint.disabling', part >= verySoon ? 'critical' : 'warning', 1, {
            since,
            disabledAt,
            percent: 100 * (part >= verySoon ? verySoon : soon),
          }),
        ]
      : []),
  ];
}

/** `facts`: those beside its name. */
export function about(
  endpoint: CheckedEndpoint,
  kind: Condition['kind'],
  severity: Severity,
  count: number,
  facts: Condition['facts'],
): Condition {
  const { endpointId, tenantId } = endpoint;
  const named = { ...nameFacts(endpoint), ...facts };
  return { kind, subject: endpointId, severity, tenantId, endpointId, count: Math.max(1, count), facts: named };
}

/** A condition of the installation itself. */
export function ours(kind: Condition['kind'], severity: Severity, count: number, facts: Condition['facts']): Condition {
  return { kind, subject: installation, severity, tenantId: null, endpointId: null, count: Math.max(1, count), facts };
}

const dayMs = 86_400_000;

/** The severity of something that expires, by the days that are left: each step is told once. */
export function expirySeverity(days: number): Severity {
  if (days <= 1) return 'critical';
  return days <= 7 ? 'warning' : 'info';
}

/** Whole steps of days, so that an alert changes only when one is reached. */
export function daysLeft(expiresAt: Date, nowMs: number): number {
  const days = (expiresAt.getTime() - nowMs) / dayMs;
  return [0, 1, 7, 30].find((step) => days <= step) ?? Math.ceil(days);
}
