// What each kind of alert is about.
import type { AlertKind } from '@posthorn/client';

export const alertKindWords: Record<AlertKind, string> = {
  'endpoint.failing': 'An endpoint accepts nothing',
  'endpoint.disabling': 'An endpoint is about to be disabled',
  'endpoint.disabled': 'An endpoint was disabled',
  'endpoint.recovered': 'An endpoint accepts again',
  'endpoint.slow': 'An endpoint answers slowly',
  'endpoint.success_rate': 'Fewer attempts are accepted than usual',
  'endpoint.latency': 'Answers take longer than usual',
  'endpoint.volume': 'More or fewer deliveries than usual',
  'deliveries.dead_lettered': 'Dead letters',
  'deliveries.quarantined': 'Deliveries in quarantine',
  'deliveries.overdue': 'Deliveries are overdue',
  'backlog.old': 'Accepted events wait too long',
  'certificate.expiring': 'A client certificate expires',
  'secret.expiring': 'A rotated secret ends',
  'key.expiring': 'An API key expires',
  'ingest.abnormal': 'More or fewer events than usual',
  'workers.missing': 'No worker runs',
  'temporal.unreachable': 'Temporal cannot be used',
  'postgres.unreachable': 'PostgreSQL does not answer',
};

/** About the installation: only channels of the operator get them. */
export const operatorKinds: ReadonlySet<AlertKind> = new Set<AlertKind>([
  'deliveries.quarantined',
  'deliveries.overdue',
  'backlog.old',
  'ingest.abnormal',
  'workers.missing',
  'temporal.unreachable',
  'postgres.unreachable',
]);
