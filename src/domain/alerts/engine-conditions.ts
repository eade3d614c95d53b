// Conditions of Posthorn itself, and of what expires.
import type { Condition } from './alert.ts';
import { daysLeft, expirySeverity, ours } from './conditions.ts';
import { nameFacts } from './endpoint-name.ts';

export interface EngineFacts {
  quarantined: number;
  quarantineMessage: string | null;
  /** When the oldest event in the outbox was accepted; null: the outbox is empty. */
  oldestWaiting: Date | null;
  workers: number;
  /** When a worker was last seen; null: never. */
  workerSeenAt: Date | null;
}

export function engineConditions(
  { quarantined, quarantineMessage, oldestWaiting }: EngineFacts,
  nowMs: number,
  { backlogOldMs }: { backlogOldMs: number },
): Condition[] {
  const waitsMs = oldestWaiting === null ? 0 : nowMs - oldestWaiting.getTime();
  return [
    ...(quarantined > 0 ? [ours('deliveries.quarantined', 'critical', quarantined, { message: quarantineMessage ?? 'unknown' })] : []),
    ...(oldestWaiting !== null && waitsMs >= backlogOldMs
      ? [ours('backlog.old', 'critical', 1, { since: oldestWaiting.toISOString(), seconds: Math.floor(waitsMs / 1_000) })]
      : []),
  ];
}

export interface Expiring {
  what: 'certificate' | 'secret' | 'key';
  /** `ep_…`, `sec_…`, or `key_…`. */
  id: string;
  /** UUIDs. */
  tenantId: string | null;
  endpointId: string | null;
  /** Null: it is not of an endpoint. */
  host: string | null;
  description: string | null;
  /** Of a key. */
  name: string | null;
  prefix: string | null;
  expiresAt: Date;
}

const kinds = { certificate: 'certificate.expiring', secret: 'secret.expiring', key: 'key.expiring' } as const;

/** A rotated secret is meant to end: that is only told. */
export function expiryConditions(expiring: readonly Expiring[], nowMs: number): Condition[] {
  return expiring.map(({ what, id, tenantId, endpointId, host, description, name, prefix, expiresAt }) => {
    const days = daysLeft(expiresAt, nowMs);
    return {
      kind: kinds[what],
      subject: id,
      severity: what === 'secret' ? 'info' : expirySeverity(days),
      tenantId,
      endpointId,
      count: 1,
      facts: {
        ...(host === null ? { host } : nameFacts({ host, description: description ?? '' })),
        name,
        prefix,
        days,
        expiresAt: expiresAt.toISOString(),
      },
    };
  });
}
